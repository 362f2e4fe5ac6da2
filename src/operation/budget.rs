//! How many items a request may still read, and how large they may be together.
//!
//! All fields of a request share it, and read beside each other: what a call may read is reserved before it is sent,
//! and what it did not read is given back. It is spent only when nothing is left *and* nothing is under way that could
//! still give something back; until then a field waits, within the request's deadline. No field holds a reservation
//! while it waits, so none waits for itself.
//!
//! How large items are is known once they are there. So nothing is reserved of that: once it is spent, nothing more is
//! read. An item may be 400 KB, and take ten times that in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::image::Image;
use crate::item::length_of_members;

/// The items that a request may still read.
#[derive(Debug)]
pub(crate) struct Budget {
    state: Mutex<State>,
    given_back: Notify,
}

#[derive(Debug)]
struct State {
    left: i32,
    /// How large may be what is still read, in bytes, as an answer counts them.
    bytes: usize,
    /// How many calls are under way.
    under_way: usize,
}

impl Budget {
    pub(super) fn new(items: i32, bytes: usize) -> Self {
        Self { state: Mutex::new(State { left: items, bytes, under_way: 0 }), given_back: Notify::new() }
    }

    /// Reserves up to so many items, at least one; none if the budget is spent.
    pub(super) async fn reserve(&self, wanted: i32) -> Option<Reservation<'_>> {
        self.reserve_between(1, wanted).await
    }

    /// Reserves so many items; none if the budget has not so many.
    pub(super) async fn reserve_all(&self, wanted: i32) -> Option<Reservation<'_>> {
        self.reserve_between(wanted, wanted).await
    }

    async fn reserve_between(&self, least: i32, most: i32) -> Option<Reservation<'_>> {
        loop {
            // Made before the look, so that what is given back in between is not missed.
            let given_back = self.given_back.notified();
            {
                let mut state = self.state();
                if state.bytes == 0 {
                    return None;
                }
                let items = most.min(state.left);
                if items >= least {
                    state.left -= items;
                    state.under_way += 1;
                    return Some(Reservation { budget: self, items, unread: items });
                }
                if state.under_way == 0 {
                    return None;
                }
            }
            given_back.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call that is under way may read. Dropped, it gives back what was not read: all of it, if the call failed.
#[derive(Debug)]
pub(super) struct Reservation<'a> {
    budget: &'a Budget,
    items: i32,
    unread: i32,
}

impl Reservation<'_> {
    /// How many items the call may read.
    pub(super) fn items(&self) -> i32 {
        self.items
    }

    /// The call is done and has read so many, of which these were found.
    pub(super) fn settle<'i>(mut self, read: i32, found: impl IntoIterator<Item = &'i Image>) {
        self.unread = (self.items - read).max(0);
        let bytes = found.into_iter().map(|it| length_of_members(it.members())).sum();
        let mut state = self.budget.state();
        state.bytes = state.bytes.saturating_sub(bytes);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        {
            let mut state = self.budget.state();
            state.left += self.unread;
            state.under_way -= 1;
        }
        self.budget.given_back.notify_waiters();
    }
}
