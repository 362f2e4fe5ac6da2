//! Attributes, read from the bytes of an answer straight into the SDK's maps, with no tree of JSON in between.
//!
//! What is taken and what is not is what the SDK takes: one kind to a value, `null` for a kind that is not there, no `null` in a
//! map or a list. Depth ends where the parser's does, at 128 brackets; DynamoDB's own nesting ends at 32 values.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::call::Item;

/// A value.
pub(super) struct Attribute(AttributeValue);

/// An item, or a key.
pub(super) struct Attributes(pub(super) Item);

/// What the one member of a value is called.
enum Kind {
    S,
    N,
    B,
    Bool,
    Null,
    Ss,
    Ns,
    Bs,
    M,
    L,
    /// It says what an object is, and is no value.
    Type,
    /// One that came after this was written.
    Another,
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Kind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the kind of a value")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Kind, E> {
                Ok(match name {
                    "S" => Kind::S,
                    "N" => Kind::N,
                    "B" => Kind::B,
                    "BOOL" => Kind::Bool,
                    "NULL" => Kind::Null,
                    "SS" => Kind::Ss,
                    "NS" => Kind::Ns,
                    "BS" => Kind::Bs,
                    "M" => Kind::M,
                    "L" => Kind::L,
                    "__type" => Kind::Type,
                    _ => Kind::Another,
                })
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Attribute;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an attribute's value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Attribute, A::Error> {
                let mut found = None;
                while let Some(kind) = members.next_key::<Kind>()? {
                    let Some(value) = read(&kind, &mut members)? else { continue };
                    if found.replace(value).is_some() {
                        return Err(Error::custom("a value of two kinds"));
                    }
                }
                found.map(Attribute).ok_or_else(|| Error::custom("a value of no kind"))
            }
        }
        deserializer.deserialize_map(One)
    }
}

/// The value of a kind; none if there is `null` in its place.
fn read<'de, A: MapAccess<'de>>(kind: &Kind, members: &mut A) -> Result<Option<AttributeValue>, A::Error> {
    Ok(match kind {
        Kind::S => members.next_value::<Option<String>>()?.map(AttributeValue::S),
        Kind::N => members.next_value::<Option<String>>()?.map(AttributeValue::N),
        Kind::B => members.next_value::<Option<Binary>>()?.map(|binary| AttributeValue::B(binary.0)),
        Kind::Bool => members.next_value::<Option<bool>>()?.map(AttributeValue::Bool),
        Kind::Null => members.next_value::<Option<bool>>()?.map(AttributeValue::Null),
        Kind::Ss => members.next_value::<Option<Vec<String>>>()?.map(AttributeValue::Ss),
        Kind::Ns => members.next_value::<Option<Vec<String>>>()?.map(AttributeValue::Ns),
        Kind::Bs => {
            let binaries = members.next_value::<Option<Vec<Binary>>>()?;
            binaries.map(|binaries| AttributeValue::Bs(binaries.into_iter().map(|it| it.0).collect()))
        }
        Kind::M => members.next_value::<Option<Attributes>>()?.map(|values| AttributeValue::M(values.0)),
        Kind::L => members.next_value::<Option<List>>()?.map(|values| AttributeValue::L(values.0)),
        Kind::Type => {
            members.next_value::<IgnoredAny>()?;
            None
        }
        // The SDK has a value for it that nobody else can make, and that nobody can use.
        Kind::Another => match members.next_value::<Option<IgnoredAny>>()? {
            Some(_unread) => return Err(Error::custom("a value of an unknown kind")),
            None => None,
        },
    })
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Attributes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Attributes, A::Error> {
                let mut values = HashMap::new();
                while let Some((name, value)) = members.next_entry::<String, Attribute>()? {
                    values.insert(name, value.0);
                }
                Ok(Attributes(values))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// The values of a list.
struct List(Vec<AttributeValue>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = List;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<List, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = elements.next_element::<Attribute>()? {
                    values.push(value.0);
                }
                Ok(List(values))
            }
        }
        deserializer.deserialize_seq(All)
    }
}

/// A binary, in base 64.
struct Binary(Blob);

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Binary;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a binary in base 64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Binary, E> {
                // What is wrong with it is not told: the text is a tenant's.
                let bytes = base64::decode(text).map_err(|_invalid| Error::custom("no base 64"))?;
                Ok(Binary(Blob::new(bytes)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
