//! What a plan asks of DynamoDB: every request that a field can send, with the key that it names.
//!
//! The proof, the derived policies and `explain` read the same list. It is held against what the gateway really sends
//! by the tests, which run every field and compare.

use std::collections::BTreeSet;

use crate::schema::{
    Delete, Field, Get, Item, KeyTemplates, Name, Object, Operation, Plan, Put, Query, StepWrite, Table,
    Transact, TransactPart,
};

/// `dynamodb:Select` of a request that only counts.
const COUNT: &str = "COUNT";

/// A kind of request that a field sends.
#[derive(Debug, Clone)]
pub struct Asked<'p> {
    /// The type that the field belongs to.
    pub parent: &'p Name,
    /// The field.
    pub field: &'p Name,
    /// The IAM action, such as `dynamodb:GetItem`.
    pub action: &'static str,
    /// The type whose items it is about.
    pub object: &'p Object,
    /// Where these live.
    pub item: &'p Item,
    /// The table.
    pub table: &'p Table,
    /// The index; none for the table itself.
    pub index: Option<&'p Name>,
    /// The templates of the keys that it names.
    pub keys: &'p KeyTemplates,
    /// The attributes that it names; none for a write, whose attributes depend on what it is given.
    pub attributes: Option<Attributes>,
    /// `dynamodb:Select` of the request; none for a write.
    pub select: Option<&'static str>,
    /// `ReturnValues` of the request, where it sends that.
    pub returns: Option<&'static str>,
    /// Whether it is only sent to learn what a write needs, and not by every call of the field.
    pub is_prelude: bool,
    /// Whether it is sent where several items are asked for together, in the place of the request for one.
    pub is_together: bool,
    /// The part of a transaction that it is; none for a request of its own.
    pub part: Option<TransactPart>,
}

/// The attributes that a read names (`dynamodb:Attributes`): in its key, its conditions and its projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Those that it names whatever is selected and given.
    pub always: BTreeSet<String>,
    /// Those, and all that a selection or an argument can add.
    pub at_most: BTreeSet<String>,
}

impl Attributes {
    /// A read that asks for what is selected, with the attributes that its conditions name always, and at most.
    fn read<'n>(
        plan: &'n Plan,
        operation: &Operation,
        always: impl IntoIterator<Item = &'n Name>,
        at_most: impl IntoIterator<Item = &'n Name>,
    ) -> Option<Self> {
        let reading = plan.reading(operation)?;
        let always =
            always.into_iter().chain(reading.always).map(ToString::to_string).collect::<BTreeSet<_>>();
        let more = at_most.into_iter().chain(reading.at_most).map(ToString::to_string);
        Some(Self { at_most: always.iter().cloned().chain(more).collect(), always })
    }

    fn query(
        plan: &Plan,
        operation: &Operation,
        (query, field): (&Query, Option<&Field>),
        object: &Object,
        table: &Table,
    ) -> Option<Self> {
        let index = query.index.and_then(|at| object.item.as_ref()?.indexes.get(at));
        let index = index.and_then(|index| table.indexes.get(&index.name));
        let keys = index.map_or(&table.keys, |index| &index.keys);
        let filtered = query.filter.keys().filter_map(|field| object.attribute(field)).map(|it| &it.name);
        let matched = field.map(|field| plan.matched(field, query)).unwrap_or_default();
        Self::read(plan, operation, [&keys.partition.name], keys.names().chain(filtered).chain(matched))
    }

    /// Of the same query, where it only counts: nothing is projected, so that it may name any of these, or none.
    fn counted(self) -> Self {
        Self { always: BTreeSet::new(), ..self }
    }
}

impl Asked<'_> {
    /// Whether it only counts items.
    pub fn counts(&self) -> bool {
        self.select == Some(COUNT)
    }

    /// The call that it is a member of: `dynamodb:EnclosingOperation`.
    pub fn enclosing(&self) -> Option<&'static str> {
        match self.part {
            Some(TransactPart::Step(_) | TransactPart::Record) => Some("TransactWriteItems"),
            Some(TransactPart::Snapshot) => Some("TransactGetItems"),
            Some(TransactPart::StepRead(_) | TransactPart::RecordRead | TransactPart::Answer) | None => None,
        }
    }

    /// The field's coordinate, such as `Query.order`.
    pub fn coordinate(&self) -> String {
        format!("{}.{}", self.parent, self.field)
    }
}

/// Every request that the fields of a plan can send, in the order of the schema.
pub fn requests(plan: &Plan) -> Vec<Asked<'_>> {
    plan.operations()
        .flat_map(|(parent, field, operation)| of(plan, &parent.name, &field.name, operation))
        .collect()
}

