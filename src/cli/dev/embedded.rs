//! An application before an embedded AWS: roles, tables and seed in their places.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use jsonwebtoken::Algorithm;
use tokio::net::TcpStream;

use super::super::{Application, Because, Failure, seed};
use crate::authorizer::{IssuerConfig, KeySource, SpeaksFor};
use crate::aws::{self, Identity};
use crate::clock::Clock;
use crate::config::Config;
use crate::credentials::variables;
use crate::dev::{self, Aws, HeldRole, Issuer, StartError, Storage};
use crate::entropy::Entropy;
use crate::id::{AccountId, Region, RoleArn};
use crate::operation::Operations;
use crate::policy::{RoleTemplate, Variables};
use crate::problem::{Problem, Problems};
use crate::server::Gateway;
use crate::tenant::Mode;

/// How an embedded AWS is set up for an application.
#[derive(Debug)]
pub struct EmbeddedOptions {
    /// The address of the embedded AWS.
    pub aws: SocketAddr,
    /// The file that keeps the items.
    pub data: Option<PathBuf>,
    /// Another engine.
    pub dynamodb: Option<Uri>,
    /// A folder of roles that IAM holds in the place of the declared ones of the same names.
    pub roles: Option<PathBuf>,
    /// Whether the tables begin with the seed.
    pub seed: bool,
    /// How many calls the record holds.
    pub observe: usize,
    /// What time it is.
    pub clock: Clock,
}

/// An application and the AWS that it runs on.
#[derive(Debug)]
pub struct Embedded {
    /// The embedded AWS.
    pub aws: Aws,
    /// The application.
    pub application: Application,
    /// The role that the gateway runs under.
    pub gateway_role: RoleArn,
    pub(super) seeded: Vec<seed::Seeded>,
}

impl Embedded {
    /// Starts an embedded AWS for an application, and puts roles, tables and seed in their places.
    ///
    /// # Errors
    /// Everything that is wrong with the application's files, or what the address and the data file are refused for.
    pub(in crate::cli) async fn start(
        config: Config,
        issuer: &Issuer,
        options: EmbeddedOptions,
    ) -> Result<Self, Failure> {
        let mut application = Application::load(config)?;
        let (gateway_role, region) = place(&application)?;
        let is_new = !options.data.as_ref().is_some_and(|path| path.exists());
        if let Some(uri) = &options.dynamodb {
            answers(uri).await?;
        }
        let storage = match (options.dynamodb, options.data) {
            (Some(uri), _) => Storage::Remote(uri),
            (None, Some(path)) => Storage::File(path, gateway_role.account().clone(), region.clone()),
            (None, None) => Storage::Memory,
        };
        // Another process deletes by the system's time: what has expired there is still good by another clock.
        let is_other_time = matches!(storage, Storage::Remote(_)) && !options.clock.is_system();
        let in_a_file = match &storage {
            Storage::File(path, ..) => Some(path.display().to_string()),
            Storage::Memory | Storage::Remote(_) => None,
        };
        let aws = dev::Options {
            listen: options.aws,
            storage,
            clock: options.clock,
            observe: options.observe,
            jwks: issuer.jwks(),
        };
        let aws = Aws::start(aws).await.map_err(Because)?;
        aws.open_storage(gateway_role.account(), &region).map_err(|error| match (error, in_a_file) {
            (StartError::Storage(error), Some(file)) => {
                let problem = Problem::of(file, format!("cannot keep the items: {error}"));
                Failure::from(
                    problem.hint("name a file in a folder that can be written, on a disk with room"),
                )
            }
            (error, _) => Because(error).into(),
        })?;
        trust_issuer(&mut application, &aws, &region);
        let mut embedded = Self { aws, application, gateway_role, seeded: Vec::new() };
        let others = match &options.roles {
            Some(folder) => embedded.application.read_roles(folder)?,
            None => Vec::new(),
        };
        embedded.put_roles(&others)?;
        embedded.create_tables(!is_other_time).await?;
        if let Some(path) = embedded.application.config.dev.seed.clone().filter(|_| options.seed) {
            let Application { plan, registry, .. } = &embedded.application;
            embedded.seeded = seed::read(&path, plan, registry)?;
            if is_new {
                seed::plant(&embedded.aws, plan, &embedded.seeded).await?;
            }
        }
        Ok(embedded)
    }

    /// The same, for tests: what is wrong comes as text.
    pub async fn launch(config: Config, issuer: &Issuer, options: EmbeddedOptions) -> Result<Self, String> {
        Self::start(config, issuer, options).await.map_err(|failure| match failure {
            Failure::Found => "something was found".to_owned(),
            Failure::Input(problems) => problems.to_string(),
            Failure::Running(error) => format!("{error:#}"),
        })
    }

    /// The gateway, with the identity that the embedded AWS has for it. The AWS must be kept as long as it.
    pub fn gateway(self, clock: Clock, entropy: Entropy) -> Result<(Gateway, Aws), Problems> {
        self.gateway_with(clock, entropy, |operations| operations)
    }

    /// The gateway, with its operations changed before they are put in their place.
    pub fn gateway_with(
        self,
        clock: Clock,
        entropy: Entropy,
        change: impl FnOnce(Operations) -> Operations,
    ) -> Result<(Gateway, Aws), Problems> {
        let config = self.application.config.aws.clone();
        let no_role = || Problems::from(Problem::of(self.gateway_role.to_string(), "is no declared role"));
        let credentials = self.aws.bootstrap(&self.gateway_role, "innkeeper").ok_or_else(no_role)?;
        let identity = Identity {
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key,
            session_token: credentials.session_token,
        };
        let region = config.region.clone().ok_or_else(no_role)?;
        let aws = aws::Aws::with_identity(config, identity, region, clock.clone());
        Ok((self.application.gateway_with(aws, clock, entropy, change)?, self.aws))
    }

