//! Attributes of items, and the values that they hold.

use async_graphql::Value;

use super::Name;
use crate::schema::scalar::Scalar;

/// An attribute of an item, and the value that it holds.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Its name in DynamoDB.
    pub name: Name,
    /// What it holds.
    pub shape: Shape,
    /// Whether it must be there.
    pub non_null: bool,
    /// The value that a `@put` gives it when nobody else does.
    pub generate: Option<Generate>,
    /// The value that a new item has there when nobody gives one.
    pub default: Option<Value>,
    /// The width that a whole number is padded to in keys.
    pub pad: Option<u8>,
    /// Whether clients never see it.
    pub hidden: bool,
}

impl Attribute {
    /// The default that an item gets which an update makes. DynamoDB cannot tell a new item from one that lacks the
    /// attribute: only what every item has shows the difference. An empty set is not stored, and so is none of that.
    pub fn first(&self) -> Option<&Value> {
        let is_always_there = self.non_null && !matches!(self.shape, Shape::Set(_));
        self.default.as_ref().filter(|_| is_always_there)
    }
}

/// A value that the gateway makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generate {
    /// A ULID.
    Ulid,
    /// The time of creation.
    CreatedAt,
    /// The time of the last write.
    UpdatedAt,
}

/// What an attribute holds, and so how it is read and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A scalar.
    Scalar(Scalar),
    /// One of an enum's values, as text.
    Enum(Name),
    /// A map with the fields of an object type.
    Object(Name),
    /// A list.
    List(Box<Element>),
    /// A set of scalars: SS, NS or BS by the scalar.
    Set(Box<Element>),
}

impl Attribute {
    /// Whether all its values have one width in keys, so that these sort by value and not by length.
    pub fn has_fixed_width(&self) -> bool {
        match &self.shape {
            Shape::Scalar(Scalar::DateTime | Scalar::Date) => true,
            Shape::Scalar(Scalar::Int | Scalar::BigInt) => self.pad.is_some(),
            Shape::Scalar(_) | Shape::Enum(_) | Shape::Object(_) | Shape::List(_) | Shape::Set(_) => false,
        }
    }

    /// Whether it holds free text.
    pub fn is_text(&self) -> bool {
        matches!(self.shape, Shape::Scalar(Scalar::String | Scalar::Id))
    }
}

impl Shape {
    /// Whether two values of it can be compared, so that it can be filtered by.
    pub fn is_comparable(&self) -> bool {
        match self {
            Self::Scalar(scalar) => *scalar != Scalar::Json,
            Self::Enum(_) => true,
            Self::Object(_) | Self::List(_) | Self::Set(_) => false,
        }
    }
}

/// What a list or a set holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// What each of them is.
    pub shape: Shape,
    /// Whether none may be null.
    pub non_null: bool,
}
