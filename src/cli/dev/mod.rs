//! `innkeeper dev`: the gateway before an embedded AWS, in one process.

mod demo;
mod embedded;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use serde_json::Map;
use tokio::sync::mpsc;

pub use embedded::{Embedded, EmbeddedOptions};

use super::reload::{Hangup, Reloading};
use super::watch::Watched;
use super::{Because, Common, Failure, Guard, LogFormat, block_on, say, start_log, stop_signal};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::credentials::Wire;
use crate::dev::{Claims, Issuer, IssuerError, private_file};
use crate::entropy::Entropy;
use crate::id::TenantId;
use crate::operation::CursorKey;
use crate::server::{Console, Server};
use crate::tenant::Registry;

/// How long the tokens live that `dev` prints.
const TOKEN_LIFE: Duration = Duration::from_hours(12);

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
    /// The address of the embedded AWS. Any free port, unless one is named.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    aws: SocketAddr,
    /// Keep the items in this file, over restarts. Without it they are in memory.
    #[arg(long, value_name = "FILE", conflicts_with = "dynamodb")]
    data: Option<PathBuf>,
    /// Keep the items in another engine that speaks DynamoDB's protocol, such as DynamoDB Local.
    #[arg(long, value_name = "URL")]
    dynamodb: Option<Uri>,
    /// Let IAM hold the roles of this folder in the place of the declared ones of the same names, so that what was
    /// deployed is not what is declared.
    #[arg(long, value_name = "FOLDER")]
    roles: Option<PathBuf>,
    /// Begin with empty tables.
    #[arg(long)]
    no_seed: bool,
    /// How log lines are written.
    #[arg(long, value_enum, default_value = "pretty")]
    log: LogFormat,
}

/// The folder beside a configuration that holds what `dev` makes for itself.
pub(super) fn private_folder(config: &Path) -> PathBuf {
    let folder = config.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.join(".innkeeper")
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut config = Config::load(&arguments.common.config, &config::variables())?;
    let _traces = start_log(arguments.log, "warn", &config.telemetry)?;
    config.server.listen = arguments.listen.unwrap_or(config.server.listen);
    config.server.admin = arguments.admin.unwrap_or(config.server.admin);
    config.credentials.wire = arguments.wire.unwrap_or(config.credentials.wire);
    config.graphql.introspection = true;
    // What is being written is in no list yet.
    config.graphql.only_trusted = false;
    let private = private_folder(&arguments.common.config);
    let issuer = Issuer::open(&private).map_err(Because)?;
    if config.operation.cursor_keys.is_empty() {
        config.operation.cursor_keys = vec![cursor_key(&private).map_err(Because)?];
    }
    if config.server.socket.is_some() {
        tracing::warn!("`dev` opens no admin socket: `[admin] socket` is for `serve`");
    }
    block_on(serve(arguments, config, issuer))
}

async fn serve(arguments: Arguments, config: Config, issuer: Issuer) -> Result<(), Failure> {
    let clock = Clock::system();
    let started = clock.unix_millis();
    // The ports first: one that is in use is said before anything else is done.
    let mut server_config = config.server.clone();
    let server = Server::bind(&server_config).await.map_err(Because)?;
    let options = EmbeddedOptions {
        aws: arguments.aws,
        data: arguments.data,
        dynamodb: arguments.dynamodb,
        roles: arguments.roles,
        seed: !arguments.no_seed,
        observe: 1_000,
        clock: clock.clone(),
    };
    // Before anything is read: what changes after this look is a change.
    let watched = Watched::application(&config);
    let embedded = Embedded::start(config, &issuer, options).await?;
    let guard = Guard { allow_unproved: true };
    let shown = guard.check(&embedded.application)?;
    let config = embedded.application.config.clone();
    let listed = tokens(&embedded.application.registry, &issuer, &clock).map_err(Because)?;
    let demo = demo::Demo::of(&embedded, &listed);
    let banner = demo::Banner {
        address: server.address().map_err(Because)?,
        admin: server.admin_address().map_err(Because)?,
        endpoint: embedded.aws.endpoint(),
        ready_in: Duration::from_millis(clock.unix_millis().saturating_sub(started)),
    };
    let text = banner.text(&demo, &listed);
    let (gateway, _aws) = embedded.gateway(clock.clone(), Entropy::system())?;
    shown.count(&gateway.metrics);
    let gateway = Arc::new(gateway);
    let of_console = Arc::clone(&gateway);
    // A token that cannot be signed now could not be signed above.
    let fresh = move || {
        let served = of_console.served.now();
        tokens(served.tenants.registry(), &issuer, &clock).unwrap_or_default()
    };
    server_config.console = Some(Console::new(fresh, demo.query()));
    let tls = server.tls().zip(server_config.tls.clone());
    let reloading = Reloading { gateway: Arc::clone(&gateway), config, guard, tls };
    let (_ask, asked) = mpsc::channel(1);
    say(&text);
    tokio::select! {
        () = server.serve(gateway, &server_config, stop_signal()) => Ok(()),
        never = reloading.run(watched, asked, Hangup::ends()) => match never {},
    }
}

/// A token for each tenant.
fn tokens(
    registry: &Registry,
    issuer: &Issuer,
    clock: &Clock,
) -> Result<Vec<(TenantId, String)>, IssuerError> {
    let token = |tenant: &TenantId| {
        let claims =
            Claims { tenant, subject: "dev", scope: None, others: Map::new(), expires_in: TOKEN_LIFE };
        issuer.token(&claims, clock)
    };
    registry.records().iter().map(|record| Ok((record.id.clone(), token(&record.id)?))).collect()
}

/// The key that cursors are sealed with, kept so that they outlive a restart.
fn cursor_key(private: &Path) -> Result<CursorKey, IssuerError> {
    let path = private.join("cursor.key");
    let text = private_file(private, &path, || Some(CursorKey::new(Entropy::system().bytes()).to_base64()))?;
    CursorKey::parse(&text).ok_or(IssuerError::Key(path))
}
