//! Opens sessions: finds the lease slot of a tenant's context, and makes sure that there is a lease in it.

use std::borrow::Cow;
use std::sync::Arc;

use moka::future::Cache;
use moka::notification::RemovalCause;
use thiserror::Error;

use super::assumption::{Assumption, LeaseKey};
use super::call::LeaseError;
use super::config::Config;
use super::power::PolicyTemplates;
use super::session::TenantSession;
use super::slot::{LeaseSlot, Shared};
use super::sts::Sts;
use crate::aws::Aws;
use crate::entropy::Entropy;
use crate::error::{Code, Public};
use crate::id::{RequestId, TenantId};
use crate::problem::Problem;
use crate::telemetry::{Event, Metrics};
use crate::tenant::{TenantContext, TenantRecord};

/// Makes sessions out of contexts.
#[derive(Debug)]
pub struct Broker {
    shared: Arc<Shared>,
    templates: Arc<PolicyTemplates>,
    /// Lease slots by the whole AssumeRole request. Life: until they are evicted. At most `max_leases`.
    /// One STS call a key at a time. A refusal is kept 5 s, so that a broken role cannot flood STS.
    slots: Cache<LeaseKey, Arc<LeaseSlot>>,
    /// The AssumeRole request of each tenant, so that no policy is rendered twice. Life: as long as the registry
    /// holds the very record that it was made from. At most `max_leases`.
    assumptions: Cache<TenantId, Prepared>,
}

/// A tenant's request, the key of its leases, and the record that both were made from.
#[derive(Debug, Clone)]
struct Prepared {
    record: Arc<TenantRecord>,
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
            Self::Lease(LeaseError::Unavailable(_)) => Code::Unavailable,
            Self::Policy(_) | Self::Mismatch => Code::Internal,
        }
    }

    fn message(&self) -> Cow<'static, str> {
        match self {
            Self::Lease(LeaseError::Refused(_)) => "The tenant has no access to its data.".into(),
            Self::Lease(LeaseError::Unavailable(_)) => {
                "The tenant's credentials cannot be had at the moment. Try again shortly.".into()
            }
            Self::Policy(_) | Self::Mismatch => "The gateway cannot serve this tenant.".into(),
        }
    }
}

impl Broker {
    /// A broker with the gateway's own identity, which asks STS and does nothing else.
    pub fn new(
        aws: Aws,
        config: Config,
        templates: Arc<PolicyTemplates>,
        (entropy, metrics): (Entropy, Metrics),
    ) -> Self {
        let slots = Cache::builder().max_capacity(config.max_leases).eviction_listener(note_eviction).build();
        let assumptions = Cache::new(config.max_leases);
        let sts = Sts::new(&aws, &config);
        Self {
            shared: Arc::new(Shared { aws, sts, config, entropy, metrics }),
            templates,
            slots,
            assumptions,
        }
    }

    /// Opens a session for one request.
    ///
    /// # Errors
    /// STS refuses the tenant's role, or does not answer and there is no live lease.
    pub async fn open(&self, context: TenantContext, request: RequestId) -> Result<TenantSession, OpenError> {
        let prepared = self.prepare(context.record()).await.map_err(|problem| {
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
        if let Err(reason) = slot.lease(&request).await {
            let (request, principal) = (&request, slot.assumption.principal());
            Event::SessionRefused { request, principal, reason: &reason }.emit();
            return Err(reason.into());
        }
        Ok(TenantSession::new(context, slot, request))
    }

    async fn prepare(&self, record: &Arc<TenantRecord>) -> Result<Prepared, Problem> {
        if let Some(prepared) = self.assumptions.get(&record.id).await
            && Arc::ptr_eq(&prepared.record, record)
        {
            return Ok(prepared);
        }
        let assumption = Assumption::of(record, &self.templates, &self.shared.config)?;
        let key = assumption.lease_key(self.shared.aws.dynamodb_endpoint.as_deref());
        let prepared = Prepared { record: Arc::clone(record), assumption: Arc::new(assumption), key };
        self.assumptions.insert(record.id.clone(), prepared.clone()).await;
        Ok(prepared)
    }
}

/// Notes a slot that is forgotten with credentials in it.
#[expect(clippy::needless_pass_by_value, reason = "moka's signature")]
fn note_eviction(_key: Arc<LeaseKey>, slot: Arc<LeaseSlot>, cause: RemovalCause) {
    let reason = match cause {
        RemovalCause::Explicit => "by an operator",
        RemovalCause::Size => "too many leases",
        // Nothing makes the cache do this.
        RemovalCause::Expired | RemovalCause::Replaced => return,
    };
    if slot.has_lease() {
        Event::LeaseEvicted { principal: slot.assumption.principal(), reason }.emit();
    }
}
