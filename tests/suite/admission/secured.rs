//! TLS and HTTP/2 on the public port.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use innkeeper::server::TlsFiles;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::harness::World;

const QUERY: &str = r#"{"query": "{ product(sku: \"COF-001\") { name } }"}"#;

/// Makes a certificate of its own issuer, and writes it and its key.
fn certify(files: &TlsFiles) -> RootCertStore {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    roots
}

fn files(folder: &Path) -> TlsFiles {
    TlsFiles { certificate: folder.join("tls.crt"), key: folder.join("tls.key") }
}

async fn world(files: &TlsFiles) -> World {
    let files = files.clone();
    let configure = move |config: &mut innkeeper::config::Config| {
        config.server.tls = Some(files);
        config.server.header_timeout = Duration::from_secs(1);
    };
    World::builder().configure(configure).start().await
}

/// Asks over TLS, with these roots and these protocols.
async fn ask(
    world: &World,
    roots: &RootCertStore,
    http2: bool,
) -> Result<(StatusCode, Version, String), String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(roots.clone()).with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only();
    let connector = if http2 { connector.enable_http2().build() } else { connector.enable_http1().build() };
    let client = Client::builder(TokioExecutor::new()).http2_only(http2).build(connector);
    let request = Request::post(format!("{}/graphql", world.url.replace("http:", "https:")))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", world.token("acme")))
        .body(Full::new(Bytes::from_static(QUERY.as_bytes())))
        .unwrap();
    let answer = client.request(request).await.map_err(|error| format!("{error:?}"))?;
    let (status, version) = (answer.status(), answer.version());
    let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((status, version, String::from_utf8(body.to_vec()).unwrap()))
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let folder = TempDir::new().unwrap();
    let files = files(folder.path());
    let roots = certify(&files);
    let world = world(&files).await;
    for (http2, version) in [(false, Version::HTTP_11), (true, Version::HTTP_2)] {
        let (status, spoken, body) = ask(&world, &roots, http2).await.unwrap();
        assert_eq!((status, spoken), (StatusCode::OK, version));
        assert!(body.contains("\"product\":{\"name\""), "{body}");
    }
    // Nothing is said without TLS, and nothing to those who trust others.
    assert!(world.http.get(format!("{}/graphql", world.url)).send().await.is_err());
    let others = certify(&self::files(TempDir::new().unwrap().path()));
    ask(&world, &others, false).await.unwrap_err();
    // A handshake that does not go on ends.
    let mut stream =
        tokio::net::TcpStream::connect(world.url.strip_prefix("http://").unwrap()).await.unwrap();
    let mut sent = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut sent)).await;
    assert!(read.is_ok(), "the server ends the connection");
}

#[tokio::test]
async fn a_new_certificate_is_shown_and_a_broken_one_is_not() {
    let folder = TempDir::new().unwrap();
    let files = files(folder.path());
    let old = certify(&files);
    let world = world(&files).await;
    let tls = world.tls.clone().unwrap();
    std::fs::write(&files.key, "no key").unwrap();
    let problem = tls.reload(&files).unwrap_err();
    assert!(problem.place().name().ends_with("tls.key"), "{problem:?}");
    ask(&world, &old, true).await.unwrap();
    // A key that is another's.
    let certificate = std::fs::read(&files.certificate).unwrap();
    certify(&files);
    std::fs::write(&files.certificate, certificate).unwrap();
    assert!(tls.reload(&files).unwrap_err().message().contains("does not fit"));
    ask(&world, &old, true).await.unwrap();
    let new = certify(&files);
    tls.reload(&files).unwrap();
    ask(&world, &new, true).await.unwrap();
    ask(&world, &old, true).await.unwrap_err();
}

#[tokio::test]
async fn http2_is_spoken_without_tls_to_those_who_begin_with_it() {
    let world = World::start().await;
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Full<Bytes>>();
    let request = Request::post(format!("{}/graphql", world.url))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", world.token("acme")))
        .body(Full::new(Bytes::from_static(QUERY.as_bytes())))
        .unwrap();
    let answer = client.request(request).await.unwrap();
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2));
}
