//! `innkeeper check`: shows, before anything is served, that tenants are kept apart, or names the request that is not.

mod registry;
mod report;
mod subjects;

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::ValueEnum;

use super::{Application, Common, Failure, say};
use crate::authorizer::IssuerConfig;
use crate::config::{self, Config};
use crate::credentials::PolicyTemplates;
use crate::id::RoleArn;
use crate::policy::isolation::{Proof, Subject, prove};
use crate::policy::lint::{self, Against};
use crate::policy::{Finding, RoleTemplate, Severity, Variables};
use crate::schema::Plan;
use crate::tenant::Registry;
use report::Report;
use subjects::subjects;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// What is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
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
    let application = Application::load(Config::load(&arguments.common.config, &config::variables())?)?;
    let grounds = Grounds::of(&application);
    let subjects = subjects(&grounds, &application.registry);
    let proof = grounds.proof(&subjects, &application.registry);
    let report = Report { schema: &application.config.schema, subjects: &subjects, proof: &proof };
    say(&match arguments.format {
        Format::Text => report.text(std::io::stdout().is_terminal()),
        Format::Json => report.json(),
    });
    if proof.holds() { Ok(()) } else { Err(Failure::Finding) }
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
            gateway: application.config.dev.gateway_role.clone(),
            issuers: application.config.authorizer.issuers.clone(),
        }
    }

    /// The proof for the tenants of a registry.
    pub(super) fn examine(&self, registry: &Registry) -> Proof {
        self.proof(&subjects(self, registry), registry)
    }

    fn proof(&self, subjects: &[Subject<'_>], registry: &Registry) -> Proof {
        let mut proof = prove(&self.plan, subjects, self.gateway.as_ref().map(RoleArn::as_str));
        proof.findings.extend(self.lint(subjects));
        proof.findings.extend(registry::findings(&self.issuers, registry));
        proof
    }

    /// What is wrong with each file by itself, in use or not.
    fn lint(&self, subjects: &[Subject<'_>]) -> Vec<Finding> {
        let used_by = |uses: &dyn Fn(&Subject<'_>) -> bool| -> Vec<Variables> {
            let members =
                subjects.iter().filter(|subject| uses(subject)).flat_map(|subject| &subject.members);
            members.map(|member| member.variables.clone()).collect()
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
