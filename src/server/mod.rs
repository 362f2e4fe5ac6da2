//! Bytes in, bytes out: HTTP in front of the request's path.
//!
//! The path itself is [`Gateway::open`], a few lines long. Everything else here is HTTP: which method, which media
//! type, which status; nothing of it knows a table or a key.

#[cfg(unix)]
pub mod admin;
mod config;
mod connection;
#[cfg(feature = "dev")]
mod console;
mod failure;
mod health;
mod http;
mod media;
mod refusal;
mod numbers;
mod request;
mod served;
mod session;
#[cfg(unix)]
mod socket;
mod tls;
mod unread;
mod unsent;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use config::{Config, Origins};
#[cfg(feature = "dev")]
pub use console::Console;
pub use health::Readiness;
pub use served::{Fresh, InForce, Reloaded, Served};
pub use session::Gateway;
pub use tls::{Tls, TlsFiles};

use crate::problem::Problem;
use crate::telemetry::Metrics;
use connection::Port;

/// Why nothing is served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0}; `{1}` takes another address")]
    Listen(SocketAddr, &'static str, #[source] io::Error),
    /// The admin socket cannot be listened on.
    #[error("cannot listen on the socket {0} of `[admin]`")]
    Socket(String, #[source] io::Error),
    /// The certificate cannot be used.
    #[error("the certificate of `[server.tls]`: {} {}", .0.place().name(), .0.message())]
    Certificate(Problem),
}

/// A server that has its ports and serves nothing yet.
#[derive(Debug)]
pub struct Server {
    public: TcpListener,
    admin: TcpListener,
    tls: Option<Tls>,
    readiness: Readiness,
}

impl Server {
    /// Takes the ports, and reads the certificate. What is wrong there is found out here, before anything else is done.
    pub async fn bind(config: &Config) -> Result<Self, ServeError> {
        let bind = async |address: SocketAddr, option| {
            TcpListener::bind(address).await.map_err(|error| ServeError::Listen(address, option, error))
        };
        Ok(Self {
            public: bind(config.listen, "--listen").await?,
            admin: bind(config.admin, "--admin").await?,
            tls: config.tls.as_ref().map(Tls::read).transpose().map_err(ServeError::Certificate)?,
            readiness: Readiness::default(),
        })
    }

    /// The address that clients use.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.public.local_addr()
    }

    /// The address of the admin port.
    pub fn admin_address(&self) -> io::Result<SocketAddr> {
        self.admin.local_addr()
    }

    /// What shows clients the certificate; it is told when there is a new one.
    pub fn tls(&self) -> Option<Tls> {
        self.tls.clone()
    }

    /// Serves until `stop` resolves, then lets the requests that are under way finish.
    pub async fn serve(self, gateway: Arc<Gateway>, config: &Config, stop: impl Future<Output = ()>) {
        let metrics = gateway.metrics.clone();
        let admin = health::router(self.readiness.clone(), metrics.clone());
        // Its connections are counted apart: health is told while clients wait.
        let admin = Port::new(self.admin, admin, None, config, Metrics::default());
        let public = Port::new(self.public, router(gateway, config), self.tls, config, metrics);
        let readiness = self.readiness;
        readiness.set(true);
        let (stopping, _) = watch::channel(false);
        let until = |mut stopping: watch::Receiver<bool>| async move {
            // An error means that the sender is gone, and with it the server: time to stop too.
            let _stopped = stopping.wait_for(|stopping| *stopping).await;
        };
        let serving = async {
            public.serve(until(stopping.subscribe())).await;
        };
        let told = async {
            admin.serve(until(stopping.subscribe())).await;
        };
        let stopped = async {
            stop.await;
            readiness.set(false);
            stopping.send_replace(true);
            tokio::time::sleep(config.drain).await;
            tracing::warn!("requests were still under way when the time to drain was over");
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(serving, told) } => {}
            () = stopped => {}
        }
    }
}

/// Everything that clients reach.
fn router(gateway: Arc<Gateway>, config: &Config) -> Router {
    let front = http::Front::new(gateway, config);
    let router = Router::new().route("/graphql", axum::routing::any(http::graphql)).with_state(front);
    let router = match config.cors() {
        Some(cors) => router.layer(cors),
        None => router,
    };
    // Beside the layer: no other page may read the console's tokens.
    #[cfg(feature = "dev")]
    let router = match &config.console {
        Some(console) => router.merge(console::router(console)),
        None => router,
    };
    router
}
