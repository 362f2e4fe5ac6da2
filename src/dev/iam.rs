//! The roles of the embedded AWS, by ARN: what IAM would hold.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use crate::id::RoleArn;
use crate::policy::Role;

/// A role with what IAM adds to its declaration.
#[derive(Debug)]
pub(super) struct RoleEntry {
    pub(super) arn: RoleArn,
    /// `AROA…`, the unique id that outlives a name.
    pub(super) unique_id: String,
    pub(super) role: Role,
}

/// All roles.
#[derive(Debug, Default)]
pub(super) struct Iam {
    roles: RwLock<HashMap<RoleArn, Arc<RoleEntry>>>,
}

impl Iam {
    /// Creates a role, or puts another in its place. Live sessions keep the role that they were made with, as
    /// sessions of a deleted and recreated role do on AWS.
    pub(super) fn put(&self, arn: RoleArn, role: Role) {
        let mut roles = self.roles.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let unique_id = format!("AROA{:0>16}", roles.len() + 1);
        roles.insert(arn.clone(), Arc::new(RoleEntry { arn, unique_id, role }));
    }

    pub(super) fn find(&self, arn: &RoleArn) -> Option<Arc<RoleEntry>> {
        self.roles.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(arn).cloned()
    }
}
