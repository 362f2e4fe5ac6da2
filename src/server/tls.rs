//! TLS on the public port: certificate and key from files, and new ones when the files change.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::connection::Protocol;
use crate::problem::Problem;

/// HTTP/2 in ALPN.
const H2: &[u8] = b"h2";

/// The files of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// What takes handshakes. A clone is the same one.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// The certificate that clients are shown.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads the files.
    pub fn read(files: &TlsFiles) -> Result<Self, Problem> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let shown = Arc::new(Shown(ArcSwap::from_pointee(certified(files, &provider)?)));
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| Problem::of("[server.tls]", error.to_string()))?;
        let mut config = versions
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown })
    }

    /// Reads the files again, for the connections to come. What cannot be read leaves the former in force.
    pub fn reload(&self, files: &TlsFiles) -> Result<(), Problem> {
        let provider = aws_lc_rs::default_provider();
        self.shown.0.store(Arc::new(certified(files, &provider)?));
        Ok(())
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Protocol)> {
        let stream = self.acceptor.accept(stream).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(H2);
        Ok((stream, if is_http2 { Protocol::Http2 } else { Protocol::Http1 }))
    }
}

/// A chain and its key, which belong to each other.
fn certified(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, Problem> {
    let problem = |path: &Path, message: String, hint: &str| {
        Problem::of(path.display().to_string(), message).hint(hint)
    };
    let unreadable = |path: &Path, error: &rustls::pki_types::pem::Error| {
        problem(path, format!("cannot be read: {error}"), "it must be PEM; `[server.tls]` names its path")
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|error| unreadable(&files.certificate, &error))?;
    if chain.is_empty() {
        let hint = "write the server's certificate first, then those of its issuers";
        return Err(problem(&files.certificate, "holds no certificate".to_owned(), hint));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unreadable(&files.key, &error))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        let hint = "the first certificate must be the key's own, and the key RSA, ECDSA or Ed25519";
        problem(&files.key, format!("does not fit the certificate: {error}"), hint)
    })
}
