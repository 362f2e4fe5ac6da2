//! The path of a request, up to the session.

use std::sync::Arc;

use super::refusal::Refusal;
use super::served::{InForce, Served};
use crate::authorizer::{Authorizer, Bearer};
use crate::clock::{Clock, Deadline};
use crate::credentials::{Broker, TenantSession};
use crate::entropy::Entropy;
use crate::id::{RequestId, TenantId};
use crate::telemetry::{Event, Metrics, span};
use crate::tenant::{Reason, Refused, State};

/// The gateway: everything that a request passes through.
#[derive(Debug)]
pub struct Gateway {
    /// Who is calling?
    pub authorizer: Authorizer,
    /// For whom, and what is asked? It may change while the gateway runs.
    pub served: InForce,
    /// With what power?
    pub credentials: Broker,
    /// What time it is.
    pub clock: Clock,
    /// Where request ids come from.
    pub entropy: Entropy,
    /// What is counted on the way.
    pub metrics: Metrics,
}

impl Gateway {
    /// The whole path: each step takes the one before, so that a caller and a session of different tenants cannot
    /// meet. With the session comes what it is served with.
    pub(super) async fn open(
        &self,
        bearer: &Bearer,
        (request, deadline): (&RequestId, Deadline),
    ) -> Result<(TenantSession, Arc<Served>), Refusal> {
        let caller = self.authorizer.authorize(bearer).await?;
        let served = self.served.now();
        let context = served.tenants.admit(caller)?;
        span::admitted(context.tenant());
        let session = self.credentials.open(context, &served.policies, (request.clone(), deadline)).await?;
        Ok((session, served))
    }

    /// Forgets the leases of tenants who may not use the service any more.
    pub async fn forget_withdrawn(&self) {
        let served = self.served.now();
        let active = |tenant: &TenantId| {
            let record = served.tenants.registry().find(tenant);
            record.is_some_and(|record| record.state == State::Active)
        };
        self.credentials.forget("suspended or removed", |tenant| !active(tenant)).await;
    }

    /// Forgets a tenant's leases and its verified tokens. Gives how many there were of each.
    pub async fn evict(&self, tenant: &TenantId) -> (usize, usize) {
        let tokens = self.authorizer.forget(tenant).await;
        let leases = self.credentials.forget("by an operator", |leased| leased == tenant).await;
        (leases, tokens)
    }

    /// A request's id: the one that a proxy in front has given it, or a new one.
    pub(super) fn request_id(&self, sent: Option<&str>) -> RequestId {
        let made = || self.entropy.ulid(&self.clock).parse().expect("a ULID is 26 letters and digits");
        sent.and_then(|sent| sent.parse().ok()).unwrap_or_else(made)
    }

    /// Notes a refusal for the operator, who may know why.
    pub(super) fn note(&self, refusal: &Refusal, request: &RequestId) {
        match refusal {
            // A flood of these is one tenant's, and counted: a line for each would be a flood of lines.
            Refusal::Tenant(Refused { tenant, reason: Reason::OverLimit { .. }, .. }) => {
                self.metrics.throttled(tenant);
            }
            Refusal::Token(reason) => Event::TokenRefused { request, reason }.emit(),
            Refusal::Tenant(Refused { tenant, subject, reason }) => {
                Event::TenantRefused { request, tenant, subject, reason }.emit();
            }
            // The broker has said so, who knows the role.
            Refusal::Session(_said) => {}
        }
    }
}
