//! `@update`: what is given is set, what is null is removed, what is absent stays; and index keys follow.

use std::borrow::Cow;

use async_graphql::Value;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use indexmap::IndexMap;

use super::expression::{Placeholders, all};
use super::inputs::Given;
use super::merging::{self, Merges};
use super::projection::MAX_EXPRESSION;
use super::put::absent_or;
use super::{Failure, Inputs, Operations, Target};
use crate::credentials::{Applied, CallError};
use crate::image::{Image, Members};
use crate::item::{Attributes, KeyTexts, marshal, same_item, stored};
use crate::schema::{Action, ActionKind, Amount, Generate, Name, Shape, Table, Update, ValueSource};

/// How often an update that has to read first is tried, when others write in between.
pub(super) const READ_ATTEMPTS: u32 = 3;

/// The new values of fields: a value, or null for those that are to go.
pub(super) type Changes = IndexMap<Name, Option<Value>>;

impl Operations {
    /// The item as it is now; none if it was missing.
    pub(crate) async fn update(
        &self,
        update: &Update,
        inputs: Inputs<'_>,
    ) -> Result<Option<Attributes>, Failure> {
        let target = self.target(&update.object, inputs.session)?;
        let Some(writing) = self.writing(&target, update, inputs)? else { return Ok(None) };
        if !needs_read(&target, &writing) {
            return match self.write(&target, &writing, None).await? {
                Sent::Written(item) => Ok(item),
                Sent::Refused { found, .. } => target.missing_or_conflict(found, update.upsert),
            };
        }
        let mut attempts = READ_ATTEMPTS;
        loop {
            attempts -= 1;
            // The item is read for the fields that an index key lacks, and written under the version that was read.
            let read =
                self.read(&target, writing.key.clone(), true, writing.inputs).await?.map(Image::into_map);
            let Some(read) = read else { return Ok(None) };
            let (found, is_repeated) = match self.write(&target, &writing, Some(&read)).await? {
                Sent::Written(item) => return Ok(item),
                Sent::Refused { found, is_repeated, .. } => (found, is_repeated),
            };
            // Somebody wrote in between; what the caller expects may still be so. After an answer that was lost the
            // caller decides: what is known then is about the version that was read, and no other.
            let is_stale = !is_repeated
                && attempts > 0
                && found.as_ref().is_some_and(|found| {
                    target.is_own(Members::Map(found)) && target.version_of(found) != target.version_of(&read)
                });
            if !is_stale {
                return target.missing_or_conflict(found, update.upsert);
            }
        }
    }

    /// Writes; once more where the maps that members are written to are not as they were taken to be. Each of them can
    /// be made by another in the meantime, and then is there.
    async fn write(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        current: Option<&Attributes>,
    ) -> Result<Sent, Failure> {
        let mut merges = self.merges(target, writing, current)?;
        let maps: usize = merges.values().map(|merge| merge.maps.len()).sum();
        let mut attempts = READ_ATTEMPTS as usize + maps;
        loop {
            attempts -= 1;
            let sent = self.send_update(target, writing, (current, &merges)).await?;
            let Sent::Refused { found, pinned, .. } = &sent else { return Ok(sent) };
            let others = self.merges_after(target, writing, (&merges, *pinned), found.as_ref())?;
            match others.filter(|_| attempts > 0) {
                Some(others) => merges = others,
                None => return Ok(sent),
            }
        }
    }

    /// Sends an update, and once more where its answer was lost and a version pins it: of the two no more than one is
    /// applied. Where the second is refused it is not known what became of the first, unless what is there tells that it
    /// was not applied ([`Self::may_be_ours`]). That it was, no item tells: another may have written the same values, and
    /// a time of change in milliseconds too. What creates the item where it is missing is not repeated: it would
    /// bring back what somebody has deleted meanwhile.
    async fn send_update(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        (current, merges): (Option<&Attributes>, &Merges),
    ) -> Result<Sent, Failure> {
        let Writing { inputs, key, .. } = writing;
        let Parts { expression, condition, placeholders, pinned } =
            self.update_parts(target, writing, (current, merges))?;
        let call = UpdateItemInputBuilder::default()
            .table_name(target.physical.as_str())
            .set_key(Some(key.clone()))
            .set_update_expression(expression)
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let reason = match inputs.session.run(&call).await {
            Ok(answer) => return Ok(Sent::Written(answer.attributes)),
            Err(CallError::ConditionFailed(found)) => {
                return Ok(Sent::Refused { found, pinned, is_repeated: false });
            }
            Err(CallError::Unavailable { applied: Applied::Unknown, reason }) => reason,
            Err(error) => return Err(error.into()),
        };
        let repeated = pinned.filter(|_| !writing.update.upsert && inputs.session.may_retry());
        let Some(version) = repeated else { return Err(Failure::not_known(reason)) };
        match inputs.session.run(&call).await {
            Ok(answer) => Ok(Sent::Written(answer.attributes)),
            Err(CallError::ConditionFailed(Some(found)))
                if !self.may_be_ours(target, (writing, merges), version, &found) =>
            {
                Ok(Sent::Refused { found: Some(found), pinned, is_repeated: true })
            }
            // What is there may be of the first, and of others after it. And what kept the second from being looked at
            // says nothing of the first.
            Err(_) => Err(Failure::not_known(reason)),
        }
    }

