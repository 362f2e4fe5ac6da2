//! Worlds, and the tenants in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use innkeeper::aws::Identity;
use innkeeper::cli::{Application, Embedded, EmbeddedOptions};
use innkeeper::clock::{Clock, Hand};
use innkeeper::config::Config;
use innkeeper::credentials::{Assumption, Wire};
use innkeeper::dev::{Aws, Claims, IssuedCredentials, Issuer, Observed, Reply as AwsReply, Service};
use innkeeper::entropy::Entropy;
use innkeeper::id::{AccountId, Region, RoleArn, TenantId};
use innkeeper::operation::CursorKey;
use innkeeper::policy::derive::{self, RoleShape, Subject, grants};
use innkeeper::problem::Source;
use innkeeper::schema::compile;
use innkeeper::server::{Gateway, Server, Tls};
use innkeeper::settings::Variables;
use innkeeper::tenant::TenantRecord;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use super::fault::{Call, Fault, Faults};
use super::{Reply, dynamodb_local, isolation, root};

/// Where items are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Embedded,
    DynamoDbLocal,
}

/// The moment at which every world begins: 2026-11-23T12:00:00Z, after everything in the seed.
const START: u64 = 1_795_435_200;

/// A world that is being made.
#[expect(clippy::struct_excessive_bools, reason = "each is set by a method of its own")]
pub(crate) struct Builder {
    application: PathBuf,
    files: Vec<(String, String)>,
    deployed: Vec<(String, String)>,
    engine: Engine,
    seed: bool,
    forged: Option<TenantId>,
    aws: Option<String>,
    faults: Option<Box<dyn FnMut(&Call) -> Fault + Send>>,
    real_time: bool,
    holes: bool,
    derived: bool,
    wire: Wire,
    configure: Box<dyn FnOnce(&mut Config) + Send>,
}

impl Builder {
    /// Runs another application: a folder of `tests/schemas`, in the place of the example.
    pub(crate) fn application(mut self, name: &str) -> Self {
        self.application = root().join("tests/schemas").join(name);
        self
    }

    /// Puts a file in the place of the example's.
    pub(crate) fn file(mut self, name: &str, text: impl Into<String>) -> Self {
        self.files.push((name.to_owned(), text.into()));
        self
    }

    /// Changes a file of the example's.
    pub(crate) fn edit(self, name: &str, edit: impl FnOnce(String) -> String) -> Self {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let edited = edit(text.clone());
        assert_ne!(text, edited, "the edit of {name} changes nothing");
        self.file(name, edited)
    }

    /// Lets the embedded IAM begin with a changed role in the place of a declared one.
    pub(crate) fn deployed_role(mut self, name: &str, edit: impl FnOnce(String) -> String) -> Self {
        let text = std::fs::read_to_string(root().join("policies/roles").join(name)).unwrap();
        let edited = edit(text.clone());
        assert_ne!(text, edited, "the edit of {name} changes nothing");
        self.deployed.push((name.to_owned(), edited));
        self
    }

    /// Lets the policies name every index of the table, for schemas with others than the example's.
    pub(crate) fn any_index(self) -> Self {
        let files = [
            "policies/shop.json",
            "policies/roles/pool.json",
            "policies/roles/tags.json",
            "policies/roles/tenant.json",
        ];
        files
            .into_iter()
            .fold(self, |builder, file| builder.edit(file, |text| text.replace("/index/gsi1", "/index/*")))
    }

    /// Writes the policies that the schema needs, as `innkeeper policy` prints them, in the place of the example's.
    pub(crate) fn derived(mut self) -> Self {
        self.derived = true;
        self
    }

    /// Keeps the items in another engine.
    pub(crate) fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Begins with empty tables.
    pub(crate) fn unseeded(mut self) -> Self {
        self.seed = false;
        self
    }

    /// Makes the gateway render another tenant's id into every key.
    pub(crate) fn forging(mut self, tenant: &str) -> Self {
        self.forged = Some(tenant.parse().unwrap());
        self
    }

    /// Lets the gateway call another address in the embedded AWS's place.
    pub(crate) fn aws(mut self, endpoint: String) -> Self {
        self.aws = Some(endpoint);
        self
    }

