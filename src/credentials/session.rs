//! The only door to DynamoDB.

use std::fmt;
use std::sync::Arc;

use tracing::Instrument as _;

use super::call::{Call, CallError};
use super::slot::{Lease, LeaseSlot};
use crate::clock::Stopwatch;
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
    pub(super) fn new(context: TenantContext, slot: Arc<LeaseSlot>, request: RequestId) -> Self {
        Self { context: Arc::new(context), slot, request, operation: "".into() }
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

    /// The same session, working for a field such as `Query.order`.
    pub(crate) fn working_for(&self, operation: &Arc<str>) -> Self {
        Self { operation: Arc::clone(operation), ..self.clone() }
    }

    /// Runs a call with the tenant's credentials. Credentials that are not taken any more are renewed once, and the
    /// call sent once more; a denial is an audit event.
    pub(crate) async fn run<C: Call>(&self, call: C) -> Result<C::Output, CallError> {
        let lease = self.slot.lease(&self.request).await?;
        let mut result = self.send(call.clone(), &lease).await;
        if let Err(CallError::Credentials(reason)) = &result {
            let (request, principal) = (&self.request, self.principal());
            Event::LeaseGivenUp { request, principal, reason }.emit();
            self.slot.give_up(&lease);
            let lease = self.slot.lease(request).await?;
            result = self.send(call, &lease).await;
        }
        if let Err(CallError::Denied(reason)) = &result {
            let (request, principal) = (&self.request, self.principal());
            Event::AccessDenied { request, principal, operation: &self.operation, call: C::NAME, reason }
                .emit();
        }
        result
    }

    /// Sends a call, and counts what became of it and what it took.
    async fn send<C: Call>(&self, call: C, lease: &Lease) -> Result<C::Output, CallError> {
        let sent = Stopwatch::begin();
        let span = span::call(C::NAME, &self.operation);
        let result = call.send(&lease.client).instrument(span.clone()).await;
        let metrics = self.metrics();
        metrics.called(C::NAME, outcome(&result), sent.elapsed());
        span::became(&span, outcome(&result));
        if let Ok(output) = &result {
            metrics.consumed(self.context.tenant(), &self.operation, C::usage(output));
            span::consumed(&span, C::usage(output));
        }
        result
    }
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
