//! Bytes in, bytes out: HTTP in front of the request's path.
//!
//! The path itself is [`Gateway::open`], three lines long. Everything else here is HTTP: which method, which media
//! type, which status; nothing of it knows a table or a key.

mod config;
#[cfg(feature = "dev")]
mod console;
mod failure;
mod health;
mod http;
mod media;
mod refusal;
mod numbers;
mod request;
mod session;

use std::future::{Future, IntoFuture as _};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;

pub use config::{Config, Origins};
#[cfg(feature = "dev")]
pub use console::Console;
pub use health::Readiness;
pub use session::Gateway;

/// How long requests that are under way may take to finish after the signal to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// Why nothing is served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0}; `{1}` takes another address")]
    Listen(SocketAddr, &'static str, #[source] io::Error),
    /// A listener broke.
    #[error("the server stopped")]
    Stopped(#[source] io::Error),
}

/// A server that has its ports and serves nothing yet.
#[derive(Debug)]
pub struct Server {
    public: TcpListener,
    admin: TcpListener,
    readiness: Readiness,
}

impl Server {
    /// Takes the ports. One that is in use is found out here, before anything else is done.
    pub async fn bind(config: &Config) -> Result<Self, ServeError> {
        let bind = async |address: SocketAddr, option| {
            TcpListener::bind(address).await.map_err(|error| ServeError::Listen(address, option, error))
        };
        Ok(Self {
            public: bind(config.listen, "--listen").await?,
            admin: bind(config.admin, "--admin").await?,
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

    /// Serves until `stop` resolves, then lets the requests that are under way finish.
    pub async fn serve(
        self,
        gateway: Arc<Gateway>,
        config: &Config,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let admin = health::router(self.readiness.clone(), gateway.metrics.clone());
        let public = router(gateway, config);
        let readiness = self.readiness;
        readiness.set(true);
        let (drain, draining) = tokio::sync::watch::channel(false);
        let until_drained = |mut draining: tokio::sync::watch::Receiver<bool>| async move {
            // An error means that the sender is gone, and with it the server: time to stop too.
            let _stopped = draining.wait_for(|draining| *draining).await;
        };
        let stopped = async {
            stop.await;
            readiness.set(false);
            drain.send_replace(true);
            tokio::time::sleep(DRAIN).await;
        };
        let serving = async {
            let public =
                axum::serve(self.public, public).with_graceful_shutdown(until_drained(draining.clone()));
            let admin = axum::serve(self.admin, admin).with_graceful_shutdown(until_drained(draining));
            tokio::try_join!(public.into_future(), admin.into_future())
        };
        tokio::select! {
            served = serving => served.map(|_| ()).map_err(ServeError::Stopped),
            () = stopped => Ok(()),
        }
    }
}

/// Everything that clients reach.
fn router(gateway: Arc<Gateway>, config: &Config) -> Router {
    let front = http::Front { gateway, max_body: config.max_body, deadline: config.deadline };
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
