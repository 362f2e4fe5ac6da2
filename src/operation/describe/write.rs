//! What a write sends: the item or what changes of it, the index keys that follow, and the condition.

use aws_sdk_dynamodb::types::AttributeValue;
use indexmap::IndexMap;

use super::merge::Merged;
use super::{About, Described, Shown, Variable, as_text, texts};
use crate::item::{attribute_value, marshal};
use crate::operation::Failure;
use crate::operation::expression::{Placeholders, when};
use crate::operation::own::{Expired, either, found, free, is_of_type, own};
use crate::operation::update::there;
use crate::operation::update_expression::Clauses;
use crate::schema::{
    Action, Amount, Attribute, Condition, Delete, Generate, Name, Operand, Put, Query, Update, ValueSource,
};

/// Where a value comes from that an update is not given and an index key needs.
const READ_FIRST: &str = "the item, which is read first";

/// The time at which a write is made.
pub(super) fn expired_now() -> Shown {
    Shown::From("now".to_owned())
}

/// The times to live that are over.
fn expired() -> Expired<Shown> {
    Expired { from: Shown::From("five years ago".to_owned()), to: expired_now() }
}

fn default(value: &async_graphql::Value) -> String {
    format!("the default, {value}")
}

fn generated(generate: Generate) -> &'static str {
    match generate {
        Generate::Ulid => "generated: a ULID",
        Generate::CreatedAt | Generate::UpdatedAt => "generated: the time of the write",
    }
}

impl<'p> About<'p> {
    pub(super) fn put(&self, put: &Put) -> Result<Described, Failure> {
        let mut described = Described {
            each: put.each.as_ref().map(ToString::to_string),
            // A batch has no conditions that could fail.
            returns_on_failure: put.each.is_none().then_some("ALL_OLD"),
            ..Described::default()
        };
        let mut given: Vec<&Name> = Vec::new();
        for (name, attribute) in self.object.attributes() {
            let Some(from) = self.put_value(put, (name, attribute), &mut described.left_out) else {
                continue;
            };
            given.push(name);
            described.item.push((attribute.name.clone(), from));
        }
        if let Some(discriminator) = &self.item.discriminator {
            described.item.push((discriminator.clone(), format!("\"{}\"", self.object.name)));
        }
        let texts = texts(given);
        let mut keys = self.keys(&self.table.keys, &self.item.keys, &texts);
        for index in &self.item.indexes {
            if let Some(physical) = self.table.indexes.get(&index.name) {
                keys.extend(self.keys(&physical.keys, &index.keys, &texts));
            }
        }
        // A field may itself be a key, where the template is it alone.
        described.item.retain(|(name, _)| keys.iter().all(|(key, _)| key != name));
        let mut placeholders = Placeholders::<Shown>::default();
        let condition = self.put_condition(put, &mut placeholders)?;
        described.condition = condition.map(|it| placeholders.readable(&it));
        let names = keys.iter().chain(&described.item).map(|(name, _)| name.to_string());
        described.attributes = names.chain(placeholders.attributes().iter().cloned()).collect();
        described.keys = keys;
        described.variables = self.put_variables(put);
        Ok(described)
    }

    fn put_condition(
        &self,
        put: &Put,
        placeholders: &mut Placeholders<Shown>,
    ) -> Result<Option<String>, Failure> {
        let mut allowed: Vec<String> = Vec::new();
        if put.replace {
            allowed.extend(is_of_type(self.object, self.item, placeholders));
            if let Some(when) = &put.when {
                allowed.push(self.when(when, placeholders)?);
            }
            if allowed.is_empty() {
                return Ok(None);
            }
        }
        let free = free((self.table, self.object, self.item), expired(), placeholders);
        Ok(Some(either(free, &allowed)))
    }

    /// The condition that an item is one of the type's; none where everything is.
    pub(super) fn own_condition(&self, placeholders: &mut Placeholders<Shown>) -> Option<String> {
        own(self.object, self.item, expired(), placeholders)
    }

    /// The condition that an item is one that a query finds.
    pub(super) fn found_condition(
        &self,
        query: &Query,
        placeholders: &mut Placeholders<Shown>,
    ) -> Option<String> {
        found((self.told.plan, query), (self.object, self.item), expired(), placeholders)
    }

    /// Where the value of an attribute of a new item comes from; none if it has none.
    fn put_value(
        &self,
        put: &Put,
        (name, attribute): (&Name, &Attribute),
        left_out: &mut Vec<String>,
    ) -> Option<String> {
        if self.item.version.as_ref() == Some(name) {
            return Some("1, the first version".to_owned());
        }
        let made = attribute.generate.map(|it| generated(it).to_owned());
        let made = made.or_else(|| attribute.default.as_ref().map(default));
        let Some(source) = put.values.get(name) else { return made };
        match (self.told.is_optional(source), made) {
            (false, _) => Some(source.to_string()),
            (true, Some(made)) => Some(format!("{source}, or {made}")),
            (true, None) => {
                left_out.push(source.to_string());
                Some(source.to_string())
            }
        }
    }

