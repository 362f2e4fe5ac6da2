//! Items that many fields of one answer wait for, asked for together.
//!
//! A `@get` below a list does not ask by itself: it says what it wants and waits. A run is polled until nothing in it
//! moves any more; then everything is asked for that nothing more can join. What can join a selection's fields are those
//! of the same selection in other members of its lists, and these are all there once no operation above that selection
//! is under way. So a list of a hundred orders with their customers costs two calls, whatever the order in which answers
//! arrive, and a selection does not wait for slow siblings.
//!
//! A loader belongs to one run, and so to one request and one session: keys of two tenants cannot meet in it. Nothing
//! here is spawned. When the request's future goes, what was asked goes with it.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;
use tokio::sync::oneshot;

use super::path::{Node, Path};
use super::{Run, lock};
use crate::operation::{Batch, Failure, Loaded, Lookup, batches};

/// How many fields may wait at one time: memory is bounded where lists name the same few items over and over, which the
/// read budget counts once.
const MOST_WAITING: usize = 10_000;

/// What the fields of a run wait for.
#[derive(Default)]
pub(super) struct Loader(Mutex<State>);

#[derive(Default)]
struct State {
    /// How many operations of each selection are under way or wait for their turn.
    under_way: HashMap<Node, usize>,
    waiting: Vec<Waiting>,
}

/// A field that waits.
struct Waiting {
    lookup: Lookup,
    /// The selections above it.
    above: Vec<Node>,
    answer: oneshot::Sender<Loaded>,
}

/// An operation that is under way. What it finds may want more.
pub(super) struct UnderWay<'a> {
    loader: &'a Loader,
    node: Node,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(count) = lock(&self.loader.0).under_way.get_mut(&self.node) {
            *count -= 1;
        }
    }
}

impl Loader {
    /// An operation of the selection at a path begins.
    pub(super) fn begin(&self, path: &Path<'_>) -> UnderWay<'_> {
        let node = path.node();
        *lock(&self.0).under_way.entry(node).or_insert(0) += 1;
        UnderWay { loader: self, node }
    }

    /// Waits for an item, for a field at a path.
    pub(super) async fn load(&self, lookup: Lookup, path: &Path<'_>) -> Loaded {
        let (answer, loaded) = oneshot::channel();
        {
            let waiting = &mut lock(&self.0).waiting;
            if waiting.len() == MOST_WAITING {
                return Err(Failure::Budget);
            }
            waiting.push(Waiting { lookup, above: path.above(), answer });
        }
        // The run asks for whatever waits, and outlives it.
        loaded.await.unwrap_or_else(|_| Err(Failure::never_asked()))
    }

    /// Takes what nothing more can join.
    fn ready(&self) -> Vec<Waiting> {
        let mut state = lock(&self.0);
        let State { under_way, waiting } = &mut *state;
        // A field that is gone, since the answer had no room for it, wants nothing any more.
        waiting.retain(|it| !it.answer.is_closed());
        let is_free = |node: &Node| under_way.get(node).is_none_or(|count| *count == 0);
        waiting.extract_if(.., |it| it.above.iter().all(is_free)).collect()
    }
}

/// Whether something of a run has been woken since it was last polled. It wakes the run as well.
#[derive(Default)]
struct Moved {
    has_moved: AtomicBool,
    run: AtomicWaker,
}

impl Wake for Moved {
    fn wake(self: Arc<Self>) {
        self.has_moved.store(true, Ordering::Release);
        self.run.wake();
    }
}

impl Run<'_> {
    /// Polls a run to its end, and asks for what its fields wait for whenever nothing else in it moves.
    pub(super) async fn drive<T>(&self, run: impl Future<Output = T>) -> T {
        let mut run = pin!(run);
        let mut calls = FuturesUnordered::new();
        let moved = Arc::new(Moved::default());
        let waker = Waker::from(Arc::clone(&moved));
        poll_fn(|outer| {
            moved.run.register(outer.waker());
            let watched = &mut Context::from_waker(&waker);
            loop {
                moved.has_moved.store(false, Ordering::Release);
                if let Poll::Ready(done) = run.as_mut().poll(watched) {
                    return Poll::Ready(done);
                }
                while let Poll::Ready(Some(())) = calls.poll_next_unpin(watched) {}
                // What was woken is polled again before anything is asked, and the run has been woken for it.
                if moved.has_moved.load(Ordering::Acquire) {
                    return Poll::Pending;
                }
                let ready = self.loader.ready();
                if ready.is_empty() {
                    return Poll::Pending;
                }
                let lookups = ready.into_iter().map(|it| (it.lookup, it.answer));
                calls.extend(batches(lookups).into_iter().map(|batch| self.ask(batch)));
            }
        })
        .await
    }

    async fn ask(&self, batch: Batch<oneshot::Sender<Loaded>>) {
        let _turn = self.allowance.turn().await;
        self.session.metrics().loaded(batch.size());
        // A field that is gone does not miss what it wanted.
        let give = |field: oneshot::Sender<Loaded>, loaded| drop(field.send(loaded));
        self.operations.load(batch, self.budget, give).await;
    }
}
