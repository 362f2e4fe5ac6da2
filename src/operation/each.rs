//! The list that an operation is run for the elements of, and what is drawn from one of them.

use std::borrow::Cow;

use async_graphql::Value;

use super::inputs::Given;
use super::{Failure, Inputs, Operations};
use crate::image::{Elements, Stored};
use crate::item::{elements, key_leaf};
use crate::schema::{Each, Shape, ValueSource};

/// The element that the values of a list's source are drawn from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(super) each: &'a Each,
    pub(super) value: &'a Value,
}

impl Operations {
    /// The elements of a list, in their order; none where there is no list. A client's list is as long as a page may be;
    /// what a parent holds is bounded by what a request may read.
    pub(super) fn list<'a>(
        &self,
        each: &Each,
        inputs: Inputs<'a>,
    ) -> Result<Option<Cow<'a, [Value]>>, Failure> {
        match each {
            Each::Argument(name) => {
                let values = match inputs.arguments.get(name.as_str()) {
                    Some(Value::List(values)) => values.as_slice(),
                    _ => return Ok(None),
                };
                let most = self.config.max_page;
                if i32::try_from(values.len()).is_ok_and(|length| length <= most) {
                    return Ok(Some(Cow::Borrowed(values)));
                }
                Err(Failure::Input(format!("`{name}` may hold {most} at most")))
            }
            Each::Parent(field) => {
                let Some(parent) = inputs.parent else { return Ok(None) };
                let Some(attribute) = parent.object.attribute(field) else { return Ok(None) };
                let Some(stored) = parent.item.get(attribute.name.as_str()).and_then(elements) else {
                    return Ok(None);
                };
                let (Shape::List(element) | Shape::Set(element)) = &attribute.shape else { return Ok(None) };
                if u32::try_from(stored.len()).is_ok_and(|length| length > self.config.read_budget) {
                    return Err(Failure::Budget);
                }
                let value = |stored: Stored<'_>| match stored {
                    Stored::Null => Ok(Value::Null),
                    stored => key_leaf(&self.plan, &element.shape, stored),
                };
                let values = Elements::iter(stored).map(value);
                Ok(Some(values.collect::<Result<_, _>>()?))
            }
        }
    }
}

impl<'a> Element<'a> {
    /// What a source gives, if it is drawn from the list.
    pub(super) fn given(&self, source: &ValueSource) -> Option<Given<'a>> {
        match (self.each, source) {
            (Each::Argument(list), ValueSource::Argument(path)) => {
                let (first, rest) = path.split_first()?;
                (first == list).then(|| within(self.value, rest))
            }
            (Each::Parent(list), ValueSource::Parent(field)) => (list == field).then(|| given(self.value)),
            _ => None,
        }
    }
}

fn given(value: &Value) -> Given<'_> {
    if *value == Value::Null { Given::Null } else { Given::Value(Cow::Borrowed(value)) }
}

/// A field within input objects.
pub(super) fn within<'a>(value: &'a Value, path: &[crate::schema::Name]) -> Given<'a> {
    let mut value = value;
    for step in path {
        let Value::Object(members) = value else { return Given::Absent };
        let Some(member) = members.get(step.as_str()) else { return Given::Absent };
        value = member;
    }
    given(value)
}
