//! `innkeeper check`: shows, before anything is served, that tenants are kept apart, or names the request that is not.

pub mod deployed;
pub mod live;
mod progress;
mod registry;
mod report;
mod subjects;

use std::collections::BTreeSet;
use std::fmt;
use std::io::IsTerminal as _;
use std::num::NonZeroU32;
use std::sync::Arc;

use clap::ValueEnum;

use super::{Application, Because, Common, Failure, LogFormat, block_on, say, start_log};
use crate::authorizer::IssuerConfig;
use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::credentials::PolicyTemplates;
use crate::id::RoleArn;
use crate::policy::isolation::{Member, Proof, Subject, prove};
use crate::policy::lint::{self, Against};
use crate::policy::{Finding, RoleTemplate, Severity, Variables};
use crate::schema::Plan;
use crate::telemetry;
use crate::tenant::Registry;
use deployed::Verified;
use report::Report;
use subjects::{subjects, undeclared};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// What is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Compare the declared roles with those that IAM holds, and look for resource policies of the tables.
    ///
    /// Uses the identity of the SDK's default chain, which needs iam:GetAccountAuthorizationDetails, iam:ListRoles and
    /// dynamodb:GetResourcePolicy. Roles of other accounts than that identity's are said to be not verified.
    #[arg(long)]
    deployed: bool,
    /// Assume each active tenant's role as the gateway would, and ask AWS for a few keys that must be allowed or denied.
    ///
    /// Uses the identity of the SDK's default chain, which must be one that may assume the roles: the gateway's. Keeps
    /// and prints nothing of an item, and writes nothing.
    #[arg(long)]
    live: bool,
    /// With --live: how many tenants to begin with in a second. Each takes some ten calls.
    #[arg(long, value_name = "NUMBER", default_value = "20", requires = "live")]
    rate: NonZeroU32,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    drop(start_log(LogFormat::Pretty, "error", &telemetry::Config::default())?);
    let application = Application::load(Config::load(&arguments.common.config, &config::variables())?)?;
    let grounds = Grounds::of(&application);
    let subjects = subjects(&grounds, &application.registry);
    let mut proof = grounds.proof(&subjects, &application.registry);
    let mut looked = Looked::default();
    if arguments.deployed || arguments.live {
        looked = block_on(look(arguments, &application))?;
        proof.findings.append(&mut looked.findings);
    }
    let report = Report { application: &application, subjects: &subjects, proof: &proof, looked: &looked };
    say(&match arguments.format {
        Format::Text => report.text(std::io::stdout().is_terminal()),
        Format::Json => report.json(),
    });
    if proof.holds() { Ok(()) } else { Err(Failure::Found) }
}

/// What was seen of AWS.
#[derive(Debug, Default)]
struct Looked {
    verified: Option<Verified>,
    /// A line or two for each look.
    summary: Vec<String>,
    findings: Vec<Finding>,
}

async fn look(arguments: &Arguments, application: &Application) -> Result<Looked, Failure> {
    let mut looked = Looked::default();
    let aws =
        Aws::from_environment(application.config.aws.clone(), Clock::system()).await.map_err(Because)?;
    if arguments.deployed {
        let mut verified = deployed::verify(application, &aws, &deployed::Options::default()).await;
        looked.summary.push(verified.summary());
        looked.findings.append(&mut verified.findings);
        looked.verified = Some(verified);
    }
    if arguments.live {
        let options = live::Options { rate: arguments.rate, ..live::Options::default() };
        let progress = progress::bar();
        let probed = live::probe(application, &aws, &options, |done, of| progress.tell(done, of)).await;
        looked.summary.push(probed.summary());
        looked.findings.extend(probed.findings);
    }
    Ok(looked)
}

/// The proof of an application, with what its registry and its issuers say.
pub fn examine(application: &Application) -> Proof {
    Grounds::of(application).examine(&application.registry)
}

/// What a proof is made on, besides the tenants: these may change while the rest stays.
#[derive(Debug, Clone)]
pub(super) struct Grounds {
    plan: Arc<Plan>,
    policies: Arc<PolicyTemplates>,
    roles: Arc<[RoleTemplate]>,
    gateway: Option<RoleArn>,
    issuers: Vec<IssuerConfig>,
}

impl Grounds {
    pub(super) fn of(application: &Application) -> Self {
        Self {
            plan: Arc::clone(&application.plan),
            policies: Arc::clone(&application.policies),
            roles: Arc::clone(&application.roles),
            gateway: application.config.aws.gateway_role.clone(),
            issuers: application.config.authorizer.issuers.clone(),
        }
    }

    /// The proof for the tenants of a registry.
    pub(super) fn examine(&self, registry: &Registry) -> Proof {
        self.proof(&subjects(self, registry), registry)
    }

    /// The roles of a registry that no file declares: what they allow, and whom they trust, no proof says.
    pub(super) fn undeclared(&self, registry: &Registry) -> BTreeSet<RoleArn> {
        undeclared(&subjects(self, registry), registry)
    }

    fn proof(&self, subjects: &[Subject<'_>], registry: &Registry) -> Proof {
        let mut proof = prove(&self.plan, subjects, self.gateway.as_ref().map(RoleArn::as_str));
        proof.findings.extend(self.lint(subjects));
        proof.findings.extend(registry::findings(&self.issuers, registry));
        proof
    }

    /// What is wrong with each file by itself, in use or not.
    fn lint(&self, subjects: &[Subject<'_>]) -> Vec<Finding> {
        // Of those who use a file, the first and the one with the longest names: more of them say no more of it.
        let used_by = |uses: &dyn Fn(&Subject<'_>) -> bool| -> Vec<Variables> {
            let members =
                || subjects.iter().filter(|subject| uses(subject)).flat_map(|subject| &subject.members);
            let length = |member: &&Member| {
                let tables: usize = member.tables.values().map(|table| table.physical.len()).sum();
                member.tenant.as_str().len() + tables
            };
            let longest = members().max_by_key(length);
            members().next().into_iter().chain(longest).map(|member| member.variables.clone()).collect()
        };
        let of_policies = self.policies.iter().flat_map(|template| {
            let tenants = used_by(&|it| it.session.is_some_and(|used| std::ptr::eq(used, template)));
            lint::session_policy(template, Against { plan: Some(&self.plan), tenants: &tenants })
        });
        let of_roles = self.roles.iter().flat_map(|role| {
            let tenants = used_by(&|it| it.role.is_some_and(|used| std::ptr::eq(used, role)));
            // A role that no tenant has, such as the gateway's own, is not measured by what tenants need.
            let plan = (!tenants.is_empty()).then_some(self.plan.as_ref());
            lint::role(role, Against { plan, tenants: &tenants })
        });
        of_policies.chain(of_roles).collect()
    }
}

/// What stands in the way of a proof, in a few words and with a place each.
pub(super) struct InTheWay<'a>(pub(super) &'a Proof);

impl fmt::Display for InTheWay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not proved that tenants are kept apart (`innkeeper check` shows more)")?;
        let errors = self.0.findings.iter().filter(|finding| finding.severity == Severity::Error);
        errors.enumerate().try_for_each(|(at, finding)| {
            let place = finding.problem.place();
            let line = place.line().map_or_else(String::new, |line| format!(":{line}"));
            let joint = if at == 0 { ": " } else { "; " };
            write!(f, "{joint}{}{line}: {}: {}", place.name(), finding.rule, finding.problem.message())
        })
    }
}