    /// What is sent of an update, as a call of its own or as a step of a transaction.
    pub(super) fn update_parts(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        (current, merges): (Option<&Attributes>, &Merges),
    ) -> Result<Parts, Failure> {
        let Writing { update, inputs, .. } = writing;
        let mut placeholders = Placeholders::default();
        let expression = self.update_expression(target, writing, (current, merges), &mut placeholders)?;
        let mut conditions: Vec<_> = target.own_condition(&mut placeholders).into_iter().collect();
        let expected = match &update.expect {
            Some(expect) => self.expected_version(target, expect, *inputs)?,
            None => None,
        };
        let read = current.map(|current| target.version_of(current));
        conditions.extend(expected.and_then(|it| target.has_version(it, &mut placeholders)));
        conditions.extend(read.and_then(|it| target.has_version(it, &mut placeholders)));
        if let Some(when) = &update.when {
            conditions.push(self.condition(when, target.object, *inputs, &mut placeholders)?);
        }
        conditions.extend(merging::conditions(merges.values(), &mut placeholders));
        let condition = target.there(conditions, update.upsert, &mut placeholders);
        let is_long = |text: &Option<String>| text.as_ref().is_some_and(|it| it.len() > MAX_EXPRESSION);
        if !merges.is_empty() && (is_long(&expression) || is_long(&condition)) {
            return Err(Failure::Input("these are more members than one write can change".to_owned()));
        }
        Ok(Parts { expression, condition, placeholders, pinned: expected.or(read) })
    }

    /// An update with its values; none if its key has none.
    pub(super) fn writing<'a>(
        &self,
        target: &Target<'_>,
        update: &'a Update,
        inputs: Inputs<'a>,
    ) -> Result<Option<Writing<'a>>, Failure> {
        let Some(texts) = self.texts(target.object, &update.key, inputs)? else { return Ok(None) };
        let key = self.key(target, inputs, &texts)?;
        let changes = self.changes(target, update, inputs)?;
        let acts = self.acts(target, update, inputs)?;
        Ok(Some(Writing { update, inputs, key, texts, changes, acts }))
    }

    /// What is to change.
    fn changes(&self, target: &Target<'_>, update: &Update, inputs: Inputs<'_>) -> Result<Changes, Failure> {
        let mut changes = Changes::new();
        for (name, source) in &update.set {
            let Some(attribute) = target.object.attribute(name) else { continue };
            match self.given(source, inputs)? {
                Given::Absent => {}
                Given::Null if attribute.non_null => {
                    return Err(Failure::Input(format!("`{name}` must not be null")));
                }
                Given::Null => {
                    changes.insert(name.clone(), None);
                }
                Given::Value(value) if self.leaves_all(update, (name, attribute), &value) => {}
                Given::Value(value) => {
                    changes.insert(name.clone(), Some(value.into_owned()));
                }
            }
        }
        for (name, attribute) in target.object.attributes() {
            if attribute.generate == Some(Generate::UpdatedAt) {
                changes.entry(name.clone()).or_insert_with(|| Some(self.generated(Generate::UpdatedAt)));
            }
        }
        Ok(changes)
    }

    /// What is changed from what is there. Where a value is absent or null, or names no members, nothing is.
    fn acts(&self, target: &Target<'_>, update: &Update, inputs: Inputs<'_>) -> Result<Vec<Act>, Failure> {
        let mut acts = Vec::new();
        for Action { field, kind, by: amount } in &update.actions {
            let Some(attribute) = target.object.attribute(field) else { continue };
            let by = match amount {
                Amount::Literal(value) => Some(Cow::Borrowed(value)),
                Amount::Source(source) | Amount::Minus(source) => self.given(source, inputs)?.value(),
            };
            let is_minus = matches!(amount, Amount::Minus(_));
            let Some(by) = by else { continue };
            let takes_list = matches!(attribute.shape, Shape::List(_) | Shape::Set(_));
            let is_one = takes_list && !matches!(*by, Value::List(_));
            let by = if is_one { Cow::Owned(Value::List(vec![by.into_owned()])) } else { by };
            if let Some(by) = stored(&self.plan, field, &attribute.shape, &by)? {
                let by = if is_minus { negated(by) } else { by };
                acts.push(Act { kind: *kind, attribute: attribute.name.clone(), by });
            }
        }
        Ok(acts)
    }

    /// The version that the item must have, where one is expected and not null.
    pub(super) fn expected_version(
        &self,
        target: &Target<'_>,
        expect: &ValueSource,
        inputs: Inputs<'_>,
    ) -> Result<Option<i64>, Failure> {
        let Some(value) = self.given(expect, inputs)?.value() else { return Ok(None) };
        let Some(attribute) = target.object.version() else { return Ok(None) };
        Ok(marshal(&self.plan, &attribute.shape, &value)?.as_ref().map(number))
    }

    /// Whether this update, sent under a version, may have been applied to an item that was found later. It was not
    /// where that version is still there, or the next one without the values that were set, which is another's.
    fn may_be_ours(
        &self,
        target: &Target<'_>,
        (writing, merges): (&Writing<'_>, &Merges),
        pinned: i64,
        found: &Attributes,
    ) -> bool {
        let version = target.version_of(found);
        if !target.is_own(Members::Map(found)) {
            return true;
        }
        if version == pinned {
            return false;
        }
        if pinned.checked_add(1) != Some(version) {
            return true;
        }
        writing.changes.iter().all(|(name, change)| {
            let Some(attribute) = target.object.attribute(name) else { return true };
            if let Some(merge) = merges.get(name) {
                return merge.is_in(found);
            }
            let wanted =
                change.as_ref().and_then(|value| marshal(&self.plan, &attribute.shape, value).ok().flatten());
            let one = |value: Option<AttributeValue>| {
                value.map(|value| ("value".to_owned(), value)).into_iter().collect()
            };
            let (wanted, found): (Attributes, Attributes) =
                (one(wanted), one(found.get(attribute.name.as_str()).cloned()));
            same_item(&wanted, &found)
        })
    }
}

