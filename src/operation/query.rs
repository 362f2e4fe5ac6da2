//! `@query`: items of one partition, page by page, and honest about where it stopped.

use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;

use super::cursor::Binding;
use super::expression::{Placeholders, all};
use super::matching::{Test, Writing};
use super::{Failure, Inputs, Operations, Target};
use crate::image::{Image, Members};
use crate::item::{Attributes, marshal};
use crate::schema::{KeyTemplates, Keys, Name, PageKind, Plan, Query, ValueSource};

/// How many items DynamoDB is asked for at a time where nobody knows how many it takes: for a whole list, and where a
/// filter drops some. A call reserves what it asks for; one that asked for all would leave nothing to its siblings.
const BATCH: i32 = 100;
/// The longest expression, in bytes (*Service quotas*, DynamoDB).
const MAX_EXPRESSION: usize = 4 * 1024;

/// What a query found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The items, in the order of the sort key.
    pub(crate) items: Vec<Image>,
    /// The types of the items.
    types: Types,
    /// Whether there are more. True also where the read budget ended before it was known.
    pub(crate) has_next: bool,
    /// Whether the page began after an item.
    pub(crate) has_previous: bool,
    /// Whether the read budget was spent before the page was full.
    pub(crate) partial: bool,
    /// Where the page begins, if that is not before its first item.
    start: Option<Attributes>,
    /// Where the page ends, if that is not its last item. A place without attributes is the beginning.
    end: Option<Attributes>,
    /// What was asked, wherever the page begins; none where there is nothing to be found.
    pub(super) asked: Option<Box<QueryInputBuilder>>,
    /// What the cursors of this page are bound to.
    binding: Binding,
    /// The attributes that a place consists of.
    place: Vec<Name>,
}

/// Which types the items of a page have.
#[derive(Debug)]
enum Types {
    /// All have one.
    One(Name),
    /// Each has its own.
    Each(Vec<Name>),
}

/// A query that is under way.
pub(super) struct Asking<'a> {
    pub(super) target: Target<'a>,
    pub(super) query: &'a Query,
    pub(super) inputs: Inputs<'a>,
    /// The index that is asked; none for the table itself.
    index: Option<&'a Name>,
    /// The keys of the index, or of the table.
    pub(super) keys: &'a Keys,
    pub(super) templates: &'a KeyTemplates,
    /// Whether the sort key goes on after its template.
    pub(super) is_open: bool,
}

impl Operations {
    /// Runs a query. `field` is the coordinate of the field, such as `Query.orders`.
    pub(crate) async fn query(
        &self,
        field: &str,
        query: &Query,
        inputs: Inputs<'_>,
    ) -> Result<Found, Failure> {
        let asking = self.asking(query, inputs)?;
        let window = self.window(query, inputs)?;
        let mut found = Found::nothing(query, asking.place());
        // A parent without a value for the key or the filter has no such items; only what a client leaves out widens.
        let Some(mut tests) = self.tests(&asking)? else { return Ok(found) };
        let Some(condition) = self.key_condition(&asking, &mut tests)? else { return Ok(found) };
        for source in query.filter.values() {
            if self.parent_lacks(source, inputs)? {
                return Ok(found);
            }
        }
        asking.bind(field, &mut found.binding);
        condition.bind(&mut found.binding);
        let mut placeholders = Placeholders::default();
        let key_condition = condition.expression(asking.keys, &mut placeholders);
        let filter = self.filter(&asking, &tests, &mut placeholders, &mut found.binding)?;
        let start = self.start(&window, inputs, &found.binding)?;
        found.has_previous = start.is_some();
        if condition.is_empty(asking.keys) {
            return Ok(if window.backwards { found.turned() } else { found });
        }
        let call = QueryInputBuilder::default()
            .table_name(asking.target.physical.as_str())
            .set_index_name(asking.index.map(ToString::to_string))
            .key_condition_expression(key_condition)
            .set_filter_expression(filter)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .consistent_read(query.consistent);
        found.asked = Some(Box::new(call.clone()));
        let is_filtered = !query.filter.is_empty() || !tests.is_empty();
        // A count projects nothing.
        let call = match inputs.projection {
            Some(projection) => call
                .projection_expression(projection.expression())
                .set_expression_attribute_names(Some(projection.names(placeholders.names()))),
            None => call,
        };
        let call =
            call.scan_index_forward(query.descending == window.backwards).set_exclusive_start_key(start);
        let found = self.collect((&asking, is_filtered), call, window.wanted, found).await?;
        Ok(if window.backwards { found.turned() } else { found })
    }

