//! The front: every call is authenticated, judged, recorded, and only then passed on.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::access::{self, Check, EVERYTHING, NotUnderstood, Schemas};
use super::engine::{Engine, Namespace, Storage};
use super::iam::{HeldRole, Iam};
use super::judge;
use super::observe::{MAX_REQUEST, Observed, Observer, Outcome, Service};
use super::reply::{QueryError, Reply, dynamodb_refusal};
use super::resource_policy::ResourcePolicies;
use super::schemas::{KeySchema, SchemaCache};
use super::session::{IssuedCredentials, Session, Sessions};
use super::signature::{self, Signed};
use super::sts::{AssumeRole, Form};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::id::{AccountId, Region, RoleArn};
use crate::policy::Malformed;

/// DynamoDB's own limit on a request.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// How an embedded AWS is set up.
#[derive(Debug)]
pub struct Options {
    /// The address to listen on; loopback.
    pub listen: SocketAddr,
    /// Where items are kept.
    pub storage: Storage,
    /// What time it is.
    pub clock: Clock,
    /// How many calls the record holds.
    pub observe: usize,
    /// The key set that is served at `/.well-known/jwks.json`.
    pub jwks: String,
}

/// Why it does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("listening on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The items cannot be kept where they should be.
    #[error("opening the items' storage")]
    Storage(#[source] dynoxide::DynoxideError),
}

