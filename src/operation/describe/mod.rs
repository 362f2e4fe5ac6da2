//! What an operation sends, without sending it: keys, expressions and parameters, with the places that their values come
//! from in the values' places.
//!
//! Expressions are made by the code that makes those that are sent. What is told here a second time (which attributes an
//! item has, which index keys follow a write) is held against what the embedded AWS observes by `tests/suite/explained.rs`.

mod merge;
mod query;
mod transact;
mod write;

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;

use self::transact::step_list;
use super::Failure;
use crate::item::{KeyTexts, spell};
use crate::schema::{
    Argument, Bindings, Field, Get, Item, KeyAttribute, KeyKind, KeyTemplates, Keys, Name, Object, Operation,
    PagePart, Plan, Query, Resolve, Table, Transact, TransactPart, ValueSource,
};

/// A request, as it is sent when everything is given that can be given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// The list that it is sent for the elements of; what is drawn from it is drawn from each of them.
    pub each: Option<String>,
    /// The key attributes, each with its template; of an index too, where the request writes or asks them.
    pub keys: Vec<(Name, String)>,
    /// Where the values in the templates come from.
    pub variables: Vec<Variable>,
    /// The attributes of an item that is put, besides its keys, each with the place that its value comes from.
    pub item: Vec<(Name, String)>,
    /// `KeyConditionExpression`: first with everything given, then with what may be absent left out.
    pub key_conditions: Vec<KeyConditionCase>,
    /// `FilterExpression`.
    pub filter: Option<String>,
    /// `ConditionExpression`.
    pub condition: Option<String>,
    /// `ConditionExpression`, where the item was read before for its index keys.
    pub condition_after_read: Option<String>,
    /// `UpdateExpression`.
    pub update: Option<String>,
    /// Whether it sets fields that a null would remove.
    pub removes: bool,
    /// The nested objects that a second write makes, where the first finds that there is no map to write members of.
    pub merges: Vec<Name>,
    /// The sources that an expression is shortened by where they are absent.
    pub left_out: Vec<String>,
    /// The attributes that `ProjectionExpression` names: always these, and of the others what is selected. None where
    /// the whole item is asked for.
    pub projection: Option<Projected>,
    /// `ConsistentRead`, of a read.
    pub consistent: Option<bool>,
    /// `ScanIndexForward`, of a query.
    pub forward: Option<bool>,
    /// `ReturnValues`, of a write that asks for some.
    pub returns: Option<&'static str>,
    /// `ReturnValuesOnConditionCheckFailure`, of a write.
    pub returns_on_failure: Option<&'static str>,
    /// The attributes that it names: `dynamodb:Attributes`.
    pub attributes: BTreeSet<String>,
}

/// What a read asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projected {
    /// Whatever is selected.
    pub always: Vec<String>,
    /// Where it is selected, or something that needs it.
    pub where_selected: Vec<String>,
}

/// A variable of the templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The field.
    pub name: Name,
    /// The source, such as `args.id` or `parent.customerId`.
    pub from: String,
    /// Whether it may be absent.
    pub is_optional: bool,
}

/// A key condition, and what is absent where it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyConditionCase {
    /// The sources that are not given.
    pub without: Vec<String>,
    /// `KeyConditionExpression`.
    pub expression: String,
}

/// A value in an expression: one that is always the same, or the place that it comes from.
enum Shown {
    Stored(AttributeValue),
    From(String),
}

impl From<AttributeValue> for Shown {
    fn from(value: AttributeValue) -> Self {
        Self::Stored(value)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(source) => f.write_str(source),
            Self::Stored(AttributeValue::S(text)) => {
                write!(f, "\"{}\"", text.replace(char::MAX, "\\u{10FFFF}"))
            }
            Self::Stored(AttributeValue::N(number)) => f.write_str(number),
            Self::Stored(AttributeValue::Bool(value)) => write!(f, "{value}"),
            Self::Stored(AttributeValue::L(items)) if items.is_empty() => f.write_str("[]"),
            Self::Stored(other) => write!(f, "{other:?}"),
        }
    }
}

/// A field that runs an operation, and whom it is described for.
#[derive(Debug, Clone, Copy)]
pub struct Told<'p> {
    /// The plan.
    pub plan: &'p Plan,
    /// The type that the field belongs to.
    pub parent: &'p Object,
    /// The field.
    pub field: &'p Field,
    /// What stands for the tenant in keys, such as `${tenant}`.
    pub tenant: &'p str,
}

/// The type that an operation is about, and where its items lie.
#[derive(Clone, Copy)]
struct About<'p> {
    told: Told<'p>,
    object: &'p Object,
    item: &'p Item,
    table: &'p Table,
}

