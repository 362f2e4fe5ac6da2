//! Do it: one DynamoDB operation for a field, in the tenant's session.
//!
//! Keys come from templates and the session's tenant, expressions from placeholders alone. What comes back is
//! attribute values; how they are answered is the affair of `graphql` and `item`. Nothing here decides who may do
//! what: a key of another tenant cannot be made, and IAM would deny it.

mod backoff;
mod batch_get;
mod batch_write;
mod budget;
mod cancelled;
mod config;
mod count;
mod cursor;
mod delete;
pub mod describe;
mod each;
mod expression;
mod failure;
mod get;
mod inputs;
mod key_condition;
mod matching;
mod merging;
mod narrow;
mod own;
mod projection;
mod put;
mod query;
mod record;
mod snapshot;
mod step;
mod transact;
mod turns;
mod update;
mod update_expression;
mod window;

use std::sync::Arc;

pub(crate) use batch_get::{Batch, Loaded, Lookup, Lookups, batches};
pub(crate) use budget::Budget;
pub use cancelled::{FailedStep, WhyFailed};
pub use config::{Config, CursorKey};
pub use cursor::Cursors;
pub use failure::Failure;
pub(crate) use inputs::{Inputs, Parent};
pub(crate) use projection::{Projection, Wanted};
pub(crate) use query::Found;
pub(crate) use transact::Transacted;

use crate::clock::Clock;
use crate::credentials::TenantSession;
use crate::entropy::Entropy;
use crate::id::{TableName, TenantId};
use crate::schema::{Item, Object, Plan, Table};

/// Carries out the operations of a plan.
#[derive(Debug)]
pub struct Operations {
    plan: Arc<Plan>,
    cursors: Cursors,
    config: Config,
    clock: Clock,
    entropy: Entropy,
    /// A test's stand-in for the session's tenant in keys, to show that IAM denies what the gateway would forge.
    #[cfg(debug_assertions)]
    forged_tenant: Option<TenantId>,
}

impl Operations {
    /// The operations of a plan.
    pub fn new(plan: Arc<Plan>, config: Config, clock: Clock, entropy: Entropy) -> Self {
        let cursors = Cursors::new(&config.cursor_keys, entropy.clone());
        Self {
            plan,
            cursors,
            config,
            clock,
            entropy,
            #[cfg(debug_assertions)]
            forged_tenant: None,
        }
    }

    /// Makes every key from this tenant's id instead of the session's. No release build has it: it is how the tests
    /// show that IAM, and not the gateway's good will, keeps tenants apart.
    #[cfg(debug_assertions)]
    pub fn forge(&mut self, tenant: TenantId) {
        self.forged_tenant = Some(tenant);
    }

    /// How many items one request may read, and how large they may be together.
    pub(crate) fn budget(&self, bytes: usize) -> Budget {
        Budget::new(i32::try_from(self.config.read_budget).unwrap_or(i32::MAX), bytes)
    }

    /// The longest page, and the longest list that an operation is run for.
    pub(crate) fn max_page(&self) -> usize {
        usize::try_from(self.config.max_page).unwrap_or_default()
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What `${tenant}` stands for: the tenant of the verified token, as the registry holds it.
    fn tenant<'a>(&'a self, session: &'a TenantSession) -> &'a TenantId {
        #[cfg(debug_assertions)]
        if let Some(tenant) = &self.forged_tenant {
            return tenant;
        }
        session.context().tenant()
    }

    /// The parts of the plan that an operation on a type's items needs.
    fn target<'a>(&'a self, object: &str, session: &TenantSession) -> Result<Target<'a>, Failure> {
        let unplanned = || Failure::Unplanned(object.to_owned());
        let object = self.plan.objects.get(object).ok_or_else(unplanned)?;
        let item = object.item.as_ref().ok_or_else(unplanned)?;
        let table = self.plan.tables.get(&item.table).ok_or_else(unplanned)?;
        let record = session.context().record();
        let physical = record.tables.get(item.table.as_str()).ok_or_else(unplanned)?.clone();
        Ok(Target { object, item, table, physical, now: self.clock.unix_seconds() })
    }
}

/// A type whose items are read or written, and where they are for this tenant.
struct Target<'a> {
    object: &'a Object,
    item: &'a Item,
    table: &'a Table,
    physical: TableName,
    /// The time at which this is done, in epoch seconds.
    now: i64,
}
