//! Identity providers: keys that sign, tokens that are drafted claim by claim, and key sets that are served over HTTP
//! on loopback, counted, held back, broken and rotated.
//!
//! Tokens are put together by hand and signed with aws-lc-rs, not with the library that the gateway verifies with, so
//! that anything can be put into one.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RsaKeyPair,
};
use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, Uri};
use innkeeper::authorizer::{IssuerConfig, KeySource, SpeaksFor};
use innkeeper::claim::ClaimKinds;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a test waits for something that happens in the background.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes in base64url without padding, as a token has them.
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key that signs.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Secret(Box<hmac::Key>),
}

impl SigningKey {
    fn new(kid: &str, pair: Pair) -> Self {
        Self { kid: kid.to_owned(), pair }
    }

    pub(crate) fn rsa(kid: &str) -> Self {
        Self::new(kid, Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    pub(crate) fn p256(kid: &str) -> Self {
        Self::new(kid, Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()))
    }

    pub(crate) fn p384(kid: &str) -> Self {
        Self::new(kid, Pair::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap()))
    }

    pub(crate) fn ed25519(kid: &str) -> Self {
        Self::new(kid, Pair::Ed25519(Ed25519KeyPair::generate().unwrap()))
    }

    /// A secret, which signs with HMAC.
    pub(crate) fn secret(secret: &[u8]) -> Self {
        Self::new("secret", Pair::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret))))
    }

    /// Signs a message, if the key can sign with the algorithm at all.
    #[track_caller]
    pub(crate) fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding: &dyn aws_lc_rs::signature::RsaEncoding = match algorithm {
                    "RS256" => &RSA_PKCS1_SHA256,
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    "PS384" => &RSA_PSS_SHA384,
                    other => panic!("RSA does not sign with {other}"),
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::P256(pair) | Pair::P384(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Secret(key) => hmac::sign(key, message).as_ref().to_vec(),
        }
    }

    /// The bytes of the public key: DER for RSA, a point for the others.
    pub(crate) fn public(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Secret(_) => Vec::new(),
        }
    }

    /// The private key, of an elliptic curve.
    #[track_caller]
    pub(crate) fn pkcs8(&self) -> Vec<u8> {
        match &self.pair {
            Pair::P256(pair) | Pair::P384(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Pair::Rsa(_) | Pair::Ed25519(_) | Pair::Secret(_) => panic!("{} is no key of a curve", self.kid),
        }
    }

    /// The public key as a member of a key set.
    pub(crate) fn jwk(&self) -> Value {
        let point = self.public();
        let half = |at: usize, width: usize| base64url(&point[(1 + at * width)..=((at + 1) * width)]);
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                let number = |bytes: &[u8]| base64url(bytes);
                json!({
                    "kty": "RSA",
                    "n": number(key.modulus().big_endian_without_leading_zero()),
                    "e": number(key.exponent().big_endian_without_leading_zero()),
                })
            }
            Pair::P256(_) => json!({ "kty": "EC", "crv": "P-256", "x": half(0, 32), "y": half(1, 32) }),
            Pair::P384(_) => json!({ "kty": "EC", "crv": "P-384", "x": half(0, 48), "y": half(1, 48) }),
            Pair::Ed25519(_) => json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&point) }),
            Pair::Secret(_) => json!({ "kty": "oct" }),
        };
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }
}

/// A token that is being drafted.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
}

impl Draft {
    /// Sets a member of the header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Sets a claim.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// The token, signed by a key under its name and with an algorithm.
    #[track_caller]
    pub(crate) fn by(self, key: &SigningKey, algorithm: &str) -> String {
        let named = if self.header.contains_key("kid") { self } else { self.header("kid", key.kid.clone()) };
        named.header("alg", algorithm).sign(key, algorithm)
    }

    /// The token with its header as it is, signed by a key with an algorithm.
    #[track_caller]
    pub(crate) fn sign(&self, key: &SigningKey, algorithm: &str) -> String {
        let (header, claims) = (json!(self.header).to_string(), json!(self.claims).to_string());
        compact(header, claims, |message| key.sign(algorithm, message))
    }
}

/// `header.claims.signature` of any bytes.
pub(crate) fn compact(
    header: impl AsRef<[u8]>,
    claims: impl AsRef<[u8]>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(claims));
    let signature = base64url(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// An issuer and its key set.
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) key_set: KeySetServer,
}

impl Issuer {
    /// An issuer that publishes these keys.
    pub(crate) async fn start(name: &str, keys: &[&SigningKey]) -> Self {
        let key_set = KeySetServer::start().await;
        key_set.publish(keys);
        Self { name: name.to_owned(), key_set }
    }

