//! Reading: what is stored becomes what a field answers.

use async_graphql::{Name as GraphName, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use serde_json::Number;
use thiserror::Error;

use crate::image::{Elements, Members, Stored};
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
pub fn key_leaf(plan: &Plan, shape: &Shape, stored: Stored<'_>) -> Result<Value, Mismatch> {
    let is_moment = *shape == Shape::Scalar(Scalar::DateTime);
    match stored {
        Stored::S(text) if is_moment && Scalar::DateTime.canonical(text).is_err() => {
            let expected = Scalar::DateTime.name().to_owned();
            Err(Mismatch { expected, found: "finer than milliseconds, or no moment" })
        }
        stored => leaf(plan, shape, stored),
    }
}

/// The answer of a field that is a scalar or an enum. `NULL` is null, whatever the field is.
pub fn leaf(plan: &Plan, shape: &Shape, stored: Stored<'_>) -> Result<Value, Mismatch> {
    if stored.is_null() {
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
pub fn write_leaf(out: &mut Text, plan: &Plan, shape: &Shape, stored: Stored<'_>) -> Result<(), Mismatch> {
    match (shape, stored) {
        (Shape::Scalar(Scalar::String | Scalar::Id), Stored::S(text))
        | (Shape::Scalar(Scalar::Id), Stored::N(text)) => out.string(text),
        (Shape::Enum(name), Stored::S(text)) if is_value_of(plan, name, text) => out.string(text),
        (Shape::Scalar(Scalar::Boolean), Stored::Bool(value)) => out.boolean(value),
        (Shape::Scalar(scalar @ (Scalar::Decimal | Scalar::BigInt)), Stored::N(text))
        | (Shape::Scalar(scalar @ Scalar::DateTime), Stored::S(text))
            if scalar.is_plainly_canonical(text) =>
        {
            out.string(text);
        }
        (Shape::Scalar(Scalar::Int), Stored::N(text)) if let Ok(number) = text.parse::<i32>() => {
            out.integer(number.into());
        }
        _ => out.value(&leaf(plan, shape, stored)?),
    }
    Ok(())
}

/// What a place in an answer or an item counts beside the bytes of the value in it: a place takes room, too.
pub const PLACE: usize = 32;

/// How long a stored value is, in bytes, about as JSON writes it; with [`PLACE`] for every value within it.
pub fn length(stored: Stored<'_>) -> usize {
    match stored {
        Stored::S(text) | Stored::N(text) => text.len(),
        Stored::B(bytes) => bytes.len().div_ceil(3) * 4,
        Stored::M(members) => length_of_members(members),
        Stored::L(elements) | Stored::Ss(elements) | Stored::Ns(elements) | Stored::Bs(elements) => {
            elements.iter().map(|it| PLACE + length(it)).sum()
        }
        Stored::Bool(_) | Stored::Null | Stored::Unknown => 5,
    }
}

/// The same of the attributes of an item together.
pub fn length_of_members(members: Members<'_>) -> usize {
    members.iter().map(|(name, value)| PLACE + name.len() + length(value)).sum()
}

/// The elements of a list or a set. A list is also read where a set is stored, and a set where a list is.
pub fn elements(stored: Stored<'_>) -> Option<Elements<'_>> {
    match stored {
        Stored::L(elements) | Stored::Ss(elements) | Stored::Ns(elements) | Stored::Bs(elements) => {
            Some(elements)
        }
        _ => None,
    }
}

fn enum_value(plan: &Plan, name: &str, stored: Stored<'_>) -> Option<Value> {
    let text = stored.as_s()?;
    is_value_of(plan, name, text).then(|| Value::Enum(GraphName::new(text)))
}

fn is_value_of(plan: &Plan, name: &str, text: &str) -> bool {
    plan.enums.get(name).is_some_and(|it| it.values.contains_key(text))
}

fn scalar_value(scalar: Scalar, stored: Stored<'_>) -> Option<Value> {
    let text = || stored.as_s().map(str::to_owned);
    let number = || stored.as_n();
    let canonical = |text: &str| scalar.canonical(text).ok();
    match scalar {
        Scalar::String => text().map(Value::String),
        // Tables that were made by others have numbers for ids.
        Scalar::Id => text().or_else(|| number().map(str::to_owned)).map(Value::String),
        Scalar::Boolean => match stored {
            Stored::Bool(value) => Some(Value::Boolean(value)),
            _ => None,
        },
        Scalar::Int => whole(number()?).and_then(|number| i32::try_from(number).ok()).map(Value::from),
        Scalar::Float => {
            let number: f64 = number()?.parse().ok()?;
            Number::from_f64(number).map(Value::Number)
        }
        Scalar::Decimal | Scalar::BigInt => canonical(number()?).map(Value::String),
        Scalar::DateTime => moment(stored.as_s()?).map(Value::String),
        Scalar::Date => canonical(stored.as_s()?).map(Value::String),
        Scalar::Base64 => match stored {
            Stored::B(bytes) => Some(Value::String(STANDARD.encode(bytes))),
            _ => None,
        },
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
fn json(stored: Stored<'_>) -> Option<Value> {
    Some(match stored {
        Stored::S(text) => Value::String(text.to_owned()),
        Stored::N(text) => Value::Number(exact(text)?),
        Stored::B(bytes) => Value::String(STANDARD.encode(bytes)),
        Stored::Bool(value) => Value::Boolean(value),
        Stored::Null => Value::Null,
        Stored::M(members) => {
            // In the order of the names: DynamoDB keeps none.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let member = |(name, value)| Some((GraphName::new(name), json(value)?));
            Value::Object(members.into_iter().map(member).collect::<Option<IndexMap<_, _>>>()?)
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
fn kind(stored: Stored<'_>) -> &'static str {
    match stored {
        Stored::S(_) => "S",
        Stored::N(_) => "N",
        Stored::B(_) => "B",
        Stored::Bool(_) => "BOOL",
        Stored::Null => "NULL",
        Stored::M(_) => "M",
        Stored::L(_) => "L",
        Stored::Ss(_) => "SS",
        Stored::Ns(_) => "NS",
        Stored::Bs(_) => "BS",
        Stored::Unknown => "of a type that is not known",
    }
}
