//! `@transact`: several writes, all or none.

use super::{Bindings, Condition, Delete, KeyTemplates, Name, Put, Update, ValueSource};

/// `@transact`.
#[derive(Debug, Clone)]
pub struct Transact {
    /// The type that the field answers with.
    pub object: Name,
    /// The step whose item it answers with, by its place.
    pub answer: usize,
    /// What is written, in the order of the schema.
    pub steps: Vec<Step>,
    /// The record that makes a repetition safe.
    pub record: Option<Record>,
}

impl Transact {
    /// The most items of a transaction (*Service quotas*, DynamoDB).
    pub const MAX_ITEMS: usize = 100;

    /// Where the values come from that it draws on.
    pub fn sources(&self) -> impl Iterator<Item = &ValueSource> {
        let steps = self.steps.iter().flat_map(|step| -> Vec<&ValueSource> {
            match &step.write {
                StepWrite::Put(put) => put.values.values().collect(),
                StepWrite::Update(update) => update.sources().collect(),
                StepWrite::Delete(delete) => delete.key.values().chain(&delete.expect).collect(),
                StepWrite::Check(check) => check.key.values().collect(),
            }
        });
        steps.chain(self.record.as_ref().map(|record| &record.token))
    }

    /// Whether the item that is answered is one that the transaction puts.
    pub fn answers_what_is_put(&self) -> bool {
        self.steps.get(self.answer).is_some_and(|step| matches!(step.write, StepWrite::Put(_)))
    }
}

/// One write of a transaction.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it is called: its `as`, or its place from 1 and its type, such as `2:Customer`.
    pub name: Name,
    /// The list of the arguments whose elements it is done for, one item each; none for one item.
    pub each: Option<Vec<Name>>,
    /// What it does.
    pub write: StepWrite,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum StepWrite {
    /// An item is put.
    Put(Put),
    /// An item is changed.
    Update(Update),
    /// An item is deleted.
    Delete(Delete),
    /// An item is looked at: the transaction takes place only if it is as it should be.
    Check(Check),
}

impl StepWrite {
    /// The type whose item it is about.
    pub fn object(&self) -> &Name {
        match self {
            Self::Put(put) => &put.object,
            Self::Update(update) => &update.object,
            Self::Delete(delete) => &delete.object,
            Self::Check(check) => &check.object,
        }
    }

    /// The sources of the key's fields; of an item that is put, of all fields.
    pub fn bindings(&self) -> &Bindings {
        match self {
            Self::Put(put) => &put.values,
            Self::Update(update) => &update.key,
            Self::Delete(delete) => &delete.key,
            Self::Check(check) => &check.key,
        }
    }
}

/// A step that only looks.
#[derive(Debug, Clone)]
pub struct Check {
    /// The type.
    pub object: Name,
    /// The values of the key's fields.
    pub key: Bindings,
    /// What must hold of the item; without it the item must be there.
    pub when: Option<Condition>,
}

/// The record that a transaction with a token writes beside its items, so that it happens once.
#[derive(Debug, Clone)]
pub struct Record {
    /// What the client calls the request by.
    pub token: ValueSource,
    /// The type beside whose items it lies.
    pub beside: Name,
    /// The templates of its keys: their one variable is [`Record::VARIABLE`].
    pub keys: KeyTemplates,
    /// The attribute of the table's time to live.
    pub ttl: Name,
}

impl Record {
    /// The variable in the templates of a record's keys: a digest of the field, the caller and the token.
    pub const VARIABLE: &'static str = "token";
    /// What tells a record's key from those of items.
    pub const MARK: &'static str = "INNKEEPER";
}

/// The part of a transaction that a request to DynamoDB is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactPart {
    /// A step, by its place.
    Step(usize),
    /// The item of a step, by its place, read before an index key is made of its fields.
    StepRead(usize),
    /// The record.
    Record,
    /// The record, read where steps fail: they may fail because the transaction has taken place.
    RecordRead,
    /// The item that is answered, read after the transaction.
    Answer,
    /// An item of a set that is read as of one moment.
    Snapshot,
}