    /// Puts a proxy between the gateway and AWS, with a rule of what happens to each call.
    pub(crate) fn faults(mut self, rule: impl FnMut(&Call) -> Fault + Send + 'static) -> Self {
        self.faults = Some(Box::new(rule));
        self
    }

    /// Goes by the system's clock, for another process that does.
    pub(crate) fn real_time(mut self) -> Self {
        self.real_time = true;
        self
    }

    /// Takes it that tenants reach each other's items: the test is about that being found.
    pub(crate) fn with_holes(mut self) -> Self {
        self.holes = true;
        self
    }

    /// Sends the calls that have two ways by this one.
    pub(crate) fn wire(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }

    /// Changes the configuration.
    pub(crate) fn configure(mut self, configure: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        self.configure = Box::new(configure);
        self
    }

    #[expect(clippy::disallowed_methods, reason = "it serves until it is dropped")]
    pub(crate) async fn start(self) -> World {
        let folder = TempDir::new().unwrap();
        copy_application(&self.application, folder.path());
        for (name, text) in &self.files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let roles = folder.path().join("deployed");
        if !self.deployed.is_empty() {
            std::fs::create_dir(&roles).unwrap();
        }
        for (name, text) in &self.deployed {
            std::fs::write(roles.join(name), text).unwrap();
        }
        let config = folder.path().join("innkeeper.toml");
        let source = Source::new("innkeeper.toml", std::fs::read_to_string(config).unwrap());
        let mut config = Config::parse(&source, folder.path(), &Variables::default()).unwrap();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.server.admin = "127.0.0.1:0".parse().unwrap();
        config.graphql.introspection = true;
        config.operation.cursor_keys = vec![CursorKey::new([7; 32])];
        config.credentials.wire = self.wire;
        (self.configure)(&mut config);
        if self.derived {
            write_policies(&config);
        }
        let (clock, hand) = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(START));
        let clock = if self.real_time { Clock::system() } else { clock };
        let issuer = Issuer::open(&folder.path().join(".innkeeper")).unwrap();
        let dynamodb = match self.engine {
            Engine::Embedded => None,
            Engine::DynamoDbLocal => Some(dynamodb_local::endpoint().await.unwrap()),
        };
        let options = EmbeddedOptions {
            aws: "127.0.0.1:0".parse().unwrap(),
            data: None,
            dynamodb,
            roles: Some(roles).filter(|_| !self.deployed.is_empty()),
            seed: self.seed,
            observe: 100_000,
            clock: clock.clone(),
        };
        let server_config = config.server.clone();
        let mut embedded =
            Embedded::launch(config, &issuer, options).await.unwrap_or_else(|error| panic!("{error}"));
        if let Some(endpoint) = self.aws {
            let aws = &mut embedded.application.config.aws;
            (aws.sts_endpoint, aws.dynamodb_endpoint) = (Some(endpoint.clone()), Some(endpoint));
        }
        let mut faults = None;
        if let Some(rule) = self.faults {
            let aws = &mut embedded.application.config.aws;
            let proxy = Faults::start(aws.dynamodb_endpoint.clone().unwrap(), rule).await;
            (aws.sts_endpoint, aws.dynamodb_endpoint) = (Some(proxy.endpoint()), Some(proxy.endpoint()));
            faults = Some(proxy);
        }
        let config = embedded.application.config.clone();
        let assumptions = assumptions(&embedded);
        let gateway_role = embedded.gateway_role.clone();
        let is_forging = self.forged.is_some() || self.holes;
        let forged = self.forged;
        let (gateway, aws) = embedded
            .gateway_with(clock.clone(), Entropy::system(), |operations| forge(operations, forged))
            .unwrap_or_else(|problems| panic!("{problems}"));
        let gateway = Arc::new(gateway);
        let server = Server::bind(&server_config).await.unwrap();
        let tls = server.tls();
        let (url, admin) = (server.address().unwrap(), server.admin_address().unwrap());
        let serving = Arc::clone(&gateway);
        let (stop, mut stopping) = watch::channel(false);
        let task = tokio::spawn(async move {
            let told = async { drop(stopping.wait_for(|stop| *stop).await) };
            server.serve(serving, &server_config, told).await;
        });
        aws.observer().take();
        World {
            url: format!("http://{url}"),
            admin: format!("http://{admin}"),
            aws,
            clock,
            hand,
            issuer,
            gateway,
            http: reqwest::Client::new(),
            config,
            assumptions,
            gateway_role,
            is_forging,
            faults,
            folder,
            stop,
            tls,
            task,
        }
    }
}

