//! What a plan asks of DynamoDB: every request that a field can send, with the key that it names.
//!
//! The proof, the derived policies and `explain` read the same list. It is held against what the gateway really sends
//! by the tests, which run every field and compare.

use crate::schema::{Item, KeyTemplates, Name, Object, Operation, Plan, Table};

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
    /// `dynamodb:Select` of the request; none for a write.
    pub select: Option<&'static str>,
    /// `ReturnValues` of the request, where it sends that.
    pub returns: Option<&'static str>,
    /// Whether it is only sent to learn what a write needs, and not by every call of the field.
    pub is_prelude: bool,
}

impl Asked<'_> {
    /// Whether it only counts items.
    pub fn counts(&self) -> bool {
        self.select == Some(COUNT)
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
        select,
        returns,
        is_prelude: false,
    };
    let get = || asked("dynamodb:GetItem", Some("ALL_ATTRIBUTES"), None);
    match operation {
        Operation::Get(_) => vec![get()],
        Operation::Query(query) => {
            let index = query.index.and_then(|at| item.indexes.get(at));
            let select = if index.is_some() { "ALL_PROJECTED_ATTRIBUTES" } else { "ALL_ATTRIBUTES" };
            let asked = |select| Asked {
                index: index.map(|index| &index.name),
                keys: index.map_or(&item.keys, |index| &index.keys),
                ..asked("dynamodb:Query", Some(select), None)
            };
            let field = plan.objects.get(parent).and_then(|parent| parent.fields.get(field));
            let counts = field.is_some_and(|field| plan.counts(field));
            std::iter::once(asked(select)).chain(counts.then(|| asked(COUNT))).collect()
        }
        Operation::Put(_) => vec![asked("dynamodb:PutItem", None, None)],
        Operation::Update(update) => {
            let write = asked("dynamodb:UpdateItem", None, Some("ALL_NEW"));
            let reads = update.touches.iter().any(|touch| touch.reads);
            let read = reads.then(|| Asked { is_prelude: true, ..get() });
            read.into_iter().chain([write]).collect()
        }
        Operation::Delete(_) => vec![asked("dynamodb:DeleteItem", None, Some("ALL_OLD"))],
    }
}
