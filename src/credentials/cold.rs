//! Who may wait for credentials.
//!
//! A tenant whose lease is there waits for nothing. The others are cold: while STS is slow, or tokens of many tenants come
//! at once, their requests would pile up and take the places of those who need nothing from it. So only so many leases are
//! asked for at one time, and only so many requests wait for them; the next is turned away at once.
//!
//! The first request of a tenant has a place of its own kind, of which there is one for each lease that may be asked for:
//! however loud a few tenants are, the others begin. All further places are shared as buffers are in a switch: a tenant
//! may have as many as are left, so one alone gets half of them.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::call::LeaseError;

/// How many requests may wait behind the first for each lease that may be asked for, on the average.
const BEHIND: usize = 4;

/// The places.
#[derive(Debug)]
pub(super) struct Cold {
    left: Arc<Mutex<Left>>,
    asked_for: Arc<Semaphore>,
}

/// How many more may wait.
#[derive(Debug)]
struct Left {
    first: usize,
    behind: usize,
}

/// The requests that wait for one lease. Changed only while the places are locked.
#[derive(Debug, Default)]
pub(super) struct Crowd(Arc<Mutex<Own>>);

#[derive(Debug, Default)]
struct Own {
    has_first: bool,
    behind: usize,
}

/// A place of a request. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    is_first: bool,
    left: Arc<Mutex<Left>>,
    own: Arc<Mutex<Own>>,
}

/// A place of a lease that is asked for. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place(
    #[expect(dead_code, reason = "what counts is when it is dropped")] OwnedSemaphorePermit,
);

impl Cold {
    /// Places for so many leases.
    pub(super) fn new(leases: usize) -> Self {
        let left = Left { first: leases, behind: leases.saturating_mul(BEHIND) };
        let asked_for = Semaphore::new(leases.min(Semaphore::MAX_PERMITS));
        Self { left: Arc::new(Mutex::new(left)), asked_for: Arc::new(asked_for) }
    }

    /// A place for one more request of a crowd.
    pub(super) fn wait(&self, crowd: &Crowd) -> Result<Waiting, LeaseError> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !own.has_first;
        if is_first {
            left.first = left.first.checked_sub(1).ok_or(LeaseError::Busy)?;
            own.has_first = true;
        } else if own.behind < left.behind {
            left.behind -= 1;
            own.behind += 1;
        } else {
            return Err(LeaseError::Busy);
        }
        Ok(Waiting { is_first, left: Arc::clone(&self.left), own: Arc::clone(&crowd.0) })
    }

    /// A place for a lease that is asked for.
    pub(super) fn ask(&self) -> Result<Place, LeaseError> {
        Arc::clone(&self.asked_for).try_acquire_owned().map(Place).map_err(|_full| LeaseError::Busy)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_first {
            left.first += 1;
            own.has_first = false;
        } else {
            left.behind += 1;
            own.behind -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many places as a crowd gets, each held.
    fn fill(cold: &Cold, crowd: &Crowd) -> Vec<Waiting> {
        std::iter::from_fn(|| cold.wait(crowd).ok()).collect()
    }

    #[test]
    fn one_crowd_alone_gets_half_of_the_places_and_gives_them_back() {
        let (cold, crowd) = (Cold::new(64), Crowd::default());
        for _ in 0..2 {
            assert_eq!(fill(&cold, &crowd).len(), 1 + 128);
        }
    }

    #[test]
    fn however_many_are_loud_there_is_a_place_for_a_first_request() {
        for leases in [1, 2, 3, 64] {
            let cold = Cold::new(leases);
            let mut held = Vec::new();
            for _ in 0..leases {
                let got = fill(&cold, &Crowd::default());
                assert!(!got.is_empty(), "{} of {leases} have all places", held.len());
                held.push(got);
            }
            // There is no lease for one more.
            assert!(cold.wait(&Crowd::default()).is_err());
            let places: usize = held.iter().map(Vec::len).sum();
            assert!(places <= leases * (1 + BEHIND), "{places} for {leases}");
        }
    }

    #[test]
    fn who_comes_after_a_first_one_that_is_gone_is_the_first() {
        let (cold, crowd, other) = (Cold::new(1), Crowd::default(), Crowd::default());
        let mut held = fill(&cold, &crowd);
        assert_eq!(held.len(), 3);
        drop(held.remove(0));
        assert!(cold.wait(&crowd).unwrap().is_first);
        assert!(cold.wait(&other).unwrap().is_first);
    }
}
