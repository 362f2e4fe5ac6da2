//! `innkeeper check`: what can be known of an application before it serves.
//!
//! Two looks at AWS: `--deployed` compares what is declared with what IAM holds, `--live` asks with each tenant's own
//! session. Both are read-only. Exit code 0: nothing stands in the way; 1: a finding; 2: unusable input.

pub mod deployed;
pub mod live;

use std::io::IsTerminal as _;
use std::num::NonZeroU32;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Application, Because, Common, Failure, LogFormat, block_on, say, start_log};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::policy::{Finding, Severity};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
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

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    start_log(LogFormat::Pretty, "error")?;
    let config = Config::load(&arguments.common.config, &config::variables())?;
    block_on(check(arguments, Application::load(config)?))
}

async fn check(arguments: &Arguments, application: Application) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let mut summary =
        vec![format!("{} tenants, and all files can be used", application.registry.records().len())];
    if arguments.deployed || arguments.live {
        let config = application.config.aws.clone();
        let aws = Aws::from_environment(config, Clock::system()).await.map_err(Because)?;
        if arguments.deployed {
            let verified = deployed::verify(&application, &aws, &deployed::Options::default()).await;
            summary.push(verified.summary());
            findings.extend(verified.findings);
        }
        if arguments.live {
            let options = live::Options { rate: arguments.rate, ..live::Options::default() };
            let bar = progress();
            let probed = live::probe(&application, &aws, &options, |done, of| bar.tell(done, of)).await;
            summary.push(probed.summary());
            findings.extend(probed.findings);
        }
    }
    for finding in &findings {
        say(&format!("{}\n", render(finding)));
    }
    say(&summary.join("\n"));
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    match errors {
        0 => Ok(()),
        errors => Err(Failure::Running(anyhow::anyhow!("{errors} findings stand in the way"))),
    }
}

fn render(finding: &Finding) -> String {
    let colours = std::io::stdout().is_terminal();
    let mut text = match finding.severity {
        Severity::Error => finding.problem.render_error(colours),
        Severity::Warning => finding.problem.render_warning(colours),
    };
    if let Some(counterexample) = &finding.counterexample {
        text.push_str("\n = counterexample: ");
        text.push_str(&counterexample.to_string());
    }
    text
}

/// A bar on standard error, where that is a terminal; nothing where it is none.
struct Progress(Option<ProgressBar>);

fn progress() -> Progress {
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("{bar:40} {pos} of {len} tenants, {eta} to go");
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_malformed| ProgressStyle::default_bar()))
    });
    Progress(bar)
}

impl Progress {
    fn tell(&self, done: usize, of: usize) {
        let Some(bar) = &self.0 else { return };
        bar.set_length(u64::try_from(of).unwrap_or_default());
        bar.set_position(u64::try_from(done).unwrap_or_default());
        if done == of {
            bar.finish_and_clear();
        }
    }
}
