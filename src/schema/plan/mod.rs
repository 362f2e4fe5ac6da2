//! The plan: what `schema.graphql` means, ready to be carried out.
//!
//! Plain data. Every name in it exists, every type fits, every key can be rendered: the compiler has seen to that,
//! and nothing downstream checks again.

mod abstracts;
mod attribute;
mod constraint;
mod guard;
mod item;
mod object;
mod operation;
mod reading;
mod size;
mod table;
mod transact;

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

pub use abstracts::{Abstract, AbstractKind, Signature};
pub use attribute::{Attribute, Element, Generate, Shape};
pub use constraint::{Broken, Constraint};
pub use guard::{Guard, Scopes};
pub use item::{Item, ItemIndex, KeyTemplates, Part, Template};
pub use object::{Argument, Enum, EnumValue, Field, Input, Object, Of, PagePart, Resolve, Type};
pub use operation::{
    Action, ActionKind, Amount, Bindings, Collection, Comparison, Condition, Delete, Each, Get, Operand,
    Operation, Page, PageKind, Put, Query, Range, Touch, Update, ValueSource,
};
pub use reading::Reading;
pub use size::ListSize;
pub use table::{Index, KeyAttribute, KeyKind, Keys, Layout, Projection, Table};
pub use transact::{Check, Record, Step, StepWrite, Transact, TransactPart};

/// A name of the schema: a type, a field, an attribute, a table. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl std::ops::Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A compiled schema.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The tables, by the name that the schema calls them.
    pub tables: IndexMap<Name, Table>,
    /// The object types. They and their fields are shared with what is made of documents.
    pub objects: IndexMap<Name, Arc<Object>>,
    /// The interfaces and unions.
    pub abstracts: IndexMap<Name, Abstract>,
    /// The enum types.
    pub enums: IndexMap<Name, Enum>,
    /// The input object types.
    pub inputs: IndexMap<Name, Input>,
    /// The query root.
    pub query: Name,
    /// The mutation root, if there is one.
    pub mutation: Option<Name>,
}

impl Plan {
    /// A plan of nothing, for values that need none.
    pub fn empty() -> Self {
        Self {
            tables: IndexMap::new(),
            objects: IndexMap::new(),
            abstracts: IndexMap::new(),
            enums: IndexMap::new(),
            inputs: IndexMap::new(),
            query: "Query".into(),
            mutation: None,
        }
    }

    /// An object type.
    pub fn object(&self, name: &str) -> Option<&Object> {
        self.objects.get(name).map(AsRef::as_ref)
    }

    /// Whether the page that a field returns says how many items there are in all.
    pub fn counts(&self, field: &Field) -> bool {
        let page = self.objects.get(field.ty.base());
        page.is_some_and(|page| {
            page.fields.values().any(|it| matches!(it.resolve, Resolve::Page(PagePart::TotalCount)))
        })
    }

    /// The attributes that a query's client can hold against something by its filter.
    pub fn matched(&self, field: &Field, query: &Query) -> Vec<&Name> {
        let mut fields = Some(&field.arguments);
        for step in query.matching.iter().flatten() {
            let ty = fields.and_then(|fields| fields.get(step)).map(|argument| argument.ty.base());
            fields = ty.and_then(|ty| self.inputs.get(ty)).map(|input| &input.fields);
        }
        let (Some(fields), Some(object), Some(_)) =
            (fields, self.objects.get(&query.object), &query.matching)
        else {
            return Vec::new();
        };
        fields.keys().filter_map(|name| object.attribute(name)).map(|attribute| &attribute.name).collect()
    }

    /// Every field that runs an operation, with the type that it belongs to.
    pub fn operations(&self) -> impl Iterator<Item = (&Object, &Field, &Operation)> {
        self.objects.values().flat_map(|object| {
            object.fields.values().filter_map(move |field| match &field.resolve {
                Resolve::Operation(operation) => Some((object.as_ref(), field.as_ref(), operation.as_ref())),
                Resolve::Attribute(_) | Resolve::Page(_) => None,
            })
        })
    }
}
