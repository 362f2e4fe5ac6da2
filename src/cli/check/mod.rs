//! `innkeeper check`: shows, before anything is served, that tenants are kept apart, or names the request that is not.

mod registry;
mod report;
mod subjects;

use std::io::IsTerminal as _;

use clap::ValueEnum;

use super::{Application, Common, Failure, say};
use crate::config::{self, Config};
use crate::policy::isolation::{Proof, Subject, prove};
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
    let subjects = subjects(&application);
    let proof = proved(&application, &subjects);
    let report = Report { application: &application, subjects: &subjects, proof: &proof };
    say(&match arguments.format {
        Format::Text => report.text(std::io::stdout().is_terminal()),
        Format::Json => report.json(),
    });
    if proof.holds() { Ok(()) } else { Err(Failure::Finding) }
}

/// The proof of an application, with what its registry and its issuers say.
pub fn examine(application: &Application) -> Proof {
    proved(application, &subjects(application))
}

fn proved(application: &Application, subjects: &[Subject<'_>]) -> Proof {
    let gateway = application.config.dev.gateway_role.as_ref().map(crate::id::RoleArn::as_str);
    let mut proof = prove(&application.plan, subjects, gateway);
    proof.findings.extend(registry::findings(application));
    proof
}
