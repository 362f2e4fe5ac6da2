//! The command line: what people type, and what they read then.
//!
//! Exit codes mean something: 0 fine, 1 a finding or a failure while running, 2 unusable input. What is wrong with
//! input is said all at once, on standard error, and nothing is served.

#[cfg(unix)]
mod admin;
mod application;
pub mod check;
#[cfg(feature = "dev")]
mod dev;
mod explain;
mod guard;
mod policy;
mod reload;
mod schema;
#[cfg(feature = "dev")]
mod seed;
mod serve;
#[cfg(feature = "dev")]
mod token;
mod watch;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

pub use application::Application;
pub use check::examine;
#[cfg(feature = "dev")]
pub use dev::{Embedded, EmbeddedOptions};
use guard::Guard;

use crate::problem::Problems;
use crate::telemetry::{Format, Traces};

/// A GraphQL gateway for DynamoDB in which every request runs with its own tenant's AWS credentials.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway before an embedded AWS that enforces IAM, with the tenants and items of the example or your own.
    ///
    /// Needs no AWS account and no internet. Signatures, trust policies, role policies and session policies are
    /// enforced as AWS documents them, so that a hole in a policy shows here.
    #[cfg(feature = "dev")]
    Dev(dev::Arguments),
    /// Show that every tenant reaches its own items and no other tenant's, before anything is served.
    ///
    /// Looks at the schema, the policies, the declared roles and the tenants. What is shown holds for all tenant ids; a
    /// hole comes with the request that goes through it. Calls nobody, unless --deployed or --live asks for it; those
    /// only read. Exit code 0: proved; 1: a finding; 2: unusable input.
    Check(check::Arguments),
    /// Run the gateway on AWS.
    ///
    /// The gateway's own identity comes from the SDK's default chain: environment, profile, container, instance.
    /// It needs sts:AssumeRole and sts:TagSession on the tenants' roles, and nothing else.
    Serve(serve::Arguments),
    /// See and evict the leases of a running gateway, or have it read its files again, over its socket.
    #[cfg(unix)]
    Admin(admin::Arguments),
    /// Show what a field asks of DynamoDB, and which statements of the policies let it.
    ///
    /// Keys, expressions, parameters, and where each value comes from. The statements are found by the evaluator, with a
    /// key of a tenant: of the one that is named, or of one for each set of policies in use. Nothing is asked of AWS.
    Explain(explain::Arguments),
    /// Print the public schema, for code generators; or the definitions of the directives, for editors.
    ///
    /// The schema is what introspection answers: no directive, no key, no hidden field.
    Schema(schema::Arguments),
    /// Print the least-privilege policies that follow from the schema, or test policies of your own.
    ///
    /// Each document allows what the fields of the schema ask of DynamoDB, and nothing else: actions one by one, indexes
    /// by name, keys by the tenant. Nothing is asked of AWS.
    Policy(policy::Arguments),
    /// Print a token of the dev issuer, for a running `innkeeper dev`.
    #[cfg(feature = "dev")]
    Token(token::Arguments),
    /// Print shell completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What every command that loads an application takes.
#[derive(Debug, Args)]
struct Common {
    /// The configuration file. Paths in it are relative to it.
    #[arg(long, value_name = "FILE", default_value = "innkeeper.toml")]
    config: PathBuf,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl From<LogFormat> for Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Pretty => Self::Pretty,
            LogFormat::Json => Self::Json,
        }
    }
}

/// How a result is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Why a command ended without success.
#[derive(Debug)]
enum Failure {
    /// Something was found, and has been said.
    Found,
    /// The input cannot be used: everything that is wrong with it.
    Input(Problems),
    /// Something failed while running.
    Running(anyhow::Error),
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Input(problems)
    }
}

impl From<crate::problem::Problem> for Failure {
    fn from(problem: crate::problem::Problem) -> Self {
        Self::Input(problem.into())
    }
}

impl<E: Into<anyhow::Error>> From<Because<E>> for Failure {
    fn from(because: Because<E>) -> Self {
        Self::Running(because.0.into())
    }
}

/// An error of another crate's or module's, on its way to [`Failure::Running`].
struct Because<E>(E);

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        #[cfg(feature = "dev")]
        Command::Dev(arguments) => dev::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        #[cfg(unix)]
        Command::Admin(arguments) => admin::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        #[cfg(feature = "dev")]
        Command::Token(arguments) => token::run(&arguments),
        Command::Completions { shell } => {
            // Into memory first: it panics where a reader such as `head` goes away.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "innkeeper", &mut script);
            drop(std::io::stdout().write_all(&script));
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Found) => ExitCode::FAILURE,
        Err(Failure::Input(problems)) => {
            say_error(&problems.render(std::io::stderr().is_terminal()));
            ExitCode::from(2)
        }
        Err(Failure::Running(error)) => {
            say_error(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard error. Where that is closed, there is nobody to tell.
fn say_error(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Writes to standard output. A reader that has gone away is no failure of ours.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Runs asynchronous work to its end.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    use tokio::runtime::Builder;
    // On one core a scheduler for several threads costs a request some 30 µs, and gives nothing.
    let has_one = std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1);
    let mut builder = if has_one { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build().map_err(Because)?.block_on(work)
}

/// From this call on SIGINT and SIGTERM are heard; what it gives resolves at the first of them.
#[cfg(unix)]
fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Resolves at SIGINT.
#[cfg(not(unix))]
async fn stop_signal() {
    drop(tokio::signal::ctrl_c().await);
}

/// Starts the log, and the traces where the configuration names a collector. What is left of these is sent when what is
/// given back is dropped.
fn start_log(
    format: LogFormat,
    level: &str,
    config: &crate::telemetry::Config,
) -> Result<Option<Traces>, Failure> {
    let filter = crate::config::log_filter().unwrap_or_else(|| level.to_owned());
    let traces = Traces::start(config).map_err(Because)?;
    crate::telemetry::start(format.into(), &filter, traces.as_ref()).map_err(|error| {
        crate::problem::Problem::of("RUST_LOG", error.to_string())
            .hint("write it like `info,innkeeper=debug`")
    })?;
    Ok(traces)
}
