//! How long to wait before what DynamoDB has left undone is asked for again.
//!
//! *Exponential Backoff And Jitter* (AWS Architecture Blog), "Full Jitter". Together the pauses are under three seconds,
//! well within a request's deadline; a round in which something was done begins them anew.

use std::time::Duration;

use crate::entropy::Entropy;

/// The longest first pause.
const FIRST: Duration = Duration::from_millis(50);
/// The longest of all.
const LONGEST: Duration = Duration::from_secs(1);
/// How many rounds in a row may do nothing: 50, 100, 200, 400, 800 and 1000 ms at most between them.
const ROUNDS: u32 = 6;

/// The pauses of one batch.
#[derive(Debug)]
pub(super) struct Backoff<'a> {
    entropy: &'a Entropy,
    in_vain: u32,
}

impl<'a> Backoff<'a> {
    pub(super) fn new(entropy: &'a Entropy) -> Self {
        Self { entropy, in_vain: 0 }
    }

    /// Waits after a round that left something undone. False if there were enough of them.
    pub(super) async fn pause(&mut self, has_done_something: bool) -> bool {
        if has_done_something {
            self.in_vain = 0;
        }
        if self.in_vain == ROUNDS {
            return false;
        }
        let longest = FIRST.saturating_mul(1 << self.in_vain).min(LONGEST);
        self.in_vain += 1;
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_millis(self.entropy.below(millis + 1))).await;
        true
    }
}