/// The way of worlds that do not name one: the default, or what `INNKEEPER_TEST_WIRE` says, so that the whole suite can be run
/// on either.
fn wire() -> Wire {
    let named = std::env::vars().find(|(name, _)| name == "INNKEEPER_TEST_WIRE");
    named.map_or_else(Wire::default, |(_, way)| way.parse().unwrap())
}

#[cfg(debug_assertions)]
fn forge(
    mut operations: innkeeper::operation::Operations,
    tenant: Option<TenantId>,
) -> innkeeper::operation::Operations {
    if let Some(tenant) = tenant {
        operations.forge(tenant);
    }
    operations
}

#[cfg(not(debug_assertions))]
fn forge(
    operations: innkeeper::operation::Operations,
    tenant: Option<TenantId>,
) -> innkeeper::operation::Operations {
    assert!(tenant.is_none(), "a release build cannot forge");
    operations
}

/// The example application, copied into a folder.
pub(crate) fn copy_example(folder: &Path) {
    copy_application(&root(), folder);
}

/// An application, copied into a folder. It may have no seed.
fn copy_application(from: &Path, folder: &Path) {
    for name in ["schema.graphql", "tenants.toml", "innkeeper.toml", "seed.json"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), folder.join(name)).unwrap();
        }
    }
    for part in ["policies", "policies/roles"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
        for entry in std::fs::read_dir(from.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, folder.join(part).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
}

/// Writes the documents that follow from the schema where the example has its own.
#[track_caller]
fn write_policies(config: &Config) {
    let source = Source::new("schema.graphql", std::fs::read_to_string(&config.schema).unwrap());
    let plan = compile(&source, &config.claims).unwrap_or_else(|problems| panic!("{problems}"));
    let shape = |name: &str| RoleShape {
        name: name.to_owned(),
        path: Some("/innkeeper/".to_owned()),
        gateway: "arn:{{partition}}:iam::{{account}}:role/innkeeper-gateway".to_owned(),
        sets_source_identity: false,
    };
    let of_tenant = grants(&plan, Subject::Variable);
    let of_tag = grants(&plan, Subject::PrincipalTag);
    let shared = |name| derive::shared_role(&shape(name), &of_tag, &derive::table_variable);
    let documents = [
        ("shop.json", derive::document(&of_tenant, &derive::table_variable)),
        ("roles/pool.json", shared("innkeeper-pool")),
        ("roles/tags.json", shared("innkeeper-tags")),
        ("roles/tenant.json", derive::tenant_role(&shape("innkeeper-{{tenant}}"), &of_tenant)),
    ];
    for (name, document) in documents {
        std::fs::write(config.policies.join(name), document.to_string()).unwrap();
    }
}

/// What the gateway asks STS for, tenant by tenant.
fn assumptions(embedded: &Embedded) -> Vec<Assumption> {
    let Application { registry, policies, config, .. } = &embedded.application;
    let of = |record: &Arc<TenantRecord>| Assumption::of(record, policies, &config.credentials).unwrap();
    registry.records().iter().map(of).collect()
}

/// A running application and the AWS that it runs on.
pub(crate) struct World {
    /// Where clients go.
    pub(crate) url: String,
    /// Where health checks go.
    pub(crate) admin: String,
    pub(crate) aws: Aws,
    pub(crate) clock: Clock,
    pub(crate) hand: Hand,
    pub(crate) issuer: Issuer,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) http: reqwest::Client,
    /// What the gateway was made with.
    config: Config,
    assumptions: Vec<Assumption>,
    gateway_role: RoleArn,
    is_forging: bool,
    faults: Option<Faults>,
    folder: TempDir,
    stop: watch::Sender<bool>,
    /// What shows clients the certificate, where the configuration names one.
    pub(crate) tls: Option<Tls>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.task.abort();
        if !std::thread::panicking() && !self.is_forging {
            isolation::assert_apart(&self.aws.observer().calls());
        }
    }
}

