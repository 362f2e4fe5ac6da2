//! What an update writes: the fields, the index keys that follow from them, the version, and for an item that it
//! makes, what it needs to be one.

use async_graphql::Value;
use aws_sdk_dynamodb::types::AttributeValue;
use indexmap::IndexMap;

use super::expression::Placeholders;
use super::merging::{self, Merges};
use super::update::Writing;
use super::{Failure, Operations, Target};
use crate::image::Stored;
use crate::item::{Attributes, key_attributes, key_leaf, marshal, stored};
use crate::schema::{ActionKind, Name};

impl Operations {
    /// `UpdateExpression`.
    pub(super) fn update_expression(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        (current, merges): (Option<&Attributes>, &Merges),
        placeholders: &mut Placeholders,
    ) -> Result<Option<String>, Failure> {
        let mut clauses = Clauses::default();
        for (name, change) in &writing.changes {
            if let Some(merge) = merges.get(name) {
                merging::write(merge, &mut clauses, placeholders);
                continue;
            }
            let Some(attribute) = target.object.attribute(name) else { continue };
            let stored = match change {
                Some(value) => stored(&self.plan, name, &attribute.shape, value)?,
                None => None,
            };
            clauses.change(&attribute.name, stored, placeholders);
        }
        for act in &writing.acts {
            clauses.act(act.kind, &act.attribute, act.by.clone(), placeholders);
        }
        for (attribute, value) in self.index_keys(target, writing, current)? {
            clauses.change(&attribute, value, placeholders);
        }
        if let Some(version) = target.object.version() {
            clauses.count(&version.name, placeholders);
        }
        if writing.update.upsert {
            self.first_values(target, writing, (&mut clauses, placeholders))?;
        }
        Ok(clauses.expression())
    }

    /// What an item that is made by an update needs beside what it sets: its key's fields, generated values, the
    /// discriminator.
    fn first_values(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        (clauses, placeholders): (&mut Clauses, &mut Placeholders),
    ) -> Result<(), Failure> {
        for (name, source) in &writing.update.key {
            let Some(attribute) = target.object.attribute(name) else { continue };
            let value = self.given(source, writing.inputs)?.value();
            let stored =
                value.map(|value| marshal(&self.plan, &attribute.shape, &value)).transpose()?.flatten();
            if let Some(stored) = stored.filter(|_| !target.table.keys.contains(&attribute.name)) {
                clauses.change(&attribute.name, Some(stored), placeholders);
            }
        }
        for (name, attribute) in target.object.attributes() {
            if writing.changes.contains_key(name) || writing.update.key.contains_key(name) {
                continue;
            }
            let generated = attribute.generate.map(|generate| self.generated(generate));
            let Some(value) = generated.or_else(|| attribute.first().cloned()) else { continue };
            let value = marshal(&self.plan, &attribute.shape, &value)?;
            if let Some(value) = value {
                clauses.begin_with(&attribute.name, value, placeholders);
            }
        }
        if let Some(discriminator) = &target.item.discriminator {
            let value = AttributeValue::S(target.object.name.to_string());
            clauses.change(discriminator, Some(value), placeholders);
        }
        Ok(())
    }

    /// The index keys that change, each with its new value; none for one that goes, because a field of it is null
    /// now and the item leaves the index.
    fn index_keys(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        current: Option<&Attributes>,
    ) -> Result<IndexMap<String, Option<AttributeValue>>, Failure> {
        let mut keys = IndexMap::new();
        for touch in &writing.update.touches {
            let Some(index) = target.item.indexes.get(touch.index) else { continue };
            let Some(physical) = target.table.indexes.get(&index.name) else { continue };
            let changed = index.keys.fields().any(|field| writing.changes.contains_key(field));
            if !changed && !writing.update.upsert {
                continue;
            }
            let mut texts = writing.texts.clone();
            for field in index.keys.fields() {
                if let Some(text) = self.new_text(target, writing, current, field)? {
                    texts.insert(field.clone(), text);
                }
            }
            let tenant = self.tenant(writing.inputs.session);
            let rendered = key_attributes(&physical.keys, &index.keys, tenant, &texts)?.unwrap_or_default();
            let computed = physical.keys.names().filter(|name| !target.stores_field_in(name));
            for name in computed {
                keys.insert(name.to_string(), rendered.get(name.as_str()).cloned());
            }
        }
        Ok(keys)
    }

