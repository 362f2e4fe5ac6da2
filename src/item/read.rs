//! Reading: what is stored becomes what a field answers.

use std::borrow::Cow;

use async_graphql::{Name as GraphName, Value};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use serde_json::Number;
use thiserror::Error;

use crate::json::Text;
use crate::schema::{Plan, Scalar, Shape};

/// The stored value is not of the field's type. The text names types, never the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the stored value is {found}, and the field is {expected}")]
pub struct Mismatch {
    /// What the field is.
    pub expected: String,
    /// What is stored: DynamoDB's name of its type, or what is wrong with it.
    pub found: &'static str,
}

/// The value of a field, to be bound or to be part of a key: as [`leaf`], but a moment must be one that a key can hold.
/// Cut short it would name another item.
pub fn key_leaf(plan: &Plan, shape: &Shape, stored: &AttributeValue) -> Result<Value, Mismatch> {
    let is_moment = *shape == Shape::Scalar(Scalar::DateTime);
    match stored {
        AttributeValue::S(text) if is_moment && Scalar::DateTime.canonical(text).is_err() => {
            let expected = Scalar::DateTime.name().to_owned();
            Err(Mismatch { expected, found: "finer than milliseconds, or no moment" })
        }
        stored => leaf(plan, shape, stored),
    }
}

/// The answer of a field that is a scalar or an enum. `NULL` is null, whatever the field is.
pub fn leaf(plan: &Plan, shape: &Shape, stored: &AttributeValue) -> Result<Value, Mismatch> {
    if let AttributeValue::Null(_) = stored {
        return Ok(Value::Null);
    }
    let (value, expected) = match shape {
        Shape::Scalar(scalar) => (scalar_value(*scalar, stored), scalar.name().to_owned()),
        Shape::Enum(name) => (enum_value(plan, name, stored), name.to_string()),
        Shape::Object(_) | Shape::List(_) | Shape::Set(_) => (None, "a list or an object".to_owned()),
    };
    value.ok_or_else(|| Mismatch { expected, found: kind(stored) })
}

/// Writes the answer of a field that is a scalar or an enum: what [`leaf`] gives, without a copy where text is answered as
/// it is stored.
pub fn write_leaf(
    out: &mut Text,
    plan: &Plan,
    shape: &Shape,
    stored: &AttributeValue,
) -> Result<(), Mismatch> {
    match (shape, stored) {
        (Shape::Scalar(Scalar::String | Scalar::Id), AttributeValue::S(text))
        | (Shape::Scalar(Scalar::Id), AttributeValue::N(text)) => out.string(text),
        (Shape::Enum(name), AttributeValue::S(text)) if is_value_of(plan, name, text) => out.string(text),
        (Shape::Scalar(Scalar::Boolean), AttributeValue::Bool(value)) => out.boolean(*value),
        _ => out.value(&leaf(plan, shape, stored)?),
    }
    Ok(())
}

/// What a place in an answer or an item counts beside the bytes of the value in it: a place takes room, too.
pub const PLACE: usize = 32;

/// How long a stored value is, in bytes, about as JSON writes it; with [`PLACE`] for every value within it.
pub fn length(stored: &AttributeValue) -> usize {
    let base64 = |bytes: usize| bytes.div_ceil(3) * 4;
    match stored {
        AttributeValue::S(value) => value.len(),
        AttributeValue::N(number) => number.len(),
        AttributeValue::B(bytes) => base64(bytes.as_ref().len()),
        AttributeValue::L(items) => items.iter().map(|item| PLACE + length(item)).sum(),
        AttributeValue::M(members) => {
            members.iter().map(|(name, value)| PLACE + name.len() + length(value)).sum()
        }
        AttributeValue::Ss(texts) => texts.iter().map(|it| PLACE + it.len()).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|it| PLACE + it.len()).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(|it| PLACE + base64(it.as_ref().len())).sum(),
        _ => 5,
    }
}

/// The elements of a list or a set. A list is also read where a set is stored, and a set where a list is.
pub fn elements(stored: &AttributeValue) -> Option<Cow<'_, [AttributeValue]>> {
    Some(match stored {
        AttributeValue::L(items) => Cow::Borrowed(items.as_slice()),
        AttributeValue::Ss(texts) => texts.iter().cloned().map(AttributeValue::S).collect(),
        AttributeValue::Ns(numbers) => numbers.iter().cloned().map(AttributeValue::N).collect(),
        AttributeValue::Bs(blobs) => blobs.iter().cloned().map(AttributeValue::B).collect(),
        _ => return None,
    })
}

fn enum_value(plan: &Plan, name: &str, stored: &AttributeValue) -> Option<Value> {
    let text = stored.as_s().ok()?;
    is_value_of(plan, name, text).then(|| Value::Enum(GraphName::new(text)))
}

