//! IAM of the embedded AWS: the roles that there are, by ARN, and the Query API that tells of them.
//!
//! A role is kept as it was put, and answered as it was put: the front judges by the same documents, parsed. So what
//! `check --deployed` reads here is what calls are judged by.

mod answer;
mod held;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::SystemTime;

pub(super) use answer::answer;
pub use held::{HeldRole, ManagedPolicy};

use crate::id::RoleArn;
use crate::policy::{Malformed, Role};

/// A role with what IAM adds to it.
#[derive(Debug)]
pub(super) struct RoleEntry {
    pub(super) arn: RoleArn,
    /// `AROA…`, the unique id that outlives a name.
    pub(super) unique_id: String,
    /// What calls are judged by.
    pub(super) role: Role,
    held: HeldRole,
    created: SystemTime,
}

/// All roles.
#[derive(Debug, Default)]
pub(super) struct Iam {
    roles: RwLock<HashMap<RoleArn, Arc<RoleEntry>>>,
}

impl Iam {
    /// Creates a role, or puts another in its place. Live sessions keep the role that they were made with, as
    /// sessions of a deleted and recreated role do on AWS.
    pub(super) fn put(&self, arn: RoleArn, held: HeldRole, now: SystemTime) -> Result<(), Malformed> {
        let role = held.parse(arn.name())?;
        let mut roles = self.roles.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let unique_id = format!("AROA{:0>16}", roles.len() + 1);
        roles.insert(arn.clone(), Arc::new(RoleEntry { arn, unique_id, role, held, created: now }));
        Ok(())
    }

    pub(super) fn find(&self, arn: &RoleArn) -> Option<Arc<RoleEntry>> {
        self.roles.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(arn).cloned()
    }

    /// A role as it was put.
    pub(super) fn held(&self, arn: &RoleArn) -> Option<HeldRole> {
        self.find(arn).map(|entry| entry.held.clone())
    }

    /// Deletes a role.
    pub(super) fn remove(&self, arn: &RoleArn) {
        self.roles.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(arn);
    }

    /// The roles of an account, in the order of their ARNs.
    fn of(&self, account: &crate::id::AccountId) -> Vec<Arc<RoleEntry>> {
        let roles = self.roles.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut found: Vec<_> =
            roles.values().filter(|entry| entry.arn.account() == account).cloned().collect();
        found.sort_by(|one, other| one.arn.cmp(&other.arn));
        found
    }
}
