//! `innkeeper serve`: the gateway on AWS.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::guard::Shown;
use super::reload::{Hangup, Reloading};
use super::watch::Watched;
use super::{Application, Because, Common, Failure, Guard, LogFormat, block_on, start_log, stop_signal};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::credentials::Wire;
use crate::entropy::Entropy;
use crate::problem::{Problem, Problems};
use crate::server::Server;
#[cfg(unix)]
use crate::server::admin::Admin;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The address for clients, instead of the configuration's.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The address for health checks, instead of the configuration's.
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
    /// By which way the calls go that have two, instead of the configuration's: `own`, or `sdk`.
    #[arg(long, value_name = "WAY")]
    wire: Option<Wire>,
    /// Serve even if it is not proved that tenants are kept apart. It is logged, and a metric says so.
    #[arg(long)]
    allow_unproved: bool,
    /// How log lines are written.
    #[arg(long, value_enum, default_value = "json")]
    log: LogFormat,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut config = Config::load(&arguments.common.config, &config::variables())?;
    let _traces = start_log(arguments.log, "info", &config.telemetry)?;
    config.server.listen = arguments.listen.unwrap_or(config.server.listen);
    config.server.admin = arguments.admin.unwrap_or(config.server.admin);
    config.credentials.wire = arguments.wire.unwrap_or(config.credentials.wire);
    // Before anything is read: what changes after this look is a change.
    let watched = Watched::application(&config);
    let mut problems = Problems::default();
    check(&config, &mut problems);
    let application = problems.take(Application::load(config));
    let Some(application) = application.filter(|_| problems.is_empty()) else { return Err(problems.into()) };
    let guard = Guard { allow_unproved: arguments.allow_unproved };
    let shown = guard.check(&application)?;
    block_on(serve(application, shown, watched, guard))
}

/// What `serve` asks beyond what every command does.
fn check(config: &Config, problems: &mut Problems) {
    if config.operation.cursor_keys.is_empty() {
        let problem = Problem::of("[cursor] in the configuration", "`cursor.keys` is missing");
        let hint =
            "write `keys = [\"…\"]` with a key of: openssl rand -base64 32 (or set INNKEEPER_CURSOR_KEYS)";
        problems.push(problem.hint(hint));
    }
    if config.authorizer.issuers.is_empty() {
        let problem = Problem::of("[[issuers]] in the configuration", "there is no issuer");
        problems.push(problem.hint("name one: without it no token is accepted"));
    }
}

async fn serve(
    application: Application,
    shown: Shown,
    watched: Watched,
    guard: Guard,
) -> Result<(), Failure> {
    // From here on no signal ends the process by itself: who is told that it serves may tell it to stop.
    let stop = stop_signal();
    let hangup = Hangup::heard().map_err(Because)?;
    let clock = Clock::system();
    let config = application.config.clone();
    let server = Server::bind(&config.server).await.map_err(Because)?;
    #[cfg(unix)]
    let admin = config.server.socket.as_deref().map(Admin::bind).transpose().map_err(Because)?;
    let aws = Aws::from_environment(config.aws.clone(), clock.clone()).await.map_err(Because)?;
    let gateway = Arc::new(application.gateway(aws, clock, Entropy::system())?);
    shown.count(&gateway.metrics);
    let server_config = config.server.clone();
    let tls = server.tls().zip(server_config.tls.clone());
    let reloading = Reloading { gateway: Arc::clone(&gateway), config, guard, tls };
    let (ask, asked) = mpsc::channel(1);
    #[cfg(unix)]
    let ordered = {
        let gateway = Arc::clone(&gateway);
        async move {
            match admin {
                Some(admin) => admin.serve(gateway, ask).await,
                None => std::future::pending().await,
            }
        }
    };
    #[cfg(not(unix))]
    let ordered = std::future::pending();
    tracing::info!(address = %server_config.listen, admin = %server_config.admin, "serving");
    tokio::select! {
        () = server.serve(gateway, &server_config, stop) => Ok(()),
        never = reloading.run(watched, asked, hangup) => match never {},
        () = ordered => Ok(()),
    }
}
