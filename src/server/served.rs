//! What is served, as one value: the tenants, the session policies and the interface of one reading of the files.
//!
//! A request takes it once, when it is known who calls, and lives in it to its end. So no request sees the tenants of one
//! reading and the schema of another, and what is under way finishes as it began. What has to outlive a reading is not in
//! here: leases, verified tokens, and what each tenant uses of its share.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::credentials::PolicyTemplates;
use crate::graphql::Api;
use crate::problem::Problems;
use crate::tenant::{Kept, Registry, Rejected, Tenants};

/// One generation of what is served.
#[derive(Debug)]
pub struct Served {
    /// For whom?
    pub tenants: Tenants,
    /// What narrows the sessions of those who have a session policy.
    pub policies: Arc<PolicyTemplates>,
    /// What is asked?
    pub api: Arc<Api>,
}

/// What has been read and may take the place of what is served.
#[derive(Debug)]
pub struct Fresh {
    /// The tenants.
    pub registry: Registry,
    /// The session policies.
    pub policies: Arc<PolicyTemplates>,
    /// The interface.
    pub api: Arc<Api>,
}

/// What came of a reload. A part that was not read again is none.
#[derive(Debug)]
pub struct Reloaded {
    /// How many tenants are served now; or what keeps the former generation in force.
    pub application: Option<Result<usize, Kept>>,
    /// Whether there is a new certificate; or what keeps the former one.
    pub certificate: Option<Result<(), Problems>>,
}

/// The generation in force.
#[derive(Debug)]
pub struct InForce {
    served: ArcSwap<Served>,
    /// Held by whoever makes the next one out of this one.
    turn: Mutex<()>,
}

impl InForce {
    /// The first generation.
    pub fn new(served: Served) -> Self {
        Self { served: ArcSwap::from_pointee(served), turn: Mutex::default() }
    }

    /// What is served now. Whoever holds it keeps it.
    pub fn now(&self) -> Arc<Served> {
        self.served.load_full()
    }

    /// Puts what was read in the place of what is served, whole. What is rejected changes nothing, but that nobody stays
    /// in whom it puts out.
    pub fn replace(&self, read: Result<Fresh, Rejected>) -> Result<(), Kept> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let former = self.now();
        match read {
            Ok(Fresh { registry, policies, api }) => {
                let tenants = former.tenants.replaced_by(registry);
                self.served.store(Arc::new(Served { tenants, policies, api }));
                Ok(())
            }
            Err(rejected) => {
                let (tenants, kept) = former.tenants.without(rejected);
                let (policies, api) = (Arc::clone(&former.policies), Arc::clone(&former.api));
                self.served.store(Arc::new(Served { tenants, policies, api }));
                Err(kept)
            }
        }
    }
}
