//! Answers on their way to the client: who counts them until they are sent, and how long they may lie.
//!
//! HTTP/2 lets a client ask for many answers and take none, while the connection below is well and each PING is
//! answered; and over HTTP/1.1 it may take a long one byte by byte. So an answer is handed on in pieces, each of which is
//! bytes with an owner. As long as any piece lies somewhere, in here, in `h2` or in `hyper`, the connection knows of the
//! answer. When one has not moved for too long the connection ends, and all its answers with it.
//!
//! What fits into one piece over HTTP/1.1 passes as it is: there is one of it on a connection, and the kernel takes it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;

use super::connection::Protocol;
use crate::clock::Stopwatch;

/// What is handed on of an answer at once, in bytes. Each has to move on in time.
pub(super) const PIECE: usize = 64 * 1024;

/// What a connection is busy with.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    state: Mutex<State>,
    /// Told when there is an answer.
    begun: Notify,
}

#[derive(Debug)]
struct State {
    /// How many requests have no answer yet.
    asked: usize,
    /// How long each answer has not moved that is not sent.
    unsent: BTreeMap<u64, Stopwatch>,
    /// The number of the next one.
    next: u64,
    /// The time since a request began or ended, or an answer.
    quiet: Stopwatch,
}

impl Default for State {
    fn default() -> Self {
        Self { asked: 0, unsent: BTreeMap::new(), next: 0, quiet: Stopwatch::begin() }
    }
}

impl Traffic {
    /// A request has come. Its answer is made while what this gives is held.
    pub(super) fn asked(self: &Arc<Self>) -> Asked {
        self.state().asked += 1;
        Asked(Arc::clone(self))
    }

    /// Resolves when an answer has not moved for so long.
    pub(super) async fn stalls(&self, limit: Duration) {
        loop {
            let longest = self.state().unsent.values().map(Stopwatch::elapsed).max();
            match longest.map(|longest| limit.saturating_sub(longest)) {
                None => self.begun.notified().await,
                Some(Duration::ZERO) => return,
                Some(left) => tokio::time::sleep(left).await,
            }
        }
    }

    /// Resolves when there was no request and no answer for so long.
    pub(super) async fn rests(&self, limit: Duration) {
        loop {
            let left = {
                let state = self.state();
                let is_busy = state.asked > 0 || !state.unsent.is_empty();
                if is_busy { limit } else { limit.saturating_sub(state.quiet.elapsed()) }
            };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with it left it whole: nothing here is done in two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Self>) -> Unsent {
        let number = {
            let mut state = self.state();
            let number = state.next;
            state.next += 1;
            state.unsent.insert(number, Stopwatch::begin());
            number
        };
        self.begun.notify_one();
        Unsent { traffic: Arc::clone(self), number }
    }

    fn moved(&self, number: u64) {
        if let Some(since) = self.state().unsent.get_mut(&number) {
            *since = Stopwatch::begin();
        }
    }
}

/// A request that has no answer yet.
pub(super) struct Asked(Arc<Traffic>);

impl Drop for Asked {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.asked = state.asked.saturating_sub(1);
        state.quiet = Stopwatch::begin();
    }
}

/// An answer of which a part is not sent.
struct Unsent {
    traffic: Arc<Traffic>,
    number: u64,
}

impl Drop for Unsent {
    fn drop(&mut self) {
        let mut state = self.traffic.state();
        state.unsent.remove(&self.number);
        state.quiet = Stopwatch::begin();
    }
}

/// Bytes that hold something as long as a part of them is there.
struct Holding<T> {
    bytes: Bytes,
    _held: T,
}

impl<T> AsRef<[u8]> for Holding<T> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Bytes that hold something, such as a place, until the last of them is sent or thrown away.
pub(super) fn holding<T: Send + 'static>(bytes: Bytes, held: T) -> Bytes {
    Bytes::from_owner(Holding { bytes, _held: held })
}

/// The body of an answer, in pieces.
pub(super) struct Pieces {
    body: Body,
    traffic: Arc<Traffic>,
    protocol: Protocol,
    /// What was taken of the body and not handed on, and the number of it.
    rest: Bytes,
    number: u64,
}

impl Pieces {
    pub(super) fn of(body: Body, protocol: Protocol, traffic: &Arc<Traffic>) -> Self {
        Self { body, traffic: Arc::clone(traffic), protocol, rest: Bytes::new(), number: 0 }
    }

    fn next_piece(&mut self) -> Frame<Bytes> {
        Frame::data(self.rest.split_to(self.rest.len().min(PIECE)))
    }
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Whoever asks for the next piece has got rid of the one before.
        if !self.rest.is_empty() {
            self.traffic.moved(self.number);
            return Poll::Ready(Some(Ok(self.next_piece())));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let Poll::Ready(Some(Ok(frame))) = polled else { return polled };
        let bytes = match frame.into_data() {
            Ok(bytes) => bytes,
            Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
        };
        if self.protocol == Protocol::Http1 && bytes.len() <= PIECE {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let unsent = self.traffic.begin();
        self.number = unsent.number;
        self.rest = holding(bytes, unsent);
        Poll::Ready(Some(Ok(self.next_piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper.saturating_add(rest));
        }
        whole.set_lower(hint.lower().saturating_add(rest));
        whole
    }
}
