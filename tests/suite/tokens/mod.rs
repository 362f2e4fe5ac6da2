//! Tokens: which are refused, which are accepted, and what key sets cost. The gateway is asked over HTTP, before
//! issuers that serve their keys on loopback.

mod bad;
mod claims;
mod forms;
mod good;
mod headers;
mod key_sets;
mod secrecy;

use std::time::Duration;

use http::HeaderValue;
use innkeeper::authorizer::{IssuerConfig, KeySource};
use jsonwebtoken::Algorithm;

use crate::harness::issuers::{Draft, Issuer, SigningKey, Trap, draft, trusted};
use crate::harness::{Reply, World};

/// The issuer whose keys are fetched.
const ISSUER: &str = "https://login.example.test/";
/// The issuer that shares a secret.
const SHARING: &str = "https://sharing.example.test/";
const SECRET: &[u8] = b"a secret of forty bytes, made for a test";
/// The longest time from `iat` to `exp`.
const MAX_LIFETIME: Duration = Duration::from_hours(24);

const DOCUMENT: &str = "{ __typename }";

/// A world that trusts two issuers, one with a key set and one with a secret.
struct Setting {
    world: World,
    issuer: Issuer,
    /// Named `ec-1`: the issuer may sign with it by ES256.
    ec: SigningKey,
    /// Named `rsa-1`: the issuer may sign with it by RS256.
    rsa: SigningKey,
    /// Named `ed-1`: it is in the set, and the issuer may not sign with its algorithm.
    ed: SigningKey,
    /// A key of somebody else's, which bears the name of the issuer's.
    stranger: SigningKey,
    secret: SigningKey,
    trap: Trap,
}

impl Setting {
    async fn start() -> Self {
        let (ec, rsa, ed) = (SigningKey::p256("ec-1"), SigningKey::rsa("rsa-1"), SigningKey::ed25519("ed-1"));
        let issuer = Issuer::start(ISSUER, &[&ec, &rsa, &ed]).await;
        let config = IssuerConfig {
            max_lifetime: Some(MAX_LIFETIME),
            ..issuer.config(&[Algorithm::ES256, Algorithm::RS256])
        };
        let secret = String::from_utf8(SECRET.to_vec()).unwrap();
        let sharing = trusted(SHARING, KeySource::Secret(secret.into()));
        let world = world([config, sharing]).await;
        let (stranger, secret) = (SigningKey::p256("ec-1"), SigningKey::secret(SECRET));
        Self { world, issuer, ec, rsa, ed, stranger, secret, trap: Trap::set() }
    }

    fn now(&self) -> i64 {
        self.world.clock.unix_seconds()
    }

    /// A draft that would be accepted now, if `ec` or `rsa` signed it.
    fn draft(&self) -> Draft {
        self.issuer.draft(self.now())
    }

    /// A draft that would be accepted now, if the secret signed it.
    fn shared_draft(&self) -> Draft {
        draft(SHARING, self.now())
    }
}

/// A world without items that trusts these issuers beside its own.
async fn world(issuers: impl IntoIterator<Item = IssuerConfig>) -> World {
    let issuers: Vec<_> = issuers.into_iter().collect();
    let trust = |config: &mut innkeeper::config::Config| config.authorizer.issuers.extend(issuers);
    World::builder().unseeded().configure(trust).start().await
}

/// What the gateway answers to a token.
async fn ask(world: &World, token: &str) -> Reply {
    ask_with(world, Some(format!("Bearer {token}").as_bytes())).await
}

/// What the gateway answers to an `Authorization` header, or to none.
async fn ask_with(world: &World, authorization: Option<&[u8]>) -> Reply {
    let body = serde_json::json!({ "query": DOCUMENT });
    let mut request = world.http.post(format!("{}/graphql", world.url)).json(&body);
    if let Some(value) = authorization {
        request = request.header("authorization", HeaderValue::from_bytes(value).unwrap());
    }
    world.send(request).await
}

/// The status of the answer to a token.
async fn status(world: &World, token: &str) -> u16 {
    ask(world, token).await.status.as_u16()
}