fn is_value_of(plan: &Plan, name: &str, text: &str) -> bool {
    plan.enums.get(name).is_some_and(|it| it.values.contains_key(text))
}

fn scalar_value(scalar: Scalar, stored: &AttributeValue) -> Option<Value> {
    let text = || stored.as_s().ok().cloned();
    let number = || stored.as_n().ok().map(String::as_str);
    let canonical = |text: &str| scalar.canonical(text).ok();
    match scalar {
        Scalar::String => text().map(Value::String),
        // Tables that were made by others have numbers for ids.
        Scalar::Id => text().or_else(|| number().map(str::to_owned)).map(Value::String),
        Scalar::Boolean => stored.as_bool().ok().copied().map(Value::Boolean),
        Scalar::Int => whole(number()?).and_then(|number| i32::try_from(number).ok()).map(Value::from),
        Scalar::Float => {
            let number: f64 = number()?.parse().ok()?;
            Number::from_f64(number).map(Value::Number)
        }
        Scalar::Decimal | Scalar::BigInt => canonical(number()?).map(Value::String),
        Scalar::DateTime => moment(stored.as_s().ok()?).map(Value::String),
        Scalar::Date => canonical(stored.as_s().ok()?).map(Value::String),
        Scalar::Base64 => stored.as_b().ok().map(|bytes| Value::String(STANDARD.encode(bytes))),
        Scalar::Json => json(stored),
    }
}

/// A moment as it is answered, in milliseconds. Other programs store finer ones, and offsets without a colon
/// (ISO 8601, basic format): what is finer is cut off.
fn moment(text: &str) -> Option<String> {
    let time = text.find('T')?;
    let (moment, offset) = text.split_at(text.rfind(['Z', '+', '-']).filter(|at| *at > time)?);
    let moment = match moment.split_once('.') {
        Some((seconds, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{seconds}.{}", fraction.get(..3).unwrap_or(fraction))
        }
        Some(_) => return None,
        None => moment.to_owned(),
    };
    let offset = match offset.split_at_checked(3) {
        Some((hours, minutes)) if !minutes.starts_with(':') => {
            format!("{hours}:{}", if minutes.is_empty() { "00" } else { minutes })
        }
        _ => offset.to_owned(),
    };
    Scalar::DateTime.canonical(&format!("{moment}{offset}")).ok()
}

/// A whole number, also where it is written as `1.0` or `1e2`.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| Scalar::BigInt.canonical(text).ok()?.parse().ok())
}

/// Any value as JSON. A number that is neither an exact i64 nor an exact f64 has no JSON that every client would
/// read back, so it is no value of the type.
fn json(stored: &AttributeValue) -> Option<Value> {
    Some(match stored {
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::N(text) => Value::Number(exact(text)?),
        AttributeValue::B(bytes) => Value::String(STANDARD.encode(bytes)),
        AttributeValue::Bool(value) => Value::Boolean(*value),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::M(members) => {
            // In the order of the names: DynamoDB keeps none.
            let mut names: Vec<_> = members.keys().collect();
            names.sort_unstable();
            let member = |name: &String| Some((GraphName::new(name), json(members.get(name)?)?));
            Value::Object(names.into_iter().map(member).collect::<Option<IndexMap<_, _>>>()?)
        }
        other => Value::List(elements(other)?.iter().map(json).collect::<Option<_>>()?),
    })
}

/// The JSON number that every client reads as this one.
pub(super) fn exact(text: &str) -> Option<Number> {
    if let Some(number) = whole(text) {
        return Some(number.into());
    }
    let float: f64 = text.parse().ok()?;
    let number = Number::from_f64(float)?;
    // Where two texts are equally short and equally near, printers differ: each of them is the number.
    let texts = [number.to_string(), float.to_string()];
    let canonical = Scalar::Decimal.canonical(text);
    texts.iter().any(|text| Scalar::Decimal.canonical(text) == canonical).then_some(number)
}

/// DynamoDB's name of a value's type (*Data type descriptors*).
fn kind(stored: &AttributeValue) -> &'static str {
    match stored {
        AttributeValue::S(_) => "S",
        AttributeValue::N(_) => "N",
        AttributeValue::B(_) => "B",
        AttributeValue::Bool(_) => "BOOL",
        AttributeValue::Null(_) => "NULL",
        AttributeValue::M(_) => "M",
        AttributeValue::L(_) => "L",
        AttributeValue::Ss(_) => "SS",
        AttributeValue::Ns(_) => "NS",
        AttributeValue::Bs(_) => "BS",
        _ => "of a type that is not known",
    }
}