/// An update that is under way.
pub(super) struct Writing<'a> {
    pub(super) update: &'a Update,
    pub(super) inputs: Inputs<'a>,
    pub(super) key: Attributes,
    /// The texts of the key's fields.
    pub(super) texts: KeyTexts,
    pub(super) changes: Changes,
    pub(super) acts: Vec<Act>,
}

/// What became of a write.
enum Sent {
    /// The item as it is now.
    Written(Option<Attributes>),
    /// The condition failed.
    Refused {
        /// What is there.
        found: Option<Attributes>,
        /// The version that the item must have.
        pinned: Option<i64>,
        /// Whether it was sent twice, because the first answer was lost. The first was not applied either.
        is_repeated: bool,
    },
}

/// What is sent of an update.
pub(super) struct Parts {
    pub(super) expression: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) placeholders: Placeholders,
    /// The version that the item must have.
    pinned: Option<i64>,
}

/// What an action does, with its value.
pub(super) struct Act {
    pub(super) kind: ActionKind,
    pub(super) attribute: Name,
    pub(super) by: AttributeValue,
}

/// A number with the other sign: numbers are text, and never pass through a float.
fn negated(number: AttributeValue) -> AttributeValue {
    match number {
        AttributeValue::N(text) => AttributeValue::N(match text.strip_prefix('-') {
            Some(positive) => positive.to_owned(),
            None => format!("-{text}"),
        }),
        other => other,
    }
}

/// Whether an index key has to be made of fields that are not at hand.
pub(super) fn needs_read(target: &Target<'_>, writing: &Writing<'_>) -> bool {
    writing.update.touches.iter().filter(|touch| touch.reads).any(|touch| {
        let Some(index) = target.item.indexes.get(touch.index) else { return false };
        let changed = |field: &Name| writing.changes.contains_key(field);
        let at_hand = |field: &Name| changed(field) || writing.texts.contains_key(field);
        index.keys.fields().any(changed) && !index.keys.fields().all(at_hand)
    })
}

impl Target<'_> {
    /// An item's version. One that lacks it, because another program wrote it, has the version 0: the first update
    /// counts from there.
    pub(super) fn version_of(&self, item: &Attributes) -> i64 {
        let version = self.object.version().and_then(|attribute| item.get(attribute.name.as_str()));
        version.map(number).unwrap_or_default()
    }

    /// The condition that an item has a version.
    pub(super) fn has_version(&self, version: i64, placeholders: &mut Placeholders) -> Option<String> {
        let name = placeholders.name(&self.object.version()?.name);
        let value = placeholders.value(AttributeValue::N(version.to_string()));
        let has_it = format!("{name} = {value}");
        Some(if version == 0 { format!("(attribute_not_exists({name}) OR {has_it})") } else { has_it })
    }

    /// The whole condition: the item is there and all of these hold; or, where it may be missing, it is.
    pub(super) fn there(
        &self,
        conditions: Vec<String>,
        may_be_missing: bool,
        placeholders: &mut Placeholders,
    ) -> Option<String> {
        there(self.table, conditions, may_be_missing, placeholders)
    }
}

/// The condition of a write to an item that is there, or may be missing.
pub(super) fn there<V>(
    table: &Table,
    mut conditions: Vec<String>,
    may_be_missing: bool,
    placeholders: &mut Placeholders<V>,
) -> Option<String> {
    if may_be_missing {
        return absent_or(table, &conditions, placeholders);
    }
    conditions.push(format!("attribute_exists({})", placeholders.name(&table.keys.partition.name)));
    all(&conditions)
}

/// A version as a number; -1, which no item has, for what is none.
fn number(stored: &AttributeValue) -> i64 {
    stored.as_n().ok().and_then(|text| text.parse().ok()).unwrap_or(-1)
}
