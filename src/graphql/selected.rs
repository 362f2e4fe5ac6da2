//! What is selected, as it is run: a tree of fields, and of refusals in the places of fields that the caller may not see.
//!
//! What a refusal takes with it is known here, from types alone: so nothing is run, and nothing is written, whose answer
//! could not be given. The tree knows no caller and no variable: a document keeps it for the next request, and what is
//! the request's own, the arguments, lies beside it (`binding`).

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::parser::{Pos, Positioned};
use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;
use indexmap::IndexMap;

use crate::operation::Projection;
use crate::schema::{Field, Guard, Object, Of, PagePart, Resolve, Type};

/// What an operation of a document selects, for whoever passes the same guards.
#[derive(Debug)]
pub(super) struct Shape {
    /// The root type.
    pub(super) root: Arc<Object>,
    /// Whether root fields run one after the other.
    pub(super) serial: bool,
    pub(super) selections: Vec<Selected>,
    /// The fields that take arguments. A selection names its own by its place here.
    pub(super) slots: Vec<Slot>,
    /// How many selections were made for it.
    pub(super) selected: usize,
    /// The coordinates of the fields that the caller may not see.
    pub(super) refused: BTreeSet<String>,
    pub(super) holds_for: HoldsFor,
}

/// What a shape rests on, besides the document.
#[derive(Debug, Default)]
pub(super) struct HoldsFor {
    /// The guards that were asked, and whether the caller passed.
    pub(super) guards: Vec<(Guard, bool)>,
    /// The variables that decide what is selected (`@skip`, `@include`), with their values.
    pub(super) variables: Vec<(Name, bool)>,
}

/// A field's arguments, as the document writes them.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) field: Arc<Field>,
    pub(super) pos: Pos,
    /// In the order of the field's definition; none where the document gives none.
    pub(super) written: Vec<Option<Positioned<Literal>>>,
    /// The arguments, where no variable stands in them.
    pub(super) fixed: Option<Arguments>,
}

/// The arguments of a field, coerced: defaults are in, types fit.
pub(super) type Arguments = Arc<IndexMap<Name, Value>>;

/// A field that is selected on an object type.
#[derive(Debug)]
pub(super) struct Selected {
    /// What it is called in the answer.
    pub(super) key: Name,
    pub(super) pos: Pos,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// `__typename`.
    TypeName,
    /// `__schema` or `__type`.
    Introspection,
    /// A field that is not answered: its scopes are not the caller's.
    Refused(Refusal),
    /// A field of the type.
    Field {
        /// The field.
        field: Arc<Field>,
        /// `Query.order`: the coordinate of the field.
        coordinate: Arc<str>,
        /// The place of its arguments; none if it takes none.
        slot: Option<usize>,
        /// The selections on what it returns.
        selections: Selections,
        /// The attributes that the operation asks for; none for all of them, and where it runs none.
        projection: Option<Arc<Projection>>,
    },
}

/// What is selected on what a field returns, for each object type that this may be. None for a leaf.
#[derive(Debug, Default)]
pub(super) struct Selections {
    types: Vec<(Arc<Object>, Vec<Selected>)>,
    /// Whether an operation is run below.
    runs: bool,
}

impl Selections {
    /// Nothing, where nothing is selected.
    pub(super) const NONE: &'static Self = &Self { types: Vec::new(), runs: false };

    pub(super) fn new(types: Vec<(Arc<Object>, Vec<Selected>)>) -> Self {
        let runs = types.iter().any(|(_, selected)| selected.iter().any(Selected::runs));
        Self { types, runs }
    }

    /// Whether all of it is answered from what is at hand, and nothing has to be waited for.
    pub(super) fn is_still(&self) -> bool {
        !self.runs
    }

    /// What is selected where it is this type.
    pub(super) fn on(&self, object: &Object) -> &[Selected] {
        match self.types.as_slice() {
            [(_, only)] => only,
            several => several.iter().find(|(it, _)| it.name == object.name).map_or(&[], |(_, it)| it),
        }
    }

    /// What is selected, type by type.
    pub(super) fn sets(&self) -> impl Iterator<Item = &[Selected]> {
        self.types.iter().map(|(_, selected)| selected.as_slice())
    }

    /// What is selected, each with the type that it is selected on.
    pub(super) fn types(&self) -> impl Iterator<Item = (&Object, &[Selected])> {
        self.types.iter().map(|(object, selected)| (object.as_ref(), selected.as_slice()))
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.types.is_empty()
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

impl Selected {
    /// Whether an operation is run for it, or below it.
    pub(super) fn runs(&self) -> bool {
        match &self.what {
            What::TypeName | What::Introspection | What::Refused(_) => false,
            What::Field { field, selections, .. } => match &field.resolve {
                Resolve::Operation(_) | Resolve::Page(PagePart::TotalCount) => true,
                Resolve::Attribute(_) | Resolve::Page(_) => selections.runs,
            },
        }
    }

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
pub(super) fn only_what_takes_all(mut selections: Vec<Selected>) -> Vec<Selected> {
    let takes_all = |it: &Selected| it.refusal().is_some_and(|refusal| refusal.non_null);
    if selections.iter().any(takes_all) {
        selections.retain(takes_all);
    }
    selections
}

/// Nothing is written whose answer a refusal would take away: nobody would learn that it had been. Such a write is
/// refused itself; and where that takes the whole answer, nothing is run at all.
pub(super) fn without_vain_writes(selections: Vec<Selected>) -> Vec<Selected> {
    let judged = selections.into_iter().map(|selected| {
        let What::Field { field, selections, .. } = &selected.what else { return selected };
        // Of a list of items each would be null, whether the list may hold nulls or not.
        let Some(pos) = selections.sets().flatten().find_map(Selected::taken_by) else { return selected };
        let refusal = Refusal { non_null: field.ty.non_null, within: true };
        Selected { key: selected.key, pos, what: What::Refused(refusal) }
    });
    only_what_takes_all(judged.collect())
}
