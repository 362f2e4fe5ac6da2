//! For whom? Turns a caller into the context of a tenant that the registry holds, or refuses it.
//!
//! The registry is asked on every request and apart from the token: a suspended tenant is out as soon as the file
//! says so, whatever tokens are about. An unknown tenant, a suspended one and one that the token's issuer may not
//! speak for are refused alike; the log tells them apart.

mod context;
mod quota;
mod record;
mod registry;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

pub use context::TenantContext;
pub use quota::{STANDARD, Tier, Tiers};
pub use record::{Mode, State, TenantRecord};
pub use registry::{Registry, Requirements};
pub use standing::{Kept, Rejected, Standing};

use crate::authorizer::Caller;
use crate::error::{Code, Public};
use crate::id::TenantId;

/// The tenants of one reading of the registry. Another reading makes others in their place ([`Self::replaced_by`],
/// [`Self::without`]): what is under way goes on with these.
#[derive(Debug)]
pub struct Tenants {
    registry: Registry,
    /// What each tenant uses at the moment. It outlives the reading.
    quotas: Arc<quota::Quotas>,
}

/// A caller is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{subject}` is not admitted to the tenant `{tenant}`: {reason}")]
pub struct Refused {
    /// The tenant that the token names.
    pub tenant: TenantId,
    /// `sub` of the token.
    pub subject: String,
    /// Why. The log tells it, the answer does not.
    pub reason: Reason,
}

/// Why a caller is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    /// The configuration does not let the token's issuer speak for this tenant.
    #[error("the issuer may not speak for the tenant")]
    Issuer,
    /// The registry does not hold the tenant.
    #[error("the tenant is unknown")]
    Unknown,
    /// The tenant is suspended.
    #[error("the tenant is suspended")]
    Suspended,
    /// The tenant has as much under way as its tier lets it, or has begun as much in this second.
    #[error("the tenant is over the limits of its tier")]
    OverLimit {
        /// When it may try again.
        wait: Duration,
    },
}

impl Public for Refused {
    fn code(&self) -> Code {
        match self.reason {
            Reason::Issuer | Reason::Unknown | Reason::Suspended => Code::Forbidden,
            Reason::OverLimit { .. } => Code::Throttled,
        }
    }

    fn message(&self) -> std::borrow::Cow<'static, str> {
        match self.reason {
            Reason::Issuer | Reason::Unknown | Reason::Suspended => {
                "The tenant may not use this service.".into()
            }
            Reason::OverLimit { .. } => "The tenant has too many requests. Try again shortly.".into(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self.reason {
            Reason::OverLimit { wait } => Some(wait),
            Reason::Issuer | Reason::Unknown | Reason::Suspended => None,
        }
    }
}

impl Tenants {
    /// The tenants of a registry, each with the share of its tier.
    pub fn new(registry: Registry, tiers: Tiers) -> Self {
        Self { registry, quotas: Arc::new(quota::Quotas::new(tiers)) }
    }

    /// The context of the caller's tenant, with a place for one request. Nothing is asked of anybody: the registry is
    /// in memory.
    pub fn admit(&self, caller: Caller) -> Result<TenantContext, Refused> {
        let admitted = self.record(&caller).and_then(|record| {
            let place = self.quotas.enter(&record).map_err(|wait| Reason::OverLimit { wait })?;
            Ok((record, place))
        });
        match admitted {
            Ok((record, place)) => Ok(TenantContext::new(caller, record, place)),
            Err(reason) => {
                let (tenant, subject) = (caller.tenant().clone(), caller.subject().to_owned());
                Err(Refused { tenant, subject, reason })
            }
        }
    }

    fn record(&self, caller: &Caller) -> Result<Arc<TenantRecord>, Reason> {
        if !caller.issuer_speaks_for_tenant() {
            return Err(Reason::Issuer);
        }
        let record = self.registry.find(caller.tenant()).ok_or(Reason::Unknown)?;
        match record.state {
            State::Active => Ok(record),
            State::Suspended => Err(Reason::Suspended),
        }
    }

    /// The registry.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The tenants of another registry. Records that did not change stay the same, and each tenant uses what it used.
    #[must_use]
    pub fn replaced_by(&self, registry: Registry) -> Self {
        Self { registry: registry.keeping_unchanged(&self.registry), quotas: Arc::clone(&self.quotas) }
    }

    /// These tenants without those whom a rejected registry puts out, and who that is. It lets nobody in.
    pub fn without(&self, rejected: Rejected) -> (Self, Kept) {
        let mut kept = Kept { problems: rejected.problems, suspended: Vec::new(), removed: Vec::new() };
        let registry = match rejected.standing {
            Some(standing) => self.registry.withdrawing(&standing, &mut kept),
            None => self.registry.clone(),
        };
        (Self { registry, quotas: Arc::clone(&self.quotas) }, kept)
    }
}