impl Told<'_> {
    /// The request of the operation itself; or, where `is_prelude`, the read that it may send before.
    pub fn describe(&self, operation: &Operation, is_prelude: bool) -> Result<Described, Failure> {
        let about = self.about(operation.object())?;
        match operation {
            Operation::Get(get) => Ok(about.get(get).projected(self.plan, operation)),
            Operation::Query(query) => Ok(about.query(query)?.projected(self.plan, operation)),
            Operation::Put(put) => about.put(put),
            Operation::Update(update) if is_prelude => Ok(about.read(&update.key, true)),
            Operation::Update(update) => about.update(update),
            Operation::Delete(delete) => about.delete(delete),
            // It has several parts.
            Operation::Transact(transact) => about.answer(transact),
        }
    }

    /// The request that counts what a query finds in all: `Select=COUNT`, with which DynamoDB takes no projection, and
    /// in no order.
    pub fn describe_count(&self, query: &Query) -> Result<Described, Failure> {
        Ok(Described { forward: None, ..self.about(&query.object)?.query(query)? })
    }

    /// A request of a transaction: one of its members, or the read of the item that is answered.
    pub fn describe_part(&self, transact: &Transact, part: TransactPart) -> Result<Described, Failure> {
        match part {
            TransactPart::Step(at) => {
                let step = transact.steps.get(at);
                let step = step.ok_or_else(|| Failure::Unplanned(transact.object.to_string()))?;
                self.about(step.write.object())?.step(step)
            }
            TransactPart::StepRead(at) => {
                let step = transact.steps.get(at);
                let step = step.ok_or_else(|| Failure::Unplanned(transact.object.to_string()))?;
                let read = self.about(step.write.object())?.read(step.write.bindings(), true);
                Ok(Described { each: step_list(step), ..read })
            }
            TransactPart::Record | TransactPart::RecordRead => {
                let record = transact.record.as_ref();
                let record = record.ok_or_else(|| Failure::Unplanned(transact.object.to_string()))?;
                let about = self.about(&record.beside)?;
                Ok(if part == TransactPart::Record {
                    about.record(record)
                } else {
                    about.record_read(record)
                })
            }
            TransactPart::Answer => self.about(&transact.object)?.answer(transact),
            // No transaction that writes has one.
            TransactPart::Snapshot => Err(Failure::Unplanned(transact.object.to_string())),
        }
    }

    fn about(&self, name: &Name) -> Result<About<'_>, Failure> {
        let unplanned = || Failure::Unplanned(name.to_string());
        let object = self.plan.objects.get(name).ok_or_else(unplanned)?;
        let item = object.item.as_ref().ok_or_else(unplanned)?;
        let table = self.plan.tables.get(&item.table).ok_or_else(unplanned)?;
        Ok(About { told: *self, object, item, table })
    }

    /// What the field and its type ask of the caller, besides a token; empty where they ask nothing.
    pub fn guard(&self) -> Vec<String> {
        let mut guard = self.field.guard.clone();
        if let Some(ty) = self.plan.objects.get(self.field.ty.base()) {
            guard.and(&ty.guard);
        }
        let set = |set: &Vec<Name>| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        let scopes = guard.scopes.iter().map(|scopes| {
            format!("the scopes {}", scopes.0.iter().map(set).collect::<Vec<_>>().join(", or "))
        });
        scopes.chain(guard.conditions.iter().map(|it| format!("a token whose claims are so: {it}"))).collect()
    }

    /// What the schema says of what the field costs; empty where it says nothing.
    pub fn estimate(&self) -> Vec<String> {
        let usual = match &self.field.resolve {
            Resolve::Operation(_) | Resolve::Page(PagePart::TotalCount) => 1,
            Resolve::Attribute(_) | Resolve::Page(_) => 0,
        };
        let weight = self.field.weight;
        let weighs = (weight != usual).then(|| format!("costs {weight} each time that it is answered"));
        let size = self.field.list_size.as_ref();
        let sized = size
            .and_then(|size| size.assumed)
            .map(|assumed| format!("is taken to have {assumed} items where a request does not say how many"));
        let one_of =
            size.map_or(&[][..], |size| &size.one_of).iter().map(ToString::to_string).collect::<Vec<_>>();
        let needs = (!one_of.is_empty()).then(|| format!("needs exactly one of {}", one_of.join(", ")));
        [weighs, sized, needs].into_iter().flatten().collect()
    }

    /// An argument, and the fields within it that a path names; none where there are no such.
    fn path(&self, path: &[Name]) -> Option<Vec<&Argument>> {
        let mut fields = &self.field.arguments;
        let mut found: Vec<&Argument> = Vec::new();
        for name in path {
            if let Some(last) = found.last() {
                fields = &self.plan.inputs.get(last.ty.base())?.fields;
            }
            found.push(fields.get(name)?);
        }
        (!found.is_empty()).then_some(found)
    }

    /// Whether a source may have no value.
    fn is_optional(&self, source: &ValueSource) -> bool {
        match source {
            ValueSource::Argument(path) => {
                self.path(path).is_none_or(|path| !path.iter().all(|it| it.is_always_given()))
            }
            // Where the list is absent, there is no request.
            ValueSource::Each(list, path) => {
                let whole = self.path(&[list.as_slice(), path.as_slice()].concat());
                whole.is_none_or(|whole| !whole.iter().skip(list.len()).all(|it| it.is_always_given()))
            }
            ValueSource::Parent(field) => {
                self.parent.attribute(field).is_none_or(|attribute| !attribute.non_null)
            }
            // A token without it is refused.
            // A step's field that is named must be there.
            ValueSource::Claim(_) | ValueSource::Step(..) => false,
        }
    }
}

