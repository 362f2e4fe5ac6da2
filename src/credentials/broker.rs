//! Opens sessions: finds the lease slot of a tenant's context, and makes sure that there is a lease in it.

use std::borrow::Cow;
use std::sync::Arc;

use moka::future::Cache;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use thiserror::Error;
use tracing::Instrument as _;

use super::assumption::{Assumption, LeaseKey};
use super::call::LeaseError;
use super::cold::Cold;
use super::config::Config;
use super::power::PolicyTemplates;
use super::session::TenantSession;
use super::slot::{LeaseSlot, LeaseStatus, Shared};
use super::sts::Sts;
use super::wire::Exchange;
use crate::aws::Aws;
use crate::clock::Deadline;
use crate::entropy::Entropy;
use crate::error::{Code, Public};
use crate::id::{RequestId, TenantId};
use crate::problem::Problem;
use crate::telemetry::{Event, Metrics, Shed, span};
use crate::tenant::{TenantContext, TenantRecord};

/// Makes sessions out of contexts.
#[derive(Debug)]
pub struct Broker {
    shared: Arc<Shared>,
    /// Lease slots by the whole AssumeRole request. Life: until they are evicted, those first that were not asked for the
    /// longest. At most `max_leases`. One STS call a key at a time. A refusal is kept 5 s, so that a broken role cannot flood STS.
    slots: Cache<LeaseKey, Arc<LeaseSlot>>,
    /// The AssumeRole request of each tenant, so that no policy is rendered twice. Life: as long as the very record and
    /// the very policies are served that it was made from. At most `max_leases`.
    assumptions: Cache<TenantId, Prepared>,
}

/// A tenant's request, the key of its leases, and what both were made from.
#[derive(Debug, Clone)]
struct Prepared {
    record: Arc<TenantRecord>,
    templates: Arc<PolicyTemplates>,
    assumption: Arc<Assumption>,
    key: LeaseKey,
}

/// Why there is no session.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The tenant's policy cannot be made. Startup checks for it, so this is the gateway's fault.
    #[error("the tenant's session policy cannot be made: {}", .0.message())]
    Policy(Problem),
    /// STS gives no credentials.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The lease is another tenant's.
    #[error("the lease is another tenant's")]
    Mismatch,
}

impl Public for OpenError {
    fn code(&self) -> Code {
        match self {
            Self::Lease(LeaseError::Refused(_)) => Code::Forbidden,
            Self::Lease(LeaseError::Unavailable(_) | LeaseError::Busy) => Code::Unavailable,
            Self::Policy(_) | Self::Mismatch => Code::Internal,
        }
    }

    fn message(&self) -> Cow<'static, str> {
        match self {
            Self::Lease(LeaseError::Refused(_)) => "The tenant has no access to its data.".into(),
            Self::Lease(LeaseError::Unavailable(_) | LeaseError::Busy) => {
                "The tenant's credentials cannot be had at the moment. Try again shortly.".into()
            }
            Self::Policy(_) | Self::Mismatch => "The gateway cannot serve this tenant.".into(),
        }
    }
}

impl Broker {
    /// A broker with the gateway's own identity, which asks STS and does nothing else.
    pub fn new(aws: Aws, config: Config, entropy: Entropy, metrics: Metrics) -> Self {
        // Not by how often they are asked for, as moka would by itself: where all places are taken a newcomer's would be dropped
        // as soon as it is made, with its lease, its refusal and its retry budget, and each of its requests would ask STS.
        let recent = EvictionPolicy::lru;
        let slots = Cache::builder().max_capacity(config.max_leases).eviction_policy(recent());
        let slots = slots.eviction_listener(note_eviction).build();
        let assumptions = Cache::builder().max_capacity(config.max_leases).eviction_policy(recent()).build();
        let (sts, cold) = (Sts::new(&aws, &config), Cold::new(config.max_cold_leases));
        let exchange = Exchange::new(&aws, &config, entropy.clone());
        let shared = Shared { aws, sts, cold, exchange, config, entropy, metrics };
        Self { shared: Arc::new(shared), slots, assumptions }
    }

