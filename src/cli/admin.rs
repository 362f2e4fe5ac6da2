//! `innkeeper admin`: what an operator does to a running gateway, over its socket.
//!
//! The exit code is true to what came of it: 0 done, 1 not done, 2 an order that cannot be given.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Subcommand;

use super::{Common, Failure, Output, say, say_error};
use crate::config::{self, Config};
use crate::id::TenantId;
use crate::problem::Problem;
use crate::server::admin::{Line, Order};

/// How long to wait for a line. A reload proves every tenant anew before it answers.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The socket, instead of the configuration's.
    #[arg(long, value_name = "PATH", global = true)]
    socket: Option<PathBuf>,
    /// What is printed. JSON is a line for each lease, and a last one that says what came of the order.
    #[arg(long, value_enum, default_value = "text", global = true)]
    format: Output,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the leases that are held: tenant, state, end, role and session name. No secret is among them.
    Leases,
    /// Forget a tenant's leases and its verified tokens, at once.
    ///
    /// The next request asks STS anew and verifies its token anew. It does not keep the tenant out: suspend it for that.
    Evict {
        /// The tenant.
        tenant: TenantId,
    },
    /// Read tenants, policies, schema and certificate again, prove them, and put them in force.
    ///
    /// Exit code 0: in force; 1: something is wrong, and what was served goes on.
    Reload,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let order = match &arguments.action {
        Action::Leases => Order::Leases {},
        Action::Evict { tenant } => Order::Evict { tenant: tenant.to_string() },
        Action::Reload => Order::Reload {},
    };
    let path = socket(arguments)?;
    let lines = Connection::open(&path).and_then(|connection| connection.give(&order));
    let told = lines.and_then(|lines| {
        let mut last = None;
        for line in lines {
            let line = line?;
            match arguments.format {
                Output::Json => say(&serde_json::to_string(&line)?),
                Output::Text => tell(&line),
            }
            last = Some(line);
        }
        Ok(last)
    });
    match told.map_err(Failure::Running)? {
        Some(Line::Lease { .. }) | None => {
            Err(Failure::Running(anyhow!("the answer ends too early; the log of the gateway may say why")))
        }
        Some(Line::Leases { .. } | Line::Reloaded { in_force: true, .. }) => Ok(()),
        // A name that nobody has, and nothing was there: it is misspelt.
        Some(Line::Evicted { known, leases, tokens, .. }) if known || leases + tokens > 0 => Ok(()),
        Some(Line::Evicted { .. } | Line::Reloaded { in_force: false, .. } | Line::Refused { .. }) => {
            Err(Failure::Found)
        }
    }
}

/// The path of the socket.
fn socket(arguments: &Arguments) -> Result<PathBuf, Failure> {
    if let Some(path) = &arguments.socket {
        return Ok(path.clone());
    }
    let config = Config::load(&arguments.common.config, &config::variables())?;
    config.server.socket.ok_or_else(|| {
        let problem = Problem::of("[admin] in the configuration", "there is no socket");
        problem
            .hint("write `socket = \"admin.sock\"` and start `serve` again (`dev` has no socket), or name it: --socket PATH")
            .into()
    })
}

/// A connection to a gateway.
struct Connection(UnixStream);

impl Connection {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let stream =
            UnixStream::connect(path).with_context(|| format!("no gateway answers at {}", path.display()))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    /// Gives an order; the lines of the answer come one by one.
    fn give(mut self, order: &Order) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Line>>> {
        let mut text = serde_json::to_string(order)?;
        text.push('\n');
        self.0.write_all(text.as_bytes()).context("the order cannot be given")?;
        let lines = BufReader::new(self.0).lines();
        Ok(lines.map(|line| {
            let line = line.context("the answer does not come")?;
            serde_json::from_str(&line)
                .context("the answer is not understood: is the gateway of another version?")
        }))
    }
}

/// A line for people. What was done goes to standard output, and what was not to standard error.
fn tell(line: &Line) {
    match line {
        Line::Lease { tenant, role, session, state, expires } => {
            let expires = expires.as_deref().unwrap_or("-");
            say(&format!("{tenant:<24} {state:<8} {expires:<24} {session:<28} {role}"));
        }
        Line::Leases { count } => say(&format!("{count} {}", plural(*count, "lease", "leases"))),
        Line::Evicted { tenant, known, leases, tokens } => {
            let (lease, token) = (plural(*leases, "lease", "leases"), plural(*tokens, "token", "tokens"));
            say(&format!("{tenant}: {leases} {lease} and {tokens} verified {token} forgotten"));
            if !known {
                say_error(&format!("the registry has no tenant `{tenant}`"));
            }
        }
        Line::Reloaded { in_force: true, tenants, .. } => {
            say(&format!("in force, with {tenants} {}", plural(*tenants, "tenant", "tenants")));
        }
        Line::Reloaded { problems, withdrawn, .. } => {
            for problem in problems {
                say_error(problem);
            }
            say_error("what was served goes on");
            if !withdrawn.is_empty() {
                say_error(&format!("but without {}", withdrawn.join(", ")));
            }
        }
        Line::Refused { reason } => say_error(&format!("error: {reason}")),
    }
}

fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