    /// Where the values in the keys of a new item come from.
    fn put_variables(&self, put: &Put) -> Vec<Variable> {
        let indexes = self.item.indexes.iter().flat_map(|it| it.keys.fields());
        let mut variables: Vec<Variable> = Vec::new();
        for field in self.item.keys.fields().chain(indexes) {
            let made = || {
                let attribute = self.object.attribute(field)?;
                let generated = attribute.generate.map(|it| generated(it).to_owned());
                let from = generated.or_else(|| attribute.default.as_ref().map(default))?;
                Some(Variable { name: field.clone(), from, is_optional: false })
            };
            let variable = self.variables([field], &put.values).pop().or_else(made);
            variables.extend(variable.filter(|it| variables.iter().all(|other| other.name != it.name)));
        }
        variables
    }

    pub(super) fn update(&self, update: &Update) -> Result<Described, Failure> {
        let mut described = self.keyed(&update.key);
        let mut placeholders = Placeholders::<Shown>::default();
        let mut clauses = Clauses::default();
        let mut changed: Vec<(&Name, String)> = Vec::new();
        let mut merged = Merged::default();
        for (name, source) in &update.set {
            if update.merge.contains(name) {
                merged.field(self.told, self.object, (name, source));
                continue;
            }
            changed.push((name, source.to_string()));
            described.left_out.extend(self.told.is_optional(source).then(|| source.to_string()));
        }
        for (name, attribute) in self.object.attributes() {
            if attribute.generate == Some(Generate::UpdatedAt) && changed.iter().all(|(it, _)| *it != name) {
                changed.push((name, generated(Generate::UpdatedAt).to_owned()));
            }
        }
        for (name, from) in &changed {
            if let Some(attribute) = self.object.attribute(name) {
                clauses.change(&attribute.name, Some(Shown::From(from.clone())), &mut placeholders);
            }
        }
        for (path, source) in &merged.writes {
            let path = placeholders.path(path);
            clauses.change_at(path, Some(Shown::From(source.to_string())), &mut placeholders);
            described.left_out.extend(self.told.is_optional(source).then(|| source.to_string()));
        }
        self.acts(update, (&mut clauses, &mut placeholders), &mut described.left_out)?;
        for (attribute, value) in self.index_keys(update, &changed, &mut described.variables) {
            clauses.change(&attribute, Some(value), &mut placeholders);
        }
        if let Some(version) = self.version() {
            clauses.count(&version.name, &mut placeholders);
        }
        if update.upsert {
            self.first_values(update, &changed, (&mut clauses, &mut placeholders));
        }
        described.update = clauses.expression().map(|it| placeholders.readable(&it));
        let of = (update.expect.as_ref(), update.when.as_ref());
        described.left_out.extend(self.optional_expect(of.0));
        let mut condition = |read: Option<&str>| -> Result<Option<String>, Failure> {
            let mut conditions = self.conditions(of, read, &mut placeholders)?;
            conditions.extend(merged.conditions(&mut placeholders));
            let condition = there(self.table, conditions, update.upsert, &mut placeholders);
            Ok(condition.map(|it| placeholders.readable(&it)))
        };
        described.condition = condition(None)?;
        if update.may_read() {
            described.condition_after_read = condition(Some("the version that was read"))?;
        }
        described.removes = !update.set.is_empty();
        described.merges.clone_from(&update.merge);
        described.returns = Some("ALL_NEW");
        described.returns_on_failure = Some("ALL_OLD");
        described.attributes = self.key_names().chain(placeholders.attributes().iter().cloned()).collect();
        Ok(described)
    }

    /// What is changed from what is there.
    fn acts(
        &self,
        update: &Update,
        (clauses, placeholders): (&mut Clauses, &mut Placeholders<Shown>),
        left_out: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let mut from = |source: &ValueSource, sign: &str| {
            left_out.extend(self.told.is_optional(source).then(|| source.to_string()));
            Shown::From(format!("{sign}{source}"))
        };
        for Action { field, kind, by } in &update.actions {
            let Some(attribute) = self.object.attribute(field) else { continue };
            let by = match by {
                Amount::Literal(value) => {
                    let stored = marshal(self.told.plan, &attribute.shape, value)?;
                    Shown::Stored(stored.ok_or_else(|| Failure::Unplanned(field.to_string()))?)
                }
                Amount::Source(source) => from(source, ""),
                Amount::Minus(source) => from(source, "-"),
            };
            clauses.act(*kind, &attribute.name, by, placeholders);
        }
        Ok(())
    }

