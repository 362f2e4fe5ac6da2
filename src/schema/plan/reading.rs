//! Which attributes the reads of an operation name: always, and at most.
//!
//! A read asks for what its answer needs and for nothing else. What it always needs, and what a selection can add to
//! that, is known beforehand: `check` and `explain` tell it, and `operation` makes its projections of it.

use std::collections::BTreeSet;

use super::{Keys, Name, Object, Operation, PageKind, Plan, Query, Resolve, Shape, Table, ValueSource};

/// The attributes that the reads of an operation ask for, as `ProjectionExpression` names them.
#[derive(Debug, Clone)]
pub struct Reading<'p> {
    /// What is asked for whatever is selected: the partition key, by which an item without any of the others is seen to
    /// be there, or the whole key, by which those that are asked for together are told apart; the discriminator and the time to live, by which it is told whether it is one.
    pub always: Vec<&'p Name>,
    /// What a cursor is made of: asked for where one is selected. None where the operation has no cursors.
    pub place: Vec<&'p Name>,
    /// Everything that a selection can make it ask for.
    pub at_most: BTreeSet<&'p Name>,
}

impl Plan {
    /// What an operation reads; none if it reads nothing but what it writes.
    pub fn reading(&self, operation: &Operation) -> Option<Reading<'_>> {
        let object = self.object(operation.object())?;
        let table = self.tables.get(&object.item.as_ref()?.table)?;
        let (keys, has_cursors, members) = match operation {
            Operation::Get(_) => (&table.keys, false, vec![object]),
            Operation::Query(query) => {
                let has_cursors = query.page.kind != PageKind::List;
                (asked(object, table, query)?, has_cursors, self.found_by(query, object))
            }
            // What a transaction answers with is read whole, as an update gives it back whole.
            Operation::Put(_) | Operation::Update(_) | Operation::Delete(_) | Operation::Transact(_) => {
                return None;
            }
        };
        // Where many are asked for at once, they are told apart by their keys.
        let among_many = matches!(operation, Operation::Get(get) if get.each.is_some() || get.coalesces);
        let mut always: Vec<_> = if among_many { keys.names().collect() } else { vec![&keys.partition.name] };
        for name in members.iter().flat_map(|member| member.told_by()) {
            if !always.contains(&name) {
                always.push(name);
            }
        }
        let place: Vec<_> =
            if has_cursors { table.keys.names().chain(keys.names()).collect() } else { Vec::new() };
        let selectable = members.iter().flat_map(|member| member.selectable());
        let at_most = always.iter().chain(&place).copied().chain(selectable).collect();
        Some(Reading { always, place, at_most })
    }

    /// The types whose items a query finds.
    fn found_by<'p>(&'p self, query: &Query, object: &'p Object) -> Vec<&'p Object> {
        match &query.collection {
            None => vec![object],
            Some(collection) => collection.members.iter().filter_map(|it| self.object(it)).collect(),
        }
    }

    /// Whether a value of a shape is an object of which there may be less to see than is stored, so that parts of it are
    /// asked for and not the whole.
    pub fn is_partly_seen(&self, shape: &Shape) -> Option<&Object> {
        self.hides(shape, &mut Vec::new())
    }

    /// `seen` are the types that were looked at: types may contain themselves.
    fn hides<'p>(&'p self, shape: &Shape, seen: &mut Vec<&'p Name>) -> Option<&'p Object> {
        let Shape::Object(name) = shape else { return None };
        let (name, object) = self.objects.get_key_value(name).filter(|(name, _)| !seen.contains(name))?;
        seen.push(name);
        let hides = object.fields.values().any(|field| match &field.resolve {
            Resolve::Attribute(attribute) => {
                attribute.hidden
                    || !field.guard.is_open()
                    || self.hides(&attribute.shape, seen).is_some()
                    || self.objects.get(field.ty.base()).is_some_and(|it| !it.guard.is_open())
            }
            Resolve::Page(_) | Resolve::Operation(_) => false,
        });
        hides.then_some(object)
    }
}

/// The keys of what a query asks: the table, or an index.
fn asked<'p>(object: &'p Object, table: &'p Table, query: &Query) -> Option<&'p Keys> {
    let Some(at) = query.index else { return Some(&table.keys) };
    let index = object.item.as_ref()?.indexes.get(at)?;
    Some(&table.indexes.get(&index.name)?.keys)
}

impl Object {
    /// The attributes by which an item is told to be of the type, and not over.
    fn told_by(&self) -> impl Iterator<Item = &Name> {
        let item = self.item.iter();
        item.flat_map(|item| {
            let ttl = item.ttl.as_ref().and_then(|field| self.attribute(field)).map(|it| &it.name);
            item.discriminator.iter().chain(ttl)
        })
    }

    /// The attributes that a selection can ask for: those that clients see, and those that a relation is bound to.
    fn selectable(&self) -> impl Iterator<Item = &Name> {
        self.fields.values().flat_map(|field| match &field.resolve {
            Resolve::Attribute(attribute) if attribute.hidden => Vec::new(),
            Resolve::Attribute(attribute) => vec![&attribute.name],
            Resolve::Operation(operation) => self.bound_by(operation).collect(),
            Resolve::Page(_) => Vec::new(),
        })
    }

    /// The attributes of an item that an operation of one of its fields draws on.
    pub fn bound_by<'o>(&'o self, operation: &'o Operation) -> impl Iterator<Item = &'o Name> {
        operation.sources().into_iter().filter_map(|source| match source {
            ValueSource::Parent(field) => Some(&self.attribute(field)?.name),
            ValueSource::Argument(_)
            | ValueSource::Claim(_)
            | ValueSource::Step(..)
            | ValueSource::Each(..) => None,
        })
    }
}