    /// Opens a session for one request, narrowed by these policies where its tenant has one.
    ///
    /// # Errors
    /// STS refuses the tenant's role, or does not answer and there is no live lease.
    pub async fn open(
        &self,
        context: TenantContext,
        templates: &Arc<PolicyTemplates>,
        (request, deadline): (RequestId, Deadline),
    ) -> Result<TenantSession, OpenError> {
        let prepared = self.prepare(context.record(), templates).await.map_err(|problem| {
            let (request, tenant) = (&request, context.tenant());
            Event::PolicyRefused { request, tenant, reason: &problem.message() }.emit();
            OpenError::Policy(problem)
        })?;
        let slot = self
            .slots
            .get_with(prepared.key, async {
                Arc::new(LeaseSlot::new((*prepared.assumption).clone(), Arc::clone(&self.shared)))
            })
            .await;
        let (tenant, lease) = (context.tenant(), &slot.assumption.tenant);
        if tenant != lease {
            Event::TenantMismatch { request: &request, tenant, lease: slot.assumption.principal() }.emit();
            return Err(OpenError::Mismatch);
        }
        if let Err(reason) = slot.lease(&request).instrument(span::lease(slot.assumption.principal())).await {
            let (request, principal) = (&request, slot.assumption.principal());
            match reason {
                // A line for each would be a flood of lines.
                LeaseError::Busy => self.shared.metrics.shed(Shed::ColdLeases),
                _ => Event::SessionRefused { request, principal, reason: &reason }.emit(),
            }
            return Err(reason.into());
        }
        Ok(TenantSession::new(context, slot, (request, deadline)))
    }

    /// All places of leases, in the order of their tenants.
    pub fn leases(&self) -> Vec<LeaseStatus> {
        let mut leases: Vec<_> = self.slots.iter().map(|(_, slot)| slot.status()).collect();
        leases.sort_by(|one, other| (&one.tenant, &one.role).cmp(&(&other.tenant, &other.role)));
        leases
    }

    /// Drops the leases of these tenants, and what is remembered of refusals. Requests that are under way ask anew for what
    /// they still need. Gives the number of leases that had not ended.
    pub async fn forget(&self, reason: &'static str, whose: impl Fn(&TenantId) -> bool) -> usize {
        let mut leases = 0;
        for (key, slot) in &self.slots {
            if whose(&slot.assumption.tenant) {
                leases += usize::from(self.drop_slot(&key, &slot, reason).await);
            }
        }
        leases
    }

    /// Drops one slot. Whether there was a lease in it.
    async fn drop_slot(&self, key: &LeaseKey, slot: &LeaseSlot, reason: &'static str) -> bool {
        // First the place, then what is in it: a lease that comes in between is nobody's to find.
        self.slots.invalidate(key).await;
        let had_lease = slot.has_lease();
        slot.clear();
        if had_lease {
            Event::LeaseEvicted { principal: slot.assumption.principal(), reason }.emit();
        }
        had_lease
    }

    async fn prepare(
        &self,
        record: &Arc<TenantRecord>,
        templates: &Arc<PolicyTemplates>,
    ) -> Result<Prepared, Problem> {
        let former = self.assumptions.get(&record.id).await;
        let is_same = |former: &Prepared| {
            Arc::ptr_eq(&former.record, record) && Arc::ptr_eq(&former.templates, templates)
        };
        if let Some(former) = former.as_ref().filter(|former| is_same(former)) {
            return Ok(former.clone());
        }
        let assumption = Assumption::of(record, templates, &self.shared.config)?;
        let key = assumption.lease_key(self.shared.aws.dynamodb_endpoint.as_deref());
        // Nobody asks for a lease of the former request any more.
        if let Some(former) = former.filter(|former| former.key != key)
            && let Some(slot) = self.slots.get(&former.key).await
        {
            self.drop_slot(&former.key, &slot, "another policy or role").await;
        }
        let (record, templates) = (Arc::clone(record), Arc::clone(templates));
        let prepared = Prepared { record, templates, assumption: Arc::new(assumption), key };
        self.assumptions.insert(prepared.record.id.clone(), prepared.clone()).await;
        Ok(prepared)
    }
}

/// Notes a slot that is forgotten with credentials in it because there are too many. Who forgets one on purpose says why.
#[expect(clippy::needless_pass_by_value, reason = "moka's signature")]
fn note_eviction(_key: Arc<LeaseKey>, slot: Arc<LeaseSlot>, cause: RemovalCause) {
    if cause == RemovalCause::Size && slot.has_lease() {
        Event::LeaseEvicted { principal: slot.assumption.principal(), reason: "too many leases" }.emit();
    }
}
