//! Fields that are answered from the item at hand, by the shape of what is stored.

use super::list::{list, write_list};
use super::path::At;
use super::still::write_nullable;
use super::{Boxed, Completed, Nulled, On, Run, Written};
use crate::error::Code;
use crate::image::Stored;
use crate::item::{Mismatch, PLACE, elements, write_leaf};
use crate::json::Text;
use crate::schema::{Attribute, Element, Object, Shape};

impl Run<'_> {
    /// An attribute below which something is run.
    pub(super) async fn attribute<'a>(
        &'a self,
        object: &'a Object,
        attribute: &'a Attribute,
        on: On<'a>,
        at: At<'a>,
    ) -> Completed {
        if let Some(stored) = at_hand(attribute, on) {
            return self.stored(&attribute.shape, stored, at).await;
        }
        let mut out = Text::default();
        self.write_absent(&mut out, (object, attribute), on, at)?;
        Ok(out)
    }

    pub(super) fn write_attribute(
        &self,
        out: &mut Text,
        (object, attribute): (&Object, &Attribute),
        on: On<'_>,
        at: At<'_>,
    ) -> Written {
        match at_hand(attribute, on) {
            Some(stored) => self.write_stored(out, &attribute.shape, stored, at),
            None => self.write_absent(out, (object, attribute), on, at),
        }
    }

    /// Nothing is stored: null, or an empty set, or an error where the field must not be null.
    fn write_absent(
        &self,
        out: &mut Text,
        (object, attribute): (&Object, &Attribute),
        on: On<'_>,
        at: At<'_>,
    ) -> Written {
        let is_version = || object.version().is_some_and(|version| version.name == attribute.name);
        match &attribute.shape {
            // Another program made the item, and the gateway has not written it since.
            _ if matches!(on, On::Item(_)) && is_version() => out.integer(0),
            // DynamoDB has no empty sets; what is not there is one.
            Shape::Set(_) if attribute.non_null => out.text(b"[]"),
            _ if attribute.non_null => return self.lacks(attribute, at).map(drop),
            _ => out.null(),
        }
        Ok(())
    }

    /// A stored value below which something is run, by its shape.
    fn stored<'a>(&'a self, shape: &'a Shape, stored: Stored<'a>, at: At<'a>) -> Boxed<'a, Completed> {
        Box::pin(async move {
            match (shape, stored) {
                (Shape::Object(name), Stored::M(map)) => match self.plan.object(name) {
                    Some(object) => self.object(object, On::Item(map), at).await,
                    None => self.mismatch(name, at),
                },
                (Shape::List(element), Stored::L(items)) => {
                    let member = |(index, item)| self.element(element, item, (at, index));
                    // Their fields run operations, which are asked for together.
                    list(items.iter().enumerate().map(member).collect(), element.non_null).await
                }
                // There are no objects in it, and so nothing is run.
                _ => {
                    let mut out = Text::default();
                    self.write_stored(&mut out, shape, stored, at)?;
                    Ok(out)
                }
            }
        })
    }

    fn write_stored(&self, out: &mut Text, shape: &Shape, stored: Stored<'_>, at: At<'_>) -> Written {
        match shape {
            Shape::Scalar(_) | Shape::Enum(_) => {
                let start = out.length();
                match write_leaf(out, self.plan, shape, stored) {
                    Ok(()) => self.allowance.take(out.length() - start),
                    Err(mismatch) => self.failed(&mismatch.into(), at).map(drop),
                }
            }
            Shape::Object(name) => match (stored, self.plan.object(name)) {
                (Stored::M(map), Some(object)) => self.write_object(out, object, On::Item(map), at),
                _ => self.mismatch(name, at).map(drop),
            },
            Shape::List(element) | Shape::Set(element) => {
                let Some(items) = elements(stored) else { return self.mismatch("a list", at).map(drop) };
                let mut failed = false;
                write_list(out, items.iter().enumerate(), |out, (index, item)| {
                    // Of values that are no objects one that is wrong stands for all of them.
                    if failed && !holds_objects(&element.shape) {
                        return Err(Nulled::Failed);
                    }
                    let written = write_nullable(out, element.non_null, |out| {
                        self.write_element(out, element, item, (at, index))
                    });
                    failed |= written.is_err();
                    written
                })
            }
        }
    }

    fn element<'a>(
        &'a self,
        element: &'a Element,
        item: Stored<'a>,
        (at, index): (At<'a>, usize),
    ) -> Boxed<'a, Completed> {
        Box::pin(async move {
            if item.is_null() {
                let mut out = Text::default();
                self.write_element(&mut out, element, item, (at, index))?;
                return Ok(out);
            }
            self.allowance.take(PLACE)?;
            let path = at.path.index(index);
            self.stored(&element.shape, item, At { path: &path, ..at }).await
        })
    }

    fn write_element(
        &self,
        out: &mut Text,
        element: &Element,
        item: Stored<'_>,
        (at, index): (At<'_>, usize),
    ) -> Written {
        self.allowance.take(PLACE)?;
        let path = at.path.index(index);
        let at = At { path: &path, ..at };
        match item {
            Stored::Null if element.non_null => {
                self.fail(Code::Internal, "The stored list holds a null.", at).map(drop)
            }
            Stored::Null => {
                out.null();
                Ok(())
            }
            item => self.write_stored(out, &element.shape, item, at),
        }
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

/// What is stored for an attribute; none where there is nothing, or a null.
fn at_hand<'a>(attribute: &Attribute, on: On<'a>) -> Option<Stored<'a>> {
    let On::Item(item) = on else { return None };
    item.get(attribute.name.as_str()).filter(|stored| !stored.is_null())
}