    fn asking<'a>(&'a self, query: &'a Query, inputs: Inputs<'a>) -> Result<Asking<'a>, Failure> {
        let target = self.target(&query.object, inputs.session)?;
        let unplanned = || Failure::Unplanned(query.object.to_string());
        let (templates, is_open) = query.templates(target.item).ok_or_else(unplanned)?;
        let (index, keys) = match query.index {
            None => (None, &target.table.keys),
            Some(at) => {
                let index = target.item.indexes.get(at).ok_or_else(unplanned)?;
                let physical = target.table.indexes.get(&index.name).ok_or_else(unplanned)?;
                (Some(&index.name), &physical.keys)
            }
        };
        Ok(Asking { target, query, inputs, index, keys, templates, is_open })
    }

    /// Asks for page after page, until there are items enough, no more, or no budget.
    async fn collect(
        &self,
        (asking, is_filtered): (&Asking<'_>, bool),
        mut call: QueryInputBuilder,
        wanted: Option<usize>,
        mut found: Found,
    ) -> Result<Found, Failure> {
        let Inputs { session, budget, .. } = asking.inputs;
        let begin = call.get_exclusive_start_key().clone();
        loop {
            // One more than wanted tells whether there is a next page.
            let missing = wanted
                .map_or(BATCH, |wanted| i32::try_from(wanted + 1 - found.items.len()).unwrap_or(i32::MAX));
            // Few items have expired and are still there: for their sake alone nothing more is read.
            let is_mixed = asking.target.item.discriminator.is_some() && asking.query.collection.is_none();
            let is_sparse = is_filtered || is_mixed;
            let batch = if is_sparse { missing.max(BATCH) } else { missing };
            let Some(reservation) = budget.reserve(batch).await else {
                return found.out_of_budget(asking.query, call.get_exclusive_start_key().clone());
            };
            call = call.limit(reservation.items());
            let answer = session.run(&call).await?;
            let items = answer.items;
            reservation.settle(answer.scanned_count, &items);
            for item in items {
                found.take(&self.plan, asking, item);
            }
            if let Some(wanted) = wanted.filter(|wanted| found.items.len() > *wanted) {
                found.truncate(wanted);
                found.has_next = true;
                // A page of no items ends where it began.
                found.end = (wanted == 0).then(|| begin.unwrap_or_default());
                return Ok(found);
            }
            let Some(last) = answer.last_evaluated_key else { return Ok(found) };
            call = call.set_exclusive_start_key(Some(last));
        }
    }

    /// `FilterExpression`: fields that must equal a value, the discriminator, and the time to live.
    fn filter(
        &self,
        asking: &Asking<'_>,
        tests: &[Test<'_>],
        placeholders: &mut Placeholders,
        binding: &mut Binding,
    ) -> Result<Option<String>, Failure> {
        let Asking { target, query, inputs, .. } = asking;
        let mut conditions: Vec<_> =
            target.found_condition((&self.plan, query), placeholders).into_iter().collect();
        for (field, source) in &query.filter {
            let Some(value) = self.given(source, *inputs)?.value() else { continue };
            let Some(attribute) = target.object.attribute(field) else { continue };
            binding.bind(field);
            binding.bind(&value.to_string());
            let Some(stored) =
                marshal(&self.plan, &attribute.shape, &value).map_err(|it| it.within(field))?
            else {
                continue;
            };
            let value = placeholders.value(stored);
            conditions.push(format!("{} = {value}", placeholders.name(&attribute.name)));
        }
        if let Some(path) = &query.matching
            && let Some(value) = self.given(&ValueSource::Argument(path.clone()), *inputs)?.value()
        {
            binding.bind(&value.to_string());
        }
        let keys = asking.keys.names().collect();
        let mut writing = Writing { plan: &self.plan, keys, placeholders, operators: 0 };
        conditions.extend(writing.conditions(tests)?);
        let filter = all(&conditions);
        match filter.as_ref().map(String::len) {
            Some(found) if found > MAX_EXPRESSION => {
                let message = format!(
                    "the filter makes an expression of {found} bytes, and {MAX_EXPRESSION} are allowed"
                );
                Err(Failure::Input(message))
            }
            _ => Ok(filter),
        }
    }

    /// The cursor of a place in a page; none where cursors have no key.
    fn seal(&self, found: &Found, place: Members<'_>) -> Option<String> {
        let keys = found.place.iter().filter_map(|name| {
            place.get(name.as_str()).map(|value| (name.to_string(), value.to_attribute_value()))
        });
        self.cursors.seal(&keys.collect(), &found.binding)
    }

    /// The cursor of an item of a page.
    pub(crate) fn cursor(&self, found: &Found, at: usize) -> Option<String> {
        self.seal(found, found.items.get(at)?.members())
    }

    /// The cursor that continues before the page: its first item's, or where the budget ended.
    pub(crate) fn start_cursor(&self, found: &Found) -> Option<String> {
        self.seal(found, place(found.start.as_ref(), found.items.first())?)
    }

    /// The cursor that continues after the page: its last item's, or where the budget ended.
    pub(crate) fn end_cursor(&self, found: &Found) -> Option<String> {
        self.seal(found, place(found.end.as_ref(), found.items.last())?)
    }
}

/// A place in a page: one that is known, or an item's.
fn place<'a>(known: Option<&'a Attributes>, item: Option<&'a Image>) -> Option<Members<'a>> {
    known.map(Members::Map).or_else(|| item.map(Image::members))
}

impl Asking<'_> {
    /// The attributes that `ExclusiveStartKey` consists of.
    fn place(&self) -> Vec<Name> {
        let table = &self.target.table.keys;
        let mut place: Vec<Name> = table.names().cloned().collect();
        place.extend(self.keys.names().filter(|name| !table.contains(name)).cloned());
        place
    }

    /// Binds cursors to what does not depend on values: tenant, field, table, index, direction.
    fn bind(&self, field: &str, binding: &mut Binding) {
        let direction = if self.query.descending { "descending" } else { "ascending" };
        let index = self.index.map_or("", Name::as_str);
        let tenant = self.inputs.session.context().tenant().as_str();
        for bound in [tenant, field, self.target.physical.as_str(), index, direction] {
            binding.bind(bound);
        }
    }
}