impl World {
    /// The example, as it is.
    pub(crate) async fn start() -> Self {
        Self::builder().start().await
    }

    pub(crate) fn builder() -> Builder {
        Builder {
            application: root(),
            files: Vec::new(),
            deployed: Vec::new(),
            engine: Engine::Embedded,
            seed: true,
            forged: None,
            aws: None,
            faults: None,
            real_time: false,
            holes: false,
            derived: false,
            wire: wire(),
            configure: Box::new(|_| {}),
        }
    }

    /// A tenant, with a token that lives an hour.
    pub(crate) fn tenant(&self, id: &str) -> Tenant<'_> {
        Tenant { world: self, token: self.token(id) }
    }

    /// A token of the dev issuer.
    #[track_caller]
    pub(crate) fn token(&self, tenant: &str) -> String {
        self.token_with(tenant, None, &json!({}))
    }

    /// A token of the dev issuer with scopes, and claims beside the usual ones.
    #[track_caller]
    pub(crate) fn token_with(&self, tenant: &str, scope: Option<&str>, claims: &Value) -> String {
        let tenant = tenant.parse().unwrap();
        let claims = Claims {
            tenant: &tenant,
            subject: "dev",
            scope,
            others: claims.as_object().unwrap().clone(),
            expires_in: Duration::from_hours(1),
        };
        self.issuer.token(&claims, &self.clock).unwrap()
    }

    /// A caller of a tenant with scopes.
    #[track_caller]
    pub(crate) fn tenant_with(&self, id: &str, scope: &str) -> Tenant<'_> {
        Tenant { world: self, token: self.token_with(id, Some(scope), &json!({})) }
    }

    /// A caller of a tenant with claims.
    #[track_caller]
    pub(crate) fn tenant_claiming(&self, id: &str, claims: &Value) -> Tenant<'_> {
        Tenant { world: self, token: self.token_with(id, None, claims) }
    }

    /// Sends a document with a token, or without one.
    pub(crate) async fn post(&self, token: Option<&str>, body: &Value) -> Reply {
        let mut request = self
            .http
            .post(format!("{}/graphql", self.url))
            .header("accept", "application/graphql-response+json")
            .json(body);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request).await
    }

    /// Sends any request.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Reply { status, headers, text: answer.text().await.unwrap() }
    }

    /// Tells the server to stop, as SIGTERM does.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Whether the server has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// The proxy before AWS, where the builder put one.
    #[track_caller]
    pub(crate) fn faults(&self) -> &Faults {
        self.faults.as_ref().unwrap()
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, by: Duration) {
        self.hand.advance(by);
    }

    /// Writes the tenants anew and reads the application again.
    pub(crate) fn reload_tenants(&self, text: &str) -> Result<(), innkeeper::tenant::Kept> {
        self.write_file("tenants.toml", text);
        self.reload()
    }

    /// Writes a file of the application anew. Nothing reads it yet.
    pub(crate) fn write_file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Reads the application again and puts it in force, as the server does, but for the proof.
    pub(crate) fn reload(&self) -> Result<(), innkeeper::tenant::Kept> {
        let read = Application::read(self.config.clone())
            .and_then(|application| Ok(application.fresh(self.clock.clone(), Entropy::system())?));
        self.gateway.served.replace(read)
    }

    /// The folder of the application.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The text of a file of the application.
    pub(crate) fn read_file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// What the embedded AWS saw since it was last asked. Whatever the gateway did, it kept tenants apart.
    #[track_caller]
    pub(crate) fn calls(&self) -> Vec<Observed> {
        let calls = self.aws.observer().take();
        if !self.is_forging {
            isolation::assert_apart(&calls);
        }
        calls
    }

    /// Forgets what the embedded AWS saw: calls that a test made under policies that keep nobody apart.
    pub(crate) fn forget_calls(&self) {
        drop(self.aws.observer().take());
    }

    /// Credentials of a tenant's session, as the gateway would get them. No frontend ever has these.
    #[track_caller]
    pub(crate) fn credentials(&self, tenant: &str) -> IssuedCredentials {
        let assumption = self.assumptions.iter().find(|it| it.tenant.as_str() == tenant).unwrap();
        let mut parameters = vec![
            ("RoleArn", assumption.role.as_str()),
            ("RoleSessionName", &assumption.session_name),
            ("Tags.member.1.Key", "tenant"),
            ("Tags.member.1.Value", tenant),
        ];
        parameters.extend(assumption.policy().map(|policy| ("Policy", policy)));
        parameters.extend(assumption.external_id.as_ref().map(|id| ("ExternalId", id.as_str())));
        self.assume(&parameters).unwrap()
    }

    /// The application as its files say it now, before this world's AWS.
    pub(crate) fn application(&self) -> Application {
        let source = Source::new("innkeeper.toml", self.read_file("innkeeper.toml"));
        let mut config = Config::parse(&source, self.folder(), &Variables::default()).unwrap();
        let endpoint = Some(self.aws.endpoint());
        config.aws.sts_endpoint.clone_from(&endpoint);
        config.aws.dynamodb_endpoint.clone_from(&endpoint);
        config.aws.iam_endpoint = endpoint;
        Application::load(config).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// This world's AWS, with these credentials as one's own.
    pub(crate) fn aws_as(&self, credentials: IssuedCredentials) -> innkeeper::aws::Aws {
        let identity = Identity {
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key,
            session_token: credentials.session_token,
        };
        let config = self.application().config.aws;
        let region = config.region.clone().unwrap();
        innkeeper::aws::Aws::with_identity(config, identity, region, self.clock.clone())
    }

    /// Credentials of the gateway's own role.
    pub(crate) fn identity(&self) -> IssuedCredentials {
        self.aws.bootstrap(&self.gateway_role, "serve").unwrap()
    }

    /// What STS answers the gateway's own identity.
    pub(crate) fn assume(&self, parameters: &[(&str, &str)]) -> Result<IssuedCredentials, String> {
        self.aws.assume_role(&self.gateway_role, parameters)
    }

    /// How many `AssumeRole` calls it saw for a tenant since it was last asked, and how many of DynamoDB.
    pub(crate) fn count(&self, tenant: &str) -> (usize, usize) {
        let calls = self.calls();
        let of = |service| {
            calls
                .iter()
                .filter(|call| call.service == service && call.tenant.as_deref() == Some(tenant))
                .count()
        };
        (of(Service::Sts), of(Service::DynamoDb))
    }

    /// Runs a DynamoDB operation behind the front, on the tables of the example's account.
    pub(crate) async fn behind(&self, operation: &str, body: Value) -> AwsReply {
        let account: AccountId = "111122223333".parse().unwrap();
        let region: Region = "eu-central-1".parse().unwrap();
        self.aws.behind_the_front(&account, &region, operation, body).await
    }

    /// An item as it is stored, by its raw key in the shared table.
    pub(crate) async fn stored(&self, pk: &str, sk: &str) -> Value {
        let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        let reply = self.behind("GetItem", json!({ "TableName": "innkeeper-shops", "Key": key })).await;
        serde_json::from_str::<Value>(&reply.body).unwrap()["Item"].clone()
    }
}

/// A tenant's frontend.
#[derive(Clone)]
pub(crate) struct Tenant<'w> {
    world: &'w World,
    pub(crate) token: String,
}

impl Tenant<'_> {
    /// Sends a document.
    pub(crate) async fn query(&self, query: &str) -> Reply {
        self.send(&json!({ "query": query })).await
    }

    /// Sends a document with variables.
    pub(crate) async fn with(&self, query: &str, variables: Value) -> Reply {
        self.send(&json!({ "query": query, "variables": variables })).await
    }

    pub(crate) async fn send(&self, body: &Value) -> Reply {
        self.world.post(Some(&self.token), body).await
    }
}
