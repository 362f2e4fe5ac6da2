//! What can be sent through the door: the SDK's input builders, and what comes back.
//!
//! `Call` is sealed and implemented here alone. So no caller ever holds a client, and an operation that is not
//! listed cannot be sent.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError;
use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemInputBuilder;
use aws_sdk_dynamodb::operation::batch_write_item::builders::BatchWriteItemInputBuilder;
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemError, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemInputBuilder;
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemInputBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemInputBuilder;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::operation::transact_get_items::builders::TransactGetItemsInputBuilder;
use aws_sdk_dynamodb::operation::transact_get_items::{TransactGetItemsError, TransactGetItemsOutput};
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsInputBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, ConsumedCapacity, ReturnConsumedCapacity};
use aws_smithy_runtime_api::client::interceptors::context::Error as Erased;
use thiserror::Error;

use super::classify::{classify, is_too_large};
use super::door::Door;
use super::found::{FoundBatch, FoundItem, FoundPage};
use super::retries::sent_as;
use super::sts::AssumeError;
use crate::telemetry::{Kind, Usage};

/// An item as DynamoDB has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Whether a write that failed may have been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It was not.
    No,
    /// No answer came, or one that does not say.
    Unknown,
}

impl Applied {
    /// What is known after no answer came to a call that was sent: a read applies nothing, whatever became of it.
    pub(super) const fn by(kind: Kind) -> Self {
        match kind {
            Kind::Read => Self::No,
            Kind::Write => Self::Unknown,
        }
    }
}

/// Why a call failed.
#[derive(Debug, Clone, Error)]
pub enum CallError {
    /// IAM denies it.
    #[error("IAM denies the call: {0}")]
    Denied(Arc<str>),
    /// The condition of a write failed. The item is what is there, if anything is.
    #[error("the condition failed")]
    ConditionFailed(Option<Item>),
    /// A transaction did not take place: what became of each of its members, in their order.
    #[error("the transaction was cancelled: {0:?}")]
    Cancelled(Vec<Cancellation>),
    /// The same transaction is still under way.
    #[error("the transaction is under way")]
    InProgress,
    /// DynamoDB throttled it, or others were at the item, for longer than it may be retried. It was not applied.
    #[error("DynamoDB is busy: {0}")]
    Throttled(Arc<str>),
    /// No answer came, or DynamoDB failed.
    #[error("DynamoDB does not answer: {reason}")]
    Unavailable {
        /// Whether a write may have been applied.
        applied: Applied,
        /// What happened.
        reason: Arc<str>,
    },
    /// The item would be larger than DynamoDB takes, or the items of a transaction or of a partition key are.
    #[error("the item is too large: {0}")]
    TooLarge(Arc<str>),
    /// DynamoDB refuses the request itself: the schema and the table do not fit, or the gateway is at fault.
    #[error("DynamoDB refuses the request: {0}")]
    Refused(Arc<str>),
    /// The credentials are not taken any more. The session renews them once.
    #[error("the credentials are not accepted: {0}")]
    Credentials(Arc<str>),
    /// STS gives no credentials.
    #[error(transparent)]
    Lease(#[from] LeaseError),
}

/// What became of a member of a transaction that did not take place.
#[derive(Clone)]
pub enum Cancellation {
    /// Nothing stood in its way.
    None,
    /// Its condition failed. The item is what is there, if anything is.
    ConditionFailed(Option<Item>),
    /// Another request was writing the item.
    Conflict,
    /// DynamoDB throttled it.
    Throttled,
    /// The item would be larger than DynamoDB takes.
    TooLarge,
    /// DynamoDB refuses it.
    Refused(Arc<str>),
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The item stays out of the logs, and so does what DynamoDB says of it.
        f.write_str(match self {
            Self::None => "None",
            Self::ConditionFailed(_) => "ConditionFailed",
            Self::Conflict => "Conflict",
            Self::Throttled => "Throttled",
            Self::TooLarge => "TooLarge",
            Self::Refused(_) => "Refused",
        })
    }
}

impl From<&CancellationReason> for Cancellation {
    fn from(reason: &CancellationReason) -> Self {
        match reason.code() {
            None | Some("None") => Self::None,
            Some("ConditionalCheckFailed") => Self::ConditionFailed(reason.item().cloned()),
            Some("TransactionConflict") => Self::Conflict,
            Some("ThrottlingError" | "ProvisionedThroughputExceeded") => Self::Throttled,
            Some("ItemCollectionSizeLimitExceeded") => Self::TooLarge,
            Some("ValidationError") if reason.message().is_some_and(is_too_large) => Self::TooLarge,
            Some(code) => Self::Refused(code.into()),
        }
    }
}

/// Why a tenant has no credentials.
#[derive(Debug, Clone, Error)]
pub enum LeaseError {
    /// STS refuses.
    #[error("no credentials: {0}")]
    Refused(Arc<str>),
    /// STS does not answer.
    #[error("no credentials: {0}")]
    Unavailable(Arc<str>),
    /// As many tenants, or requests, wait for credentials as may.
    #[error("no credentials: too many wait for theirs")]
    Busy,
}

impl From<AssumeError> for LeaseError {
    fn from(error: AssumeError) -> Self {
        match error {
            AssumeError::Refused(text) => Self::Refused(text),
            AssumeError::Unavailable(text) => Self::Unavailable(text),
        }
    }
}

mod sealed {
    pub(crate) trait Sealed {}
}

