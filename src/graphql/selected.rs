//! What is selected, as it is run: a tree of fields with their arguments, and of refusals in the places of fields that the
//! caller may not see.
//!
//! What a refusal takes with it is known here, from types alone: so nothing is run, and nothing is written, whose answer
//! could not be given.

use std::sync::Arc;

use async_graphql::parser::Pos;
use async_graphql::{Name, Value};
use indexmap::IndexMap;

use crate::operation::Projection;
use crate::schema::{Field, Object, Of, Type};

/// An operation that is ready to run.
#[derive(Debug)]
pub(super) struct Prepared<'p> {
    /// The root type.
    pub(super) root: &'p Object,
    /// Whether root fields run one after the other.
    pub(super) serial: bool,
    pub(super) selections: Vec<Selected<'p>>,
    /// The answers to `__schema` and `__type`.
    pub(super) introspection: Value,
}

/// A field that is selected on an object type.
#[derive(Debug)]
pub(super) struct Selected<'p> {
    /// What it is called in the answer.
    pub(super) key: Name,
    pub(super) pos: Pos,
    pub(super) what: What<'p>,
}

#[derive(Debug)]
pub(super) enum What<'p> {
    /// `__typename`.
    TypeName,
    /// `__schema` or `__type`.
    Introspection,
    /// A field that is not answered: its scopes are not the caller's.
    Refused(Refusal),
    /// A field of the type.
    Field {
        /// The field.
        field: &'p Field,
        /// `Query.order`: the coordinate of the field.
        coordinate: Arc<str>,
        arguments: IndexMap<Name, Value>,
        /// The selections on what it returns.
        selections: Selections<'p>,
        /// The attributes that the operation asks for; none for all of them, and where it runs none.
        projection: Option<Arc<Projection>>,
    },
}

/// What is selected on what a field returns, for each object type that this may be. None for a leaf.
#[derive(Debug, Default)]
pub(super) struct Selections<'p>(pub(super) Vec<(&'p crate::schema::Name, Vec<Selected<'p>>)>);

impl<'p> Selections<'p> {
    /// Nothing, where nothing is selected.
    pub(super) const NONE: &'static Selections<'static> = &Selections(Vec::new());

    /// What is selected where it is this type.
    pub(super) fn on(&self, object: &Object) -> &[Selected<'p>] {
        match self.0.as_slice() {
            [(_, only)] => only,
            several => several.iter().find(|(name, _)| **name == object.name).map_or(&[], |(_, it)| it),
        }
    }

    /// What is selected, type by type.
    pub(super) fn sets(&self) -> impl Iterator<Item = &[Selected<'p>]> {
        self.0.iter().map(|(_, selected)| selected.as_slice())
    }

    /// What is selected, each with the name of the type that it is selected on.
    pub(super) fn types(&self) -> impl Iterator<Item = (&'p crate::schema::Name, &[Selected<'p>])> {
        self.0.iter().map(|(name, selected)| (*name, selected.as_slice()))
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why a field is not answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    /// Whether the field must not be null, so that what it belongs to is not answered either.
    pub(super) non_null: bool,
    /// Whether it is a write that could not be answered, because of a field within.
    pub(super) within: bool,
}

impl Selected<'_> {
    /// The refusal, if it is refused.
    fn refusal(&self) -> Option<Refusal> {
        match &self.what {
            What::Refused(refusal) => Some(*refusal),
            What::TypeName | What::Introspection | What::Field { .. } => None,
        }
    }

    /// Where the field is that is refused and would take this one with it, if there is one: it must not be null, and
    /// nothing between the two may be. A list counts as one that has members.
    fn taken_by(&self) -> Option<Pos> {
        match &self.what {
            What::TypeName | What::Introspection => None,
            What::Refused(refusal) => refusal.non_null.then_some(self.pos),
            What::Field { field, .. } => self.lost_by().filter(|_| never_null(&field.ty)),
        }
    }

    /// Where the field within is that is refused and would make this one null.
    fn lost_by(&self) -> Option<Pos> {
        match &self.what {
            What::TypeName | What::Introspection | What::Refused(_) => None,
            What::Field { field, selections, .. } => {
                let carries = match &field.ty.of {
                    Of::Named(_) => true,
                    Of::List(of) => never_null(of),
                };
                selections.sets().flatten().find_map(Selected::taken_by).filter(|_| carries)
            }
        }
    }
}

/// Whether a value of the type can be null nowhere, so that a null below goes up through it.
fn never_null(ty: &Type) -> bool {
    ty.non_null
        && match &ty.of {
            Of::Named(_) => true,
            Of::List(of) => never_null(of),
        }
}

/// Where a selection is refused that must not be null, nothing else of its object is answered: nothing else is run.
pub(super) fn only_what_takes_all(mut selections: Vec<Selected<'_>>) -> Vec<Selected<'_>> {
    let takes_all = |it: &Selected<'_>| it.refusal().is_some_and(|refusal| refusal.non_null);
    if selections.iter().any(takes_all) {
        selections.retain(takes_all);
    }
    selections
}

/// Nothing is written whose answer a refusal would take away: nobody would learn that it had been. Such a write is
/// refused itself; and where that takes the whole answer, nothing is run at all.
pub(super) fn without_vain_writes(selections: Vec<Selected<'_>>) -> Vec<Selected<'_>> {
    let judged = selections.into_iter().map(|selected| {
        let What::Field { field, selections, .. } = &selected.what else { return selected };
        // Of a list of items each would be null, whether the list may hold nulls or not.
        let Some(pos) = selections.sets().flatten().find_map(Selected::taken_by) else { return selected };
        let refusal = Refusal { non_null: field.ty.non_null, within: true };
        Selected { key: selected.key, pos, what: What::Refused(refusal) }
    });
    only_what_takes_all(judged.collect())
}
