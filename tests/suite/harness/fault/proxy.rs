//! The proxy itself: connections, what is passed on, and how each fault looks on the wire.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::answers::{self, Made};
use super::seen::Record;
use super::{Call, Fault, Seen};
use crate::harness::issuers::PATIENCE;

/// The most pages that are kept behind empty ones.
const MOST_PAGES: usize = 10_000;

type Rule = Box<dyn FnMut(&Call) -> Fault + Send>;
type Body = UnsyncBoxBody<Bytes, Broken>;
/// An answer of AWS's.
type Passed = (StatusCode, HeaderMap, Bytes);

/// The proxy. It ends when it is dropped.
pub(crate) struct Faults {
    shared: Arc<Shared>,
    endpoint: String,
    task: JoinHandle<()>,
}

struct Shared {
    upstream: String,
    http: reqwest::Client,
    rule: Mutex<Rule>,
    record: Record,
    /// What queries really found that were answered with an empty page, by the marks where these end.
    pages: Mutex<HashMap<String, Passed>>,
    /// How many calls hang, and how many of those that did were given up.
    hanging: watch::Sender<(usize, usize)>,
}

/// The connection breaks.
#[derive(Debug, thiserror::Error)]
#[error("the connection breaks")]
struct Broken;

impl Drop for Faults {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Faults {
    /// Starts one before an address.
    #[expect(clippy::disallowed_methods, reason = "it serves until it is dropped")]
    pub(crate) async fn start(upstream: String, rule: impl FnMut(&Call) -> Fault + Send + 'static) -> Self {
        let shared = Arc::new(Shared {
            upstream,
            http: reqwest::Client::new(),
            rule: Mutex::new(Box::new(rule)),
            record: Record::default(),
            pages: Mutex::default(),
            hanging: watch::Sender::new((0, 0)),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(connection(stream, Arc::clone(&serving)));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { shared, endpoint, task }
    }

    /// Its address.
    pub(crate) fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// Another rule from now on. Calls are counted from 1 again.
    pub(crate) fn set(&self, rule: impl FnMut(&Call) -> Fault + Send + 'static) {
        *self.shared.rule.lock().unwrap() = Box::new(rule);
        self.shared.record.renumber();
    }

    /// Everything passes from now on.
    pub(crate) fn heal(&self) {
        self.set(|_| Fault::Pass);
    }

    /// The calls that came by since it was last asked, and forgets them.
    pub(crate) fn take(&self) -> Vec<Seen> {
        self.shared.record.take()
    }

    /// How many calls of an operation came by since it was last asked; all are forgotten.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.take().iter().filter(|call| call.operation == operation).count()
    }

    /// How often each fault was met with since the proxy began.
    pub(crate) fn injected(&self) -> BTreeMap<&'static str, usize> {
        self.shared.record.injected()
    }

    /// Waits until so many calls hang.
    pub(crate) async fn hang(&self, calls: usize) {
        self.until(|(now, _)| now >= calls).await;
    }

    /// Waits until so many calls that hung were given up by their callers.
    pub(crate) async fn given_up(&self, calls: usize) {
        self.until(|(_, gone)| gone >= calls).await;
    }

