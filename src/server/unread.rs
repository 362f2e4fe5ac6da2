//! What becomes of a body that nobody has read, and of the HTTP/1.1 connection that it lies on.
//!
//! Most refusals look at the head alone. What is left of the body then stands between the answer and the next request.
//! Left to itself, hyper takes what has come already and otherwise ends the connection, without a word to the client,
//! whose pool would send the next request into nothing. So a short body is read and thrown away, such as that of a
//! request that is one too many: its client need not connect anew just when the load is highest. After any other one the
//! answer says `connection: close`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

/// The longest body that is read to be thrown away. Most requests are shorter.
const SHORT: usize = 16 * 1024;

/// How long such a body is waited for: it came with its head, or comes right behind it.
const SOON: Duration = Duration::from_millis(250);

/// Where a body lies that whoever answered has let go of.
type Left = Arc<Mutex<Option<Incoming>>>;

/// A body that can be had back.
struct Lent {
    body: Option<Incoming>,
    left: Left,
}

/// Lends a request's body to whoever answers, and sees to what is left of it.
pub(super) async fn answered<A, F>(
    request: Request<Incoming>,
    answer: A,
) -> Result<Response<Body>, Infallible>
where
    A: FnOnce(Request<Body>) -> F,
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    // Read, it would be asked for.
    let is_held_back = request.headers().contains_key(EXPECT);
    let left = Left::default();
    let lend = |body| Body::new(Lent { body: Some(body), left: Arc::clone(&left) });
    let mut response = answer(request.map(lend)).await?;
    let unread = left.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(body) = unread
        && (is_held_back || !thrown_away(body).await)
    {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Whether a body was short enough to be read to its end.
async fn thrown_away(body: Incoming) -> bool {
    if body.size_hint().lower() > SHORT as u64 {
        return false;
    }
    let read = tokio::time::timeout(SOON, Limited::new(body, SHORT).collect()).await;
    read.is_ok_and(|read| read.is_ok())
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) {
            // Nothing is left.
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| !body.is_end_stream());
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = body;
    }
}
