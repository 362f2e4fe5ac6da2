//! Interfaces and unions: types whose items one `@query` may find beside each other.

use indexmap::IndexMap;

use super::{Argument, Name, Type};

/// An interface or a union.
#[derive(Debug, Clone)]
pub struct Abstract {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Which of the two it is.
    pub kind: AbstractKind,
    /// The object types that it may be, in the order of the schema.
    pub members: Vec<Name>,
}

/// What an abstract type is.
#[derive(Debug, Clone)]
pub enum AbstractKind {
    /// An interface: each of its types has these fields.
    Interface(IndexMap<Name, Signature>),
    /// A union.
    Union,
}

/// A field of an interface: what the fields of that name answer at least, and take at least.
#[derive(Debug, Clone)]
pub struct Signature {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Why it is deprecated, if it is.
    pub deprecated: Option<String>,
    /// Its type.
    pub ty: Type,
    /// Its arguments.
    pub arguments: IndexMap<Name, Argument>,
}

impl Abstract {
    /// The fields of an interface. A union has none of its own.
    pub fn fields(&self) -> impl Iterator<Item = &Signature> {
        let fields = match &self.kind {
            AbstractKind::Interface(fields) => Some(fields),
            AbstractKind::Union => None,
        };
        fields.into_iter().flat_map(IndexMap::values)
    }
}
