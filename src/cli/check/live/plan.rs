//! Which keys a tenant's session is asked about: few, and each for a reason.
//!
//! In a table that tenants share: a key of its own (must be allowed, or the other answers say nothing), one that belongs
//! to nobody (a statement without a condition), those of tenants whose ids begin as its own does (a pattern without a
//! delimiter), and another registered tenant's, by every way that the schema reads. In a table of its own there is
//! nobody else's item. And a table that is another tenant's.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::super::super::Application;
use crate::credentials::ProbeKey;
use crate::id::{AccountId, Region, TableName};
use crate::policy::requests::{Asked, requests};
use crate::schema::{KeyAttribute, KeyKind, Keys, Name, Part, Table, Template};
use crate::tenant::TenantRecord;

/// What should come of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Allowed,
    Denied,
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    GetItem,
    Query,
}

impl Means {
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::GetItem => "dynamodb:GetItem",
            Self::Query => "dynamodb:Query",
        }
    }
}

/// One question to AWS.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) expected: Expected,
    pub(super) means: Means,
    pub(super) key: ProbeKey,
    /// The ARN of the table or the index.
    pub(super) resource: String,
    /// The partition key, as `dynamodb:LeadingKeys` holds it.
    pub(super) leading_key: Option<String>,
    /// The tenant whose key or table it is.
    pub(super) other: Option<String>,
}

/// A way in which the schema reads items: of the table, or of an index.
struct Way<'a> {
    table: &'a Table,
    index: Option<&'a Name>,
    keys: &'a Keys,
    partition: &'a Template,
}

/// The ways into one table of the schema.
struct Ways<'a> {
    get: Way<'a>,
    /// Whether a field sends `GetItem`, so that it must be allowed.
    gets: bool,
    queries: Vec<Way<'a>>,
}

/// A table as AWS has it.
type Physical = (AccountId, Region, TableName);

/// What can be asked about the tenants of an application.
pub(super) struct Questions<'a> {
    tables: Vec<Ways<'a>>,
    /// All tenants, by their ids in order, and those of each physical table.
    records: &'a [Arc<TenantRecord>],
    sharers: BTreeMap<Physical, Vec<&'a TenantRecord>>,
    /// What stands for every field in a key.
    word: String,
}

impl<'a> Questions<'a> {
    pub(super) fn new(application: &'a Application, records: &'a [Arc<TenantRecord>], word: &str) -> Self {
        let asked = requests(&application.plan);
        let tables = application.plan.tables.values().filter_map(|table| ways(table, &asked)).collect();
        let mut sharers: BTreeMap<Physical, Vec<&TenantRecord>> = BTreeMap::new();
        for record in records {
            for name in record.tables.values() {
                sharers.entry(physical(record, name)).or_default().push(record);
            }
        }
        Self { tables, records, sharers, word: format!("innkeeper-check-{word}") }
    }

    /// What is asked with a tenant's session.
    pub(super) fn about(&self, record: &TenantRecord) -> Vec<Question> {
        let each = self.tables.iter().filter_map(|ways| {
            let name = record.tables.get(ways.get.table.name.as_str())?;
            Some(self.of_table(record, ways, name))
        });
        each.flatten().collect()
    }

