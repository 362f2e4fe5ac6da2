//! Whether two items are the same, as DynamoDB would say: numbers by value, sets without order.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;

use super::Attributes;
use crate::image::{Members, Stored};
use crate::schema::Scalar;

/// Whether two items hold the same attributes with the same values.
pub fn same_item(one: &Attributes, other: &Attributes) -> bool {
    one.len() == other.len()
        && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
}

/// A key among those of one table, as DynamoDB tells keys apart: numbers by their value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyId(Vec<u8>);

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What a key is made of is a tenant's, and stays out of the logs.
        write!(f, "KeyId({} bytes)", self.0.len())
    }
}

impl KeyId {
    /// The identity of a key, or of the key of a whole item, by the names of the key's attributes. None if one of them is
    /// no key's value.
    pub fn of(item: Members<'_>, names: &[&String]) -> Option<Self> {
        let mut names = names.to_vec();
        names.sort_unstable();
        let mut id = Vec::new();
        for name in names {
            let part = key_bytes(item.get(name)?)?;
            id.extend_from_slice(&part.len().to_le_bytes());
            id.extend_from_slice(&part);
        }
        Some(Self(id))
    }
}

/// All values of one attribute of a key are of one type, so their bytes tell them apart.
fn key_bytes(value: Stored<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        Stored::S(text) => Some(Cow::Borrowed(text.as_bytes())),
        Stored::N(text) => Some(Cow::Owned(number(text).into_bytes())),
        Stored::B(bytes) => Some(Cow::Borrowed(bytes)),
        _ => None,
    }
}

fn same(one: &AttributeValue, other: &AttributeValue) -> bool {
    use AttributeValue as A;
    match (one, other) {
        (A::N(one), A::N(other)) => number(one) == number(other),
        (A::M(one), A::M(other)) => same_item(one, other),
        (A::L(one), A::L(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (A::Ss(one), A::Ss(other)) => one.iter().collect::<BTreeSet<_>>() == other.iter().collect(),
        (A::Ns(one), A::Ns(other)) => numbers(one) == numbers(other),
        (A::Bs(one), A::Bs(other)) => {
            let bytes = |blobs: &[aws_sdk_dynamodb::primitives::Blob]| -> BTreeSet<Vec<u8>> {
                blobs.iter().map(|blob| blob.as_ref().to_vec()).collect()
            };
            bytes(one) == bytes(other)
        }
        (one, other) => one == other,
    }
}

fn number(text: &str) -> String {
    Scalar::Decimal.canonical(text).unwrap_or_else(|_| text.to_owned())
}

fn numbers(texts: &[String]) -> BTreeSet<String> {
    texts.iter().map(|text| number(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value_and_sets_without_order() {
        let item = |value| Attributes::from([("a".to_owned(), value)]);
        let check = |one, other, expected| assert_eq!(same_item(&item(one), &item(other)), expected);
        let numbers = |texts: [&str; 2]| AttributeValue::Ns(texts.map(str::to_owned).to_vec());
        check(AttributeValue::N("1.50".into()), AttributeValue::N("1.5".into()), true);
        check(numbers(["1", "2.0"]), numbers(["2", "1"]), true);
        check(numbers(["1", "2.0"]), numbers(["2", "3"]), false);
        check(AttributeValue::S("1".into()), AttributeValue::N("1".into()), false);
        check(
            AttributeValue::L(vec![AttributeValue::M(item(AttributeValue::N("1e2".into())))]),
            AttributeValue::L(vec![AttributeValue::M(item(AttributeValue::N("100".into())))]),
            true,
        );
        assert!(!same_item(&item(AttributeValue::Bool(true)), &Attributes::new()));
    }
}
