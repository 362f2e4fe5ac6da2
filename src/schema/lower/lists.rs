//! Which `@get`s can stand below a list of an answer, and so beside others of their kind.
//!
//! Those that do are asked for together, by `BatchGetItem`, which is an action of its own in IAM: a policy must allow it
//! for these fields, and need not for others.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::schema::plan::{Abstract, Field, Name, Object, Operation, Resolve};

/// Marks the `@get`s of all types that a list can lead to.
pub(super) fn coalesce(objects: &mut IndexMap<Name, Object>, abstracts: &IndexMap<Name, Abstract>) {
    let listed = below_lists(objects, abstracts);
    for (_, object) in objects.iter_mut().filter(|(name, _)| listed.contains(*name)) {
        for field in object.fields.values_mut().map(Arc::make_mut) {
            if let Resolve::Operation(operation) = &mut field.resolve
                && let Operation::Get(get) = operation.as_mut()
            {
                get.coalesces = true;
            }
        }
    }
}

/// The types that a field which is a list returns, and all that follow from these.
fn below_lists(objects: &IndexMap<Name, Object>, abstracts: &IndexMap<Name, Abstract>) -> HashSet<Name> {
    let fields = objects.values().flat_map(|object| object.fields.values());
    let mut open: Vec<&Name> = fields.filter(|field| field.ty.is_list()).map(|it| returned(it)).collect();
    let mut found = HashSet::new();
    while let Some(name) = open.pop() {
        open.extend(abstracts.get(name).into_iter().flat_map(|it| &it.members));
        if let Some(object) = objects.get(name)
            && found.insert(name.clone())
        {
            open.extend(object.fields.values().map(|it| returned(it)));
        }
    }
    found
}

fn returned(field: &Field) -> &Name {
    field.ty.base()
}