    /// The index keys that follow what an update changes, made of what it sets, of its key, and of the item as it was
    /// read before.
    fn index_keys(
        &self,
        update: &Update,
        changed: &[(&Name, String)],
        variables: &mut Vec<Variable>,
    ) -> IndexMap<Name, Shown> {
        let mut made = IndexMap::new();
        for touch in &update.touches {
            let Some(index) = self.item.indexes.get(touch.index) else { continue };
            let Some(physical) = self.table.indexes.get(&index.name) else { continue };
            let texts = texts(index.keys.fields());
            let sort = physical.keys.sort.iter();
            let kinds = std::iter::once(&physical.keys.partition).chain(sort);
            for ((name, text), key) in self.keys(&physical.keys, &index.keys, &texts).into_iter().zip(kinds) {
                made.insert(name, Shown::Stored(attribute_value(&as_text(key), text)));
            }
            for field in index.keys.fields() {
                if variables.iter().any(|it| it.name == *field) {
                    continue;
                }
                let set = changed.iter().find(|(name, _)| *name == field).map(|(_, from)| from.clone());
                let is_optional = update.set.get(field).is_some_and(|source| self.told.is_optional(source));
                let from = match set {
                    Some(from) if is_optional && touch.reads => format!("{from}, or {READ_FIRST}"),
                    Some(from) => from,
                    None => READ_FIRST.to_owned(),
                };
                // An index key without a value is no reason not to write.
                variables.push(Variable { name: field.clone(), from, is_optional: false });
            }
        }
        made
    }

    /// What an item that is made by an update needs beside what it sets.
    fn first_values(
        &self,
        update: &Update,
        changed: &[(&Name, String)],
        (clauses, placeholders): (&mut Clauses, &mut Placeholders<Shown>),
    ) {
        for (name, source) in &update.key {
            let attribute = self.object.attribute(name).filter(|it| !self.table.keys.contains(&it.name));
            if let Some(attribute) = attribute {
                clauses.change(&attribute.name, Some(Shown::From(source.to_string())), placeholders);
            }
        }
        for (name, attribute) in self.object.attributes() {
            let is_given = changed.iter().any(|(it, _)| *it == name) || update.key.contains_key(name);
            let made = attribute.generate.map(|it| generated(it).to_owned());
            if let Some(made) = made.or_else(|| attribute.first().map(default)).filter(|_| !is_given) {
                clauses.begin_with(&attribute.name, Shown::From(made), placeholders);
            }
        }
        if let Some(discriminator) = &self.item.discriminator {
            let value = Shown::Stored(AttributeValue::S(self.object.name.to_string()));
            clauses.change(discriminator, Some(value), placeholders);
        }
    }

    pub(super) fn delete(&self, delete: &Delete) -> Result<Described, Failure> {
        let mut described = self.keyed(&delete.key);
        let mut placeholders = Placeholders::<Shown>::default();
        let of = (delete.expect.as_ref(), delete.when.as_ref());
        described.left_out.extend(self.optional_expect(of.0));
        let conditions = self.conditions(of, None, &mut placeholders)?;
        let condition = there(self.table, conditions, delete.idempotent, &mut placeholders);
        described.condition = condition.map(|it| placeholders.readable(&it));
        described.each = delete.each.as_ref().map(ToString::to_string);
        described.returns = delete.each.is_none().then_some("ALL_OLD");
        described.returns_on_failure = described.returns;
        described.attributes = self.key_names().chain(placeholders.attributes().iter().cloned()).collect();
        Ok(described)
    }

    fn optional_expect(&self, expect: Option<&ValueSource>) -> Option<String> {
        expect.filter(|source| self.told.is_optional(source)).map(ToString::to_string)
    }

    fn version(&self) -> Option<&'p Attribute> {
        self.object.attribute(self.item.version.as_ref()?)
    }

    /// The conditions of a write, in the order in which it makes them.
    pub(super) fn conditions(
        &self,
        (expect, condition): (Option<&ValueSource>, Option<&Condition>),
        read: Option<&str>,
        placeholders: &mut Placeholders<Shown>,
    ) -> Result<Vec<String>, Failure> {
        let mut conditions: Vec<_> = self.own_condition(placeholders).into_iter().collect();
        let expected = expect.map(ToString::to_string);
        for version in expected.into_iter().chain(read.map(str::to_owned)) {
            let Some(attribute) = self.version() else { continue };
            let value = placeholders.value(Shown::From(version));
            conditions.push(format!("{} = {value}", placeholders.name(&attribute.name)));
        }
        if let Some(condition) = condition {
            conditions.push(self.when(condition, placeholders)?);
        }
        Ok(conditions)
    }

    fn when(&self, condition: &Condition, placeholders: &mut Placeholders<Shown>) -> Result<String, Failure> {
        when(condition, self.object, placeholders, &|field, shape, operand| match operand {
            Operand::Source(source) => Ok(Shown::From(source.to_string())),
            Operand::Literal(value) => {
                let stored = marshal(self.told.plan, shape, value)?;
                stored.map(Shown::Stored).ok_or_else(|| Failure::Unplanned(field.to_string()))
            }
        })
    }
}
