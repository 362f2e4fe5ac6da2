//! Who may wait for credentials.
//!
//! A tenant whose lease is there waits for nothing. The others are cold: while STS is slow, or tokens of many tenants come
//! at once, their requests would pile up and take the places of those who need nothing from it. So only so many leases are
//! asked for at one time, and only so many requests wait for them; the next is turned away at once. Of one tenant no more
//! wait than there are places left: the louder it is, the sooner it is turned away, and however few tenants fill the
//! places, another one's first request finds one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// How many requests wait for one lease.
pub(super) type Waiting = Arc<AtomicUsize>;

/// A place among those who wait, counted for its lease. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct WaitingPlace {
    of: Waiting,
    _place: Place,
}

impl Drop for WaitingPlace {
    fn drop(&mut self) {
        self.of.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Cold {
    /// Places for so many leases.
    pub(super) fn new(leases: usize) -> Self {
        let semaphore = |places: usize| Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { waiting: semaphore(leases.saturating_mul(WAITING)), asked_for: semaphore(leases) }
    }

    /// A place for a request that waits for a lease, beside those that wait for the same one.
    pub(super) fn wait(&self, of: &Waiting) -> Result<WaitingPlace, LeaseError> {
        let place = place(&self.waiting)?;
        let before = of.fetch_add(1, Ordering::AcqRel);
        let taken = WaitingPlace { of: Arc::clone(of), _place: place };
        // With its own place taken already: the last one of all is for a tenant of which nobody waits.
        if before > self.waiting.available_permits() { Err(LeaseError::Busy) } else { Ok(taken) }
    }

    /// A place for a lease that is asked for.
    pub(super) fn ask(&self) -> Result<Place, LeaseError> {
        place(&self.asked_for)
    }
}

fn place(places: &Arc<Semaphore>) -> Result<Place, LeaseError> {
    Arc::clone(places).try_acquire_owned().map(Place).map_err(|_full| LeaseError::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loud_tenant_leaves_places_and_gets_its_own_back() {
        let cold = Cold::new(4);
        let (loud, louder, quiet) = (Waiting::default(), Waiting::default(), Waiting::default());
        let take = |of: &Waiting| (0..100).map_while(|_| cold.wait(of).ok()).collect::<Vec<_>>();
        let first = take(&loud);
        assert_eq!(first.len(), 8);
        let second = take(&louder);
        assert_eq!(second.len(), 4);
        assert_eq!(take(&quiet).len(), 2);
        drop((first, second));
        assert_eq!(take(&quiet).len(), 8);
        assert_eq!(quiet.load(Ordering::Acquire), 0);
    }
}
