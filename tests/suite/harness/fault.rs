//! A proxy between the gateway and the embedded AWS that does what networks and busy databases do: it loses a request or
//! its answer, answers late or never, or answers something else. What it passes on is passed on as it was signed, so AWS
//! behind it verifies and judges as ever.
//!
//! A rule says for each call what happens to it. It sees the operation, how many of that operation there were, and the
//! request, so that a test says exactly which answer is lost.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::issuers::PATIENCE;

/// A call that came by.
pub(crate) struct Call {
    /// The operation, such as `PutItem`; `STS` for all that is not DynamoDB's.
    pub(crate) operation: String,
    /// Which of its operation it is, from 1.
    pub(crate) number: usize,
    /// What DynamoDB is asked; null for STS.
    pub(crate) request: Value,
}

/// What happens to a call.
pub(crate) enum Fault {
    /// Nothing.
    Pass,
    /// It never arrives, and the connection breaks.
    DropRequest,
    /// It is carried out, and the connection breaks before the answer.
    DropResponse,
    /// It never arrives, and nobody answers until the caller gives up.
    Hang,
    /// It arrives late.
    Delay(Duration),
    /// It never arrives; this is the answer.
    Answer(u16, Value),
    /// It is carried out, and its answer is changed.
    Change(Box<dyn FnOnce(&mut Value) + Send>),
}

type Rule = Box<dyn FnMut(&Call) -> Fault + Send>;

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
    numbers: Mutex<HashMap<String, usize>>,
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
            numbers: Mutex::default(),
            hanging: watch::Sender::new((0, 0)),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = Arc::clone(&serving);
                connections.spawn(async move {
                    let service = service_fn(move |request| Arc::clone(&shared).serve(request));
                    // The SDK sets its clock by the date of an answer, and ours is not the date here.
                    let served = hyper::server::conn::http1::Builder::new()
                        .auto_date_header(false)
                        .serve_connection(TokioIo::new(stream), service);
                    // A connection that breaks is what this is for.
                    drop(served.await);
                });
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
        self.shared.numbers.lock().unwrap().clear();
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

impl Shared {
    async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Broken> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_gone| Broken)?.to_bytes();
        let call = self.call(&parts.headers, &body);
        let fault = (self.rule.lock().unwrap())(&call);
        let pass_on = async || {
            let url = format!("{}{}", self.upstream, parts.uri);
            // With the host that it was signed for.
            let sent = self.http.request(parts.method.clone(), url).headers(parts.headers.clone()).body(body);
            let answer = sent.send().await.map_err(|_gone| Broken)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, Broken>((status, headers, answer.bytes().await.map_err(|_gone| Broken)?))
        };
        match fault {
            Fault::Pass => pass_on().await.map(|(status, headers, body)| answer(status, headers, body)),
            Fault::DropRequest => Err(Broken),
            Fault::DropResponse => {
                pass_on().await?;
                Err(Broken)
            }
            Fault::Hang => match Hanging::new(&self).forever().await {},
            Fault::Delay(by) => {
                tokio::time::sleep(by).await;
                pass_on().await.map(|(status, headers, body)| answer(status, headers, body))
            }
            Fault::Answer(status, body) => {
                let mut headers = HeaderMap::new();
                headers.insert("content-type", "application/x-amz-json-1.0".parse().unwrap());
                Ok(answer(StatusCode::from_u16(status).unwrap(), headers, body.to_string().into()))
            }
            Fault::Change(change) => {
                let (status, mut headers, body) = pass_on().await?;
                let mut body = serde_json::from_slice(&body).unwrap();
                change(&mut body);
                headers.remove("x-amz-crc32");
                Ok(answer(status, headers, body.to_string().into()))
            }
        }
    }

    fn call(&self, headers: &HeaderMap, body: &Bytes) -> Call {
        let target = headers.get("x-amz-target").map(|target| target.to_str().unwrap());
        let operation = target.and_then(|it| it.rsplit('.').next()).unwrap_or("STS").to_owned();
        let mut numbers = self.numbers.lock().unwrap();
        let number = numbers.entry(operation.clone()).or_insert(0);
        *number += 1;
        Call { operation, number: *number, request: serde_json::from_slice(body).unwrap_or_default() }
    }
}

fn answer(status: StatusCode, mut headers: HeaderMap, body: Bytes) -> Response<Full<Bytes>> {
    for of_the_other_connection in ["content-length", "transfer-encoding", "connection"] {
        headers.remove(of_the_other_connection);
    }
    let mut response = Response::new(Full::new(body));
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