/// A running embedded AWS. It ends when the last handle is dropped.
#[derive(Debug)]
pub struct Aws {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

/// What every call shares.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) iam: Iam,
    pub(super) sessions: Arc<Sessions>,
    engine: Engine,
    schemas: SchemaCache,
    resource_policies: ResourcePolicies,
    throttled: Mutex<Vec<Service>>,
    pub(super) observer: Observer,
    jwks: String,
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Aws {
    /// Starts to listen.
    #[expect(
        clippy::disallowed_methods,
        reason = "the server outlives the call that starts it; it ends with the handle"
    )]
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let shared = Arc::new(Shared {
            clock: options.clock,
            entropy: Entropy::system(),
            iam: Iam::default(),
            sessions: Arc::new(Sessions::default()),
            engine: Engine::new(options.storage),
            schemas: SchemaCache::default(),
            resource_policies: ResourcePolicies::default(),
            throttled: Mutex::default(),
            observer: Observer::new(options.observe),
            jwks: options.jwks,
        });
        let refused = |error| StartError::Listen(options.listen, error);
        let listener = TcpListener::bind(options.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "the embedded AWS has stopped");
            }
        });
        Ok(Self { shared, address, server })
    }

    /// `http://ADDRESS`: the endpoint of every service.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The record of calls.
    pub fn observer(&self) -> &Observer {
        &self.shared.observer
    }

    /// Opens the storage of an account in a Region, so that an unusable file is found out now.
    pub fn open_storage(&self, account: &AccountId, region: &Region) -> Result<(), StartError> {
        self.shared.engine.open(&(account.clone(), region.clone())).map_err(StartError::Storage)
    }

    /// Creates a role, or puts another in its place. It may be another than the declared one: IAM does not know what
    /// was declared.
    pub fn put_role(&self, arn: RoleArn, role: HeldRole) -> Result<(), Malformed> {
        self.shared.iam.put(arn, role, self.shared.clock.now())
    }

    /// A role as it was put.
    pub fn role(&self, arn: &RoleArn) -> Option<HeldRole> {
        self.shared.iam.held(arn)
    }

    /// Deletes a role.
    pub fn remove_role(&self, arn: &RoleArn) {
        self.shared.iam.remove(arn);
    }

    /// Attaches a resource policy to a table, or takes it away. It is held and answered; calls are not judged by it.
    pub fn put_resource_policy(
        &self,
        account: &AccountId,
        region: &Region,
        table: &str,
        policy: Option<Value>,
    ) {
        self.shared.resource_policies.put((account.clone(), region.clone()), table, policy);
    }

    /// Makes a service answer every call that is well signed with its throttling error, or stop doing so.
    pub fn throttle(&self, service: Service, on: bool) {
        let mut throttled = self.shared.throttled.lock().unwrap_or_else(PoisonError::into_inner);
        throttled.retain(|it| *it != service);
        throttled.extend(on.then_some(service));
    }

    /// Credentials of a role without anybody asking for them: what a container or an instance finds in its
    /// environment. None if there is no such role.
    pub fn bootstrap(&self, role: &RoleArn, session_name: &str) -> Option<IssuedCredentials> {
        let role = self.shared.iam.find(role)?;
        let session = Session {
            role,
            name: session_name.to_owned(),
            tags: BTreeMap::new(),
            policy: None,
            expires_at: None,
        };
        Some(self.shared.sessions.issue(session, &self.shared.entropy, self.shared.clock.now()))
    }

    /// What STS answers a session of `caller` that calls `AssumeRole` with these parameters: credentials, or the
    /// error's code and message. As over HTTP, but for the signature.
    pub fn assume_role(
        &self,
        caller: &RoleArn,
        parameters: &[(&str, &str)],
    ) -> Result<IssuedCredentials, String> {
        let said = |error: QueryError| format!("{}: {}", error.code, error.message);
        let role = self.shared.iam.find(caller).ok_or_else(|| format!("there is no role {caller}"))?;
        let name = "innkeeper".to_owned();
        let caller = Arc::new(Session { role, name, tags: BTreeMap::new(), policy: None, expires_at: None });
        let form: Form =
            parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let now = self.shared.clock.now();
        let peer = self.address.ip();
        let assumed =
            AssumeRole::parse(&form).and_then(|asked| asked.assume(&self.shared.iam, &caller, peer, now));
        Ok(self.shared.sessions.issue(assumed.map_err(said)?.session, &self.shared.entropy, now))
    }

    /// What DynamoDB answers a session. As over HTTP, but for the signature.
    pub async fn call(
        &self,
        credentials: &IssuedCredentials,
        region: &Region,
        operation: &str,
        body: Value,
    ) -> Reply {
        let Some(known) = self.shared.sessions.find(&credentials.access_key_id) else {
            return dynamodb_refusal(signature::Refusal::UnknownToken);
        };
        let access_key_id = credentials.access_key_id.clone();
        let signed = Signed { session: known.session, access_key_id, region: region.clone() };
        let mut call = Observed::of_dynamodb(operation);
        let reply = self.shared.permitted((&signed, self.address.ip()), body, &mut call).await;
        self.shared.observer.note(call);
        reply
    }

    /// Forgets every session except the gateway's own, as if they had ended early: their credentials are unknown
    /// from now on.
    pub fn forget_sessions(&self) {
        self.shared.sessions.forget();
    }

    /// Runs a DynamoDB operation behind the front: to create tables and to seed. Nothing is judged or recorded.
    pub async fn behind_the_front(
        &self,
        account: &AccountId,
        region: &Region,
        operation: &str,
        body: Value,
    ) -> Reply {
        if operation.ends_with("Table") {
            self.shared.schemas.forget();
        }
        self.shared.engine.call(&(account.clone(), region.clone()), operation, body).await
    }
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    if request.method() == Method::GET && request.uri().path() == "/.well-known/jwks.json" {
        return ([(CONTENT_TYPE, "application/jwk-set+json")], shared.jwks.clone()).into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request_id = shared.entropy.ulid(&shared.clock);
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).map(str::to_owned);
    let operation = target.as_deref().and_then(|target| target.strip_prefix("DynamoDB_20120810."));
    let mut response = match operation {
        Some(operation) => shared.dynamodb(&parts, &body, operation).await.into_response(&request_id),
        None => shared.query(&parts, &body, &request_id).await,
    };
    // The SDK corrects its own clock by this header, so it has to be the time that signatures are checked with.
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(shared.clock.now())) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

/// The address that a request came from.
pub(super) fn peer(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip())
}

impl Shared {
    pub(super) async fn signed(
        &self,
        parts: &Parts,
        body: &Bytes,
        service: &str,
    ) -> Result<Signed, signature::Refusal> {
        signature::verify(&self.sessions, parts, body, service, self.clock.now()).await
    }