    /// The roles that the tenants' records and the configuration name: as one of `others` has them, or else as they are
    /// declared.
    fn put_roles(&self, others: &[RoleTemplate]) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let mut put = |arn: &RoleArn, variables: &Variables, whose: &str, made_by: &str| {
            let mut roles = others.iter().chain(self.application.roles.iter());
            let declared = roles.find(|role| role.declares(arn.name(), variables));
            let missing = || {
                let problem = Problem::of(
                    format!("policies/roles, {whose}"),
                    format!("no file declares the role `{}`", arn.name()),
                );
                problem.hint(made_by)
            };
            let filled = declared.ok_or_else(missing).and_then(|declared| {
                declared.render(variables)?;
                declared.fill(variables)
            });
            let put = filled.and_then(|filled| {
                let put = self.aws.put_role(arn.clone(), HeldRole::declared(arn, &filled));
                put.map_err(|error| Problem::of(arn.to_string(), error.to_string()))
            });
            if let Err(problem) = put {
                problems.push(problem);
            }
        };
        for record in self.application.registry.records() {
            let made_by = match record.mode {
                Mode::Role => "`innkeeper policy role > policies/roles/tenant.json` makes it",
                Mode::SessionPolicy(_) => "`innkeeper policy pool > policies/roles/pool.json` makes it",
                Mode::SessionTags => "`innkeeper policy tags > policies/roles/tags.json` makes it",
            };
            put(&record.role, &variables(&record), &format!("tenant {}", record.id), made_by);
        }
        let mut own = Variables::default();
        own.set("account", self.gateway_role.account().as_str());
        if let Some(region) = &self.application.config.aws.region {
            own.set("region", region.as_str());
            own.set("partition", region.partition());
        }
        let made_by = "`innkeeper policy gateway > policies/roles/gateway.json` makes it";
        put(&self.gateway_role, &own, "the gateway", made_by);
        problems.or(())
    }

    /// The tables of all tenants, where they are not there yet. `expires`: what has expired may be deleted from them.
    async fn create_tables(&self, expires: bool) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let mut made: BTreeSet<(AccountId, Region, String)> = BTreeSet::new();
        let plan = Arc::clone(&self.application.plan);
        for record in self.application.registry.records() {
            for table in plan.tables.values() {
                let Some(name) = record.tables.get(table.name.as_str()) else { continue };
                let (account, region) = (record.role.account().clone(), record.region.clone());
                if !made.insert((account.clone(), region.clone(), name.to_string())) {
                    continue;
                }
                let create = dev::create_table(table, name.as_str());
                let reply = self.aws.behind_the_front(&account, &region, "CreateTable", create).await;
                let exists = reply.error_code().is_some_and(|code| code == "ResourceInUseException");
                if !reply.status.is_success() && !exists {
                    problems.push(Problem::of(format!("table {name}"), reply.body));
                    continue;
                }
                let time_to_live = dev::time_to_live(table, name.as_str());
                if let Some(body) = time_to_live.filter(|_| expires && !exists) {
                    self.aws.behind_the_front(&account, &region, "UpdateTimeToLive", body).await;
                }
            }
        }
        problems.or(())
    }
}

/// The role and the Region of the gateway itself.
fn place(application: &Application) -> Result<(RoleArn, Region), Problem> {
    let config = &application.config;
    let no_role = || {
        let problem = Problem::of("[aws] in the configuration", "`aws.gateway-role` is missing");
        problem.hint("write the ARN of the role that the gateway runs under; policies/roles declares it")
    };
    let role = config.aws.gateway_role.clone().ok_or_else(no_role)?;
    let records = application.registry.records();
    let region = config.aws.region.clone().or_else(|| records.first().map(|record| record.region.clone()));
    let no_region =
        || Problem::of("[aws] in the configuration", "`aws.region` is missing, and there are no tenants");
    Ok((role, region.ok_or_else(no_region)?))
}

/// Lets the gateway call the embedded AWS, and trust the dev issuer beside the configured ones.
fn trust_issuer(application: &mut Application, aws: &Aws, region: &Region) {
    let config = &mut application.config;
    config.aws.region = Some(region.clone());
    config.aws.sts_endpoint = Some(aws.endpoint());
    config.aws.dynamodb_endpoint = Some(aws.endpoint());
    config.aws.iam_endpoint = Some(aws.endpoint());
    let Ok(jwks) = format!("{}/.well-known/jwks.json", aws.endpoint()).parse::<Uri>() else { return };
    config.authorizer.issuers.push(IssuerConfig {
        issuer: dev::ISSUER.to_owned(),
        audience: dev::AUDIENCE.to_owned(),
        keys: KeySource::Jwks(jwks),
        algorithms: vec![Algorithm::ES256],
        speaks_for: SpeaksFor::All,
        tenant_claim: "tenant".to_owned(),
        max_lifetime: None,
        claims: Arc::clone(&config.claims),
    });
}

/// Whether something listens where another engine should be: otherwise every table would fail for that one reason.
async fn answers(engine: &Uri) -> Result<(), Problem> {
    const PATIENCE: Duration = Duration::from_secs(3);
    let host = engine.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = engine.port_u16().unwrap_or(if engine.scheme_str() == Some("https") { 443 } else { 80 });
    let Ok(Ok(_connected)) = tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await else {
        let problem = Problem::of("--dynamodb", format!("nothing answers at {engine}"));
        let hint = "start DynamoDB Local there, or name where it listens, such as http://127.0.0.1:8000";
        return Err(problem.hint(hint));
    };
    Ok(())
}
