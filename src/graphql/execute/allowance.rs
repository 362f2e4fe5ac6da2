//! What a run may still spend: bytes of its answer, operations, calls at one time.
//!
//! A document multiplies: by aliases what is stored, by lists what is run. Both are counted as they happen, before
//! anything is copied or sent, since nobody knows beforehand how large and how many the items are.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::Nulled;
use crate::graphql::config::Config;

/// How many operations of one request are under way at one time.
const CONCURRENT: usize = 32;

/// What a run may still spend.
pub(super) struct Allowance {
    /// Bytes that the answer may still grow; none, once it has wanted to grow more.
    bytes: AtomicUsize,
    operations: AtomicUsize,
    turns: Semaphore,
}

impl Allowance {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            bytes: AtomicUsize::new(config.max_answer),
            operations: AtomicUsize::new(config.max_operations),
            turns: Semaphore::new(CONCURRENT),
        }
    }

    /// Takes bytes for a part of the answer. Where there are not so many, nothing is left for any other part: an
    /// answer that goes on with what happens to fit is nobody's.
    pub(super) fn take(&self, bytes: usize) -> Result<(), Nulled> {
        let less = |left: usize| Some(left.saturating_sub(bytes));
        match self.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, less) {
            Ok(left) if left > bytes => Ok(()),
            Ok(_) | Err(_) => Err(Nulled::Spent),
        }
    }

    /// Whether the answer is as long as it may be.
    pub(super) fn is_spent(&self) -> bool {
        self.bytes.load(Ordering::Acquire) == 0
    }

    /// Counts one more operation. False, if as many were run as may be.
    pub(super) fn operation(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.operations.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok()
    }

    /// A turn to call DynamoDB. It is never refused: nobody closes the turns.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }
}
