//! What a document multiplies beyond its own size: by pages what is run, by types the arguments that it is run with.
//!
//! No limit on the document bounds either, so both are counted for each request, before anything is run.

use std::cell::Cell;

use async_graphql::{Name, Value};
use indexmap::IndexMap;

use super::{Limit, MAX_VALUES};
use crate::graphql::answer::Refused;
use crate::graphql::config::Config;
use crate::schema::{Delete, Each, Field, Get, Object, Of, Operation, PageKind, PagePart, Put, Resolve};

/// How many items a page is taken to have whose size the document does not say. What is run is counted once more, so
/// that one with more items costs no more than it may.
const ASSUMED_PAGE: usize = 50;
/// How many objects a list within an item is taken to have. Only its cost goes by that: what is run for them is counted
/// where the schema says how many there are (`@listSize`), and otherwise as it is run.
const ASSUMED_LIST: usize = 10;
/// How many times the length of its arguments a document may have of them, once each stands for each type that its field
/// is selected on; [`MAX_VALUES`], where that is more.
const MAX_COPIES: usize = 2;

/// What has been counted so far.
#[derive(Debug)]
pub(in crate::graphql) struct Counters<'c> {
    config: &'c Config,
    /// The longest page, and the longest list that an operation is run for.
    max_page: usize,
    /// Operations that the fields may run.
    operations: Cell<usize>,
    /// What these, and the objects that are answered, cost.
    cost: Cell<usize>,
    /// How long the arguments are of all selections that were made, in bytes, and how long they may be.
    values: Cell<usize>,
    most_values: usize,
}

/// What of the counters is of one type alone, where a value is of one of several.
#[derive(Debug, Clone, Copy)]
pub(in crate::graphql) struct Mark {
    operations: usize,
    cost: usize,
}

impl Mark {
    /// The most of both.
    pub(in crate::graphql) fn max(self, other: Self) -> Self {
        Self { operations: self.operations.max(other.operations), cost: self.cost.max(other.cost) }
    }
}

impl<'c> Counters<'c> {
    /// Nothing yet, of a document whose arguments are so long. No page has more than `max_page` items.
    pub(in crate::graphql) fn new(config: &'c Config, values: usize, max_page: usize) -> Self {
        let most_values = MAX_VALUES.max(values.saturating_mul(MAX_COPIES));
        let [operations, cost, values] = [(); 3].map(|()| Cell::new(0));
        Self { config, max_page, operations, cost, values, most_values }
    }

    /// Counts the value of an argument. It is copied for each type that its field is selected on.
    pub(in crate::graphql) fn value(&self, value: &Value) -> Result<(), Refused> {
        count(&self.values, written_length(value), Limit::Copies, self.most_values)
    }

    /// Counts a field that is answered so often, and gives how often that is which it returns.
    pub(in crate::graphql) fn field(
        &self,
        field: &Field,
        arguments: &IndexMap<Name, Value>,
        times: Times,
    ) -> Times {
        let (below, written) = match &field.resolve {
            Resolve::Operation(operation) => {
                add(&self.operations, times.run);
                (times.below(field, operation, arguments, self.max_page), written(operation, arguments))
            }
            Resolve::Page(PagePart::TotalCount) => {
                add(&self.operations, times.run);
                (times, 1)
            }
            Resolve::Page(PagePart::Edges | PagePart::Items) => (times.on_items(), 1),
            Resolve::Attribute(_) => (times.within(field), 1),
            Resolve::Page(_) => (times, 1),
        };
        add(&self.cost, times.answered.saturating_mul(written).saturating_mul(of(field.weight)));
        below
    }

    /// Counts objects that are answered.
    pub(in crate::graphql) fn objects(&self, object: &Object, times: Times) {
        add(&self.cost, times.answered.saturating_mul(of(object.weight)));
    }

    /// Where the counters are that depend on which type a value is of.
    pub(in crate::graphql) fn mark(&self) -> Mark {
        Mark { operations: self.operations.get(), cost: self.cost.get() }
    }

    /// Sets them.
    pub(in crate::graphql) fn set(&self, mark: Mark) {
        self.operations.set(mark.operations);
        self.cost.set(mark.cost);
    }

    /// Refuses a document that would run more than it may, or cost more.
    pub(in crate::graphql) fn check(&self) -> Result<(), Refused> {
        count(&self.operations, 0, Limit::Operations, self.config.max_operations)?;
        count(&self.cost, 0, Limit::Cost, self.config.max_cost)
    }
}

fn add(counter: &Cell<usize>, more: usize) {
    counter.set(counter.get().saturating_add(more));
}

