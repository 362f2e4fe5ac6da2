//! How long to wait before what DynamoDB has left undone, or refused because others are at it, is asked for again.
//!
//! *Exponential Backoff And Jitter* (AWS Architecture Blog), "Full Jitter". Together the pauses are under three seconds; a
//! round in which something was done begins them anew. None begins that would end after the request's deadline. What a
//! batch leaves undone is asked for again within the tenant's retry budget; who meets others on an item needs none: there
//! DynamoDB is well, and their number bounds itself.

use std::time::Duration;

use crate::credentials::TenantSession;
use crate::entropy::Entropy;

/// How long pauses are, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    /// The longest that the first may be. Each may be twice as long as the one before.
    pub(super) first: Duration,
    /// The longest of all.
    pub(super) longest: Duration,
    /// How many rounds in a row may do nothing.
    pub(super) rounds: u32,
    /// Whether a round after one that did nothing is a retry, and counts as one.
    pub(super) are_retries: bool,
}

/// What a batch leaves unprocessed: 50, 100, 200, 400, 800 and 1000 ms at most.
const UNPROCESSED: Pauses = Pauses {
    first: Duration::from_millis(50),
    longest: Duration::from_secs(1),
    rounds: 6,
    are_retries: true,
};

/// The pauses between rounds.
#[derive(Debug)]
pub(super) struct Backoff<'a> {
    entropy: &'a Entropy,
    session: &'a TenantSession,
    pauses: Pauses,
    in_vain: u32,
}

impl<'a> Backoff<'a> {
    /// The pauses of a batch.
    pub(super) fn new(entropy: &'a Entropy, session: &'a TenantSession) -> Self {
        Self::of(entropy, session, UNPROCESSED)
    }

    pub(super) fn of(entropy: &'a Entropy, session: &'a TenantSession, pauses: Pauses) -> Self {
        Self { entropy, session, pauses, in_vain: 0 }
    }

    /// Waits after a round that left something undone. False if there were enough of them, or there is no time for more.
    pub(super) async fn pause(&mut self, has_done_something: bool) -> bool {
        if has_done_something {
            self.in_vain = 0;
        }
        let Pauses { first, longest, rounds, are_retries } = self.pauses;
        if self.in_vain == rounds || (are_retries && !has_done_something && !self.session.may_retry()) {
            return false;
        }
        let longest = first.saturating_mul(1 << self.in_vain).min(longest);
        self.in_vain += 1;
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        let pause = Duration::from_millis(self.entropy.below(millis + 1));
        let is_in_time = pause < self.session.time_left();
        if is_in_time {
            tokio::time::sleep(pause).await;
        }
        is_in_time
    }
}
