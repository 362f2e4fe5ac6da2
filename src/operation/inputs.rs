//! The values that an operation draws on: arguments, the parent's fields, claims.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Name as GraphName, Value};
use indexmap::IndexMap;

use super::each::{Element, within};
use super::{Budget, Failure, Operations, Projection};
use crate::claim::ClaimValue;
use crate::credentials::TenantSession;
use crate::image::{Elements, Members, Stored};
use crate::item::{KeyError, KeyTexts, elements, key_leaf, key_text};
use crate::schema::{Attribute, Bindings, Name, Object, Shape, ValueSource};

/// What a field was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) session: &'a TenantSession,
    /// The arguments, coerced: defaults are in, types fit.
    pub(crate) arguments: &'a IndexMap<GraphName, Value>,
    pub(crate) parent: Option<Parent<'a>>,
    /// The element that the operation is run for, where it is run for the elements of a list.
    pub(crate) element: Option<Element<'a>>,
    /// How many items the request may still read.
    pub(crate) budget: &'a Budget,
    /// In a transaction, the values of the items that steps put, by the steps' names.
    pub(crate) steps: Option<&'a StepValues>,
    /// The element that a step of a transaction is done for, where it has a list.
    pub(crate) step_element: Option<&'a Value>,
    /// The attributes that a read asks for; none for all of them.
    pub(crate) projection: Option<&'a Arc<Projection>>,
}

/// The values of the fields of items that steps put.
pub(crate) type StepValues = IndexMap<Name, IndexMap<Name, Value>>;

/// The item that the field belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parent<'a> {
    pub(crate) object: &'a Object,
    pub(crate) item: Members<'a>,
}

/// A value, told apart from its absence: an update leaves alone what is absent, and removes what is null.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given<'a> {
    Absent,
    Null,
    Value(Cow<'a, Value>),
}

impl<'a> Given<'a> {
    /// The value, if there is one.
    pub(super) fn value(self) -> Option<Cow<'a, Value>> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl Operations {
    /// The value of a source.
    pub(super) fn given<'a>(&self, source: &ValueSource, inputs: Inputs<'a>) -> Result<Given<'a>, Failure> {
        if let Some(given) = inputs.element.and_then(|element| element.given(source)) {
            return Ok(given);
        }
        match source {
            ValueSource::Argument(path) => Ok(argument(path, inputs.arguments)),
            ValueSource::Parent(field) => {
                let Some(parent) = inputs.parent else { return Ok(Given::Absent) };
                let Some(attribute) = parent.object.attribute(field) else { return Ok(Given::Absent) };
                match parent.item.get(attribute.name.as_str()) {
                    None => Ok(Given::Absent),
                    Some(stored) => match self.stored_value(&attribute.shape, stored)? {
                        Value::Null => Ok(Given::Null),
                        value => Ok(Given::Value(Cow::Owned(value))),
                    },
                }
            }
            ValueSource::Each(_, path) => {
                Ok(inputs.step_element.map_or(Given::Absent, |element| within(element, path)))
            }
            ValueSource::Step(step, field) => {
                let value = inputs.steps.and_then(|steps| steps.get(step)?.get(field));
                Ok(value.map_or(Given::Absent, |value| Given::Value(Cow::Borrowed(value))))
            }
            ValueSource::Claim(name) => {
                let claim = inputs.session.context().caller().claim(name);
                let value = match claim.ok_or_else(|| Failure::Claim(name.to_string()))? {
                    ClaimValue::String(text) => Value::String(text.clone()),
                    ClaimValue::Integer(number) => Value::from(*number),
                    ClaimValue::Strings(texts) => {
                        Value::List(texts.iter().cloned().map(Value::String).collect())
                    }
                };
                Ok(Given::Value(Cow::Owned(value)))
            }
        }
    }

    /// A stored value as GraphQL has it, for binding: scalars, enums and lists of them.
    fn stored_value(&self, shape: &Shape, stored: Stored<'_>) -> Result<Value, Failure> {
        match shape {
            Shape::List(element) | Shape::Set(element) => {
                let items = elements(stored).into_iter().flat_map(Elements::iter);
                let values: Result<Vec<_>, _> =
                    items.map(|item| self.stored_value(&element.shape, item)).collect();
                Ok(Value::List(values?))
            }
            shape => Ok(key_leaf(&self.plan, shape, stored)?),
        }
    }

    /// The texts of bound key fields, as far as they have values. None if the parent lacks one of those that are its
    /// own: it names no item then. An argument that was not sent only binds less.
    pub(super) fn texts(
        &self,
        object: &Object,
        bindings: &Bindings,
        inputs: Inputs<'_>,
    ) -> Result<Option<KeyTexts>, Failure> {
        let mut texts = KeyTexts::new();
        for (field, source) in bindings {
            let is_parents = matches!(source, ValueSource::Parent(_));
            let value = self.given(source, inputs)?.value();
            let text = match (value, object.attribute(field)) {
                (Some(value), Some(attribute)) => key_text(&self.plan, field, attribute, &value).map(Some),
                _ => Ok(None),
            };
            match text {
                // What is stored is not the client's to mend: no key holds an empty text, so nothing is found.
                Ok(None) | Err(KeyError::Empty(_)) if is_parents => return Ok(None),
                Ok(None) => {}
                Ok(Some(text)) => {
                    texts.insert(field.clone(), text);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(texts))
    }

    /// Whether the parent lacks a value that is drawn from it.
    pub(super) fn parent_lacks(&self, source: &ValueSource, inputs: Inputs<'_>) -> Result<bool, Failure> {
        let is_parents = matches!(source, ValueSource::Parent(_));
        Ok(is_parents && self.given(source, inputs)?.value().is_none())
    }

    /// The form of a value in keys.
    pub(super) fn text(&self, field: &Name, attribute: &Attribute, value: &Value) -> Result<String, Failure> {
        Ok(key_text(&self.plan, field, attribute, value)?)
    }
}

/// An argument, or a field within input objects.
pub(super) fn argument<'a>(path: &[Name], arguments: &'a IndexMap<GraphName, Value>) -> Given<'a> {
    let Some((first, rest)) = path.split_first() else { return Given::Absent };
    arguments.get(first.as_str()).map_or(Given::Absent, |value| within(value, rest))
}
