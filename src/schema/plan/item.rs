//! Where the items of a type live: the templates of their keys.

use std::fmt;

use super::Name;

/// Where the items of a type live.
#[derive(Debug, Clone)]
pub struct Item {
    /// The table.
    pub table: Name,
    /// The templates of the table's keys.
    pub keys: KeyTemplates,
    /// The indexes that the items are in.
    pub indexes: Vec<ItemIndex>,
    /// The field that counts writes.
    pub version: Option<Name>,
    /// The field that holds the time to live.
    pub ttl: Option<Name>,
    /// The attribute that holds the type's name.
    pub discriminator: Option<Name>,
}

/// An index that the items of a type are in.
#[derive(Debug, Clone)]
pub struct ItemIndex {
    /// The index's name in DynamoDB.
    pub name: Name,
    /// What the schema calls it in `@query(index: …)`.
    pub alias: Name,
    /// The templates of the index's keys.
    pub keys: KeyTemplates,
}

/// The templates of a partition key and a sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTemplates {
    /// The partition key.
    pub partition: Template,
    /// The sort key.
    pub sort: Option<Template>,
}

/// How a key is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its parts. No two variables stand side by side.
    pub parts: Vec<Part>,
}

/// A part of a key template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that stands for itself. Never empty.
    Literal(Name),
    /// `${tenant}`.
    Tenant,
    /// `${field}`.
    Field(Name),
}

impl Template {
    /// The field whose value the key is, unchanged: the template is exactly `${field}`.
    pub fn exact_field(&self) -> Option<&Name> {
        match self.parts.as_slice() {
            [Part::Field(field)] => Some(field),
            _ => None,
        }
    }

    /// The fields that the key is made of.
    pub fn fields(&self) -> impl Iterator<Item = &Name> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(field) => Some(field),
            Part::Literal(_) | Part::Tenant => None,
        })
    }
}

impl KeyTemplates {
    /// The fields that the keys are made of.
    pub fn fields(&self) -> impl Iterator<Item = &Name> {
        self.partition.fields().chain(self.sort.iter().flat_map(Template::fields))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Literal(text) => f.write_str(text),
            Part::Tenant => f.write_str("${tenant}"),
            Part::Field(field) => write!(f, "${{{field}}}"),
        })
    }
}
