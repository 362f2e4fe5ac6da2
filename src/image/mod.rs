//! Items as they were found: a map of the SDK's, or the bytes of an answer with the places where its attributes stand.
//!
//! Most of what is read is written again a moment later, as an answer. So of what our own wire path reads nothing is copied
//! and nothing hashed: a [`Tape`] holds the answer's bytes and one short entry for each value, for all items of the
//! answer together. What the SDK has read is its map. Readers see one thing: [`Members`] and [`Stored`].

mod tape;
mod taping;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

pub use tape::{Place, Tape};
pub use taping::{Piece, Taping};

/// An item, as it was found. Cheap to clone.
#[derive(Clone)]
pub enum Image {
    /// As the SDK has read it, or as it was written.
    Map(Arc<HashMap<String, AttributeValue>>),
    /// A map on a tape.
    Tape(Arc<Tape>, Place),
}

/// The attributes of an item, or the members of a map within it.
#[derive(Clone, Copy)]
pub enum Members<'a> {
    /// Of a map.
    Map(&'a HashMap<String, AttributeValue>),
    /// On a tape.
    Tape(&'a Tape, Place),
}

/// A stored value.
#[derive(Clone, Copy)]
pub enum Stored<'a> {
    /// A text.
    S(&'a str),
    /// A number, as DynamoDB writes it.
    N(&'a str),
    /// Bytes.
    B(&'a [u8]),
    /// `true` or `false`.
    Bool(bool),
    /// `NULL`.
    Null,
    /// A map.
    M(Members<'a>),
    /// A list.
    L(Elements<'a>),
    /// A set of texts.
    Ss(Elements<'a>),
    /// A set of numbers.
    Ns(Elements<'a>),
    /// A set of binaries.
    Bs(Elements<'a>),
    /// Of a type that is not known.
    Unknown,
}

/// The elements of a list or a set.
#[derive(Clone, Copy)]
pub enum Elements<'a> {
    /// Of a list.
    L(&'a [AttributeValue]),
    /// Of a set of texts.
    Ss(&'a [String]),
    /// Of a set of numbers.
    Ns(&'a [String]),
    /// Of a set of binaries.
    Bs(&'a [Blob]),
    /// On a tape.
    Tape(&'a Tape, Place),
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is stored is a tenant's, and stays out of the logs.
        write!(f, "Image({} attributes)", self.members().len())
    }
}

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Members({})", self.len())
    }
}

impl fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Elements({})", self.len())
    }
}

impl fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stored")
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.to_map() == other.to_map()
    }
}

impl From<HashMap<String, AttributeValue>> for Image {
    fn from(map: HashMap<String, AttributeValue>) -> Self {
        Self::Map(Arc::new(map))
    }
}

impl Image {
    /// Its attributes.
    pub fn members(&self) -> Members<'_> {
        match self {
            Self::Map(map) => Members::Map(map),
            Self::Tape(tape, place) => Members::Tape(tape, *place),
        }
    }

    /// As a map.
    pub fn to_map(&self) -> HashMap<String, AttributeValue> {
        self.members().to_map()
    }

    /// As a map, which is copied only where it is no map yet, or somebody else has it too.
    pub fn into_map(self) -> HashMap<String, AttributeValue> {
        match self {
            Self::Map(map) => Arc::unwrap_or_clone(map),
            Self::Tape(..) => self.to_map(),
        }
    }
}

impl<'a> Members<'a> {
    /// The value under a name, if there is one. Of two under one name it is the later.
    pub fn get(self, name: &str) -> Option<Stored<'a>> {
        match self {
            Self::Map(map) => map.get(name).map(Stored::of),
            Self::Tape(tape, place) => tape.member(place, name),
        }
    }

    /// All of them, in no order.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Stored<'a>)> {
        let (map, tape) = match self {
            Self::Map(map) => {
                (Some(map.iter().map(|(name, value)| (name.as_str(), Stored::of(value)))), None)
            }
            Self::Tape(tape, place) => (None, Some(tape.members(place))),
        };
        map.into_iter().flatten().chain(tape.into_iter().flatten())
    }

    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Self::Map(map) => map.len(),
            Self::Tape(tape, place) => tape.count(place),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// As a map.
    pub fn to_map(self) -> HashMap<String, AttributeValue> {
        self.iter().map(|(name, value)| (name.to_owned(), value.to_attribute_value())).collect()
    }
}

impl<'a> Elements<'a> {
    /// All of them, in their order.
    pub fn iter(self) -> impl Iterator<Item = Stored<'a>> {
        let tape = match self {
            Self::Tape(tape, place) => Some(tape.elements(place)),
            Self::L(_) | Self::Ss(_) | Self::Ns(_) | Self::Bs(_) => None,
        };
        let length = if tape.is_some() { 0 } else { self.len() };
        let of_sdk = (0..length).filter_map(move |at| match self {
            Self::L(values) => values.get(at).map(Stored::of),
            Self::Ss(texts) => texts.get(at).map(|text| Stored::S(text)),
            Self::Ns(numbers) => numbers.get(at).map(|number| Stored::N(number)),
            Self::Bs(blobs) => blobs.get(at).map(|blob| Stored::B(blob.as_ref())),
            Self::Tape(..) => None,
        });
        tape.into_iter().flatten().chain(of_sdk)
    }

    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Self::L(values) => values.len(),
            Self::Ss(texts) | Self::Ns(texts) => texts.len(),
            Self::Bs(blobs) => blobs.len(),
            Self::Tape(tape, place) => tape.count(place),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl<'a> Stored<'a> {
    /// Of a value of the SDK's.
    pub fn of(value: &'a AttributeValue) -> Self {
        match value {
            AttributeValue::S(text) => Self::S(text),
            AttributeValue::N(number) => Self::N(number),
            AttributeValue::B(blob) => Self::B(blob.as_ref()),
            AttributeValue::Bool(value) => Self::Bool(*value),
            AttributeValue::Null(_) => Self::Null,
            AttributeValue::M(map) => Self::M(Members::Map(map)),
            AttributeValue::L(values) => Self::L(Elements::L(values)),
            AttributeValue::Ss(texts) => Self::Ss(Elements::Ss(texts)),
            AttributeValue::Ns(numbers) => Self::Ns(Elements::Ns(numbers)),
            AttributeValue::Bs(blobs) => Self::Bs(Elements::Bs(blobs)),
            _ => Self::Unknown,
        }
    }

    /// As a value of the SDK's.
    pub fn to_attribute_value(self) -> AttributeValue {
        let texts = |elements: Elements<'_>| {
            elements.iter().filter_map(|it| it.text().map(str::to_owned)).collect::<Vec<_>>()
        };
        match self {
            Self::S(text) => AttributeValue::S(text.to_owned()),
            Self::N(number) => AttributeValue::N(number.to_owned()),
            Self::B(bytes) => AttributeValue::B(Blob::new(bytes)),
            Self::Bool(value) => AttributeValue::Bool(value),
            // Nobody can store a `NULL` that is false, and no reader tells the two apart.
            Self::Null | Self::Unknown => AttributeValue::Null(true),
            Self::M(members) => AttributeValue::M(members.to_map()),
            Self::L(elements) => AttributeValue::L(elements.iter().map(Self::to_attribute_value).collect()),
            Self::Ss(elements) => AttributeValue::Ss(texts(elements)),
            Self::Ns(elements) => AttributeValue::Ns(texts(elements)),
            Self::Bs(elements) => {
                let blobs = elements.iter().filter_map(|it| match it {
                    Stored::B(bytes) => Some(Blob::new(bytes)),
                    _ => None,
                });
                AttributeValue::Bs(blobs.collect())
            }
        }
    }

    /// The text of a text or of a number.
    fn text(self) -> Option<&'a str> {
        match self {
            Self::S(text) | Self::N(text) => Some(text),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_s(self) -> Option<&'a str> {
        if let Self::S(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub fn as_n(self) -> Option<&'a str> {
        if let Self::N(number) = self { Some(number) } else { None }
    }

    /// Whether it is `NULL`.
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }
}
