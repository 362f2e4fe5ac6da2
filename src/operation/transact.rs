//! `@transact`: several writes, all or none, and what became of them.
//!
//! Everything that is made (ids, times, expressions) is made once, before the first attempt: a repetition is the same
//! request to the letter, under the same `ClientRequestToken`. DynamoDB forgets that after ten minutes; what makes a
//! client's repetition safe for longer is the record ([`super::record`]).

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsInputBuilder;
use futures_util::{StreamExt, stream};

use super::backoff::{Backoff, Pauses};
use super::cancelled::{Judged, Refused};
use super::record::{Made, RecordItem};
use super::step::{Member, Prepared, READS};
use super::update::READ_ATTEMPTS;
use super::{Failure, Inputs, Loaded, Operations, Target};
use crate::credentials::{Applied, CallError};
use crate::image::Image;
use crate::item::Attributes;
use crate::schema::Transact;

/// How often a transaction is sent again that meets others on its items: for about two seconds.
pub(super) const MEETING: Pauses = Pauses {
    first: Duration::from_millis(30),
    longest: Duration::from_millis(480),
    rounds: 7,
    are_retries: false,
};
/// How often it is prepared anew where others wrote what was read for it.
const STALE: Pauses = Pauses { rounds: READ_ATTEMPTS - 1, ..MEETING };

/// What a transaction is answered with.
pub(crate) enum Transacted {
    /// The item of a step that is done once; none where it is gone.
    Item(Option<Attributes>),
    /// The items of a step that is done for each element of a list, in the list's order.
    Items(Vec<Loaded>),
}

/// What became of a transaction.
enum Outcome {
    Done,
    /// It has taken place before; this is its record, if it was given back.
    Before(Option<Attributes>),
    /// It cannot take place as it was sent; and why the answer to an earlier attempt was lost, if one was.
    Refused(Refused, Option<Arc<str>>),
}

impl Operations {
    /// The item of the step that is answered, or its items, as they are after the transaction.
    pub(crate) async fn transact(
        &self,
        coordinate: &str,
        transact: &Transact,
        inputs: Inputs<'_>,
    ) -> Result<Transacted, Failure> {
        let mut made = Made::new();
        let mut backoff = Backoff::of(&self.entropy, inputs.session, STALE);
        let (prepared, outcome) = loop {
            let mut prepared = self.prepare_steps(transact, inputs, &mut made).await?;
            if let Some(record) = &transact.record {
                prepared.record = Some(self.record_item(coordinate, record, inputs, &made)?);
            }
            prepared.refuse_one_item_twice()?;
            let outcome = self.send(&prepared, inputs).await?;
            // Somebody wrote after an item was read. An attempt whose answer was lost cannot take place any more: the
            // version that it was sent under is gone.
            let is_stale = matches!(&outcome, Outcome::Refused(it, _) if it.is_stale);
            if !is_stale || !backoff.pause(false).await {
                break (prepared, outcome);
            }
        };
        let record = prepared.record.as_ref();
        let found = match outcome {
            Outcome::Done => return self.answer(transact, &prepared, inputs).await,
            Outcome::Before(found) => found,
            Outcome::Refused(refused, lost) => Some(self.before(record, refused, lost, inputs).await?),
        };
        let own = record.ok_or(Failure::TokenTaken)?;
        // What the first one made: its ids lead to its items.
        let mut made = own.made_by_first(found.as_ref())?;
        let (target, keys) = self.answered_keys(transact, inputs, &mut made)?;
        let mut found = Vec::new();
        for key in keys {
            found.push(self.read_answer(&target, key, inputs));
        }
        given(transact, stream::iter(found).buffered(READS).collect().await)
    }

    /// The record of a transaction that is refused, because it has taken place before: DynamoDB need not name every
    /// member that fails, and what stands in its way may be its own doing. Otherwise the refusal.
    async fn before(
        &self,
        record: Option<&RecordItem<'_>>,
        refused: Refused,
        lost: Option<Arc<str>>,
        inputs: Inputs<'_>,
    ) -> Result<Attributes, Failure> {
        let found = match record {
            None => None,
            Some(own) => match self.read_record(own, inputs).await {
                Ok(found) => found,
                Err(error) => return Err(not_known(lost, Failure::RecordUnread(error))),
            },
        };
        // Had the lost attempt taken place, its ClientRequestToken would have made the next one a success. But it may
        // still be on its way, and take place once what stands in its way is gone: a refusal would promise too much.
        found.ok_or_else(|| not_known(lost, refused.why))
    }

