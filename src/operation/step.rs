//! The steps of a transaction, each made ready to be sent: its values, its key, its expressions.
//!
//! A step draws on the values of the items that earlier ones put. An update whose index keys are made of fields that are
//! not at hand reads its item first, and is sent under the version that was read: so what was read is still so when it is
//! written.

use async_graphql::Value;
use aws_sdk_dynamodb::types::{self as sdk, ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem};
use indexmap::IndexMap;

use super::cancelled::FailedStep;
use super::expression::Placeholders;
use super::inputs::StepValues;
use super::merging::Merges;
use super::record::{Made, RecordItem};
use super::update::needs_read;
use super::{Failure, Inputs, Operations, Target};
use crate::item::{Attributes, compose};
use crate::schema::{Check, Delete, Name, Put, Step, StepWrite, Transact, Update};

/// A transaction that is ready to be sent.
pub(super) struct Prepared<'a> {
    pub(super) members: Vec<Member<'a>>,
    pub(super) record: Option<RecordItem<'a>>,
    /// Steps whose items had to be read and were missing: with them it cannot take place.
    pub(super) missing: Vec<FailedStep>,
}

/// A step, ready to be sent.
pub(super) struct Member<'a> {
    pub(super) step: &'a Step,
    pub(super) target: Target<'a>,
    pub(super) key: Attributes,
    pub(super) sent: TransactWriteItem,
    /// The whole item, where it is put.
    pub(super) item: Option<Attributes>,
    /// The version of the item that was read for it, where one was.
    pub(super) read: Option<i64>,
}

