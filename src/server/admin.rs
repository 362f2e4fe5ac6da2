//! What an operator may do to a running gateway: see its leases, evict a tenant's, read the files again.
//!
//! It is asked for over a Unix socket and nowhere else: who may open it, the file system says, and no network reaches it. An
//! order is one line of JSON; the answer is lines of JSON, of which the last says what came of it. Everything that is done
//! here is a line of the audit, with the number of the user who asked.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};

use super::socket::PrivateSocket;
use super::{Gateway, Reloaded, ServeError};
use crate::credentials::LeaseStatus;
use crate::id::TenantId;
use crate::telemetry::Event;

/// The longest order, in bytes.
const MAX_ORDER: u64 = 4 * 1024;
/// How long an order may take to arrive, and a line of the answer to leave.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many orders there may be at one time.
const ORDERS: usize = 8;

/// What may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Say which leases there are.
    Leases {},
    /// Forget a tenant's leases and its verified tokens.
    Evict {
        /// The tenant.
        tenant: String,
    },
    /// Read tenants, policies, schema and certificate again.
    Reload {},
}

/// A line of an answer. All but [`Line::Lease`] are the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Line {
    /// A lease, or the place of one.
    Lease {
        /// The tenant.
        tenant: String,
        /// The role.
        role: String,
        /// `RoleSessionName`.
        session: String,
        /// `live`, `renewing`, `ended`, `refused` or `none`.
        state: String,
        /// When it ends, where there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires: Option<String>,
    },
    /// The leases have been told.
    Leases {
        /// How many.
        count: usize,
    },
    /// A tenant's leases and tokens are forgotten.
    Evicted {
        /// The tenant.
        tenant: String,
        /// Whether the registry holds it.
        known: bool,
        /// How many leases.
        leases: usize,
        /// How many verified tokens.
        tokens: usize,
    },
    /// Files were read again.
    Reloaded {
        /// Whether everything that was read is in force.
        in_force: bool,
        /// How many tenants are served.
        tenants: usize,
        /// What is wrong, and keeps what was served in force.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        problems: Vec<String>,
        /// Who is out all the same.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withdrawn: Vec<String>,
    },
    /// Nothing was done.
    Refused {
        /// Why.
        reason: String,
    },
}

/// Asks for a reload, and brings what came of it.
pub type AskReload = mpsc::Sender<oneshot::Sender<Reloaded>>;

/// A socket that is taken and serves nothing yet.
#[derive(Debug)]
pub struct Admin(PrivateSocket);

impl Admin {
    /// Takes the socket.
    pub fn bind(path: &Path) -> Result<Self, ServeError> {
        let socket = PrivateSocket::bind(path);
        socket.map(Self).map_err(|error| ServeError::Socket(path.display().to_string(), error))
    }

    /// Carries out what is asked for. Never ends by itself.
    pub async fn serve(self, gateway: Arc<Gateway>, reload: AskReload) {
        let mut orders = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.0.accept(), if orders.len() < ORDERS => match accepted {
                    Ok((stream, user)) if self.0.admits(user) => {
                        orders.push(Session { gateway: &gateway, reload: &reload, user }.serve(stream));
                    }
                    Ok((_stream, user)) => Event::AdminRefused { user }.emit(),
                    Err(error) => {
                        tracing::warn!(%error, "no order can be taken");
                        tokio::time::sleep(PATIENCE).await;
                    }
                },
                Some(()) = orders.next() => {}
            }
        }
    }
}

/// One order of a user.
struct Session<'a> {
    gateway: &'a Gateway,
    reload: &'a AskReload,
    user: u32,
}

impl Session<'_> {
    async fn serve(self, stream: UnixStream) {
        if let Err(error) = self.talk(stream).await {
            tracing::debug!(%error, "an order ended early");
        }
    }

    async fn talk(&self, mut stream: UnixStream) -> io::Result<()> {
        let mut text = String::new();
        let mut reader = BufReader::new((&mut stream).take(MAX_ORDER));
        let read = tokio::time::timeout(PATIENCE, reader.read_line(&mut text)).await;
        if read.map_err(|_elapsed| io::ErrorKind::TimedOut)?? == 0 {
            // Somebody looked whether anybody is here.
            return Ok(());
        }
        let last = match serde_json::from_str::<Order>(&text) {
            Ok(Order::Leases {}) => return self.leases(stream).await,
            Ok(Order::Evict { tenant }) => self.evict(&tenant).await,
            Ok(Order::Reload {}) => self.reload().await,
            Err(error) => Line::Refused { reason: format!("the order is not understood: {error}") },
        };
        write(&mut stream, &last).await
    }

    async fn leases(&self, mut stream: UnixStream) -> io::Result<()> {
        let leases = self.gateway.credentials.leases();
        let count = leases.len();
        Event::AdminLeases { user: self.user, count }.emit();
        for lease in leases {
            write(&mut stream, &lease.into()).await?;
        }
        write(&mut stream, &Line::Leases { count }).await
    }

    async fn evict(&self, tenant: &str) -> Line {
        let tenant = match tenant.parse::<TenantId>() {
            Ok(tenant) => tenant,
            Err(error) => return Line::Refused { reason: format!("`{tenant}`: {error}") },
        };
        let (leases, tokens) = self.gateway.evict(&tenant).await;
        Event::AdminEvicted { user: self.user, tenant: &tenant, leases, tokens }.emit();
        let known = self.gateway.served.now().tenants.registry().find(&tenant).is_some();
        Line::Evicted { tenant: tenant.to_string(), known, leases, tokens }
    }

    async fn reload(&self) -> Line {
        Event::AdminReload { user: self.user }.emit();
        let (answer, answered) = oneshot::channel();
        let reloaded = match self.reload.send(answer).await {
            Ok(()) => answered.await.ok(),
            Err(_closed) => None,
        };
        match reloaded {
            Some(reloaded) => self.told(reloaded),
            None => Line::Refused { reason: "the files were not read; the log says why".to_owned() },
        }
    }

    fn told(&self, Reloaded { application, certificate }: Reloaded) -> Line {
        let (mut problems, mut withdrawn) = (Vec::new(), Vec::new());
        if let Some(Err(kept)) = application {
            problems.push(kept.problems.to_string());
            let out = kept.suspended.iter().chain(&kept.removed);
            withdrawn.extend(out.map(ToString::to_string));
        }
        if let Some(Err(kept)) = certificate {
            problems.push(kept.to_string());
        }
        let tenants = self.gateway.served.now().tenants.registry().len();
        Line::Reloaded { in_force: problems.is_empty(), tenants, problems, withdrawn }
    }
}

async fn write(stream: &mut UnixStream, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    let written = tokio::time::timeout(PATIENCE, stream.write_all(text.as_bytes())).await;
    written.map_err(|_elapsed| io::ErrorKind::TimedOut)?
}

impl From<LeaseStatus> for Line {
    fn from(lease: LeaseStatus) -> Self {
        let expires = lease.expires_at.and_then(|at| OffsetDateTime::from(at).format(&Rfc3339).ok());
        Self::Lease {
            tenant: lease.tenant.to_string(),
            role: lease.role.to_string(),
            session: lease.session,
            state: lease.state.to_owned(),
            expires,
        }
    }
}
