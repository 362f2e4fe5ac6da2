//! What becomes of an attempt that brings no output: what it means to the caller, and whether it may pass.
//!
//! The judgement is the one of the SDK's path: `classify` says what an answer means, `retries` what is sent again. Here the failures
//! are told apart that the SDK tells apart before it asks there.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::super::call::{Applied, CallError, Item};
use super::super::classify::{is_conflict, refused};
use super::super::reason::{LATE, NOT_SENT, Refusal, of_request, unreadable};
use super::super::retries::Passing;
use super::attribute::Attributes;
use crate::error::Chain;
use crate::telemetry::Kind;

/// Codes by which AWS says that there is too much to do.
const THROTTLED: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];
/// Codes of trouble that passes.
const PASSING: [&str; 2] = ["RequestTimeout", "RequestTimeoutException"];
const CONDITION: &str = "ConditionalCheckFailedException";

/// Why an attempt brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The request did not come through, or no answer began.
    NotSent { why: Option<String>, passing: bool },
    /// No answer came in time.
    Late,
    /// An answer began, and broke off.
    BrokenOff(Heard),
    /// An answer came that is none: garbage, too long, another checksum than it says.
    Unreadable(Heard),
    /// AWS says no.
    Refused(Box<Said>),
}

/// What is known of an answer before its body: its status, and `x-amzn-requestid`.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: StatusCode,
    request: Option<String>,
}

/// What AWS says.
pub(super) struct Said {
    heard: Heard,
    code: Option<String>,
    message: Option<String>,
    /// Of a failed condition: what is there.
    item: Option<Item>,
    /// Whether the signature was refused because the clocks differ.
    pub(super) is_skewed: bool,
}

/// A failed condition.
#[derive(Deserialize)]
struct Failed {
    #[serde(rename = "Item")]
    item: Option<Attributes>,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the message nor the item: both may hold what a tenant stores.
        f.debug_struct("Said").field("heard", &self.heard).field("code", &self.code).finish_non_exhaustive()
    }
}

impl Heard {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let request = text("x-amzn-requestid").or_else(|| text("x-amz-request-id"));
        Self { status, request: request.map(str::to_owned) }
    }
}

impl Said {
    /// Reads an answer that is no success. What cannot be read has no code.
    pub(super) fn read(heard: Heard, headers: &HeaderMap, body: &Bytes) -> Self {
        let nothing = Self { heard, code: None, message: None, item: None, is_skewed: false };
        let of_header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let (code, message) = match serde_json::from_slice::<serde_json::Value>(body) {
            Ok(value) => {
                let text = |name: &str| value.get(name).and_then(|text| text.as_str()).map(str::to_owned);
                let message = text("message").or_else(|| text("Message")).or_else(|| text("errorMessage"));
                (text("code").or_else(|| text("__type")), message)
            }
            Err(_garbage) if body.is_empty() => (None, None),
            Err(_garbage) => return nothing,
        };
        let code = of_header.map(str::to_owned).or(code).map(|code| without_namespace(&code).to_owned());
        if code.as_deref() != Some(CONDITION) {
            return Self { code, message, ..nothing };
        }
        match serde_json::from_slice::<Failed>(body) {
            Ok(failed) => Self { code, message, item: failed.item.map(|item| item.0), ..nothing },
            Err(_unread) => nothing,
        }
    }

    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    fn into_error(self, kind: Kind) -> CallError {
        let Self { heard: Heard { status, request }, code, message, item, .. } = self;
        if kind == Kind::Write && code.as_deref() == Some(CONDITION) {
            return CallError::ConditionFailed(item);
        }
        let (code, message, request) = (code.as_deref(), message.as_deref(), request.as_deref());
        refused(&Refusal { status, code, message, request }, kind)
    }
}

/// `InternalServerError` of `com.amazonaws.dynamodb.v20120810#InternalServerError:http://…`.
fn without_namespace(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.split_once('#').map_or(code, |(_, code)| code)
}

impl Failure {
    /// Of a request that the pool could not send.
    pub(super) fn of_sending(error: &hyper_util::client::legacy::Error) -> Self {
        let found = source::<hyper::Error>(error);
        let is_io = source::<std::io::Error>(error).is_some();
        let (told, passing) = match found {
            Some(hyper) if hyper.is_user() => (false, false),
            Some(hyper) if hyper.is_timeout() || hyper.is_closed() || hyper.is_canceled() || is_io => {
                (true, true)
            }
            // A connection that ended where an answer should have begun.
            Some(hyper) => (false, hyper.is_incomplete_message()),
            None => (error.is_connect() || is_io, error.is_connect() || is_io),
        };
        Self::NotSent { why: told.then(|| Chain(error).to_string()), passing }
    }

    /// Whether it may pass, and then of what kind it is.
    pub(super) fn passing(&self) -> Option<Passing> {
        match self {
            Self::NotSent { passing, .. } => passing.then_some(Passing::Trouble),
            Self::Late | Self::BrokenOff(_) => Some(Passing::Trouble),
            Self::Unreadable(_) => None,
            Self::Refused(said) => {
                let code = said.code.as_deref().unwrap_or_default();
                // The code says more than the status.
                if THROTTLED.contains(&code) || is_conflict(code) {
                    return Some(Passing::Throttled);
                }
                let fails = matches!(said.heard.status.as_u16(), 500 | 502 | 503 | 504);
                (fails || said.is_skewed || PASSING.contains(&code)).then_some(Passing::Trouble)
            }
        }
    }

    /// What the caller is told.
    pub(super) fn into_error(self, kind: Kind) -> CallError {
        let unavailable = |reason| CallError::Unavailable { applied: Applied::by(kind), reason };
        match self {
            Self::NotSent { why: Some(why), .. } => unavailable(format!("{NOT_SENT}: {why}").into()),
            Self::NotSent { why: None, .. } => unavailable(NOT_SENT.into()),
            Self::Late => unavailable(LATE.into()),
            Self::BrokenOff(Heard { status, request }) => {
                unavailable(of_request(unreadable(status.as_u16()), request.as_deref()))
            }
            Self::Unreadable(Heard { status, request }) => {
                let request = request.as_deref();
                refused(&Refusal { status, code: None, message: None, request }, kind)
            }
            Self::Refused(said) => said.into_error(kind),
        }
    }
}

/// The first cause of a kind.
pub(super) fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}
