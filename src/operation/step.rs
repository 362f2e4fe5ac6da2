//! The steps of a transaction, each made ready to be sent: its values, its key, its expressions.
//!
//! A step draws on the values of the items that earlier ones put. An update whose index keys are made of fields that are
//! not at hand reads its item first, and is sent under the version that was read: so what was read is still so when it is
//! written.

use async_graphql::Value;
use aws_sdk_dynamodb::types::{self as sdk, ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::cancelled::FailedStep;
use super::expression::Placeholders;
use super::inputs::StepValues;
use super::merging::Merges;
use super::record::{Made, RecordItem};
use super::turns::{Turn, turns};
use super::update::needs_read;
use super::{Failure, Inputs, Operations, Target};
use crate::image::Image;
use crate::item::{Attributes, compose};
use crate::schema::{Check, Delete, Put, StepWrite, Transact, Update};

/// How many items are read at a time: for steps that need what is there, and for an answer that is a list.
pub(super) const READS: usize = 16;

/// A transaction that is ready to be sent.
pub(super) struct Prepared<'a> {
    pub(super) members: Vec<Member<'a>>,
    pub(super) record: Option<RecordItem<'a>>,
    /// Steps whose items had to be read and were missing: with them it cannot take place.
    pub(super) missing: Vec<FailedStep>,
}

