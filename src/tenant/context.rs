//! A tenant that the registry holds, together with the caller who speaks for it.

use std::sync::Arc;

use super::TenantRecord;
use super::quota::Place;
use crate::authorizer::Caller;
use crate::id::TenantId;

/// An admitted caller. Made by [`super::Tenants::admit`] alone, so that the caller's tenant and the record's are one.
#[derive(Debug)]
pub struct TenantContext {
    caller: Caller,
    record: Arc<TenantRecord>,
    /// Free for another request of the tenant's when this one is over.
    _place: Place,
}

impl TenantContext {
    pub(super) fn new(caller: Caller, record: Arc<TenantRecord>, place: Place) -> Self {
        Self { caller, record, _place: place }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.record.id
    }

    /// What the registry holds of it.
    pub fn record(&self) -> &Arc<TenantRecord> {
        &self.record
    }

    /// Who speaks for it.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}
