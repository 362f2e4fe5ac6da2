//! Fields that are answered from the item at hand, by the shape of what is stored.

use async_graphql::Value;
use aws_sdk_dynamodb::types::AttributeValue;

use super::list::list;
use super::path::At;
use super::{Boxed, Completed, On, Run, nullable};
use crate::error::Code;
use crate::item::{Mismatch, PLACE, elements, leaf, length};
use crate::schema::{Attribute, Element, Object, Shape};

impl Run<'_> {
    pub(super) async fn attribute<'a>(
        &'a self,
        object: &'a Object,
        attribute: &'a Attribute,
        on: On<'a>,
        at: At<'a>,
    ) -> Completed {
        let On::Item(item) = on else { return self.absent(attribute, at) };
        let stored = item.get(attribute.name.as_str()).filter(|stored| !stored.is_null());
        match stored {
            Some(stored) => self.stored(&attribute.shape, stored, at).await,
            // Another program made the item, and the gateway has not written it since.
            None if object.version().is_some_and(|version| version.name == attribute.name) => {
                Ok(Value::from(0))
            }
            None => self.absent(attribute, at),
        }
    }

    /// Nothing is stored: null, or an empty set, or an error where the field must not be null.
    fn absent(&self, attribute: &Attribute, at: At<'_>) -> Completed {
        match &attribute.shape {
            // DynamoDB has no empty sets; what is not there is one.
            Shape::Set(_) if attribute.non_null => Ok(Value::List(Vec::new())),
            _ if attribute.non_null => self.lacks(attribute, at),
            _ => Ok(Value::Null),
        }
    }

    /// A stored value, by its shape.
    fn stored<'a>(
        &'a self,
        shape: &'a Shape,
        stored: &'a AttributeValue,
        at: At<'a>,
    ) -> Boxed<'a, Completed> {
        Box::pin(async move {
            match shape {
                Shape::Scalar(_) | Shape::Enum(_) => {
                    self.allowance.take(length(stored))?;
                    leaf(self.plan, shape, stored).or_else(|mismatch| self.failed(&mismatch.into(), at))
                }
                Shape::Object(name) => match (stored, self.plan.objects.get(name)) {
                    (AttributeValue::M(map), Some(object)) => self.object(object, On::Item(map), at).await,
                    _ => self.mismatch(name, at),
                },
                Shape::List(element) | Shape::Set(element) => {
                    let Some(items) = elements(stored) else { return self.mismatch("a list", at) };
                    let member = |(index, item)| self.element(element, item, (at, index));
                    if holds_objects(&element.shape) {
                        // Their fields may run operations, which are asked for together.
                        return list(items.iter().enumerate().map(member).collect(), element.non_null).await;
                    }
                    let mut values = Vec::with_capacity(items.len());
                    for member in items.iter().enumerate().map(member) {
                        values.push(nullable(element.non_null, member.await)?);
                    }
                    Ok(Value::List(values))
                }
            }
        })
    }

    fn element<'a>(
        &'a self,
        element: &'a Element,
        item: &'a AttributeValue,
        (at, index): (At<'a>, usize),
    ) -> Boxed<'a, Completed> {
        Box::pin(async move {
            self.allowance.take(PLACE)?;
            let path = at.path.index(index);
            let at = At { path: &path, ..at };
            match item {
                AttributeValue::Null(_) if element.non_null => {
                    self.fail(Code::Internal, "The stored list holds a null.", at)
                }
                AttributeValue::Null(_) => Ok(Value::Null),
                item => self.stored(&element.shape, item, at).await,
            }
        })
    }

    fn mismatch(&self, expected: &str, at: At<'_>) -> Completed {
        let mismatch = Mismatch { expected: expected.to_owned(), found: "of another type" };
        self.failed(&mismatch.into(), at)
    }
}

/// Whether there are objects at the bottom of a list.
fn holds_objects(shape: &Shape) -> bool {
    match shape {
        Shape::Object(_) => true,
        Shape::List(element) | Shape::Set(element) => holds_objects(&element.shape),
        Shape::Scalar(_) | Shape::Enum(_) => false,
    }
}