    /// The text of a field in keys after the update: its new value, or the one that was read.
    fn new_text(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        current: Option<&Attributes>,
        field: &Name,
    ) -> Result<Option<String>, Failure> {
        let Some(attribute) = target.object.attribute(field) else { return Ok(None) };
        let value = match writing.changes.get(field) {
            Some(change) => change.clone(),
            None => match current.and_then(|current| current.get(attribute.name.as_str())) {
                Some(stored) => Some(key_leaf(&self.plan, &attribute.shape, Stored::of(stored))?),
                None => None,
            },
        };
        let value = value.filter(|value| *value != Value::Null);
        value.map(|value| self.text(field, attribute, &value)).transpose()
    }
}

impl Target<'_> {
    /// Whether an attribute holds a field of the type. A key that is exactly such a field is written as the field is:
    /// it is not made anew, and it stays where the item leaves the index for want of another key.
    fn stores_field_in(&self, attribute: &str) -> bool {
        self.object.attributes().any(|(_, field)| *field.name == *attribute)
    }
}

/// The clauses of an `UpdateExpression`.
#[derive(Debug, Default)]
pub(super) struct Clauses {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    delete: Vec<String>,
}

impl Clauses {
    /// Sets an attribute, or removes it.
    pub(super) fn change<V>(
        &mut self,
        attribute: &str,
        value: Option<V>,
        placeholders: &mut Placeholders<V>,
    ) {
        let name = placeholders.name(attribute);
        self.change_at(name, value, placeholders);
    }

    /// Sets what is at a path, or removes it.
    pub(super) fn change_at<V>(
        &mut self,
        path: String,
        value: Option<V>,
        placeholders: &mut Placeholders<V>,
    ) {
        match value {
            Some(value) => self.set.push(format!("{path} = {}", placeholders.value(value))),
            None => self.remove.push(path),
        }
    }

    /// Changes an attribute from what is there.
    pub(super) fn act<V: From<AttributeValue>>(
        &mut self,
        kind: ActionKind,
        attribute: &str,
        by: V,
        placeholders: &mut Placeholders<V>,
    ) {
        let name = placeholders.name(attribute);
        let by = placeholders.value(by);
        match kind {
            ActionKind::Add => self.add.push(format!("{name} {by}")),
            ActionKind::Remove => self.delete.push(format!("{name} {by}")),
            ActionKind::Append => {
                let none = placeholders.value(AttributeValue::L(Vec::new()));
                self.set.push(format!("{name} = list_append(if_not_exists({name}, {none}), {by})"));
            }
        }
    }

    /// Counts a write.
    pub(super) fn count<V: From<AttributeValue>>(
        &mut self,
        version: &str,
        placeholders: &mut Placeholders<V>,
    ) {
        let version = placeholders.name(version);
        let number = |number: &str| AttributeValue::N(number.to_owned());
        let (zero, one) = (placeholders.value(number("0")), placeholders.value(number("1")));
        self.set.push(format!("{version} = if_not_exists({version}, {zero}) + {one}"));
    }

    /// Sets an attribute that is not there yet.
    pub(super) fn begin_with<V>(&mut self, attribute: &str, value: V, placeholders: &mut Placeholders<V>) {
        let value = placeholders.value(value);
        let name = placeholders.name(attribute);
        self.set.push(format!("{name} = if_not_exists({name}, {value})"));
    }

    /// None if nothing changes: DynamoDB takes no empty expression.
    pub(super) fn expression(&self) -> Option<String> {
        let clause = |word: &str, parts: &[String]| {
            (!parts.is_empty()).then(|| format!("{word} {}", parts.join(", ")))
        };
        let clauses = [
            clause("SET", &self.set),
            clause("REMOVE", &self.remove),
            clause("ADD", &self.add),
            clause("DELETE", &self.delete),
        ];
        let clauses: Vec<_> = clauses.into_iter().flatten().collect();
        (!clauses.is_empty()).then(|| clauses.join(" "))
    }
}