impl Found {
    fn nothing(query: &Query, place: Vec<Name>) -> Self {
        let binding = Binding::default();
        let types = match &query.collection {
            None => Types::One(query.object.clone()),
            Some(_) => Types::Each(Vec::new()),
        };
        Self {
            items: Vec::new(),
            types,
            has_next: false,
            has_previous: false,
            partial: false,
            start: None,
            end: None,
            asked: None,
            binding,
            place,
        }
    }

    /// Keeps an item that is of a type that is asked for. One of a type that is none of a collection's is passed over.
    fn take(&mut self, plan: &Plan, asking: &Asking<'_>, item: Image) {
        match (&mut self.types, &asking.query.collection) {
            (Types::Each(types), Some(collection)) => {
                let Some(member) = asking.target.type_of((plan, collection), item.members()) else { return };
                types.push(member.clone());
            }
            (Types::One(_), _) | (Types::Each(_), None) if !asking.target.is_own(item.members()) => return,
            (Types::One(_), _) | (Types::Each(_), None) => {}
        }
        self.items.push(item);
    }

    /// A page that was read from its end to its beginning.
    fn turned(mut self) -> Self {
        self.items.reverse();
        if let Types::Each(types) = &mut self.types {
            types.reverse();
        }
        std::mem::swap(&mut self.has_next, &mut self.has_previous);
        std::mem::swap(&mut self.start, &mut self.end);
        self
    }

    fn truncate(&mut self, most: usize) {
        self.items.truncate(most);
        if let Types::Each(types) = &mut self.types {
            types.truncate(most);
        }
    }

    /// The type of an item.
    pub(crate) fn object_of(&self, at: usize) -> Option<&Name> {
        match &self.types {
            Types::One(name) => Some(name),
            Types::Each(types) => types.get(at),
        }
    }

    /// A page says that it is partial and where to go on; a list is whole or an error, never short.
    fn out_of_budget(mut self, query: &Query, place: Option<Attributes>) -> Result<Self, Failure> {
        if query.page.kind == PageKind::List {
            return Err(Failure::Budget);
        }
        self.partial = true;
        self.has_next = true;
        // Nothing has been read where there is no place: the page goes on from the beginning.
        self.end = Some(place.unwrap_or_default());
        Ok(self)
    }
}