impl Described {
    /// With what it asks for.
    fn projected(mut self, plan: &Plan, operation: &Operation) -> Self {
        if let Some(reading) = plan.reading(operation) {
            self.attributes.extend(reading.at_most.iter().map(ToString::to_string));
            let is_always = |name: &&&Name| reading.always.contains(*name);
            let more = reading.at_most.iter().filter(|name| !is_always(name));
            let where_selected = more.map(ToString::to_string).collect();
            let always = reading.always.iter().map(ToString::to_string).collect();
            self.projection = Some(Projected { always, where_selected });
        }
        self
    }
}

/// How a field's value is shown in templates.
fn shown(field: &Name) -> String {
    format!("${{{field}}}")
}

impl About<'_> {
    fn key_names(&self) -> impl Iterator<Item = String> {
        self.table.keys.names().map(ToString::to_string)
    }

    /// The templates of some keys, spelled with the fields that have values. None that is not whole.
    fn keys(&self, keys: &Keys, templates: &KeyTemplates, texts: &KeyTexts) -> Vec<(Name, String)> {
        let sort = keys.sort.as_ref().zip(templates.sort.as_ref());
        let both = std::iter::once((&keys.partition, &templates.partition)).chain(sort);
        let spelled =
            both.map(|(key, template)| (key.name.clone(), spell(template, self.told.tenant, texts)));
        let spelled: Vec<_> = spelled.collect();
        if spelled.iter().any(|(_, prefix)| !prefix.complete) {
            return Vec::new();
        }
        spelled.into_iter().map(|(name, prefix)| (name, prefix.text)).collect()
    }

    /// The variables of fields that are bound.
    fn variables<'b>(
        &self,
        fields: impl IntoIterator<Item = &'b Name>,
        bindings: &Bindings,
    ) -> Vec<Variable> {
        let mut variables: Vec<Variable> = Vec::new();
        for field in fields {
            let Some(source) = bindings.get(field) else { continue };
            if variables.iter().all(|it| it.name != *field) {
                let is_optional = self.told.is_optional(source);
                variables.push(Variable { name: field.clone(), from: source.to_string(), is_optional });
            }
        }
        variables
    }

    fn get(&self, get: &Get) -> Described {
        let each = get.each.as_ref().map(ToString::to_string);
        Described { each, ..self.read(&get.key, get.consistent || get.snapshot) }
    }

    fn read(&self, key: &Bindings, consistent: bool) -> Described {
        Described { consistent: Some(consistent), attributes: self.key_names().collect(), ..self.keyed(key) }
    }

    /// A request that names an item by its key.
    fn keyed(&self, key: &Bindings) -> Described {
        let texts = texts(key.keys());
        Described {
            keys: self.keys(&self.table.keys, &self.item.keys, &texts),
            variables: self.variables(self.item.keys.fields(), key),
            ..Described::default()
        }
    }
}

/// The texts that stand for some fields.
fn texts<'a>(fields: impl IntoIterator<Item = &'a Name>) -> KeyTexts {
    fields.into_iter().map(|field| (field.clone(), shown(field))).collect()
}

/// Key attributes whose values are texts: bytes that are only described are none.
fn as_texts(keys: &Keys) -> Keys {
    Keys { partition: as_text(&keys.partition), sort: keys.sort.as_ref().map(as_text) }
}

fn as_text(key: &KeyAttribute) -> KeyAttribute {
    let kind = match key.kind {
        KeyKind::Binary => KeyKind::String,
        kind @ (KeyKind::String | KeyKind::Number) => kind,
    };
    KeyAttribute { name: key.name.clone(), kind }
}
