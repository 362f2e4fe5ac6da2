//! Why an operation has no answer, and what of that a client may know.

use std::borrow::Cow;
use std::sync::Arc;

use thiserror::Error;

use super::cancelled::{FailedStep, WhyFailed};
use crate::credentials::{Applied, CallError, LeaseError};
use crate::error::{Code, Public};
use crate::item::{Attributes, ComposeError, KeyError, Mismatch, Unfit};

/// Why an operation failed.
#[derive(Debug, Clone, Error)]
pub enum Failure {
    /// A value that the client sent does not do.
    #[error("bad input: {0}")]
    Input(String),
    /// The cursor is none of ours, or of another tenant, field or parent.
    #[error("the cursor does not belong here")]
    Cursor,
    /// The token lacks a claim that the field binds.
    #[error("the token has no claim `{0}`")]
    Claim(String),
    /// The condition of a write failed. The item is what is there, where the caller may know it.
    #[error("the condition failed")]
    Conflict(Option<Attributes>),
    /// What was to be created is there already.
    #[error("there is an item with this key")]
    Taken,
    /// A transaction did not take place, because of these steps.
    #[error("conditions of a transaction failed")]
    Steps(Vec<FailedStep>),
    /// The token of a transaction was used for a request with other arguments.
    #[error("the token was used with other arguments")]
    TokenTaken,
    /// A transaction has taken place, and the item that it answers with could not be read.
    #[error("the item could not be read after the transaction")]
    Unread(#[source] CallError),
    /// Whether a transaction has taken place before could not be read.
    #[error("the record of the transaction could not be read")]
    RecordUnread(#[source] CallError),
    /// The items of a set are more than DynamoDB reads as of one moment.
    #[error("the items of the set are more than 4 MB")]
    SetTooLarge,
    /// A list would need more items than one request may read.
    #[error("the read budget is spent")]
    Budget,
    /// What is stored is not what the schema says.
    #[error(transparent)]
    Stored(#[from] Mismatch),
    /// The plan has no such type. The compiler has seen to it that this does not happen.
    #[error("the plan has no items of `{0}` for this tenant")]
    Unplanned(String),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Failure {
    /// What a field waits for was never asked for: the gateway is at fault.
    pub(crate) fn never_asked() -> Self {
        CallError::Refused("nobody asked for what a field waits for".into()).into()
    }

    /// A write whose answer was lost, for this reason, and whose repetition says nothing of it.
    pub(super) fn not_known(reason: Arc<str>) -> Self {
        CallError::Unavailable { applied: Applied::Unknown, reason }.into()
    }

    /// Whether a write was applied although there is no answer: `unknown`, or `yes`. None where it was not.
    pub fn applied(&self) -> Option<&'static str> {
        match self {
            Self::Call(CallError::Unavailable { applied: Applied::Unknown, .. }) | Self::RecordUnread(_) => {
                Some("unknown")
            }
            Self::Unread(_) => Some("yes"),
            _ => None,
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<Unfit> for Failure {
    fn from(error: Unfit) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<ComposeError> for Failure {
    fn from(error: ComposeError) -> Self {
        Self::Input(error.to_string())
    }
}

impl Public for Failure {
    fn code(&self) -> Code {
        match self {
            Self::Input(_) | Self::Cursor => Code::BadRequest,
            Self::Claim(_) => Code::Forbidden,
            Self::Steps(steps) if steps.iter().all(|step| step.why == WhyFailed::NotFound) => Code::NotFound,
            Self::Conflict(_) | Self::Taken | Self::TokenTaken | Self::Steps(_) => Code::Conflict,
            Self::Budget | Self::SetTooLarge => Code::BudgetExceeded,
            Self::Stored(_) | Self::Unplanned(_) => Code::Internal,
            Self::Call(error) | Self::Unread(error) | Self::RecordUnread(error) => match error {
                CallError::Denied(_) | CallError::Lease(LeaseError::Refused(_)) => Code::Forbidden,
                CallError::ConditionFailed(_) | CallError::Cancelled(_) => Code::Conflict,
                CallError::Throttled(_) | CallError::InProgress => Code::Throttled,
                CallError::Unavailable { .. } | CallError::Credentials(_) | CallError::Lease(_) => {
                    Code::Unavailable
                }
                CallError::TooLarge(_) => Code::BadRequest,
                CallError::Refused(_) => Code::Internal,
            },
        }
    }

    fn message(&self) -> Cow<'static, str> {
        match self {
            // What the client sent, in our words: names of the schema and what they should be.
            Self::Input(message) => format!("The request cannot be carried out: {message}.").into(),
            Self::Cursor => "The cursor does not belong to this page.".into(),
            Self::Claim(_) => "The token lacks a claim that this field needs.".into(),
            Self::Conflict(_) => "The item is not as this write expects it.".into(),
            Self::Taken => "There is such an item already.".into(),
            Self::Steps(_) => {
                "The transaction did not take place: not everything is as it expects it.".into()
            }
            Self::TokenTaken => "The token was used for another request, with other arguments.".into(),
            Self::Unread(_) => {
                "The transaction took place, and its item could not be read afterwards.".into()
            }
            Self::SetTooLarge => {
                "The items are more than 4 MB, and no more is read as of one moment. Ask for fewer.".into()
            }
            Self::Budget => "The list has more items than one request may read. Ask for fewer.".into(),
            Self::Stored(_) => "The stored value is not of the field's type.".into(),
            Self::Unplanned(_) => "The gateway cannot serve this field.".into(),
            Self::Call(_) | Self::RecordUnread(_) => match self.code() {
                Code::BadRequest => {
                    "The item would be larger than the database takes, 400 KB, or the transaction, 4 MB."
                        .into()
                }
                Code::Forbidden => "The tenant's policy does not allow this.".into(),
                Code::Conflict => "The item is not as this write expects it.".into(),
                Code::Throttled => "The database is busy. Try again shortly.".into(),
                Code::Unavailable => "The database does not answer at the moment.".into(),
                _ => "The gateway cannot serve this field.".into(),
            },
        }
    }
}
