//! `@transact`: several writes, all or none, and what became of them.
//!
//! Everything that is made (ids, times, expressions) is made once, before the first attempt: a repetition is the same
//! request to the letter, under the same `ClientRequestToken`. DynamoDB forgets that after ten minutes; what makes a
//! client's repetition safe for longer is the record ([`super::record`]).

use std::time::Duration;

use async_graphql::Value;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsInputBuilder;
use aws_sdk_dynamodb::types::{self as sdk, ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem};
use indexmap::IndexMap;

use super::expression::Placeholders;
use super::inputs::StepValues;
use super::record::{Made, RecordItem};
use super::{Failure, Inputs, Operations, Target};
use crate::credentials::{Applied, CallError, Cancellation};
use crate::item::{Attributes, compose};
use crate::schema::{Check, Delete, Name, Put, Step, StepWrite, Transact, Update};

/// How often a transaction is sent that meets others on its items, and how long it waits before the second time: up to
/// twice as long each time.
const ATTEMPTS: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(30);

/// A step that kept a transaction from taking place.
#[derive(Debug, Clone)]
pub struct FailedStep {
    /// What the step is called.
    pub step: Name,
    /// The type that it is about.
    pub object: Name,
    /// Why.
    pub why: WhyFailed,
    /// What is there, where the caller may know it.
    pub current: Option<Attributes>,
}

/// Why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyFailed {
    /// Its item does not exist.
    NotFound,
    /// Its item is not as the step expects it.
    Conflict,
}

/// A transaction that is ready to be sent.
struct Prepared<'a> {
    members: Vec<Member<'a>>,
    record: Option<RecordItem<'a>>,
}

/// A step, ready to be sent.
struct Member<'a> {
    step: &'a Step,
    target: Target<'a>,
    key: Attributes,
    sent: TransactWriteItem,
    /// The whole item, where it is put.
    item: Option<Attributes>,
}

/// What became of a transaction.
enum Outcome {
    Done,
    /// It has taken place before; this is its record, if it was given back.
    Before(Option<Attributes>),
}

impl Operations {
    /// The item of the step that is answered, as it is after the transaction.
    pub(crate) async fn transact(
        &self,
        coordinate: &str,
        transact: &Transact,
        inputs: Inputs<'_>,
    ) -> Result<Option<Attributes>, Failure> {
        let mut made = Made::new();
        let mut prepared = self.prepare_steps(transact, inputs, &mut made)?;
        if let Some(record) = &transact.record {
            prepared.record = Some(self.record_item(coordinate, record, inputs, &made)?);
        }
        prepared.refuse_one_item_twice()?;
        match self.send(&prepared, inputs).await? {
            Outcome::Done => self.answer(transact, &prepared, inputs).await,
            Outcome::Before(found) => {
                let own = prepared.record.as_ref().ok_or(Failure::TokenTaken)?;
                // What the first one made: its ids lead to its items.
                let mut made = own.made_by_first(found.as_ref())?;
                let mut first = self.prepare_steps(transact, inputs, &mut made)?;
                first.members.iter_mut().for_each(|member| member.item = None);
                self.answer(transact, &first, inputs).await
            }
        }
    }

