//! The request context: the condition keys that a request carries, each with its values.

use std::collections::BTreeMap;

/// Condition keys and their values. Key names are not case-sensitive (*IAM JSON policy elements: Condition*).
///
/// A key that is absent and a key with an empty list are told apart here, and treated alike by the operators, as
/// IAM does (*Multivalued context keys*).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Sets a key to one value.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(key.to_lowercase(), vec![value.into()]);
    }

    /// Sets a key to a list of values.
    pub fn set_all(&mut self, key: &str, values: Vec<String>) {
        self.0.insert(key.to_lowercase(), values);
    }

    /// Takes the keys of another in, in the place of its own.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The values of a key; none if it is absent.
    pub fn values(&self, key: &str) -> &[String] {
        self.0.get(&key.to_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of a key that has just one.
    pub fn single(&self, key: &str) -> Option<&str> {
        match self.values(key) {
            [value] => Some(value),
            _ => None,
        }
    }

    /// The same keys with their values in lower case, for comparisons that ignore it.
    pub(super) fn lower_case_values(&self) -> Self {
        let lower = |values: &Vec<String>| values.iter().map(|value| value.to_lowercase()).collect();
        Self(self.0.iter().map(|(key, values)| (key.clone(), lower(values))).collect())
    }
}
