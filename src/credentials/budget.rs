//! How many retries a tenant may cause.
//!
//! Whatever is sent again because it failed takes one: what the SDK sends again, a write that is repeated because its
//! answer was lost, a batch that was left undone. Ten answers give one back. So a service that is down is asked once a
//! request when the budget is gone, and no more than a tenth more often while it limps; and a tenant whose table is
//! throttled spends nobody else's.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a retry costs, in what an answer gives back.
const COST: u32 = 10;

/// A tenant's budget.
#[derive(Debug)]
pub(super) struct RetryBudget {
    left: AtomicU32,
    most: u32,
}

impl RetryBudget {
    /// For so many retries at once.
    pub(super) fn new(retries: u32) -> Self {
        let most = retries.saturating_mul(COST);
        Self { left: AtomicU32::new(most), most }
    }

    /// Takes a retry. False if there is none.
    pub(super) fn take(&self) -> bool {
        self.change(|left| left.checked_sub(COST))
    }

    /// An answer has come.
    pub(super) fn give(&self) {
        self.change(|left| (left < self.most).then_some(left + 1));
    }

    fn change(&self, to: impl FnMut(u32) -> Option<u32>) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, to).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_answers_give_one_retry_back_and_no_more_than_there_were() {
        let budget = RetryBudget::new(2);
        budget.give();
        assert!(budget.take() && budget.take() && !budget.take());
        (0..9).for_each(|_| budget.give());
        assert!(!budget.take());
        budget.give();
        assert!(budget.take() && !budget.take());
    }
}