impl Operations {
    /// The steps with their values. What is in `made` is taken, and what is not is made and put there.
    pub(super) async fn prepare_steps<'a>(
        &'a self,
        transact: &'a Transact,
        inputs: Inputs<'_>,
        made: &mut Made,
    ) -> Result<Prepared<'a>, Failure> {
        let mut values = StepValues::new();
        let mut prepared = Prepared { members: Vec::new(), record: None, missing: Vec::new() };
        for step in &transact.steps {
            let target = self.target(step.write.object(), inputs.session)?;
            let with_steps = Inputs { steps: Some(&values), ..inputs };
            let member = match &step.write {
                StepWrite::Put(put) => {
                    let of_step = made.entry(step.name.clone()).or_default();
                    let (member, own) = self.put_member(step, target, put, (with_steps, of_step))?;
                    values.insert(step.name.clone(), own);
                    member
                }
                StepWrite::Update(update) => {
                    match self.update_member(step, target, update, with_steps).await? {
                        Ok(member) => member,
                        Err(missing) => {
                            prepared.missing.push(missing);
                            continue;
                        }
                    }
                }
                StepWrite::Delete(delete) => self.delete_member(step, target, delete, with_steps)?,
                StepWrite::Check(check) => self.check_member(step, target, check, with_steps)?,
            };
            prepared.members.push(member);
        }
        Ok(prepared)
    }

    /// The item that is answered, by what was made when the transaction took place: its type and its key.
    pub(super) fn answered_key<'a>(
        &'a self,
        transact: &'a Transact,
        inputs: Inputs<'_>,
        made: &mut Made,
    ) -> Result<(Target<'a>, Attributes), Failure> {
        let mut values = StepValues::new();
        for (at, step) in transact.steps.iter().enumerate() {
            let target = self.target(step.write.object(), inputs.session)?;
            let with_steps = Inputs { steps: Some(&values), ..inputs };
            if let StepWrite::Put(put) = &step.write {
                let of_step = made.entry(step.name.clone()).or_default();
                let own = self.new_values(&target, put, with_steps, of_step)?;
                if at == transact.answer {
                    let composed = compose(&self.plan, target.object, self.tenant(inputs.session), &own)?;
                    return Ok((target, composed.key));
                }
                values.insert(step.name.clone(), own);
            } else if at == transact.answer {
                let key = self.step_key(step, &target, with_steps)?;
                return Ok((target, key));
            }
        }
        Err(Failure::Unplanned(transact.object.to_string()))
    }

    fn put_member<'a>(
        &self,
        step: &'a Step,
        target: Target<'a>,
        put: &Put,
        (inputs, made): (Inputs<'_>, &mut IndexMap<Name, Value>),
    ) -> Result<(Member<'a>, IndexMap<Name, Value>), Failure> {
        let values = self.new_values(&target, put, inputs, made)?;
        let composed = compose(&self.plan, target.object, self.tenant(inputs.session), &values)?;
        let mut placeholders = Placeholders::default();
        let condition = self.put_condition(&target, put, inputs, &mut placeholders)?;
        let sent = sdk::Put::builder()
            .table_name(target.physical.as_str())
            .set_item(Some(composed.item.clone()))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .map_err(|_incomplete| unplanned(step))?;
        let sent = TransactWriteItem::builder().put(sent).build();
        let (key, item) = (composed.key, Some(composed.item));
        Ok((Member { step, target, key, sent, item, read: None }, values))
    }

    /// The step; or why it cannot be, where its item had to be read and is missing.
    async fn update_member<'a>(
        &self,
        step: &'a Step,
        target: Target<'a>,
        update: &Update,
        inputs: Inputs<'_>,
    ) -> Result<Result<Member<'a>, FailedStep>, Failure> {
        let writing = self.writing(&target, update, inputs)?.ok_or_else(|| no_key(step))?;
        let mut current = None;
        if needs_read(&target, &writing) {
            let whole = Inputs { projection: None, ..inputs };
            let found = self.read(&target, writing.key.clone(), true, whole).await?;
            if found.is_none() {
                return Ok(Err(FailedStep::missing(step)));
            }
            current = found;
        }
        // Where a map is missing a step would have to be sent anew, with all others: no step merges.
        let parts = self.update_parts(&target, &writing, (current.as_ref(), &Merges::new()))?;
        // DynamoDB takes no empty update in a transaction.
        let changes_nothing = || Failure::Input(format!("the step `{}` changes nothing", step.name));
        let sent = sdk::Update::builder()
            .table_name(target.physical.as_str())
            .set_key(Some(writing.key.clone()))
            .update_expression(parts.expression.ok_or_else(changes_nothing)?)
            .set_condition_expression(parts.condition)
            .set_expression_attribute_names(parts.placeholders.names())
            .set_expression_attribute_values(parts.placeholders.values())
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .map_err(|_incomplete| unplanned(step))?;
        let key = writing.key;
        let read = current.map(|current| target.version_of(&current));
        let sent = TransactWriteItem::builder().update(sent).build();
        Ok(Ok(Member { step, target, key, sent, item: None, read }))
    }

    fn delete_member<'a>(
        &self,
        step: &'a Step,
        target: Target<'a>,
        delete: &Delete,
        inputs: Inputs<'_>,
    ) -> Result<Member<'a>, Failure> {
        let key = self.step_key(step, &target, inputs)?;
        let mut placeholders = Placeholders::default();
        let condition = self.delete_condition(&target, delete, inputs, &mut placeholders)?;
        let sent = sdk::Delete::builder()
            .table_name(target.physical.as_str())
            .set_key(Some(key.clone()))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .map_err(|_incomplete| unplanned(step))?;
        let sent = TransactWriteItem::builder().delete(sent).build();
        Ok(Member { step, target, key, sent, item: None, read: None })
    }

    fn check_member<'a>(
        &self,
        step: &'a Step,
        target: Target<'a>,
        check: &Check,
        inputs: Inputs<'_>,
    ) -> Result<Member<'a>, Failure> {
        let key = self.step_key(step, &target, inputs)?;
        let mut placeholders = Placeholders::default();
        let mut conditions: Vec<_> = target.own_condition(&mut placeholders).into_iter().collect();
        if let Some(when) = &check.when {
            conditions.push(self.condition(when, target.object, inputs, &mut placeholders)?);
        }
        let condition = target.there(conditions, false, &mut placeholders);
        let sent = sdk::ConditionCheck::builder()
            .table_name(target.physical.as_str())
            .set_key(Some(key.clone()))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .map_err(|_incomplete| unplanned(step))?;
        let sent = TransactWriteItem::builder().condition_check(sent).build();
        Ok(Member { step, target, key, sent, item: None, read: None })
    }

    fn step_key(&self, step: &Step, target: &Target<'_>, inputs: Inputs<'_>) -> Result<Attributes, Failure> {
        let texts = self.texts(target.object, step.write.bindings(), inputs)?.ok_or_else(|| no_key(step))?;
        self.key(target, inputs, &texts)
    }
}

impl Prepared<'_> {
    /// DynamoDB takes no two steps on one item, and would not say which these are.
    pub(super) fn refuse_one_item_twice(&self) -> Result<(), Failure> {
        for (at, member) in self.members.iter().enumerate() {
            let is_same =
                |it: &&Member<'_>| it.key == member.key && it.target.physical == member.target.physical;
            if let Some(other) = self.members.iter().take(at).find(is_same) {
                let (one, two) = (&other.step.name, &member.step.name);
                return Err(Failure::Input(format!("the steps `{one}` and `{two}` are on the same item")));
            }
        }
        Ok(())
    }
}

fn no_key(step: &Step) -> Failure {
    Failure::Input(format!("the step `{}` names no item", step.name))
}

fn unplanned(step: &Step) -> Failure {
    Failure::Unplanned(step.write.object().to_string())
}
