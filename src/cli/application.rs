//! An application: schema, policies, tenants and configuration, read and checked together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::authorizer::Authorizer;
use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::Config;
use crate::credentials::{Broker, PolicyTemplates};
use crate::entropy::Entropy;
use crate::fetch::Fetch;
use crate::graphql::{Api, Trusted};
use crate::operation::Operations;
use crate::policy::{RoleTemplate, Template};
use crate::problem::{Problem, Problems, Source};
use crate::schema::{Layout, Plan, compile};
use crate::server::{Fresh, Gateway, InForce, Served};
use crate::telemetry::Metrics;
use crate::tenant::{Registry, Rejected, Requirements, Standing, Tenants};

/// Of so many requests that may be under way one may wait for an issuer's keys.
const WAIT_FOR_KEYS: usize = 4;

/// A whole application, ready to be served.
#[derive(Debug)]
pub struct Application {
    /// The configuration.
    pub config: Config,
    /// What the schema means.
    pub plan: Arc<Plan>,
    /// The session policies.
    pub policies: Arc<PolicyTemplates>,
    /// The declared roles.
    pub roles: Arc<[RoleTemplate]>,
    /// What every tenant's record must have.
    pub requirements: Requirements,
    /// The documents that are trusted, where no others are run.
    pub trusted: Option<Arc<Trusted>>,
    /// The tenants.
    pub registry: Registry,
}

impl Application {
    /// Reads everything that a configuration names. All mistakes in all files are reported at once.
    pub fn load(config: Config) -> Result<Self, Problems> {
        Self::read(config).map_err(|rejected| rejected.problems)
    }

    /// The same for a gateway that runs: where something is wrong, wherever it is, the tenants' states come with it.
    pub fn read(config: Config) -> Result<Self, Rejected> {
        let tenants = Source::read(&config.tenants);
        let standing = tenants.as_ref().ok().and_then(Standing::read);
        Self::compose(config, tenants).map_err(|problems| Rejected { problems, standing })
    }

    fn compose(config: Config, tenants: Result<Arc<Source>, Problem>) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let plan = Source::read(&config.schema).map_err(Problems::from);
        let plan = problems.take(plan.and_then(|source| compile(&source, &config.claims)));
        let tables: BTreeSet<String> =
            plan.iter().flat_map(|plan| plan.tables.keys()).map(ToString::to_string).collect();
        let known =
            variables(plan.as_ref().map_or_else(|| config.tables.keys().cloned().collect(), |_| tables));
        let policies = problems.take(session_policies(&config.policies, &known));
        let roles = problems.take(roles(&config.policies.join("roles"), known));
        let trusted = config.trusted_documents.as_deref().zip(plan.as_ref());
        let trusted =
            problems.take(trusted.map(|(path, plan)| trusted_documents(path, plan, &config)).transpose());
        // What the tenants' records must have is known only with the schema and the policies.
        let (Some(plan), Some(policies), Some(roles), Some(trusted)) = (plan, policies, roles, trusted)
        else {
            return Err(problems);
        };
        let requirements = problems.take(requirements(&config, &plan, Some(policies.names())));
        let Some(requirements) = requirements else { return Err(problems) };
        let registry = tenants.map_err(Problems::from).and_then(|source| {
            let registry = Registry::parse(&source, &requirements)?;
            policies.check(&registry)?;
            Ok(registry)
        });
        let Some(registry) = problems.take(registry) else { return Err(problems) };
        let (plan, policies, roles) = (Arc::new(plan), Arc::new(policies), roles.into());
        problems.or(Self { config, plan, policies, roles, requirements, trusted, registry })
    }

    /// Reads declared roles from another folder.
    pub fn read_roles(&self, folder: &Path) -> Result<Vec<RoleTemplate>, Problems> {
        let tables = self.plan.tables.keys().map(ToString::to_string).collect();
        // A folder that is named has to be there.
        json_files(folder)?;
        roles(folder, variables(tables))
    }

    /// What takes the place of what a gateway serves, with that gateway's clock and entropy.
    pub fn fresh(self, clock: Clock, entropy: Entropy) -> Result<Fresh, Problems> {
        let Self { config, plan, policies, trusted, registry, .. } = self;
        let operations = Operations::new(Arc::clone(&plan), config.operation, clock, entropy);
        let api = Arc::new(Api::new(&plan, Arc::new(operations), (config.graphql, trusted))?);
        Ok(Fresh { registry, policies, api })
    }

    /// The gateway of this application.
    pub fn gateway(self, aws: Aws, clock: Clock, entropy: Entropy) -> Result<Gateway, Problems> {
        self.gateway_with(aws, clock, entropy, |operations| operations)
    }

    /// The gateway of this application, with its operations changed before they are put in their place.
    pub fn gateway_with(
        self,
        aws: Aws,
        clock: Clock,
        entropy: Entropy,
        change: impl FnOnce(Operations) -> Operations,
    ) -> Result<Gateway, Problems> {
        let Self { config, plan, policies, trusted, registry, .. } = self;
        let metrics = Metrics::new(config.telemetry);
        let operations = Operations::new(Arc::clone(&plan), config.operation, clock.clone(), entropy.clone());
        let api = Arc::new(Api::new(&plan, Arc::new(change(operations)), (config.graphql, trusted))?);
        let served = Served { tenants: Tenants::new(registry, config.tiers), policies, api };
        let fetch = Arc::new(Fetch::default());
        let waiting = config.server.max_requests / WAIT_FOR_KEYS;
        Ok(Gateway {
            authorizer: Authorizer::new(config.authorizer, clock.clone(), &fetch, metrics.clone(), waiting),
            served: InForce::new(served),
            credentials: Broker::new(aws, config.credentials, entropy.clone(), metrics.clone()),
            clock,
            entropy,
            metrics,
        })
    }
}

