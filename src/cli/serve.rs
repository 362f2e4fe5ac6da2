//! `innkeeper serve`: the gateway on AWS.

use std::net::SocketAddr;
use std::sync::Arc;

use super::check::{Grounds, InTheWay};
use super::watch::Watched;
use super::{Application, Because, Common, Failure, LogFormat, block_on, start_log, stop_signal};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::entropy::Entropy;
use crate::problem::{Problem, Problems};
use crate::server::Server;
use crate::telemetry::{Event, Metrics};
use crate::tenant::{Registry, Rejected, Standing};

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
    // Before the tenants are read: what changes after this look is a change.
    let watched = Watched::look_at(&config.tenants);
    let mut problems = Problems::default();
    check(&config, &mut problems);
    let application = problems.take(Application::load(config));
    let Some(application) = application.filter(|_| problems.is_empty()) else { return Err(problems.into()) };
    let guard = Guard::new(&application, arguments.allow_unproved)?;
    block_on(serve(application, guard, watched))
}

/// Sees to it that nothing is served of which it is not proved that it keeps tenants apart, unless that is allowed.
struct Guard {
    grounds: Grounds,
    allow_unproved: bool,
    proved: bool,
}

impl Guard {
    /// Proves an application before it is served.
    fn new(application: &Application, allow_unproved: bool) -> Result<Self, Failure> {
        let mut guard = Self { grounds: Grounds::of(application), allow_unproved, proved: true };
        guard.check(&application.registry)?;
        Ok(guard)
    }

    fn check(&mut self, registry: &Registry) -> Result<(), Problem> {
        let proof = self.grounds.examine(registry);
        self.proved = proof.holds();
        if self.proved {
            return Ok(());
        }
        let reason = InTheWay(&proof);
        if self.allow_unproved {
            Event::Unproved { reason: &reason }.emit();
            return Ok(());
        }
        let hint = "mend it, or serve all the same with --allow-unproved";
        Err(Problem::of("the policies", reason.to_string()).hint(hint))
    }

    /// Reads the tenants again, as `read` does, and proves them.
    fn reader(
        mut self,
        read: impl Fn() -> Result<Registry, Rejected> + Send + 'static,
        metrics: Metrics,
    ) -> impl FnMut() -> Result<Registry, Rejected> + Send + 'static {
        metrics.set_proved(self.proved);
        move || {
            let registry = read()?;
            if let Err(problem) = self.check(&registry) {
                let standing = Some(Standing::of(&registry));
                return Err(Rejected { problems: problem.into(), standing });
            }
            metrics.set_proved(self.proved);
            Ok(registry)
        }
    }
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

async fn serve(application: Application, guard: Guard, watched: Watched) -> Result<(), Failure> {
    let clock = Clock::system();
    let server_config = application.config.server.clone();
    let server = Server::bind(&server_config).await.map_err(Because)?;
    let aws = Aws::from_environment(application.config.aws.clone(), clock.clone()).await.map_err(Because)?;
    let read = application.registry_reader();
    let gateway = Arc::new(application.gateway(aws, clock, Entropy::system())?);
    let read = guard.reader(read, gateway.metrics.clone());
    let watching = watched.reload(Arc::clone(&gateway.tenants), read);
    tracing::info!(address = %server_config.listen, admin = %server_config.admin, "serving");
    server.serve(gateway, &server_config, stop_signal()).await;
    watching.abort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::problem::Source;
    use crate::settings::Variables;
    use crate::tenant::{State, Tenants, Tiers};

    /// A registry whose isolation is not proved is rejected, but for the suspension in it.
    #[test]
    fn a_suspension_in_a_registry_that_is_not_proved_takes_effect() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let source = Source::read(&root.join("innkeeper.toml")).unwrap();
        let application =
            Application::load(Config::parse(&source, root, &Variables::default()).unwrap()).unwrap();
        let guard = Guard::new(&application, false).unwrap_or_else(|_| panic!("the example is not proved"));
        let text = std::fs::read_to_string(root.join("tenants.toml")).unwrap();
        let text = text
            .replace("[tenants.acme]\n", "[tenants.acme]\nstate = \"suspended\"\n")
            .replace("role/innkeeper/innkeeper-tags", "role/innkeeper/innkeeper-undeclared");
        let requirements = application.requirements.clone();
        let registry = move || Registry::parse(&Source::new("tenants.toml", text.clone()), &requirements);
        assert!(registry().is_ok(), "nothing is wrong but the proof");
        let mut read = guard.reader(move || Ok(registry()?), Metrics::default());
        let tenants = Tenants::new(application.registry, Tiers::default());
        let kept = tenants.replace(read()).unwrap_err();
        assert_eq!(kept.suspended, ["acme".parse().unwrap()]);
        let state = |id: &str| tenants.registry().find(&id.parse().unwrap()).unwrap().state;
        assert_eq!((state("acme"), state("acme2")), (State::Suspended, State::Active));
    }
}
