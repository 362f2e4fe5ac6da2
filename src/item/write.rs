//! Writing: what a client sends becomes what is stored.

use std::collections::BTreeSet;

use async_graphql::Value;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::Attributes;
use super::read::exact;
use crate::schema::{Element, NotA, Plan, Scalar, Shape};

/// The largest whole number that every JSON reader keeps exact: 2^53.
const EXACT: i64 = 1 << 53;

/// What numbers in JSON must be.
const NUMBERS: &str = "JSON whose numbers fit 64 bits and lie between 1E-130 and 1E+126";

/// What a value that must be there must be.
const THERE: &str = "there, and not null";

/// A value does not fit its field. The path leads from the field to the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{path}` must be {expected}")]
pub struct Unfit {
    /// Where the value is, such as `lines.0.price`.
    pub path: String,
    /// What it should be.
    pub expected: String,
}

impl Unfit {
    pub(super) fn new(expected: impl Into<String>) -> Self {
        Self { path: String::new(), expected: expected.into() }
    }

    /// More levels than DynamoDB takes.
    pub(super) fn too_deep() -> Self {
        Self::new(format!("of at most {MAX_LEVELS} levels of objects and lists"))
    }

    /// Whether nothing is there, where something must be.
    pub(super) fn is_absence(&self) -> bool {
        self.expected == THERE
    }

    /// The same, with the reason.
    pub(super) fn since(mut self, reason: &str) -> Self {
        self.expected = format!("{}: {reason}", self.expected);
        self
    }

    /// The same, seen from one step further out.
    #[must_use]
    pub fn within(mut self, step: impl std::fmt::Display) -> Self {
        self.path = if self.path.is_empty() { step.to_string() } else { format!("{step}.{}", self.path) };
        self
    }
}

/// The most levels of maps and lists within each other, the attribute itself being one (*Service quotas*, DynamoDB).
pub(super) const MAX_LEVELS: usize = 32;

/// The attribute value of a field, as it is stored in an item.
pub fn stored(
    plan: &Plan,
    field: &str,
    shape: &Shape,
    value: &Value,
) -> Result<Option<AttributeValue>, Unfit> {
    let stored = marshal(plan, shape, value).map_err(|unfit| unfit.within(field))?;
    if stored.as_ref().is_some_and(|stored| !has_levels(stored, MAX_LEVELS)) {
        return Err(Unfit::too_deep().within(field));
    }
    Ok(stored)
}

/// Whether a value has at most so many levels.
pub(super) fn has_levels(stored: &AttributeValue, most: usize) -> bool {
    let Some(inner) = most.checked_sub(1) else { return false };
    match stored {
        AttributeValue::L(items) => items.iter().all(|item| has_levels(item, inner)),
        AttributeValue::M(members) => members.values().all(|member| has_levels(member, inner)),
        _ => true,
    }
}

/// The attribute value of a GraphQL value. None stands for "not there": null, and a set without members, which
/// DynamoDB cannot store.
pub fn marshal(plan: &Plan, shape: &Shape, value: &Value) -> Result<Option<AttributeValue>, Unfit> {
    if *value == Value::Null {
        return Ok(None);
    }
    match shape {
        Shape::Scalar(scalar) => marshal_scalar(*scalar, value).map(Some),
        Shape::Enum(name) => marshal_enum(plan, name, value).map(Some),
        Shape::Object(name) => marshal_object(plan, name, value).map(Some),
        Shape::List(element) => marshal_list(plan, element, value).map(Some),
        Shape::Set(element) => marshal_set(plan, element, value),
    }
}

fn marshal_enum(plan: &Plan, name: &str, value: &Value) -> Result<AttributeValue, Unfit> {
    let text = match value {
        Value::Enum(word) => word.as_str(),
        Value::String(text) => text,
        _ => return Err(Unfit::new(format!("a value of {name}"))),
    };
    let known = plan.enums.get(name).is_some_and(|known| known.values.contains_key(text));
    if known { Ok(AttributeValue::S(text.to_owned())) } else { Err(Unfit::new(format!("a value of {name}"))) }
}

fn marshal_object(plan: &Plan, name: &str, value: &Value) -> Result<AttributeValue, Unfit> {
    let (Value::Object(members), Some(object)) = (value, plan.objects.get(name)) else {
        return Err(Unfit::new(format!("an object with the fields of {name}")));
    };
    let mut map = Attributes::new();
    for (field, attribute) in object.attributes() {
        let stored = match members.get(field.as_str()) {
            Some(value) => marshal(plan, &attribute.shape, value).map_err(|unfit| unfit.within(field))?,
            None => None,
        };
        match stored {
            Some(stored) => {
                map.insert(attribute.name.to_string(), stored);
            }
            None if attribute.non_null && !matches!(attribute.shape, Shape::Set(_)) => {
                return Err(Unfit::new(THERE).within(field));
            }
            None => {}
        }
    }
    Ok(AttributeValue::M(map))
}