    /// The steps with their values. What is in `made` is taken, and what is not is made and put there.
    fn prepare_steps<'a>(
        &'a self,
        transact: &'a Transact,
        inputs: Inputs<'_>,
        made: &mut Made,
    ) -> Result<Prepared<'a>, Failure> {
        let mut values = StepValues::new();
        let mut members = Vec::with_capacity(transact.steps.len());
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
                StepWrite::Update(update) => self.update_member(step, target, update, with_steps)?,
                StepWrite::Delete(delete) => self.delete_member(step, target, delete, with_steps)?,
                StepWrite::Check(check) => self.check_member(step, target, check, with_steps)?,
            };
            members.push(member);
        }
        Ok(Prepared { members, record: None })
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
        Ok((Member { step, target, key: composed.key, sent, item: Some(composed.item) }, values))
    }

    fn update_member<'a>(
        &self,
        step: &'a Step,
        target: Target<'a>,
        update: &Update,
        inputs: Inputs<'_>,
    ) -> Result<Member<'a>, Failure> {
        let writing = self.writing(&target, update, inputs)?.ok_or_else(|| no_key(step))?;
        let parts = self.update_parts(&target, &writing, None)?;
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
        Ok(Member { step, target, key, sent: TransactWriteItem::builder().update(sent).build(), item: None })
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
        Ok(Member { step, target, key, sent: TransactWriteItem::builder().delete(sent).build(), item: None })
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
        Ok(Member { step, target, key, sent, item: None })
    }

    fn step_key(&self, step: &Step, target: &Target<'_>, inputs: Inputs<'_>) -> Result<Attributes, Failure> {
        let texts = self.texts(target.object, step.write.bindings(), inputs)?.ok_or_else(|| no_key(step))?;
        self.key(target, inputs, &texts)
    }

    /// Sends it, and again where its answer was lost or others were writing its items.
    async fn send(&self, prepared: &Prepared<'_>, inputs: Inputs<'_>) -> Result<Outcome, Failure> {
        let record = prepared.record.iter().map(|record| record.sent.clone());
        let items = prepared.members.iter().map(|member| member.sent.clone()).chain(record).collect();
        let call = TransactWriteItemsInputBuilder::default()
            .set_transact_items(Some(items))
            .client_request_token(self.entropy.ulid(&self.clock));
        // An answer that was lost, and why.
        let mut lost = None;
        let mut attempt = 1;
        loop {
            let busy = match inputs.session.run(call.clone()).await {
                Ok(_) => return Ok(Outcome::Done),
                Err(CallError::Unavailable { applied: Applied::Unknown, reason }) if lost.is_none() => {
                    lost = Some(reason);
                    continue;
                }
                Err(CallError::Cancelled(reasons)) => match prepared.judge(reasons)? {
                    Judged::Before(found) => return Ok(Outcome::Before(found)),
                    Judged::Busy => CallError::Throttled("other requests write the same items".into()),
                },
                Err(CallError::InProgress) => CallError::Throttled("the transaction is under way".into()),
                Err(error) => return Err(not_known(lost, error).into()),
            };
            if attempt == ATTEMPTS {
                return Err(not_known(lost, busy).into());
            }
            tokio::time::sleep(self.wait_before(attempt)).await;
            attempt += 1;
        }
    }

    /// Up to a time that doubles, and at random within it, so that those who met do not meet again.
    fn wait_before(&self, attempt: u32) -> Duration {
        let most = FIRST_WAIT * 2_u32.pow(attempt.min(5) - 1);
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(1 + self.entropy.below(millis))
    }

    /// The item that is answered. What was put is what is there; anything else is read.
    async fn answer(
        &self,
        transact: &Transact,
        prepared: &Prepared<'_>,
        inputs: Inputs<'_>,
    ) -> Result<Option<Attributes>, Failure> {
        let unplanned = || Failure::Unplanned(transact.object.to_string());
        let member = prepared.members.get(transact.answer).ok_or_else(unplanned)?;
        if let Some(item) = &member.item {
            return Ok(Some(item.clone()));
        }
        match self.read(&member.target, member.key.clone(), true, inputs).await {
            Err(Failure::Call(error)) => Err(Failure::Unread(error)),
            read => read,
        }
    }
}

/// What the reasons of a cancelled transaction come to.
enum Judged {
    /// It has taken place before.
    Before(Option<Attributes>),
    /// Others were writing its items.
    Busy,
}

impl Prepared<'_> {
    /// DynamoDB takes no two steps on one item, and would not say which these are.
    fn refuse_one_item_twice(&self) -> Result<(), Failure> {
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

    /// Why a transaction did not take place. The record comes first: where there is one, nothing else matters, for what
    /// fails now may fail because of the first time.
    fn judge(&self, mut reasons: Vec<Cancellation>) -> Result<Judged, Failure> {
        if self.record.is_some()
            && reasons.len() > self.members.len()
            && let Some(Cancellation::ConditionFailed(found)) = reasons.pop()
        {
            return Ok(Judged::Before(found));
        }
        let mut failed = Vec::new();
        let mut is_busy = false;
        for (member, reason) in self.members.iter().zip(reasons) {
            match reason {
                Cancellation::None => {}
                Cancellation::ConditionFailed(found) => failed.push(member.failed(found)),
                Cancellation::Conflict | Cancellation::Throttled => is_busy = true,
                Cancellation::TooLarge => return Err(CallError::TooLarge((&*member.step.name).into()).into()),
                Cancellation::Refused(code) => return Err(CallError::Refused(code).into()),
            }
        }
        match (failed.is_empty(), is_busy) {
            (false, _) => Err(Failure::Steps(failed)),
            // Where it is none of the steps it is the record that others are writing.
            (true, _) => Ok(Judged::Busy),
        }
    }
}

impl Member<'_> {
    fn failed(&self, found: Option<Attributes>) -> FailedStep {
        let (may_be_missing, is_shown) = match &self.step.write {
            // A client that may create need not be one that may read.
            StepWrite::Put(_) => (true, false),
            StepWrite::Update(update) => (update.upsert, true),
            StepWrite::Delete(_) | StepWrite::Check(_) => (false, true),
        };
        let (why, current) = match self.target.missing_or_conflict(found, may_be_missing) {
            Err(Failure::Conflict(current)) => (WhyFailed::Conflict, current.filter(|_| is_shown)),
            _ => (WhyFailed::NotFound, None),
        };
        FailedStep { step: self.step.name.clone(), object: self.target.object.name.clone(), why, current }
    }
}

/// An error after which it is not known whether an earlier attempt took place, where the answer to one was lost.
fn not_known(lost: Option<std::sync::Arc<str>>, error: CallError) -> CallError {
    match lost {
        Some(reason) => CallError::Unavailable { applied: Applied::Unknown, reason },
        None => error,
    }
}

fn no_key(step: &Step) -> Failure {
    Failure::Input(format!("the step `{}` names no item", step.name))
}

fn unplanned(step: &Step) -> Failure {
    Failure::Unplanned(step.write.object().to_string())
}
