//! How long to wait before what DynamoDB has left undone, or refused because others are at it, is asked for again.
//!
//! *Exponential Backoff And Jitter* (AWS Architecture Blog), "Full Jitter". Together the pauses are under three seconds,
//! well within a request's deadline; a round in which something was done begins them anew.

use std::time::Duration;

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
}

/// What a batch leaves unprocessed: 50, 100, 200, 400, 800 and 1000 ms at most.
const UNPROCESSED: Pauses =
    Pauses { first: Duration::from_millis(50), longest: Duration::from_secs(1), rounds: 6 };

/// The pauses between rounds.
#[derive(Debug)]
pub(super) struct Backoff<'a> {
    entropy: &'a Entropy,
    pauses: Pauses,
    in_vain: u32,
}

impl<'a> Backoff<'a> {
    /// The pauses of a batch.
    pub(super) fn new(entropy: &'a Entropy) -> Self {
        Self::of(entropy, UNPROCESSED)
    }

    pub(super) fn of(entropy: &'a Entropy, pauses: Pauses) -> Self {
        Self { entropy, pauses, in_vain: 0 }
    }

    /// Waits after a round that left something undone. False if there were enough of them.
    pub(super) async fn pause(&mut self, has_done_something: bool) -> bool {
        if has_done_something {
            self.in_vain = 0;
        }
        let Pauses { first, longest, rounds } = self.pauses;
        if self.in_vain == rounds {
            return false;
        }
        let longest = first.saturating_mul(1 << self.in_vain).min(longest);
        self.in_vain += 1;
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_millis(self.entropy.below(millis + 1))).await;
        true
    }
}
