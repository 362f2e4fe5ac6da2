//! The connections to DynamoDB: one pool for all tenants, since a connection carries no identity and each request its own signature.
//!
//! HTTP/1.1 with keep-alive, and rustls with the machine's trusted certificates, as on the SDK's path; like there, no proxy is
//! read from the environment and no redirect is followed. Where DynamoDB's address is plain HTTP no certificate is read at all.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower::Service;

use super::failure::{Failure, Heard};
use crate::error::Chain;

/// How long a connection is kept that nobody needs: what the SDK's client does.
const IDLE: Duration = Duration::from_secs(90);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The pool.
#[derive(Debug)]
pub(super) struct Pool {
    /// Built at the first call, since the machine's trusted certificates are read for it.
    client: OnceLock<Client<Bounded, Full<Bytes>>>,
    connect_timeout: Duration,
    /// Whether only plain HTTP is spoken.
    is_plain: bool,
}

impl Pool {
    pub(super) fn new(connect_timeout: Duration, is_plain: bool) -> Self {
        Self { client: OnceLock::new(), connect_timeout, is_plain }
    }

    /// Sends a request and reads the whole answer, whatever its status, up to so many bytes of body.
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Response<Bytes>, Failure> {
        let client = self.client()?;
        let connection = capture_connection(&mut request);
        let answer = client.request(request).await.map_err(|error| Failure::of_sending(&error))?;
        let (head, body) = answer.into_parts();
        if head.status.is_server_error() {
            // As the SDK does: the next attempt should meet another server.
            if let Some(connection) = connection.connection_metadata().as_ref() {
                connection.poison();
            }
        }
        match Limited::new(body, most).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) => {
                let heard = Heard::of(head.status, &head.headers);
                let is_too_long = error.is::<LengthLimitError>();
                Err(if is_too_long { Failure::Unreadable(heard) } else { Failure::BrokenOff(heard) })
            }
        }
    }

    fn client(&self) -> Result<&Client<Bounded, Full<Bytes>>, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let builder = HttpsConnectorBuilder::new();
        let builder = if self.is_plain {
            let nobody = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
            builder.with_tls_config(nobody.with_no_client_auth())
        } else {
            builder.with_native_roots().map_err(|error| Failure::NotSent {
                why: Some(format!("reading the trusted certificates: {}", Chain(&error))),
                passing: false,
            })?
        };
        let inner = builder.https_or_http().enable_http1().wrap_connector(http);
        let connector = Bounded { inner, within: self.connect_timeout };
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(self.client.get_or_init(|| client))
    }
}

/// A connector that gives up: from the name to the end of the TLS handshake.
#[derive(Debug, Clone)]
struct Bounded {
    inner: HttpsConnector<HttpConnector>,
    within: Duration,
}

impl Service<Uri> for Bounded {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connecting, within) = (self.inner.call(to), self.within);
        Box::pin(async move {
            match tokio::time::timeout(within, connecting).await {
                Ok(connected) => connected,
                Err(elapsed) => Err(io::Error::new(io::ErrorKind::TimedOut, elapsed).into()),
            }
        })
    }
}
