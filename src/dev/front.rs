//! The front: every call is authenticated, judged, recorded, and only then passed on.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
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
use super::iam::Iam;
use super::observe::{Observed, Observer, Outcome, Service};
use super::reply::{Reply, StsError, dynamodb_refusal, xml_response};
use super::schemas::{KeySchema, SchemaCache};
use super::session::{IssuedCredentials, Session, Sessions};
use super::signature::{self, Signed};
use super::sts::{self, AssumeRole, AssumedView, Form};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::id::{AccountId, Region, RoleArn};
use crate::policy::{Decision, Layer, Policies, Role, Verdict};

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

#[derive(Debug)]
struct Shared {
    clock: Clock,
    entropy: Entropy,
    iam: Iam,
    sessions: Arc<Sessions>,
    engine: Engine,
    schemas: SchemaCache,
    observer: Observer,
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

    /// Creates a role, or puts another in its place.
    pub fn put_role(&self, arn: RoleArn, role: Role) {
        self.shared.iam.put(arn, role);
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
        let said = |error: StsError| format!("{}: {}", error.code, error.message);
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
        None => match shared.sts(&parts, &body, &request_id).await {
            Ok(response) => response,
            Err(error) => error.into_response(&request_id),
        },
    };
    // The SDK corrects its own clock by this header, so it has to be the time that signatures are checked with.
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(shared.clock.now())) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

/// The address that a request came from.
fn peer(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip())
}

impl Shared {
    async fn signed(&self, parts: &Parts, body: &Bytes, service: &str) -> Result<Signed, signature::Refusal> {
        signature::verify(&self.sessions, parts, body, service, self.clock.now()).await
    }

    // ---- DynamoDB ----

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
        let reply = self.engine.call(&namespace, &call.operation, body).await;
        call.outcome = reply.error_code().map_or(Outcome::Answered, Outcome::Failed);
        reply
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

    // ---- STS ----

    async fn sts(&self, parts: &Parts, body: &Bytes, request_id: &str) -> Result<Response<Body>, StsError> {
        let form: Form = serde_urlencoded::from_bytes(body).unwrap_or_default();
        let operation = form.get("Action").cloned().unwrap_or_default();
        let mut call = Observed {
            service: Service::Sts,
            operation: operation.clone(),
            access_key_id: None,
            tenant: None,
            keys: Vec::new(),
            outcome: Outcome::Unauthenticated,
        };
        let signed = self.signed(parts, body, "sts").await.map_err(StsError::refused);
        let peer = peer(parts);
        let answer = signed.and_then(|signed| self.sts_answer((signed, peer), &form, &mut call, request_id));
        if let (Err(error), true) = (&answer, call.outcome != Outcome::Unauthenticated) {
            call.outcome = match error.code {
                "AccessDenied" => Outcome::Denied,
                code => Outcome::Failed(code.to_owned()),
            };
        }
        self.observer.note(call);
        answer.map(|xml| xml_response(StatusCode::OK, xml))
    }

    fn sts_answer(
        &self,
        (signed, peer): (Signed, IpAddr),
        form: &Form,
        call: &mut Observed,
        request_id: &str,
    ) -> Result<String, StsError> {
        call.access_key_id = Some(signed.access_key_id);
        call.outcome = Outcome::Answered;
        match call.operation.as_str() {
            "GetCallerIdentity" => Ok(sts::caller_identity_xml(&signed.session, request_id)),
            "AssumeRole" => {
                let asked = AssumeRole::parse(form)?;
                call.tenant = asked.tenant().cloned();
                let now = self.clock.now();
                let assumed = asked.assume(&self.iam, &signed.session, peer, now)?;
                let view = AssumedView {
                    expires_at: assumed.expires_at,
                    user_id: assumed.session.user_id(),
                    arn: assumed.session.arn(),
                    packed_size_percent: assumed.packed_size_percent,
                };
                let credentials = self.sessions.issue(assumed.session, &self.entropy, now);
                Ok(sts::assumed_xml(&view, &credentials, request_id))
            }
            other => {
                let message = format!("Could not find operation {other} for version 2011-06-15");
                Err(StsError::new(StatusCode::BAD_REQUEST, "InvalidAction", message))
            }
        }
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
    let mut context = check.context.clone();
    super::principal_keys(session, &mut context);
    context.set("aws:RequestedRegion", region.as_str());
    let epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    context.set("aws:EpochTime", epoch.to_string());
    context.set("aws:CurrentTime", epoch.to_string());
    let role = &session.role.role;
    let policies = Policies {
        identity: &role.identity,
        boundary: role.boundary.as_ref(),
        session: session.policy.as_ref(),
    };
    let request = crate::policy::Request { action: check.action, resource: &resource, context: &context };
    let decision = policies.evaluate(&request);
    (!decision.is_allowed()).then(|| access_denied(session, check.action, &resource, &decision))
}

/// AWS's words (*Troubleshoot access denied error messages*).
fn access_denied(session: &Session, action: &str, resource: &str, decision: &Decision) -> Reply {
    let policy = |layer| match layer {
        Layer::Identity => "identity-based policy",
        Layer::Boundary => "permissions boundary",
        Layer::Session => "session policy",
    };
    let because = match decision.verdict {
        Verdict::Allowed | Verdict::ExplicitlyDenied => {
            let layer = decision.by.first().map_or(Layer::Identity, |statement| statement.layer);
            format!(
                "with an explicit deny in {} {}",
                if layer == Layer::Identity { "an" } else { "a" },
                policy(layer)
            )
        }
        Verdict::ImplicitlyDenied(layer) => {
            format!("because no {} allows the {action} action", policy(layer))
        }
    };
    let message = format!(
        "User: {} is not authorized to perform: {action} on resource: {resource} {because}",
        session.arn()
    );
    Reply::error("AccessDeniedException", &message)
}
