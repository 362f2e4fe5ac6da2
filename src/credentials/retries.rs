//! What is sent again, by the one layer that does so by itself, whichever way a call takes: the SDK, or `wire`. That layer knows when
//! an attempt has failed, how long to wait, and when the call's time is over; here it is told which failures count, and that the
//! tenant's budget is spent.
//!
//! What means something to a client, a write whose answer was lost, is repeated in `operation`, within the same budget.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, InterceptorContext,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::ErrorKind;

use super::budget::RetryBudget;
use super::call::code_of;
use super::classify::is_conflict;
use crate::telemetry::{Kind, Metrics};

/// How often a call is sent.
pub(super) const MAX_ATTEMPTS: u32 = 3;
/// How long is waited before the first retry, at most: what DynamoDB's own SDKs wait, a twentieth of what others do. Twice as
/// long before the next.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// A call that is being sent.
struct Sending {
    kind: Kind,
    name: &'static str,
    /// Which attempt it is, from 1.
    attempt: Cell<u32>,
    /// Whether it may be sent again after this attempt; none while nobody has asked. The SDK asks more than once.
    verdict: Cell<Option<bool>>,
}

tokio::task_local! {
    /// The SDK does not tell its classifiers which operation failed: by then it has given the request and its input away.
    static SENDING: Sending;
}

/// Lets the retries of what is sent know whether it reads or writes, and which call it is.
pub(super) async fn sent_as<F: Future>(kind: Kind, name: &'static str, sent: F) -> F::Output {
    let sending = Sending { kind, name, attempt: Cell::new(0), verdict: Cell::new(None) };
    SENDING.scope(sending, sent).await
}

/// A failure that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// DynamoDB says that it did nothing, because there is too much to do, or because another is at the item.
    Throttled,
    /// Everything else: a connection that was lost, an answer that did not come, a service that fails.
    Trouble,
}

/// Which failures are retried: within the tenant's budget, all of a read's that may pass, and of a write's those by which
/// DynamoDB says that it did nothing. A write whose answer was lost may have been applied: whether it is repeated is
/// decided where its meaning is known, in `operation`. A retry that is granted is taken.
pub(super) fn may_repeat(kind: Kind, passing: Passing, attempt: u32, budget: &RetryBudget) -> bool {
    let may_be = kind == Kind::Read || passing == Passing::Throttled;
    may_be && attempt < MAX_ATTEMPTS && budget.take()
}

/// Tells the SDK. What nobody has said to be a read is a write.
#[derive(Debug)]
pub(super) struct Retries(Arc<RetryBudget>);

impl Retries {
    pub(super) fn within(budget: &Arc<RetryBudget>) -> Self {
        Self(Arc::clone(budget))
    }
}

impl ClassifyRetry for Retries {
    fn classify_retry(&self, _context: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, context: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        let failed =
            context.output_or_error().and_then(Result::err).and_then(OrchestratorError::as_operation_error);
        // The SDK takes one kind of them for trouble, and the other for an error of the caller's.
        let is_conflict = failed.and_then(code_of).is_some_and(is_conflict);
        let passing = match previous {
            _ if is_conflict => Passing::Throttled,
            RetryAction::RetryIndicated(RetryReason::RetryableError {
                kind: ErrorKind::ThrottlingError,
                ..
            }) => Passing::Throttled,
            RetryAction::RetryIndicated(RetryReason::RetryableError { .. }) => Passing::Trouble,
            _ => return RetryAction::NoActionIndicated,
        };
        let again = SENDING.try_with(|sending| {
            let decided = sending
                .verdict
                .get()
                .unwrap_or_else(|| may_repeat(sending.kind, passing, sending.attempt.get(), &self.0));
            sending.verdict.set(Some(decided));
            decided
        });
        match again.unwrap_or(false) {
            true if is_conflict => RetryAction::throttling_error(),
            true => RetryAction::NoActionIndicated,
            false => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "reads and what was not done, within the tenant's budget"
    }

    // The last word, when all others have spoken.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Counts the attempts.
#[derive(Debug)]
pub(super) struct Attempts(pub(super) Metrics);

#[dyn_dispatch_hint]
impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "attempts"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What was not sent through here has no retries.
        let _unknown = SENDING.try_with(|sending| {
            sending.attempt.set(sending.attempt.get() + 1);
            if sending.attempt.get() > 1 {
                self.0.retried(sending.name);
            }
            sending.verdict.set(None);
        });
        Ok(())
    }
}