/// The requests that an operation can send.
pub fn of<'p>(plan: &'p Plan, parent: &'p Name, field: &'p Name, operation: &'p Operation) -> Vec<Asked<'p>> {
    if let Operation::Transact(transact) = operation {
        return of_transaction(plan, (parent, field), transact);
    }
    let Some(object) = plan.objects.get(operation.object()) else { return Vec::new() };
    let Some(item) = &object.item else { return Vec::new() };
    let Some(table) = plan.tables.get(&item.table) else { return Vec::new() };
    let asked = |action, select, returns| Asked {
        parent,
        field,
        action,
        object,
        item,
        table,
        index: None,
        keys: &item.keys,
        attributes: None,
        select,
        returns,
        is_prelude: false,
        is_together: false,
        part: None,
    };
    // A projection is sent with every read.
    let projected = Some("SPECIFIC_ATTRIBUTES");
    let get = |action| {
        let attributes = Attributes::read(plan, operation, table.keys.names(), []);
        Asked { attributes, ..asked(action, projected, None) }
    };
    let (get_one, get_many) = (|| get("dynamodb:GetItem"), || get("dynamodb:BatchGetItem"));
    match operation {
        Operation::Get(Get { snapshot: true, .. }) => {
            vec![Asked { part: Some(TransactPart::Snapshot), ..get_one() }]
        }
        Operation::Get(Get { each: Some(_), .. }) => vec![get_many()],
        Operation::Get(Get { coalesces: true, .. }) => {
            vec![get_one(), Asked { is_together: true, ..get_many() }]
        }
        Operation::Get(_) => vec![get_one()],
        Operation::Query(query) => {
            let asked = asked("dynamodb:Query", projected, None);
            of_query(plan, operation, query, &asked)
        }
        Operation::Put(Put { each: Some(_), .. }) | Operation::Delete(Delete { each: Some(_), .. }) => {
            vec![asked("dynamodb:BatchWriteItem", None, None)]
        }
        Operation::Put(_) => vec![asked("dynamodb:PutItem", None, None)],
        Operation::Update(update) => {
            let write = asked("dynamodb:UpdateItem", None, Some("ALL_NEW"));
            // The write gives back the whole item anyway.
            let keys: BTreeSet<_> = table.keys.names().map(ToString::to_string).collect();
            let read = update.may_read().then(|| Asked {
                is_prelude: true,
                attributes: Some(Attributes { always: keys.clone(), at_most: keys }),
                ..asked("dynamodb:GetItem", Some("ALL_ATTRIBUTES"), None)
            });
            read.into_iter().chain([write]).collect()
        }
        Operation::Delete(_) => vec![asked("dynamodb:DeleteItem", None, Some("ALL_OLD"))],
        Operation::Transact(_) => Vec::new(),
    }
}

/// A query, and what counts where its page tells how many items there are in all.
fn of_query<'p>(
    plan: &'p Plan,
    operation: &'p Operation,
    query: &'p Query,
    asked: &Asked<'p>,
) -> Vec<Asked<'p>> {
    let Asked { parent, field, object, item, table, .. } = *asked;
    let written = plan.object(parent).and_then(|parent| parent.fields.get(field)).map(AsRef::as_ref);
    let index = query.index.and_then(|at| item.indexes.get(at));
    let attributes = Attributes::query(plan, operation, (query, written), object, table);
    let counted = attributes.clone().map(Attributes::counted);
    let found = Asked {
        index: index.map(|index| &index.name),
        keys: index.map_or(&item.keys, |index| &index.keys),
        attributes,
        ..asked.clone()
    };
    let counts = written.is_some_and(|field| plan.counts(field));
    let count = counts.then(|| Asked { select: Some(COUNT), attributes: counted, ..found.clone() });
    std::iter::once(found).chain(count).collect()
}

/// The reads before a transaction, its members, the record's put and its read, and the read of the item that is answered.
fn of_transaction<'p>(
    plan: &'p Plan,
    (parent, field): (&'p Name, &'p Name),
    transact: &'p Transact,
) -> Vec<Asked<'p>> {
    let asked = |action, object: &Name, part| {
        let object = plan.objects.get(object)?;
        let item = object.item.as_ref()?;
        Some(Asked {
            parent,
            field,
            action,
            object,
            item,
            table: plan.tables.get(&item.table)?,
            index: None,
            keys: &item.keys,
            select: None,
            returns: None,
            attributes: None,
            is_prelude: false,
            is_together: false,
            part: Some(part),
        })
    };
    let read = |object: &Name, part| {
        let asked = asked("dynamodb:GetItem", object, part)?;
        let keys: BTreeSet<_> = asked.table.keys.names().map(ToString::to_string).collect();
        let attributes = Some(Attributes { always: keys.clone(), at_most: keys });
        Some(Asked { select: Some("ALL_ATTRIBUTES"), attributes, ..asked })
    };
    let steps = || transact.steps.iter().enumerate();
    let read_first = steps().filter_map(|(at, step)| match &step.write {
        StepWrite::Update(update) if update.may_read() => {
            let read = read(&update.object, TransactPart::StepRead(at))?;
            Some(Asked { is_prelude: true, ..read })
        }
        StepWrite::Put(_) | StepWrite::Update(_) | StepWrite::Delete(_) | StepWrite::Check(_) => None,
    });
    let members = steps().filter_map(|(at, step)| {
        let action = match &step.write {
            StepWrite::Put(_) => "dynamodb:PutItem",
            StepWrite::Update(_) => "dynamodb:UpdateItem",
            StepWrite::Delete(_) => "dynamodb:DeleteItem",
            StepWrite::Check(_) => "dynamodb:ConditionCheckItem",
        };
        asked(action, step.write.object(), TransactPart::Step(at))
    });
    let record = transact.record.iter().flat_map(|record| {
        let put = asked("dynamodb:PutItem", &record.beside, TransactPart::Record);
        let read = read(&record.beside, TransactPart::RecordRead);
        put.into_iter().chain(read).map(|it| Asked { keys: &record.keys, ..it })
    });
    // What was put is known; without a token nothing else is asked for.
    let is_read = transact.record.is_some() || !transact.answers_what_is_put();
    let answer = is_read.then(|| read(&transact.object, TransactPart::Answer)).flatten();
    read_first.chain(members).chain(record).chain(answer).collect()
}
