//! A plain HTTP client with a bound on everything: for key sets, and for an engine behind the embedded AWS.
//!
//! It follows no redirect and reads no proxy from the environment: what it asks is the address it is given, and
//! nothing else. The SDK has a client of its own.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thiserror::Error;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

type Connector = HttpsConnector<HttpConnector>;

/// The client. Its connections are kept and shared.
#[derive(Debug, Default)]
pub struct Fetch {
    /// Built at the first call, since the machine's trusted certificates are read for it.
    client: OnceLock<Client<Connector, Full<Bytes>>>,
}

/// The bounds of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// From the call to the last byte of the answer.
    pub time: Duration,
    /// The most bytes of the answer's body.
    pub body: usize,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The machine has no certificates to trust.
    #[error("reading the trusted certificates of this machine")]
    Certificates(#[source] std::io::Error),
    /// No answer came in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection failed.
    #[error("sending the request")]
    Send(#[source] hyper_util::client::legacy::Error),
    /// The body broke off or was longer than allowed.
    #[error("reading the answer")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Fetch {
    /// Sends a request and reads the whole answer, whatever its status.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        bounds: Bounds,
    ) -> Result<Response<Bytes>, FetchError> {
        let client = self.client()?;
        let exchange = async {
            let (head, body) = client.request(request).await.map_err(FetchError::Send)?.into_parts();
            let body = Limited::new(body, bounds.body).collect().await.map_err(FetchError::Body)?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        match tokio::time::timeout(bounds.time, exchange).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(FetchError::Timeout(bounds.time)),
        }
    }

    fn client(&self) -> Result<&Client<Connector, Full<Bytes>>, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.enforce_http(false);
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(FetchError::Certificates)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Ok(self.client.get_or_init(|| Client::builder(TokioExecutor::new()).build(connector)))
    }
}
