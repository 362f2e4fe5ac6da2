//! The only door to DynamoDB.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument as _;

use super::call::{Applied, Call, CallError};
use super::slot::{Lease, LeaseSlot};
use crate::clock::{Deadline, Stopwatch};
use crate::id::RequestId;
use crate::telemetry::{Event, Metrics, Principal, span};
use crate::tenant::TenantContext;

/// A tenant's session for one request: what it runs is signed with that tenant's credentials, and nothing else.
///
/// Made by [`super::Broker::open`] alone. Cheap to clone.
#[derive(Clone)]
pub struct TenantSession {
    context: Arc<TenantContext>,
    slot: Arc<LeaseSlot>,
    request: RequestId,
    /// When everything that the session runs ends.
    deadline: Deadline,
    /// The field that the session works for at the moment, for the audit.
    operation: Arc<str>,
}

impl fmt::Debug for TenantSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Fields appear only if named here, so that a new one stays out of the logs.
        f.debug_struct("TenantSession").field("tenant", self.context.tenant()).finish_non_exhaustive()
    }
}

impl TenantSession {
    pub(super) fn new(
        context: TenantContext,
        slot: Arc<LeaseSlot>,
        (request, deadline): (RequestId, Deadline),
    ) -> Self {
        Self {
            context: Arc::new(context),
            slot,
            request,
            deadline: deadline.of_calls(),
            operation: "".into(),
        }
    }

    /// The tenant and its caller.
    pub fn context(&self) -> &TenantContext {
        &self.context
    }

    /// The request that the session is for.
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// Whose credentials it sends, for the audit.
    pub(crate) fn principal(&self) -> Principal<'_> {
        self.slot.assumption.principal()
    }

    /// What is counted on the way.
    pub(crate) fn metrics(&self) -> &Metrics {
        self.slot.metrics()
    }

    /// How long its calls may still take, all of them.
    pub(crate) fn time_left(&self) -> Duration {
        self.deadline.left()
    }

    /// Takes a retry out of the tenant's budget, for something that is sent again. False if there is none.
    pub(crate) fn may_retry(&self) -> bool {
        self.slot.budget.take()
    }

    /// The same session, working for a field such as `Query.order`.
    pub(crate) fn working_for(&self, operation: &Arc<str>) -> Self {
        Self { operation: Arc::clone(operation), ..self.clone() }
    }

    /// Runs a call with the tenant's credentials, until the request's time is over. Credentials that are not taken any
    /// more are renewed once, and the call sent once more; a denial is an audit event.
    pub(crate) async fn run<C: Call>(&self, call: &C) -> Result<C::Output, CallError> {
        let lease = self.lease().await?;
        let mut result = self.send(call, &lease).await;
        if let Err(CallError::Credentials(reason)) = &result {
            let (request, principal) = (&self.request, self.principal());
            if self.slot.give_up(&lease) {
                Event::LeaseGivenUp { request, principal, reason }.emit();
                let lease = self.lease().await?;
                result = self.send(call, &lease).await;
            }
        }
        if let Err(CallError::Denied(reason)) = &result {
            let (request, principal) = (&self.request, self.principal());
            Event::AccessDenied { request, principal, operation: &self.operation, call: C::NAME, reason }
                .emit();
        }
        result
    }

    async fn lease(&self) -> Result<Arc<Lease>, CallError> {
        match self.deadline.keep(self.slot.lease(&self.request)).await {
            Some(lease) => Ok(lease?),
            None => Err(too_late(Applied::No)),
        }
    }

    /// Sends a call, and counts what became of it and what it took.
    async fn send<C: Call>(&self, call: &C, lease: &Lease) -> Result<C::Output, CallError> {
        let sent = Stopwatch::begin();
        if self.time_left().is_zero() {
            return Err(too_late(Applied::No));
        }
        let span = span::call(C::NAME, &self.operation);
        // Boxed: a future is copied by each that takes it.
        let sending = Box::pin(call.send(self.slot.door(lease)).instrument(span.clone()));
        let sending = self.deadline.keep(sending).await;
        let result = sending.unwrap_or_else(|| Err(too_late(Applied::by(C::KIND))));
        let metrics = self.metrics();
        metrics.called(C::NAME, outcome(&result), sent.elapsed());
        span::became(&span, outcome(&result));
        if let Ok(output) = &result {
            self.slot.budget.give();
            metrics.consumed(self.context.tenant(), &self.operation, C::usage(output));
            span::consumed(&span, C::usage(output));
        }
        result
    }
}

/// A call that the request has no time for.
fn too_late(applied: Applied) -> CallError {
    CallError::Unavailable { applied, reason: "the request's time is over".into() }
}

/// What became of a call, as it is counted.
fn outcome<T>(result: &Result<T, CallError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(CallError::Denied(_)) => "denied",
        Err(CallError::ConditionFailed(_)) => "condition-failed",
        Err(CallError::Cancelled(_)) => "cancelled",
        Err(CallError::InProgress) => "in-progress",
        Err(CallError::Throttled(_)) => "throttled",
        Err(CallError::Unavailable { .. }) => "unavailable",
        Err(CallError::TooLarge(_)) => "too-large",
        Err(CallError::Refused(_)) => "refused",
        Err(CallError::Credentials(_)) => "credentials",
        Err(CallError::Lease(_)) => "no-lease",
    }
}