/// A DynamoDB call that is ready to be sent.
pub(crate) trait Call: sealed::Sealed + Clone + Send + Sync + 'static {
    /// The answer.
    type Output: Send;

    /// The operation's name in DynamoDB.
    const NAME: &'static str;

    /// Whether it reads or writes.
    const KIND: Kind;

    /// The capacity that it took, by its answer.
    fn usage(output: &Self::Output) -> Usage;

    /// Sends it. Only a session, and a probe, has a door to send it through.
    fn send(&self, door: Door<'_>) -> impl Future<Output = Result<Self::Output, CallError>> + Send;
}

/// Whether an error is a failed condition, and what it brings back.
pub(super) enum Condition<'a> {
    Failed(Option<&'a Item>),
    /// The conditions, and what else there was, of a transaction's members.
    Cancelled(&'a [CancellationReason]),
    InProgress,
    NotThat,
}

pub(super) trait FailedCondition {
    fn failed_condition(&self) -> Condition<'_>;
}

/// How a call is sent that has two ways, and how one that has but the SDK's.
macro_rules! send {
    (both, $call:ident, $door:ident, $kind:ident) => {
        match $door.line() {
            Some(line) => $door.send($call, line).await,
            None => send!(sdk, $call, $door, $kind),
        }
    };
    (sdk, $call:ident, $door:ident, $kind:ident) => {
        // Boxed: the SDK's futures are several kilobytes large.
        Box::pin(async {
            let call = $call.clone().return_consumed_capacity(ReturnConsumedCapacity::Total);
            sent_as(Kind::$kind, Self::NAME, call.send_with($door.client())).await
        })
        .await
        .map(Into::into)
        .map_err(|error| classify(&error, Kind::$kind))
    };
}

macro_rules! calls {
    ($($way:ident, $name:literal, $kind:ident, $builder:ty, $output:ty, $error:ty, $condition:expr;)*) => {
        /// The code of an error whose type the SDK has taken away.
        pub(super) fn code_of(error: &Erased) -> Option<&str> {
            $(if let Some(error) = error.downcast_ref::<$error>() {
                return error.code();
            })*
            None
        }
    $(
        impl sealed::Sealed for $builder {}

        impl FailedCondition for $error {
            fn failed_condition(&self) -> Condition<'_> {
                let condition: fn(&$error) -> Condition<'_> = $condition;
                condition(self)
            }
        }

        impl Call for $builder {
            type Output = $output;

            const NAME: &'static str = $name;

            const KIND: Kind = Kind::$kind;

            fn usage(output: &$output) -> Usage {
                Usage { kind: Kind::$kind, units: output.units() }
            }

            async fn send(&self, door: Door<'_>) -> Result<$output, CallError> {
                send!($way, self, door, $kind)
            }
        }
    )*};
}

macro_rules! condition_of {
    ($error:ident) => {
        |error| match error {
            $error::ConditionalCheckFailedException(failed) => Condition::Failed(failed.item()),
            _ => Condition::NotThat,
        }
    };
}

fn condition_of_transaction(error: &TransactWriteItemsError) -> Condition<'_> {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Condition::Cancelled(cancelled.cancellation_reasons())
        }
        TransactWriteItemsError::TransactionInProgressException(_) => Condition::InProgress,
        _ => Condition::NotThat,
    }
}

fn condition_of_reads(error: &TransactGetItemsError) -> Condition<'_> {
    match error {
        TransactGetItemsError::TransactionCanceledException(cancelled) => {
            Condition::Cancelled(cancelled.cancellation_reasons())
        }
        _ => Condition::NotThat,
    }
}

calls! {
    sdk, "TransactGetItems", Read, TransactGetItemsInputBuilder, TransactGetItemsOutput, TransactGetItemsError, condition_of_reads;
    sdk, "TransactWriteItems", Write, TransactWriteItemsInputBuilder, TransactWriteItemsOutput, TransactWriteItemsError,
        condition_of_transaction;
    both, "GetItem", Read, GetItemInputBuilder, FoundItem, GetItemError, |_| Condition::NotThat;
    both, "BatchGetItem", Read, BatchGetItemInputBuilder, FoundBatch, BatchGetItemError, |_| Condition::NotThat;
    both, "Query", Read, QueryInputBuilder, FoundPage, QueryError, |_| Condition::NotThat;
    both, "PutItem", Write, PutItemInputBuilder, PutItemOutput, PutItemError, condition_of!(PutItemError);
    both, "UpdateItem", Write, UpdateItemInputBuilder, UpdateItemOutput, UpdateItemError, condition_of!(UpdateItemError);
    both, "DeleteItem", Write, DeleteItemInputBuilder, DeleteItemOutput, DeleteItemError, condition_of!(DeleteItemError);
    sdk, "BatchWriteItem", Write, BatchWriteItemInputBuilder, BatchWriteItemOutput, BatchWriteItemError, |_| Condition::NotThat;
}

/// An answer that says what it took.
trait Costs {
    /// In capacity units.
    fn units(&self) -> f64;
}

macro_rules! costs {
    ($($output:ty, |$it:ident| $units:expr;)*) => {$(
        impl Costs for $output {
            fn units(&self) -> f64 {
                let $it = self;
                $units
            }
        }
    )*};
}

costs! {
    FoundItem, |it| it.units;
    FoundPage, |it| it.units;
    FoundBatch, |it| it.units;
    PutItemOutput, |it| units(it.consumed_capacity());
    UpdateItemOutput, |it| units(it.consumed_capacity());
    DeleteItemOutput, |it| units(it.consumed_capacity());
    BatchWriteItemOutput, |it| units(it.consumed_capacity());
    TransactGetItemsOutput, |it| units(it.consumed_capacity());
    TransactWriteItemsOutput, |it| units(it.consumed_capacity());
}

/// The capacity units of a call: of its table, or of each of its tables.
pub(super) fn units<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> f64 {
    consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).sum()
}