    /// Sends it, and again where its answer was lost or others were writing its items.
    async fn send(&self, prepared: &Prepared<'_>, inputs: Inputs<'_>) -> Result<Outcome, Failure> {
        if !prepared.missing.is_empty() {
            let why = Failure::Steps(prepared.missing.clone());
            return Ok(Outcome::Refused(Refused { why, is_stale: false }, None));
        }
        let record = prepared.record.iter().map(|record| record.sent.clone());
        let items = prepared.members.iter().map(|member| member.sent.clone()).chain(record).collect();
        let call = TransactWriteItemsInputBuilder::default()
            .set_transact_items(Some(items))
            .client_request_token(self.entropy.ulid(&self.clock));
        // An answer that was lost, and why.
        let mut lost = None;
        let mut backoff = Backoff::of(&self.entropy, inputs.session, MEETING);
        loop {
            let busy = match inputs.session.run(&call).await {
                Ok(_) => return Ok(Outcome::Done),
                Err(CallError::Unavailable { applied: Applied::Unknown, reason })
                    if lost.is_none() && inputs.session.may_retry() =>
                {
                    lost = Some(reason);
                    continue;
                }
                Err(CallError::Cancelled(reasons)) => match prepared.judge(reasons) {
                    Judged::Before(found) => return Ok(Outcome::Before(found)),
                    Judged::Refused(refused) => return Ok(Outcome::Refused(refused, lost)),
                    Judged::Busy => CallError::Throttled("other requests write the same items".into()),
                },
                Err(CallError::InProgress) => CallError::Throttled("the transaction is under way".into()),
                Err(error) => return Err(not_known(lost, error.into())),
            };
            if !backoff.pause(false).await {
                return Err(not_known(lost, busy.into()));
            }
        }
    }

    /// What is answered. What was put is what is there; anything else is read.
    async fn answer(
        &self,
        transact: &Transact,
        prepared: &Prepared<'_>,
        inputs: Inputs<'_>,
    ) -> Result<Transacted, Failure> {
        let mut found = Vec::new();
        for member in prepared.members.iter().filter(|member| member.turn.at == transact.answer) {
            found.push(self.found_of(member, inputs));
        }
        given(transact, stream::iter(found).buffered(READS).collect().await)
    }

    async fn found_of(&self, member: &Member<'_>, inputs: Inputs<'_>) -> Result<Option<Attributes>, Failure> {
        match &member.item {
            Some(item) => Ok(Some(item.clone())),
            None => self.read_answer(&member.target, member.key.clone(), inputs).await,
        }
    }

    async fn read_answer(
        &self,
        target: &Target<'_>,
        key: Attributes,
        inputs: Inputs<'_>,
    ) -> Result<Option<Attributes>, Failure> {
        match self.read(target, key, true, inputs).await {
            Err(Failure::Call(error)) => Err(Failure::Unread(error)),
            read => Ok(read?.map(Image::into_map)),
        }
    }
}

/// What is answered, of what was found for the turns of the step.
fn given(
    transact: &Transact,
    found: Vec<Result<Option<Attributes>, Failure>>,
) -> Result<Transacted, Failure> {
    let unplanned = || Failure::Unplanned(transact.object.to_string());
    if transact.steps.get(transact.answer).is_some_and(|step| step.each.is_some()) {
        let loaded = |item: Result<Option<Attributes>, _>| item.map(|item| item.map(Image::from));
        return Ok(Transacted::Items(found.into_iter().map(loaded).collect()));
    }
    found.into_iter().next().ok_or_else(unplanned)?.map(Transacted::Item)
}

/// An error after which it is not known whether an earlier attempt took place, where the answer to one was lost.
fn not_known(lost: Option<Arc<str>>, failure: Failure) -> Failure {
    match lost {
        Some(reason) => CallError::Unavailable { applied: Applied::Unknown, reason }.into(),
        None => failure,
    }
}
