//! What an error of a call means, whichever way it was sent: one judgement for the SDK's errors and for our own path's.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::call::{Applied, CallError, Cancellation, Condition, FailedCondition};
use super::reason::{Refusal, reason};
use crate::telemetry::Kind;

/// Codes of credentials that are not taken any more.
const STALE: [&str; 4] =
    ["ExpiredTokenException", "ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException"];
const THROTTLED: [&str; 4] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "ThrottledException",
];

/// Codes by which DynamoDB says that it did nothing because another is at the item: a transaction, or a write in another Region. It is
/// well, and the other is soon done. A transaction that meets others says so of its members: `Cancellation::Conflict`.
const CONFLICTS: [&str; 2] = ["TransactionConflictException", "ReplicatedWriteConflictException"];

/// Whether a code says that another is at the item.
pub(super) fn is_conflict(code: &str) -> bool {
    CONFLICTS.contains(&code)
}

/// Whether a message says that an item is too large, by what `PutItem` and `UpdateItem` say: "Item size has exceeded the
/// maximum allowed size", "Item size to update has …". There is no code of its own for it.
///
/// All items of a transaction may have 4 MB: "aggregate size of the items in the transaction" (*`TransactGetItems`*), or, of
/// what is given of them, "Payload in response is too large" (DynamoDB Local).
pub(super) fn is_too_large(message: &str) -> bool {
    message.contains("Item size") && message.contains("exceeded the maximum allowed size")
        || message.contains("aggregate size of the items")
        || message.contains("response is too large")
}

/// What an answer means that is no success, or a success that cannot be read, unless it is a failed condition.
pub(super) fn refused(refusal: &Refusal<'_>, kind: Kind) -> CallError {
    let reason = refusal.reason();
    match refusal.code {
        Some("AccessDeniedException") => CallError::Denied(reason),
        Some("ValidationException") if refusal.message.is_some_and(is_too_large) => {
            CallError::TooLarge(reason)
        }
        Some(code) if STALE.contains(&code) => CallError::Credentials(reason),
        Some(code) if THROTTLED.contains(&code) || is_conflict(code) => CallError::Throttled(reason),
        // What is stored under one partition key of a table with local indexes.
        Some("ItemCollectionSizeLimitExceededException") => CallError::TooLarge(reason),
        // A success that cannot be read has happened all the same; and whoever says no in words that nobody can read has
        // not said what was refused.
        code if code.is_none() || refusal.status.is_server_error() || refusal.status.is_success() => {
            CallError::Unavailable { applied: Applied::by(kind), reason }
        }
        _ => CallError::Refused(reason),
    }
}

/// What an error of the SDK's means.
pub(super) fn classify<E>(error: &SdkError<E, HttpResponse>, kind: Kind) -> CallError
where
    E: ProvideErrorMetadata + FailedCondition,
{
    match error {
        SdkError::ServiceError(service) => {
            match service.err().failed_condition() {
                Condition::Failed(item) => return CallError::ConditionFailed(item.cloned()),
                Condition::Cancelled(reasons) => {
                    return CallError::Cancelled(reasons.iter().map(Cancellation::from).collect());
                }
                Condition::InProgress => return CallError::InProgress,
                Condition::NotThat => {}
            }
            refused(&Refusal::of(service.err(), service.raw()), kind)
        }
        SdkError::ConstructionFailure(_) => CallError::Refused(reason(error)),
        _ => CallError::Unavailable { applied: Applied::by(kind), reason: reason(error) },
    }
}
