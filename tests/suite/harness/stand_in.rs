//! A stand-in for AWS that answers what a test says, true to the protocol or not, counts what it is asked, and can be
//! held back. It verifies nothing.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::issuers::PATIENCE;

/// The secrets in what STS is made to answer.
pub(crate) const SECRET_KEY: &str = "STAND-IN-SECRET-KEY";
pub(crate) const SESSION_TOKEN: &str = "STAND-IN-SESSION-TOKEN";

/// A server in AWS's place.
pub(crate) struct StandIn {
    shared: Arc<Shared>,
    endpoint: String,
    task: JoinHandle<()>,
}

/// One of its services.
struct Service {
    answer: Mutex<(StatusCode, String)>,
    held: watch::Sender<bool>,
    /// How many calls came, how many are there, and how many were there at most.
    calls: watch::Sender<[usize; 3]>,
}

struct Shared {
    sts: Service,
    dynamodb: Service,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Service {
    fn new(answer: String) -> Self {
        Self {
            answer: Mutex::new((StatusCode::OK, answer)),
            held: watch::Sender::new(false),
            calls: watch::Sender::new([0; 3]),
        }
    }
}

impl StandIn {
    /// Starts one whose STS issues credentials and whose tables are empty.
    #[expect(clippy::disallowed_methods, reason = "it serves until it is dropped")]
    pub(crate) async fn start() -> Self {
        let sts = Service::new(assumed("2026-11-23T13:00:00Z"));
        let shared = Arc::new(Shared { sts, dynamodb: Service::new("{}".to_owned()) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, endpoint, task }
    }

    /// Its address.
    pub(crate) fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    pub(crate) fn answer_sts(&self, status: u16, body: &str) {
        *self.shared.sts.answer.lock().unwrap() = (StatusCode::from_u16(status).unwrap(), body.to_owned());
    }

    pub(crate) fn answer_dynamodb(&self, status: u16, body: &str) {
        *self.shared.dynamodb.answer.lock().unwrap() =
            (StatusCode::from_u16(status).unwrap(), body.to_owned());
    }

    /// STS answers nothing until it is released.
    pub(crate) fn hold_sts(&self, held: bool) {
        self.shared.sts.held.send_replace(held);
    }

    /// How often STS was asked.
    pub(crate) fn assumptions(&self) -> usize {
        self.shared.sts.calls.borrow()[0]
    }

    /// Waits until STS has been asked so often.
    pub(crate) async fn asked_sts(&self, times: usize) {
        arrived(&self.shared.sts, times).await;
    }
}

/// What STS answers.
pub(crate) fn assumed(expiration: &str) -> String {
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>ASIASTANDIN</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>\
         <SessionToken>{SESSION_TOKEN}</SessionToken><Expiration>{expiration}</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>"
    )
}

async fn arrived(service: &Service, times: usize) {
    let mut calls = service.calls.subscribe();
    let waiting = calls.wait_for(|[all, ..]| *all >= times);
    tokio::time::timeout(PATIENCE, waiting).await.expect("the calls arrive").unwrap();
}

async fn serve(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let service = if headers.contains_key("x-amz-target") { &shared.dynamodb } else { &shared.sts };
    service.calls.send_modify(|[all, now, most]| {
        (*all, *now) = (*all + 1, *now + 1);
        *most = (*most).max(*now);
    });
    service.held.subscribe().wait_for(|held| !held).await.unwrap();
    service.calls.send_modify(|[_, now, _]| *now -= 1);
    service.answer.lock().unwrap().clone().into_response()
}