    fn of_table(&self, record: &TenantRecord, ways: &Ways<'a>, name: &TableName) -> Vec<Question> {
        let (tenant, name) = (record.id.as_str(), name.clone());
        let table = physical(record, &name);
        let mut questions = Vec::new();
        let ask = |expected, means, way: &Way<'_>, whose: &str| {
            self.ask((expected, means), record, (way, &table), whose)
        };
        if ways.gets {
            questions.push(ask(Expected::Allowed, Means::GetItem, &ways.get, tenant));
        } else if let Some(way) = ways.queries.first() {
            questions.push(ask(Expected::Allowed, Means::Query, way, tenant));
        }
        let is_shared = !record.own_tables.iter().any(|own| own == ways.get.table.name.as_str());
        if is_shared {
            let nobodys = (Expected::Denied, Means::GetItem);
            questions.push(question(
                nobodys,
                record,
                (&ways.get, &table),
                (self.word.clone(), None),
                &self.word,
            ));
            let longer = [format!("{tenant}2"), format!("{tenant}-")];
            questions
                .extend(longer.iter().map(|whose| ask(Expected::Denied, Means::GetItem, &ways.get, whose)));
            let [longest, _] = &longer;
            let other = self.next_sharer(record, &table).map_or(longest.as_str(), |other| other.id.as_str());
            if other != longest {
                questions.push(ask(Expected::Denied, Means::GetItem, &ways.get, other));
            }
            questions.extend(ways.queries.iter().map(|way| ask(Expected::Denied, Means::Query, way, other)));
        }
        if let Some((other, theirs)) = self.others_table(record, ways.get.table, &table) {
            let expected = (Expected::Denied, Means::GetItem);
            questions.push(self.ask(expected, record, (&ways.get, &theirs), other.id.as_str()));
        }
        questions
    }

    /// A question about a key that a template makes for a tenant.
    fn ask(
        &self,
        expected: (Expected, Means),
        record: &TenantRecord,
        (way, table): (&Way<'_>, &Physical),
        whose: &str,
    ) -> Question {
        let other = (whose != record.id.as_str()).then(|| whose.to_owned());
        let partition = render(way.partition, whose, &self.word);
        question(expected, record, (way, table), (partition, other), &self.word)
    }

    /// The next tenant by id, of those who share a table.
    fn next_sharer(&self, record: &TenantRecord, table: &Physical) -> Option<&TenantRecord> {
        let sharers = self.sharers.get(table)?;
        let after = sharers.iter().find(|other| other.id > record.id);
        after.or_else(|| sharers.first()).copied().filter(|other| other.id != record.id)
    }

    /// The table of another tenant, in the Region that the session's client calls: one of a tenant's own, where there is
    /// one, or else one that others share.
    fn others_table(
        &self,
        record: &TenantRecord,
        table: &Table,
        own: &Physical,
    ) -> Option<(&TenantRecord, Physical)> {
        let theirs = |other: &'a Arc<TenantRecord>| {
            let name = other.tables.get(table.name.as_str())?;
            let theirs = physical(other, name);
            (other.id != record.id && theirs != *own && theirs.1 == own.1).then_some((&**other, theirs))
        };
        let is_own = |other: &TenantRecord| other.own_tables.iter().any(|it| it == table.name.as_str());
        let split = self.records.partition_point(|other| other.id <= record.id);
        let (before, after) = self.records.split_at(split);
        let candidates = || after.iter().chain(before).filter_map(theirs);
        candidates().find(|(other, _)| is_own(other)).or_else(|| candidates().next())
    }
}

fn question(
    (expected, means): (Expected, Means),
    record: &TenantRecord,
    (way, table): (&Way<'_>, &Physical),
    (partition, other): (String, Option<String>),
    word: &str,
) -> Question {
    // The sort key is always made up, so that no item has the key even where the partition is a real one.
    let both = std::iter::once((&way.keys.partition, partition.as_str()));
    let both = both.chain(way.keys.sort.iter().map(|key| (key, word)));
    let attributes: Vec<_> = both.map(|(key, text)| (key.name.to_string(), value(key, text))).collect();
    let (account, region, name) = table;
    let arn = format!("arn:{}:dynamodb:{region}:{account}:table/{name}", region.partition());
    let index = way.index.map(ToString::to_string).filter(|_| means == Means::Query);
    let resource = index.as_ref().map_or_else(|| arn.clone(), |index| format!("{arn}/index/{index}"));
    let leading_key = attributes.first().and_then(|(_, value)| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Some(text.clone()),
        _ => None,
    });
    // By its name, as the gateway names it; by its ARN where it lies in another account.
    let table = if account == record.role.account() { name.to_string() } else { arn };
    Question { expected, means, key: ProbeKey { table, index, attributes }, resource, leading_key, other }
}

fn physical(record: &TenantRecord, name: &TableName) -> Physical {
    (record.role.account().clone(), record.region.clone(), name.clone())
}

/// The ways into a table; none if no type lives in it, or no field is about it.
fn ways<'a>(table: &'a Table, asked: &[Asked<'a>]) -> Option<Ways<'a>> {
    let of_table = || asked.iter().filter(|it| it.table.name == table.name);
    let get = of_table().find(|it| it.action == Means::GetItem.action());
    let any = get.or_else(|| of_table().next())?;
    let mut queries: Vec<Way<'_>> = Vec::new();
    for query in of_table().filter(|it| it.action == Means::Query.action()) {
        if queries.iter().any(|way| way.index == query.index) {
            continue;
        }
        let keys = match query.index {
            None => &table.keys,
            Some(index) => &table.indexes.get(index)?.keys,
        };
        queries.push(Way { table, index: query.index, keys, partition: &query.keys.partition });
    }
    let partition = &any.item.keys.partition;
    Some(Ways { get: Way { table, index: None, keys: &table.keys, partition }, gets: get.is_some(), queries })
}

fn render(template: &Template, tenant: &str, word: &str) -> String {
    let part = |part: &Part| match part {
        Part::Literal(literal) => literal.to_string(),
        Part::Tenant => tenant.to_owned(),
        Part::Field(_) => word.to_owned(),
    };
    template.parts.iter().map(part).collect()
}

/// A text as a key; a number or bytes that nobody has, where the key is of that type.
fn value(key: &KeyAttribute, text: &str) -> AttributeValue {
    match key.kind {
        KeyKind::String => AttributeValue::S(text.to_owned()),
        KeyKind::Number => AttributeValue::N("-987654321098765432109876543210".to_owned()),
        KeyKind::Binary => AttributeValue::B(Blob::new(text.as_bytes())),
    }
}
