//! May fields that answer under one name stand beside each other? GraphQL, section 5.3.2 ("Field Selection Merging").
//!
//! On one object type they must be one field: [`is_same`]. On different ones, as the fragments on the types of an
//! interface or a union are, they may be different fields, as long as whoever reads the answer need not know the type to
//! know its shape: [`check_shapes`] (`SameResponseShape`). async-graphql (7.2) looks at neither across type conditions.

use async_graphql::Name;
use async_graphql::parser::types::Field as GraphField;
use indexmap::IndexMap;

use super::answer::Refused;
use super::selected::{Selected, Selections, What};
use crate::schema::{Of, Scalar, Type};

/// Whether two selections of one name in the answer may be one field. Both are made on one object type.
pub(super) fn is_same(one: &GraphField, other: &GraphField) -> bool {
    one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| other.get_argument(&name.node) == Some(value))
}

/// Whether what is selected on each type that something may be has one shape under one name.
pub(super) fn check_shapes(selections: &Selections) -> Result<(), Refused> {
    check_sets(&selections.sets().collect::<Vec<_>>())
}

fn check_sets(sets: &[&[Selected]]) -> Result<(), Refused> {
    let mut groups: IndexMap<&Name, Vec<&Selected>> = IndexMap::new();
    // What is refused is answered by nothing that could have another shape.
    let is_answered = |it: &&Selected| !matches!(it.what, What::Refused(_));
    for selected in sets.iter().copied().flatten().filter(is_answered) {
        groups.entry(&selected.key).or_default().push(selected);
    }
    for (key, group) in groups {
        let Some((first, others)) = group.split_first() else { continue };
        if others.is_empty() {
            continue;
        }
        if let Some(other) = others.iter().find(|other| !has_one_shape(first, other)) {
            let message = format!(
                "`{key}` stands for answers of different types: give one of them an alias of its own."
            );
            return Err(Refused::between(vec![first.pos, other.pos], message));
        }
        let within: Vec<_> = group.iter().filter_map(|selected| selections(selected)).collect();
        let within: Vec<_> = within.into_iter().flat_map(Selections::sets).collect();
        check_sets(&within)?;
    }
    Ok(())
}

/// Whether two fields' answers have one shape, what is selected of them apart.
fn has_one_shape(one: &Selected, other: &Selected) -> bool {
    let type_name = Type::named(Scalar::String.name(), true);
    let both_nested = selections(one).is_some() && selections(other).is_some();
    let ty = |selected: &Selected| match &selected.what {
        What::Field { field, .. } => Some(field.ty.clone()),
        What::TypeName | What::Introspection => Some(type_name.clone()),
        What::Refused(_) => None,
    };
    ty(one).zip(ty(other)).is_none_or(|(one, other)| has_one_type(&one, &other, both_nested))
}

fn has_one_type(one: &Type, other: &Type, both_nested: bool) -> bool {
    one.non_null == other.non_null
        && match (&one.of, &other.of) {
            (Of::List(one), Of::List(other)) => has_one_type(one, other, both_nested),
            (Of::Named(one), Of::Named(other)) => both_nested || one == other,
            (Of::Named(_), Of::List(_)) | (Of::List(_), Of::Named(_)) => false,
        }
}

/// What is selected on what a field returns; none for a leaf.
fn selections(selected: &Selected) -> Option<&Selections> {
    match &selected.what {
        What::Field { selections, .. } => Some(selections).filter(|it| !it.is_leaf()),
        What::TypeName | What::Introspection | What::Refused(_) => None,
    }
}