/// What policies are derived from: the schema and the tenants. The policies themselves need not be there yet.
#[derive(Debug)]
pub(super) struct Groundwork {
    pub(super) config: Config,
    pub(super) plan: Plan,
    /// Empty where there is no file yet.
    pub(super) registry: Registry,
}

impl Groundwork {
    /// Reads the schema, and then the tenants, which are held against it. All mistakes of a file are reported at once.
    pub(super) fn load(config: Config) -> Result<Self, Problems> {
        let plan = compile(&Source::read(&config.schema)?, &config.claims)?;
        let requirements = requirements(&config, &plan, None)?;
        let registry = if config.tenants.exists() {
            Registry::parse(&Source::read(&config.tenants)?, &requirements)?
        } else {
            Registry::default()
        };
        Ok(Self { config, plan, registry })
    }
}

/// The names of the variables that policies may use.
fn variables(tables: BTreeSet<String>) -> BTreeSet<String> {
    let fixed = ["tenant", "account", "region", "partition"].map(str::to_owned);
    fixed.into_iter().chain(tables.into_iter().map(|table| format!("table.{table}"))).collect()
}

fn trusted_documents(path: &Path, plan: &Plan, config: &Config) -> Result<Arc<Trusted>, Problems> {
    let source = Source::read(path)
        .map_err(|problem| problem.hint("`trusted-documents` in the configuration names it"))?;
    Trusted::read(&source, plan, &config.graphql).map(Arc::new)
}

/// `policies/*.json`, by the names of the files.
fn session_policies(folder: &Path, known: &BTreeSet<String>) -> Result<PolicyTemplates, Problems> {
    let mut problems = Problems::default();
    let mut templates = BTreeMap::new();
    for path in json_files(folder)? {
        let template = Source::read(&path).map_err(Problems::from);
        let template = problems.take(template.and_then(|source| Template::parse(&source, known)));
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        templates.extend(name.zip(template));
    }
    problems.or(PolicyTemplates::new(templates))
}

/// `policies/roles/*.json`; none if there is no such folder.
fn roles(folder: &Path, mut known: BTreeSet<String>) -> Result<Vec<RoleTemplate>, Problems> {
    // A trust policy may name the external id; a session policy has no use for it.
    known.insert("external-id".to_owned());
    let mut problems = Problems::default();
    let mut roles = Vec::new();
    let files = if folder.is_dir() { json_files(folder)? } else { Vec::new() };
    for path in files {
        let role = Source::read(&path).map_err(Problems::from);
        roles.extend(problems.take(role.and_then(|source| RoleTemplate::parse(&source, &known))));
    }
    problems.or(roles)
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let unreadable = |error: std::io::Error| {
        let problem = Problem::of(folder.display().to_string(), format!("cannot be read: {error}"));
        problem.hint(
            "`policies` in the configuration names the folder of the policies; `innkeeper policy session-policy` prints one, to be kept there as NAME.json",
        )
    };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn requirements(
    config: &Config,
    plan: &Plan,
    policies: Option<BTreeSet<String>>,
) -> Result<Requirements, Problems> {
    let mut problems = Problems::default();
    for name in config.tables.keys().filter(|name| !plan.tables.contains_key(name.as_str())) {
        let hint = crate::problem::did_you_mean(name, plan.tables.keys().map(AsRef::as_ref));
        let message = format!("the schema has no table `{name}`");
        problems.push(Problem::of("[tables] in the configuration", message).hint(hint));
    }
    let mut requirements = Requirements {
        policies,
        tiers: Some(config.tiers.names().map(str::to_owned).collect()),
        ..Requirements::default()
    };
    for table in plan.tables.values() {
        match table.layout {
            Layout::Silo => {
                requirements.silo_tables.insert(table.name.to_string());
            }
            Layout::Pooled => {
                match config.tables.get(table.name.as_str()).cloned().map_or_else(|| table.name.parse(), Ok) {
                    Ok(physical) => {
                        requirements.shared_tables.insert(table.name.to_string(), physical);
                    }
                    Err(error) => {
                        let message = format!("the table `{}` has no physical name: {error}", table.name);
                        let hint = format!("write `[tables]` and below it `{} = \"…\"`", table.name);
                        problems.push(Problem::of("[tables] in the configuration", message).hint(hint));
                    }
                }
            }
        }
    }
    problems.or(requirements)
}