/// A step in its turn, ready to be sent.
pub(super) struct Member<'a> {
    pub(super) turn: Turn<'a>,
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
        let turns = turns(transact, inputs)?;
        let values = self.put_values(&turns, inputs, made)?;
        let mut members = Vec::with_capacity(turns.len());
        for (turn, step_element) in turns {
            members.push(self.member(turn, Inputs { steps: Some(&values), step_element, ..inputs }));
        }
        let members: Vec<_> = stream::iter(members).buffered(READS).try_collect().await?;
        let mut prepared = Prepared { members: Vec::new(), record: None, missing: Vec::new() };
        for member in members {
            match member {
                Ok(member) => prepared.members.push(member),
                Err(missing) => prepared.missing.push(missing),
            }
        }
        Ok(prepared)
    }

    /// The items that are answered, by what was made when the transaction took place: their type and their keys.
    pub(super) fn answered_keys<'a>(
        &'a self,
        transact: &'a Transact,
        inputs: Inputs<'_>,
        made: &mut Made,
    ) -> Result<(Target<'a>, Vec<Attributes>), Failure> {
        let turns = turns(transact, inputs)?;
        let values = self.put_values(&turns, inputs, made)?;
        let answered = transact.steps.get(transact.answer);
        let answered = answered.ok_or_else(|| Failure::Unplanned(transact.object.to_string()))?;
        let target = self.target(answered.write.object(), inputs.session)?;
        let mut keys = Vec::new();
        for (turn, step_element) in turns.into_iter().filter(|(turn, _)| turn.at == transact.answer) {
            let with_values = Inputs { steps: Some(&values), step_element, ..inputs };
            keys.push(if let Some(own) = values.get(&turn.made_by()) {
                compose(&self.plan, target.object, self.tenant(inputs.session), own)?.key
            } else {
                self.step_key(turn, &target, with_values)?
            });
        }
        Ok((target, keys))
    }

    /// The values of the items that are put, by turn. Later steps draw on those of a step that is done once.
    fn put_values(
        &self,
        turns: &[(Turn<'_>, Option<&Value>)],
        inputs: Inputs<'_>,
        made: &mut Made,
    ) -> Result<StepValues, Failure> {
        let mut values = StepValues::new();
        for &(turn, step_element) in turns {
            let StepWrite::Put(put) = &turn.step.write else { continue };
            let target = self.target(&put.object, inputs.session)?;
            let of_turn = made.entry(turn.made_by()).or_default();
            let inputs = Inputs { steps: Some(&values), step_element, ..inputs };
            let own = self.new_values(&target, put, inputs, of_turn)?;
            values.insert(turn.made_by(), own);
        }
        Ok(values)
    }

    /// A step in its turn; or why it cannot be, where its item had to be read and is missing.
    async fn member<'a>(
        &'a self,
        turn: Turn<'a>,
        inputs: Inputs<'_>,
    ) -> Result<Result<Member<'a>, FailedStep>, Failure> {
        let target = self.target(turn.step.write.object(), inputs.session)?;
        match &turn.step.write {
            StepWrite::Put(put) => self.put_member(turn, target, put, inputs).map(Ok),
            StepWrite::Update(update) => self.update_member(turn, target, update, inputs).await,
            StepWrite::Delete(delete) => self.delete_member(turn, target, delete, inputs).map(Ok),
            StepWrite::Check(check) => self.check_member(turn, target, check, inputs).map(Ok),
        }
    }

    fn put_member<'a>(
        &self,
        turn: Turn<'a>,
        target: Target<'a>,
        put: &Put,
        inputs: Inputs<'_>,
    ) -> Result<Member<'a>, Failure> {
        let values = inputs.steps.and_then(|steps| steps.get(&turn.made_by()));
        let values = values.ok_or_else(|| unplanned(turn))?;
        let composed = compose(&self.plan, target.object, self.tenant(inputs.session), values)?;
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
            .map_err(|_incomplete| unplanned(turn))?;
        let sent = TransactWriteItem::builder().put(sent).build();
        let (key, item) = (composed.key, Some(composed.item));
        Ok(Member { turn, target, key, sent, item, read: None })
    }

    /// The step; or why it cannot be, where its item had to be read and is missing.
    async fn update_member<'a>(
        &self,
        turn: Turn<'a>,
        target: Target<'a>,
        update: &Update,
        inputs: Inputs<'_>,
    ) -> Result<Result<Member<'a>, FailedStep>, Failure> {
        let writing = self.writing(&target, update, inputs)?.ok_or_else(|| no_key(turn))?;
        let mut current = None;
        if needs_read(&target, &writing) {
            let whole = Inputs { projection: None, ..inputs };
            let found = self.read(&target, writing.key.clone(), true, whole).await?.map(Image::into_map);
            if found.is_none() {
                return Ok(Err(FailedStep::missing(turn)));
            }
            current = found;
        }
        // Where a map is missing a step would have to be sent anew, with all others: no step merges.
        let parts = self.update_parts(&target, &writing, (current.as_ref(), &Merges::new()))?;
        // DynamoDB takes no empty update in a transaction.
        let changes_nothing = || Failure::Input(format!("the step `{turn}` changes nothing"));
        let sent = sdk::Update::builder()
            .table_name(target.physical.as_str())
            .set_key(Some(writing.key.clone()))
            .update_expression(parts.expression.ok_or_else(changes_nothing)?)
            .set_condition_expression(parts.condition)
            .set_expression_attribute_names(parts.placeholders.names())
            .set_expression_attribute_values(parts.placeholders.values())
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .map_err(|_incomplete| unplanned(turn))?;
        let key = writing.key;
        let read = current.map(|current| target.version_of(&current));
        let sent = TransactWriteItem::builder().update(sent).build();
        Ok(Ok(Member { turn, target, key, sent, item: None, read }))
    }

    fn delete_member<'a>(
        &self,
        turn: Turn<'a>,
        target: Target<'a>,
        delete: &Delete,
        inputs: Inputs<'_>,
    ) -> Result<Member<'a>, Failure> {
        let key = self.step_key(turn, &target, inputs)?;
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
            .map_err(|_incomplete| unplanned(turn))?;
        let sent = TransactWriteItem::builder().delete(sent).build();
        Ok(Member { turn, target, key, sent, item: None, read: None })
    }

    fn check_member<'a>(
        &self,
        turn: Turn<'a>,
        target: Target<'a>,
        check: &Check,
        inputs: Inputs<'_>,
    ) -> Result<Member<'a>, Failure> {
        let key = self.step_key(turn, &target, inputs)?;
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
            .map_err(|_incomplete| unplanned(turn))?;
        let sent = TransactWriteItem::builder().condition_check(sent).build();
        Ok(Member { turn, target, key, sent, item: None, read: None })
    }

    fn step_key(
        &self,
        turn: Turn<'_>,
        target: &Target<'_>,
        inputs: Inputs<'_>,
    ) -> Result<Attributes, Failure> {
        let texts =
            self.texts(target.object, turn.step.write.bindings(), inputs)?.ok_or_else(|| no_key(turn))?;
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
                let (one, two) = (other.turn, member.turn);
                return Err(Failure::Input(format!("the steps `{one}` and `{two}` are on the same item")));
            }
        }
        Ok(())
    }
}

fn no_key(turn: Turn<'_>) -> Failure {
    Failure::Input(format!("the step `{turn}` names no item"))
}

fn unplanned(turn: Turn<'_>) -> Failure {
    Failure::Unplanned(turn.step.write.object().to_string())
}
