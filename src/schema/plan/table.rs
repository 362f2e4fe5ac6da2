//! Tables: their physical keys and indexes.

use indexmap::IndexMap;

use super::Name;

/// A table: its physical keys and indexes.
#[derive(Debug, Clone)]
pub struct Table {
    /// The name that the schema calls it. Which table it is for a tenant, the registry says.
    pub name: Name,
    /// Whether tenants share it.
    pub layout: Layout,
    /// The keys of the table.
    pub keys: Keys,
    /// The secondary indexes, by name.
    pub indexes: IndexMap<Name, Index>,
    /// The attribute that holds the time to live, in epoch seconds.
    pub ttl: Option<Name>,
}

/// Whether tenants share a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Tenants share it: every partition key holds the tenant.
    Pooled,
    /// Each tenant has one of its own.
    Silo,
}

/// The key attributes of a table or an index.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The partition key.
    pub partition: KeyAttribute,
    /// The sort key.
    pub sort: Option<KeyAttribute>,
}

impl Keys {
    /// The names of the key attributes.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.partition).chain(&self.sort).map(|key| &key.name)
    }

    /// Whether an attribute is one of the keys.
    pub fn contains(&self, attribute: &str) -> bool {
        self.partition.name.as_ref() == attribute
            || self.sort.as_ref().is_some_and(|sort| sort.name.as_ref() == attribute)
    }
}

/// A key attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// The attribute's name.
    pub name: Name,
    /// Its type in DynamoDB.
    pub kind: KeyKind,
}

/// The types that a key attribute can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `S`.
    String,
    /// `N`.
    Number,
    /// `B`.
    Binary,
}

/// A secondary index.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name in DynamoDB.
    pub name: Name,
    /// Its keys.
    pub keys: Keys,
    /// What it projects.
    pub projection: Projection,
}

/// Which attributes an index holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// All of them.
    All,
    /// The keys of table and index.
    KeysOnly,
    /// The keys and these.
    Include(Vec<Name>),
}