    /// How the gateway is told to trust it.
    pub(crate) fn config(&self, algorithms: &[Algorithm]) -> IssuerConfig {
        IssuerConfig {
            algorithms: algorithms.to_vec(),
            ..trusted(&self.name, KeySource::Jwks(self.key_set.uri()))
        }
    }

    /// A draft that would be accepted at a moment.
    pub(crate) fn draft(&self, now: i64) -> Draft {
        draft(&self.name, now)
    }
}

/// Trust in an issuer for all tenants.
pub(crate) fn trusted(issuer: &str, keys: KeySource) -> IssuerConfig {
    IssuerConfig {
        issuer: issuer.to_owned(),
        audience: "innkeeper".to_owned(),
        keys,
        algorithms: vec![Algorithm::HS256],
        speaks_for: SpeaksFor::All,
        tenant_claim: "tenant".to_owned(),
        max_lifetime: None,
        claims: Arc::new(ClaimKinds::new()),
    }
}

/// A draft of an issuer's that would be accepted at a moment.
pub(crate) fn draft(issuer: &str, now: i64) -> Draft {
    let members = |value: Value| value.as_object().unwrap().clone();
    Draft {
        header: members(json!({ "typ": "JWT" })),
        claims: members(json!({
            "iss": issuer,
            "aud": "innkeeper",
            "sub": "user-1",
            "tenant": "acme",
            "iat": now,
            "exp": now + 3_600,
        })),
    }
}

/// A key set at an address of its own.
pub(crate) struct KeySetServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

struct Shared {
    fetches: watch::Sender<usize>,
    held: watch::Sender<bool>,
    answer: Mutex<(StatusCode, HeaderMap, String)>,
    paths: Mutex<Vec<String>>,
}

impl Drop for KeySetServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const PATH: &str = "/keys/jwks.json";

impl KeySetServer {
    #[expect(clippy::disallowed_methods, reason = "it serves until it is dropped")]
    async fn start() -> Self {
        let shared = Arc::new(Shared {
            fetches: watch::Sender::new(0),
            held: watch::Sender::new(false),
            answer: Mutex::new((StatusCode::OK, HeaderMap::new(), String::new())),
            paths: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, address, task }
    }

    /// Its address.
    pub(crate) fn uri(&self) -> Uri {
        format!("http://{}{PATH}", self.address).parse().unwrap()
    }

    /// Puts these keys in the place of those that it has.
    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        self.answer(StatusCode::OK, &[], &json!({ "keys": keys }).to_string());
    }

    /// Answers so from now on.
    pub(crate) fn answer(&self, status: StatusCode, headers: &[(&'static str, &str)], body: &str) {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        *self.shared.answer.lock().unwrap() = (status, headers, body.to_owned());
    }

    /// Answers nothing until it is released.
    pub(crate) fn hold(&self) {
        self.shared.held.send_replace(true);
    }

    pub(crate) fn release(&self) {
        self.shared.held.send_replace(false);
    }

    /// How often it was asked.
    pub(crate) fn fetches(&self) -> usize {
        *self.shared.fetches.borrow()
    }

    /// Waits until it has been asked so often.
    #[track_caller]
    pub(crate) fn fetched(&self, times: usize) -> impl Future<Output = ()> {
        let mut fetches = self.shared.fetches.subscribe();
        async move {
            let waiting = fetches.wait_for(|fetches| *fetches >= times);
            tokio::time::timeout(PATIENCE, waiting).await.expect("the key set is fetched").unwrap();
        }
    }

    /// Holds that nothing but the key set itself was asked for.
    #[track_caller]
    pub(crate) fn assert_only_the_set_was_asked_for(&self) {
        let paths = self.shared.paths.lock().unwrap();
        assert!(paths.iter().all(|path| path == PATH), "{paths:?}");
    }
}

async fn serve(State(shared): State<Arc<Shared>>, OriginalUri(uri): OriginalUri) -> Response {
    shared.paths.lock().unwrap().push(uri.to_string());
    shared.fetches.send_modify(|fetches| *fetches += 1);
    shared.held.subscribe().wait_for(|held| !held).await.unwrap();
    shared.answer.lock().unwrap().clone().into_response()
}

/// An address that nobody has any business at.
pub(crate) struct Trap {
    listener: TcpListener,
}

impl Trap {
    pub(crate) fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener }
    }

    /// A URL at its address.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.listener.local_addr().unwrap())
    }

    /// Holds that nobody has connected: the system would have kept the connection for us.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        let error = self.listener.accept().expect_err("nobody connects to an address that a token names");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}
