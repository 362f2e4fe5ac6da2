//! Types and fields, as clients see them.

use std::fmt;
use std::sync::Arc;

use async_graphql::Value;
use indexmap::IndexMap;

use super::{Attribute, Constraint, Guard, Item, ListSize, Name, Operation};

/// An object type.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Its fields, in the order of the schema.
    pub fields: IndexMap<Name, Arc<Field>>,
    /// Where its items live; none for a value inside an item, a page, a root.
    pub item: Option<Item>,
    /// Who may see what is of this type, wherever it is returned. A page has that of its items.
    pub guard: Guard,
    /// What one of it costs that is answered (`@cost`).
    pub weight: u32,
}

/// A field of an object type.
#[derive(Debug, Clone)]
pub struct Field {
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
    /// Where its value comes from.
    pub resolve: Resolve,
    /// Who may see it, besides what its type asks for. A field of a root has that of the root.
    pub guard: Guard,
    /// What it costs each time that it is answered, besides what it returns (`@cost`).
    pub weight: u32,
    /// How long its list is taken to be (`@listSize`).
    pub list_size: Option<ListSize>,
}

impl Field {
    /// Whether clients never see it.
    pub fn is_hidden(&self) -> bool {
        matches!(self.resolve, Resolve::Attribute(Attribute { hidden: true, .. }))
    }
}

/// Where a field's value comes from.
#[derive(Debug, Clone)]
pub enum Resolve {
    /// It is read from the item at hand.
    Attribute(Attribute),
    /// It is a part of the page at hand.
    Page(PagePart),
    /// A DynamoDB operation is run for it.
    Operation(Box<Operation>),
}

/// A part of what a `@query` returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagePart {
    /// `edges` of a connection: the items, each with its cursor.
    Edges,
    /// The items themselves: `nodes` of a connection, `items` of a page, `node` of an edge.
    Items,
    /// `cursor` of an edge.
    Cursor,
    /// `pageInfo` of a connection.
    PageInfo,
    /// `hasNextPage`.
    HasNextPage,
    /// `hasPreviousPage`.
    HasPreviousPage,
    /// `startCursor`.
    StartCursor,
    /// `endCursor`: the last item's cursor.
    EndCursor,
    /// `totalCount`: how many items the query has in all (`@count`). It costs a Query of its own.
    TotalCount,
    /// `nextToken` of a page: as `endCursor`, null where there is no next page.
    NextToken,
}

/// A type, as a field or an argument has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// What it is.
    pub of: Of,
    /// Whether it may not be null.
    pub non_null: bool,
}

/// A named type or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A named type.
    Named(Name),
    /// A list.
    List(Box<Type>),
}

impl Type {
    /// A named type.
    pub fn named(name: impl Into<Name>, non_null: bool) -> Self {
        Self { of: Of::Named(name.into()), non_null }
    }

    /// A list of a type.
    pub fn list(of: Self, non_null: bool) -> Self {
        Self { of: Of::List(Box::new(of)), non_null }
    }

    /// The named type at the bottom.
    pub fn base(&self) -> &Name {
        match &self.of {
            Of::Named(name) => name,
            Of::List(of) => of.base(),
        }
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.of, Of::List(_))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Of::Named(name) => f.write_str(name)?,
            Of::List(of) => write!(f, "[{of}]")?,
        }
        f.write_str(if self.non_null { "!" } else { "" })
    }
}

/// An argument of a field, or a field of an input object.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Why it is deprecated, if it is.
    pub deprecated: Option<String>,
    /// Its type.
    pub ty: Type,
    /// The value that it has when nobody gives one.
    pub default: Option<Value>,
    /// What is asked of its value beyond the type.
    pub constraint: Option<Constraint>,
}

impl Argument {
    /// Whether there is always a value that is not null.
    pub fn is_always_given(&self) -> bool {
        self.ty.non_null || self.default.as_ref().is_some_and(|value| *value != Value::Null)
    }
}

/// An input object type.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Its fields.
    pub fields: IndexMap<Name, Argument>,
}

/// An enum type.
#[derive(Debug, Clone)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Its values.
    pub values: IndexMap<Name, EnumValue>,
}

/// A value of an enum.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// Its description.
    pub description: Option<String>,
    /// Why it is deprecated, if it is.
    pub deprecated: Option<String>,
}

impl Object {
    /// The attribute of the field that counts writes, if there is one.
    pub fn version(&self) -> Option<&Attribute> {
        self.attribute(self.item.as_ref()?.version.as_deref()?)
    }

    /// The attribute behind a field; none if the field is none of the item's.
    pub fn attribute(&self, field: &str) -> Option<&Attribute> {
        match &self.fields.get(field)?.resolve {
            Resolve::Attribute(attribute) => Some(attribute),
            Resolve::Page(_) | Resolve::Operation(_) => None,
        }
    }

    /// The fields that are attributes of the item, each with its attribute.
    pub fn attributes(&self) -> impl Iterator<Item = (&Name, &Attribute)> {
        self.fields.iter().filter_map(|(name, field)| match &field.resolve {
            Resolve::Attribute(attribute) => Some((name, attribute)),
            Resolve::Page(_) | Resolve::Operation(_) => None,
        })
    }
}
