//! Bodies that were not read before the answer was made.
//!
//! What the headers decide is answered without a look at the body, so that a stranger's body costs nothing. On HTTP/1.1
//! the next request stands behind that body. hyper reads on only where all of it is there already, and otherwise ends
//! the connection once the answer is sent, without a word: a client that had kept it for its next request would lose that
//! one. So a short body is taken and thrown away, and wherever it does not end soon the answer says that the connection
//! does. On HTTP/2 each request has a stream of its own, and nothing is to be said.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Request, Response, Version};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tower::ServiceExt as _;

/// What is taken of an unread body, in bytes. Beginning a new connection costs about as much.
const SHORT: usize = 16 * 1024;

/// How long the rest of a short body is waited for. It is sent with its head or right behind it.
const SOON: Duration = Duration::from_millis(50);

/// The answer to a request. It says `connection: close` where the connection ends behind it.
pub(super) async fn answer(router: Router, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    if request.version() > Version::HTTP_11 || request.body().is_end_stream() {
        return router.oneshot(request.map(Body::new)).await;
    }
    // Such a client sends its body when it is asked to, and asking for it now would be for nothing.
    let waits = request.headers().contains_key(EXPECT);
    let (back, mut given_back) = oneshot::channel();
    let mut response = router.oneshot(request.map(|body| Body::new(Lent(Some((body, back)))))).await?;
    let goes_on = match given_back.try_recv() {
        Ok(GivenBack::Ended) => true,
        Ok(GivenBack::Unread(body)) => !waits && has_ended(body).await,
        Err(_held) => false,
    };
    if !goes_on {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Reads the rest of a body, and throws it away, if it is short and ends soon.
async fn has_ended(mut body: Incoming) -> bool {
    // Of a body that says its length this is the length.
    if body.size_hint().lower() > SHORT as u64 {
        return false;
    }
    let read = async {
        let mut taken = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            taken += frame.data_ref().map_or(0, Bytes::len);
            if taken > SHORT {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(SOON, read).await.unwrap_or(false)
}

/// What became of a body.
enum GivenBack {
    /// It was read to its end.
    Ended,
    /// It was not.
    Unread(Incoming),
}

/// A body that is given back when whoever had it is done.
struct Lent(Option<(Incoming, oneshot::Sender<GivenBack>)>);

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some((body, _)) = &mut self.0 else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None))
            && let Some((_, back)) = self.0.take()
        {
            drop(back.send(GivenBack::Ended));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), |(body, _)| body.size_hint())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some((body, back)) = self.0.take() {
            let given = if body.is_end_stream() { GivenBack::Ended } else { GivenBack::Unread(body) };
            drop(back.send(given));
        }
    }
}
