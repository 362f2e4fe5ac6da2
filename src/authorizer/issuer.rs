//! An issuer: its rules, and the keys that its signatures are checked with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::ExposeSecret;

use super::Rejection;
use super::claims::{Verified, verified};
use super::config::{IssuerConfig, KeySource};
use super::keys::{Key, KeySets};
use super::token::{Refusal, Unverified};
use crate::clock::Clock;
use crate::fetch::Fetch;

#[derive(Debug)]
pub(super) struct Issuer {
    config: IssuerConfig,
    keys: Keys,
}

enum Keys {
    Sets(Arc<KeySets>),
    Secret(DecodingKey),
}

/// What the signature of a token is checked with. Only its issuer gives it, and only for an algorithm that the issuer may use.
pub(super) enum Signer<'a> {
    Key(Arc<Key>),
    Secret(&'a DecodingKey),
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sets(sets) => fmt::Debug::fmt(sets, f),
            Self::Secret(_) => f.write_str("Secret(…)"),
        }
    }
}

impl Issuer {
    /// `time` is how long a fetch of its key set may take, `waiting` how many requests may wait for one.
    pub(super) fn new(config: IssuerConfig, fetch: &Arc<Fetch>, (time, waiting): (Duration, usize)) -> Self {
        let keys = match &config.keys {
            KeySource::Jwks(uri) => {
                Keys::Sets(Arc::new(KeySets::new(uri.clone(), Arc::clone(fetch), (time, waiting))))
            }
            KeySource::Secret(secret) => {
                Keys::Secret(DecodingKey::from_secret(secret.expose_secret().as_bytes()))
            }
        };
        Self { config, keys }
    }

    pub(super) fn name(&self) -> &str {
        &self.config.issuer
    }

    /// The key of a token that names this issuer.
    pub(super) async fn key(&self, token: &Unverified<'_>, clock: &Clock) -> Result<Signer<'_>, Rejection> {
        let algorithm = token.algorithm();
        if !self.config.algorithms.contains(&algorithm) {
            return Err(Refusal::Algorithm.into());
        }
        match &self.keys {
            Keys::Secret(key) => Ok(Signer::Secret(key)),
            Keys::Sets(sets) => {
                let found =
                    sets.find(token.kid(), clock).await.map_err(|cause| Rejection::Keys(Arc::new(cause)))?;
                Ok(Signer::Key(found.filter(|key| key.fits(algorithm)).ok_or(Refusal::Key)?))
            }
        }
    }

    /// Checks signature and claims of a token by its key.
    pub(super) fn verify(
        &self,
        token: &Unverified<'_>,
        signer: &Signer<'_>,
        clock: &Clock,
    ) -> Result<Verified, Refusal> {
        let key = match signer {
            Signer::Key(key) => key.verifier(),
            Signer::Secret(key) => key,
        };
        check(token, key, token.algorithm())?;
        verified(token.claims_once_verified(), &self.config, clock)
    }
}

fn check(token: &Unverified<'_>, key: &DecodingKey, algorithm: Algorithm) -> Result<(), Refusal> {
    let (signed, signature) = token.signed();
    match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, algorithm) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(Refusal::Signature),
    }
}