    async fn until(&self, holds: impl Fn((usize, usize)) -> bool) {
        let mut hanging = self.shared.hanging.subscribe();
        let waiting = hanging.wait_for(|it| holds(*it));
        tokio::time::timeout(PATIENCE, waiting).await.expect("it comes to that").unwrap();
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let reset = Arc::new(AtomicBool::new(false));
    let line = Line { stream, reset: Arc::clone(&reset) };
    let service = service_fn(move |request| Arc::clone(&shared).serve(request, Arc::clone(&reset)));
    // The SDK sets its clock by the date of an answer, and ours is not the date here.
    let served = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(line), service);
    // A connection that breaks is what this is for.
    drop(served.await);
}

impl Shared {
    async fn serve(
        self: Arc<Self>,
        request: Request<Incoming>,
        reset: Arc<AtomicBool>,
    ) -> Result<Response<Body>, Broken> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_gone| Broken)?.to_bytes();
        let call = self.record.call(&parts.headers, &body);
        let fault = (self.rule.lock().unwrap())(&call).fitting(&call);
        self.record.note(&call, &fault);
        let passed = self.pass_on(&call, parts, body);
        match fault {
            Fault::Pass => passed.await.map(whole),
            Fault::Delay(by) => {
                tokio::time::sleep(by).await;
                passed.await.map(whole)
            }
            Fault::After(other) => {
                other.await;
                passed.await.map(whole)
            }
            Fault::Hang => match Hanging::new(&self).forever().await {},
            Fault::DropRequest => Err(Broken),
            Fault::DropResponse => passed.await.and(Err(Broken)),
            Fault::Reset => {
                reset.store(true, Ordering::SeqCst);
                Err(Broken)
            }
            Fault::Truncate => passed.await.map(cut),
            Fault::Corrupt => passed.await.map(garbled).map(whole),
            Fault::Throttle => Ok(made(answers::throttled(&call))),
            Fault::Fail(status) => Ok(made(answers::failing(&call, status))),
            Fault::Stale(code) => Ok(made(answers::error(&call, 400, code))),
            Fault::Unprocessed => Ok(made(answers::unprocessed(&call))),
            Fault::EmptyPage => {
                let found = passed.await?;
                Ok(made(answers::empty_page(&call, &self.keep(found))))
            }
            Fault::Answer(status, body) => Ok(made(answers::plain(status, &body))),
            Fault::Change(change) => {
                let (status, mut headers, body) = passed.await?;
                let mut body = serde_json::from_slice(&body).unwrap();
                change(&mut body);
                headers.remove("x-amz-crc32");
                Ok(whole((status, headers, body.to_string().into())))
            }
        }
    }

    /// Lets AWS carry it out, with the host that it was signed for.
    async fn pass_on(&self, call: &Call, parts: Parts, body: Bytes) -> Result<Passed, Broken> {
        if let Some(page) = answers::mark(call).and_then(|mark| self.pages.lock().unwrap().get(mark).cloned())
        {
            return Ok(page);
        }
        let url = format!("{}{}", self.upstream, parts.uri);
        let sent = self.http.request(parts.method, url).headers(parts.headers).body(body);
        let answer = sent.send().await.map_err(|_gone| Broken)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|_gone| Broken)?;
        self.record.learn(call, &body);
        Ok((status, headers, body))
    }

    /// Keeps what a query really found for the page after, and says where that begins.
    fn keep(&self, found: Passed) -> String {
        let mut pages = self.pages.lock().unwrap();
        assert!(pages.len() < MOST_PAGES, "too many pages are kept");
        let mark = format!("PAGE-{}", pages.len());
        pages.insert(mark.clone(), found);
        mark
    }
}

/// An answer as it came.
fn whole((status, headers, body): Passed) -> Response<Body> {
    answer(status, headers, Full::new(body).map_err(|never| match never {}).boxed_unsync())
}

/// An answer that was made here.
fn made((status, content_type, body): Made) -> Response<Body> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    whole((status, headers, body.into()))
}

/// An answer that says how long it is, and of which the second half never comes.
fn cut((status, headers, body): Passed) -> Response<Body> {
    let length = HeaderValue::from(body.len());
    let half = body.slice(..body.len() / 2);
    let first = futures_util::stream::iter([Ok(Frame::data(half))]);
    let then = futures_util::stream::once(async {
        // Time for the first half to leave.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(Broken)
    });
    let mut response = answer(status, headers, StreamBody::new(first.chain(then)).boxed_unsync());
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// An answer whose second half is garbage.
fn garbled((status, mut headers, body): Passed) -> Passed {
    headers.remove("x-amz-crc32");
    let (half, whole) = (body.len() / 2, body.len());
    let mut garbled = body.to_vec();
    garbled.splice(half.., std::iter::repeat_n(0xFF, whole - half));
    (status, headers, garbled.into())
}

fn answer(status: StatusCode, mut headers: HeaderMap, body: Body) -> Response<Body> {
    for of_the_other_connection in ["content-length", "transfer-encoding", "connection"] {
        headers.remove(of_the_other_connection);
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// A call that hangs, until it is dropped.
struct Hanging<'a>(&'a Shared);

impl<'a> Hanging<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.hanging.send_modify(|(now, _)| *now += 1);
        Self(shared)
    }

    async fn forever(self) -> Infallible {
        std::future::pending().await
    }
}

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.0.hanging.send_modify(|(now, gone)| (*now, *gone) = (*now - 1, *gone + 1));
    }
}

/// A connection that can end by a reset.
struct Line {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            // What is closed without lingering is reset.
            socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
