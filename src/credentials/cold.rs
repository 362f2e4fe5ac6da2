//! Who may wait for credentials.
//!
//! A tenant whose lease is there waits for nothing. The others are cold: while STS is slow, or tokens of many tenants come
//! at once, their requests would pile up and take the places of those who need nothing from it. So only so many leases are
//! asked for at one time, and only so many requests wait for them; the next is turned away at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::call::LeaseError;

/// How many requests may wait for each lease that may be asked for, on the average.
const WAITING: usize = 4;

/// The places.
#[derive(Debug)]
pub(super) struct Cold {
    waiting: Arc<Semaphore>,
    asked_for: Arc<Semaphore>,
}

/// A place. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place(
    #[expect(dead_code, reason = "what counts is when it is dropped")] OwnedSemaphorePermit,
);

impl Cold {
    /// Places for so many leases.
    pub(super) fn new(leases: usize) -> Self {
        let semaphore = |places: usize| Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { waiting: semaphore(leases.saturating_mul(WAITING)), asked_for: semaphore(leases) }
    }

    /// A place for a request that waits for a lease.
    pub(super) fn wait(&self) -> Result<Place, LeaseError> {
        place(&self.waiting)
    }

    /// A place for a lease that is asked for.
    pub(super) fn ask(&self) -> Result<Place, LeaseError> {
        place(&self.asked_for)
    }
}

fn place(places: &Arc<Semaphore>) -> Result<Place, LeaseError> {
    Arc::clone(places).try_acquire_owned().map(Place).map_err(|_full| LeaseError::Busy)
}