fn marshal_list(plan: &Plan, element: &Element, value: &Value) -> Result<AttributeValue, Unfit> {
    let Value::List(items) = value else { return Err(Unfit::new("a list")) };
    let one = |(at, item)| match marshal(plan, &element.shape, item) {
        Ok(Some(stored)) => Ok(stored),
        Ok(None) if element.non_null => Err(Unfit::new(THERE).within(at)),
        Ok(None) => Ok(AttributeValue::Null(true)),
        Err(unfit) => Err(unfit.within(at)),
    };
    Ok(AttributeValue::L(items.iter().enumerate().map(one).collect::<Result<_, _>>()?))
}

fn marshal_set(plan: &Plan, element: &Element, value: &Value) -> Result<Option<AttributeValue>, Unfit> {
    let Value::List(items) = value else { return Err(Unfit::new("a list")) };
    let (mut texts, mut numbers, mut blobs) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (at, item) in items.iter().enumerate() {
        // A member that stands twice is one member; the canonical forms are compared.
        match marshal(plan, &element.shape, item).map_err(|unfit| unfit.within(at))? {
            Some(AttributeValue::S(text)) => drop(texts.insert(text)),
            Some(AttributeValue::N(number)) => drop(numbers.insert(number)),
            Some(AttributeValue::B(blob)) => drop(blobs.insert(blob.into_inner())),
            _ => return Err(Unfit::new(THERE).within(at)),
        }
    }
    let sets = [
        (!texts.is_empty()).then(|| AttributeValue::Ss(texts.into_iter().collect())),
        (!numbers.is_empty()).then(|| AttributeValue::Ns(numbers.into_iter().collect())),
        (!blobs.is_empty()).then(|| AttributeValue::Bs(blobs.into_iter().map(Blob::new).collect())),
    ];
    Ok(sets.into_iter().flatten().next())
}

fn marshal_scalar(scalar: Scalar, value: &Value) -> Result<AttributeValue, Unfit> {
    let wrong = || Unfit::new(expected(scalar));
    let canonical = |text: &str| scalar.canonical(text).map_err(|NotA(what)| Unfit::new(what));
    match (scalar, value) {
        (Scalar::String | Scalar::Id, Value::String(text)) => Ok(AttributeValue::S(text.clone())),
        (Scalar::Id, Value::Number(number)) if number.is_i64() || number.is_u64() => {
            Ok(AttributeValue::S(number.to_string()))
        }
        (Scalar::Boolean, Value::Boolean(value)) => Ok(AttributeValue::Bool(*value)),
        (Scalar::Int, Value::Number(number)) => {
            let number = number.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(wrong)?;
            Ok(AttributeValue::N(number.to_string()))
        }
        (Scalar::Float, Value::Number(number)) => {
            let text =
                Scalar::Decimal.canonical(&number.to_string()).map_err(|NotA(what)| Unfit::new(what))?;
            Ok(AttributeValue::N(text))
        }
        (Scalar::Decimal | Scalar::BigInt, Value::String(text)) => canonical(text).map(AttributeValue::N),
        (Scalar::Decimal | Scalar::BigInt, Value::Number(number)) => {
            let exact =
                number.as_i64().filter(|number| (-EXACT..=EXACT).contains(number)).ok_or_else(wrong)?;
            Ok(AttributeValue::N(exact.to_string()))
        }
        (Scalar::DateTime | Scalar::Date, Value::String(text)) => canonical(text).map(AttributeValue::S),
        (Scalar::Base64, Value::String(text)) => {
            let bytes = STANDARD.decode(text).map_err(|_not_base64| wrong())?;
            Ok(AttributeValue::B(Blob::new(bytes)))
        }
        (Scalar::Json, value) => json(value),
        _ => Err(wrong()),
    }
}

/// Any JSON, by `serde_dynamo`. Its numbers must be ones that DynamoDB can hold, and that can be answered again.
fn json(value: &Value) -> Result<AttributeValue, Unfit> {
    let stored = serde_dynamo::to_attribute_value(value).map_err(|_not_json| Unfit::new(NUMBERS))?;
    check_json(&stored)?;
    Ok(stored)
}

fn check_json(stored: &AttributeValue) -> Result<(), Unfit> {
    match stored {
        AttributeValue::N(text) if Scalar::Decimal.canonical(text).is_err() || exact(text).is_none() => {
            Err(Unfit::new(NUMBERS))
        }
        AttributeValue::L(items) => items.iter().try_for_each(check_json),
        AttributeValue::M(members) if members.contains_key("") => {
            Err(Unfit::new("JSON whose members have names that are not empty"))
        }
        AttributeValue::M(members) => members.values().try_for_each(check_json),
        _ => Ok(()),
    }
}

fn expected(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Int => "a whole number of 32 bits",
        Scalar::Float => "a number",
        Scalar::String => "a string",
        Scalar::Boolean => "true or false",
        Scalar::Id => "a string or a whole number",
        Scalar::Decimal => "a decimal number as a string, or a whole number within ±2^53",
        Scalar::BigInt => "a whole number as a string, or a whole number within ±2^53",
        Scalar::DateTime => "a moment of RFC 3339 with its offset, such as \"2026-11-23T17:45:00.000Z\"",
        Scalar::Date => "a day, such as \"2026-11-23\"",
        Scalar::Json => "JSON",
        Scalar::Base64 => "bytes in padded base 64",
    }
}
