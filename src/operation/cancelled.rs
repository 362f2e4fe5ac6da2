//! Why a transaction did not take place, by the reasons that DynamoDB gives for its members.

use super::Failure;
use super::step::{Member, Prepared};
use super::turns::Turn;
use crate::credentials::{CallError, Cancellation};
use crate::item::Attributes;
use crate::schema::{Name, StepWrite};

/// A step that kept a transaction from taking place.
#[derive(Debug, Clone)]
pub struct FailedStep {
    /// What the step is called.
    pub step: Name,
    /// The place of the element, from 0, where it is done for each of a list.
    pub index: Option<usize>,
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

/// What the reasons of a cancelled transaction come to.
pub(super) enum Judged {
    /// It has taken place before.
    Before(Option<Attributes>),
    /// Others were writing its items.
    Busy,
    /// It cannot take place as it was sent.
    Refused(Refused),
}

/// A transaction that cannot take place as it was sent.
pub(super) struct Refused {
    pub(super) why: Failure,
    /// Whether nothing stands in its way but that items were written after they were read for it.
    pub(super) is_stale: bool,
}

impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        Self { why: error.into(), is_stale: false }
    }
}

impl Prepared<'_> {
    /// Why a transaction did not take place. The record comes first: where there is one, nothing else matters, for what
    /// fails now may fail because of the first time.
    pub(super) fn judge(&self, mut reasons: Vec<Cancellation>) -> Judged {
        if self.record.is_some() && reasons.len() > self.members.len() {
            match reasons.pop() {
                Some(Cancellation::ConditionFailed(found)) => return Judged::Before(found),
                // The same request is taking place at this moment: what else fails may be its doing, and its record
                // cannot be read yet.
                Some(Cancellation::Conflict) => return Judged::Busy,
                Some(Cancellation::Refused(code)) => return Judged::Refused(CallError::Refused(code).into()),
                Some(Cancellation::None | Cancellation::Throttled | Cancellation::TooLarge) | None => {}
            }
        }
        let mut failed = Vec::new();
        let mut is_busy = false;
        let mut is_stale = true;
        for (member, reason) in self.members.iter().zip(reasons) {
            match reason {
                Cancellation::None => {}
                Cancellation::ConditionFailed(found) => {
                    is_stale &= member.is_stale(found.as_ref());
                    failed.push(member.failed(found));
                }
                Cancellation::Conflict | Cancellation::Throttled => is_busy = true,
                Cancellation::TooLarge => {
                    return Judged::Refused(CallError::TooLarge(member.turn.to_string().into()).into());
                }
                Cancellation::Refused(code) => return Judged::Refused(CallError::Refused(code).into()),
            }
        }
        match (failed.is_empty(), is_busy) {
            (false, _) => Judged::Refused(Refused { why: Failure::Steps(failed), is_stale }),
            // Where it is none of the steps it is the record that others are writing.
            (true, _) => Judged::Busy,
        }
    }
}

impl FailedStep {
    /// A step whose item is not there.
    pub(super) fn missing(turn: Turn<'_>) -> Self {
        let (object, why) = (turn.step.write.object().clone(), WhyFailed::NotFound);
        Self { step: turn.step.name.clone(), index: turn.index, object, why, current: None }
    }
}

impl Member<'_> {
    /// Whether its item was written after it was read for the step.
    fn is_stale(&self, found: Option<&Attributes>) -> bool {
        self.read.zip(found).is_some_and(|(read, found)| self.target.version_of(found) != read)
    }

    fn failed(&self, found: Option<Attributes>) -> FailedStep {
        let (may_be_missing, is_shown) = match &self.turn.step.write {
            // A client that may create need not be one that may read.
            StepWrite::Put(_) => (true, false),
            StepWrite::Update(update) => (update.upsert, true),
            StepWrite::Delete(_) | StepWrite::Check(_) => (false, true),
        };
        let (why, current) = match self.target.missing_or_conflict(found, may_be_missing) {
            Err(Failure::Conflict(current)) => (WhyFailed::Conflict, current.filter(|_| is_shown)),
            _ => (WhyFailed::NotFound, None),
        };
        let Turn { step, index, .. } = self.turn;
        let object = self.target.object.name.clone();
        FailedStep { step: step.name.clone(), index, object, why, current }
    }
}