fn of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Counts so many more of what there may be so many of.
pub(super) fn count(counter: &Cell<usize>, more: usize, limit: Limit, most: usize) -> Result<(), Refused> {
    let found = counter.get().saturating_add(more);
    counter.set(found);
    if found > most { Err(Refused::limit(limit, most, found)) } else { Ok(()) }
}

/// How often a selection is made: on so many objects; where they are pages, each with so many items.
#[derive(Debug, Clone, Copy)]
pub(in crate::graphql) struct Times {
    /// By what is run for them.
    run: usize,
    /// By what is answered of them.
    answered: usize,
    items: usize,
}

impl Times {
    pub(in crate::graphql) const ONCE: Self = Self { run: 1, answered: 1, items: 1 };

    /// On what an operation finds.
    fn below(
        self,
        field: &Field,
        operation: &Operation,
        arguments: &IndexMap<Name, Value>,
        max_page: usize,
    ) -> Self {
        let items = most_items(field, operation, arguments).min(max_page);
        match operation {
            Operation::Query(query) if query.page.kind != PageKind::List => Self { items, ..self },
            _ => Self { items, ..self }.on_items(),
        }
    }

    /// On each item of each page.
    fn on_items(self) -> Self {
        let each = |objects: usize| objects.saturating_mul(self.items);
        Self { run: each(self.run), answered: each(self.answered), items: 1 }
    }

    /// On what an item has within it.
    fn within(self, field: &Field) -> Self {
        let mut times = self;
        let mut ty = &field.ty;
        let assumed = assumed(field);
        // A list of lists has so many of so many.
        while let Of::List(of) = &ty.of {
            times.run = times.run.saturating_mul(assumed.unwrap_or(1));
            times.answered = times.answered.saturating_mul(assumed.unwrap_or(ASSUMED_LIST));
            ty = of;
        }
        times
    }
}

/// How long the schema takes a list to be.
fn assumed(field: &Field) -> Option<usize> {
    field.list_size.as_ref().and_then(|size| size.assumed).map(of)
}

/// How many items an operation writes that it does not answer with.
fn written(operation: &Operation, arguments: &IndexMap<Name, Value>) -> usize {
    match operation {
        Operation::Delete(Delete { each: Some(each), .. }) => each_length(each, arguments).unwrap_or(1),
        Operation::Get(_)
        | Operation::Query(_)
        | Operation::Put(_)
        | Operation::Update(_)
        | Operation::Delete(_)
        | Operation::Transact(_) => 1,
    }
}

/// How many items an operation may find, by the size of the page that is asked for.
fn most_items(field: &Field, operation: &Operation, arguments: &IndexMap<Name, Value>) -> usize {
    let assumed = || assumed(field).unwrap_or(ASSUMED_PAGE);
    let query = match operation {
        Operation::Query(query) => query,
        Operation::Get(Get { each, .. })
        | Operation::Put(Put { each, .. })
        | Operation::Delete(Delete { each, .. }) => {
            return each.as_ref().map_or(1, |each| each_length(each, arguments).unwrap_or_else(assumed));
        }
        Operation::Update(_) | Operation::Transact(_) => return 1,
    };
    let sizes = [&query.page.first, &query.page.last].into_iter().flatten();
    let mut sizes = sizes.filter_map(|name| arguments.get(name.as_str()));
    match sizes.find(|size| **size != Value::Null) {
        // One that is no size of a page is refused when it is run.
        Some(Value::Number(number)) => {
            number.as_u64().map_or(0, |it| usize::try_from(it).unwrap_or(usize::MAX))
        }
        _ => assumed(),
    }
}

/// How long a value is, about as JSON would write it.
fn written_length(value: &Value) -> usize {
    /// A bracket each, or what stands between two values.
    const AROUND: usize = 2;
    let all = |lengths: &mut dyn Iterator<Item = usize>| lengths.fold(AROUND, usize::saturating_add);
    match value {
        Value::String(text) => text.len() + AROUND,
        Value::List(items) => all(&mut items.iter().map(|item| written_length(item) + 1)),
        Value::Object(members) => {
            all(&mut members.iter().map(|(name, value)| name.len() + written_length(value) + AROUND))
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => 1,
    }
}

/// How many elements a list has; none, if nobody knows beforehand.
fn each_length(each: &Each, arguments: &IndexMap<Name, Value>) -> Option<usize> {
    match each {
        Each::Argument(name) => match arguments.get(name.as_str()) {
            Some(Value::List(values)) => Some(values.len()),
            _ => Some(0),
        },
        Each::Parent(_) => None,
    }
}