    async fn dynamodb(&self, parts: &Parts, body: &Bytes, operation: &str) -> Reply {
        let mut call = Observed::of_dynamodb(operation);
        let reply = self.judged(parts, body, &mut call).await;
        self.observer.note(call);
        reply
    }

    async fn judged(&self, parts: &Parts, body: &Bytes, call: &mut Observed) -> Reply {
        let signed = match self.signed(parts, body, "dynamodb").await {
            Ok(signed) => signed,
            Err(refusal) => return dynamodb_refusal(refusal),
        };
        call.request = Some(body).filter(|body| body.len() <= MAX_REQUEST).cloned().unwrap_or_default();
        // What is no JSON is no request, whoever signed it.
        let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
        self.permitted((&signed, peer(parts)), body, call).await
    }

    /// A call whose signature was good.
    async fn permitted(&self, (signed, peer): (&Signed, IpAddr), body: Value, call: &mut Observed) -> Reply {
        let session = &signed.session;
        call.access_key_id = Some(signed.access_key_id.clone());
        call.tenant = session.tags.get("tenant").cloned();
        if !body.is_object() {
            call.outcome = Outcome::Failed("SerializationException".to_owned());
            return Reply::error("SerializationException", "the body is no JSON object");
        }
        if self.is_throttled(Service::DynamoDb) {
            call.outcome = Outcome::Failed("ThrottlingException".to_owned());
            return Reply::error("ThrottlingException", "Rate exceeded");
        }
        let namespace = (session.role.arn.account().clone(), signed.region.clone());
        let mut checks = match self.checks(&namespace, &call.operation, &body).await {
            Ok(checks) => checks,
            Err(NotUnderstood(message)) => {
                call.outcome = Outcome::Failed("ValidationException".to_owned());
                return Reply::error("ValidationException", &message);
            }
        };
        call.keys = checks.iter().map(|check| (check.table.clone(), check.leading_keys.clone())).collect();
        for check in &mut checks {
            check.context.set("aws:SourceIp", peer.to_string());
        }
        if let Some(denied) =
            checks.iter().find_map(|check| denied(session, &namespace, check, self.clock.now()))
        {
            call.outcome = Outcome::Denied;
            return denied;
        }
        if call.operation.ends_with("Table") {
            self.schemas.forget();
        }
        let reply = self.carry_out(&namespace, &call.operation, body).await;
        call.outcome = reply.error_code().map_or(Outcome::Answered, Outcome::Failed);
        reply
    }

    async fn carry_out(&self, namespace: &Namespace, operation: &str, body: Value) -> Reply {
        if operation == "GetResourcePolicy" {
            return self.resource_policies.get(&self.engine, namespace, &body).await;
        }
        self.engine.call(namespace, operation, body).await
    }

    pub(super) fn is_throttled(&self, service: Service) -> bool {
        self.throttled.lock().unwrap_or_else(PoisonError::into_inner).contains(&service)
    }

    async fn checks(
        &self,
        namespace: &Namespace,
        operation: &str,
        body: &Value,
    ) -> Result<Vec<Check>, NotUnderstood> {
        let mut known = HashMap::new();
        for table in access::tables(operation, body) {
            if let Some(schema) = self.schemas.find(&self.engine, namespace, &table).await {
                known.insert(table, schema);
            }
        }
        access::checks(operation, body, &Looked(known))
    }
}

/// Key schemas that were looked up beforehand.
struct Looked(HashMap<String, KeySchema>);

impl Schemas for Looked {
    fn of(&self, table: &str) -> Option<KeySchema> {
        self.0.get(table).cloned()
    }
}

/// AWS's refusal of a check; none if it is allowed.
fn denied(session: &Session, (account, region): &Namespace, check: &Check, now: SystemTime) -> Option<Reply> {
    let mut resource = match check.table.as_str() {
        EVERYTHING => EVERYTHING.to_owned(),
        table => format!("arn:{}:dynamodb:{region}:{account}:table/{table}", region.partition()),
    };
    if let Some(index) = &check.index {
        resource.push_str("/index/");
        resource.push_str(index);
    }
    let message = judge::denied(session, check.action, &resource, check.context.clone(), (region, now))?;
    Some(Reply::error("AccessDeniedException", &message))
}
