//! For whom? Turns a caller into the context of a tenant that the registry holds, or refuses it.
//!
//! The registry is asked on every request and apart from the token: a suspended tenant is out as soon as the file
//! says so, whatever tokens are about. An unknown tenant, a suspended one and one that the token's issuer may not
//! speak for are refused alike; the log tells them apart.

mod context;
mod record;
mod registry;
mod standing;

use std::sync::Arc;

use arc_swap::ArcSwap;
use thiserror::Error;

pub use context::TenantContext;
pub use record::{Mode, State, TenantRecord};
pub use registry::{Registry, Requirements};
pub use standing::{Kept, Rejected, Standing};

use crate::authorizer::Caller;
use crate::error::{Code, Public};
use crate::id::TenantId;

/// The tenants, as they are now.
#[derive(Debug)]
pub struct Tenants {
    registry: ArcSwap<Registry>,
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
}

impl Public for Refused {
    fn code(&self) -> Code {
        Code::Forbidden
    }

    fn message(&self) -> std::borrow::Cow<'static, str> {
        "The tenant may not use this service.".into()
    }
}

impl Tenants {
    /// The tenants of a registry.
    pub fn new(registry: Registry) -> Self {
        Self { registry: ArcSwap::from_pointee(registry) }
    }

    /// The context of the caller's tenant. Nothing is asked of anybody: the registry is in memory.
    pub fn admit(&self, caller: Caller) -> Result<TenantContext, Refused> {
        match self.record(&caller) {
            Ok(record) => Ok(TenantContext::new(caller, record)),
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
        let record = self.registry.load().find(caller.tenant()).ok_or(Reason::Unknown)?;
        match record.state {
            State::Active => Ok(record),
            State::Suspended => Err(Reason::Suspended),
        }
    }

    /// The registry as it is now.
    pub fn registry(&self) -> Arc<Registry> {
        self.registry.load_full()
    }

    /// Puts another registry in the place of this one. Records that did not change stay the same, and with them
    /// the tenants' leases. One that is rejected changes nothing, but that nobody stays in whom it puts out.
    pub fn replace(&self, read: Result<Registry, Rejected>) -> Result<(), Kept> {
        let former = self.registry.load();
        match read {
            Ok(registry) => {
                self.registry.store(Arc::new(registry.keeping_unchanged(&former)));
                Ok(())
            }
            Err(Rejected { problems, standing }) => {
                let mut kept = Kept { problems, suspended: Vec::new(), removed: Vec::new() };
                if let Some(standing) = standing {
                    self.registry.store(Arc::new(former.withdrawing(&standing, &mut kept)));
                }
                Err(kept)
            }
        }
    }
}
