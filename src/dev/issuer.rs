//! The issuer of `dev`: a key beside the configuration, tokens signed with it, and its key set.
//!
//! `serve` never trusts it. The key is made on first use and lies in `.innkeeper/`, so that `innkeeper token` works
//! beside a running `dev`.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::clock::Clock;
use crate::id::TenantId;

/// `iss` of its tokens.
pub const ISSUER: &str = "innkeeper-dev";
/// `aud` of its tokens.
pub const AUDIENCE: &str = "innkeeper";
/// `kid` of its key.
const KEY_ID: &str = "dev";
/// The file that holds its key.
const KEY_FILE: &str = "dev-issuer.key";

/// Why there is no issuer.
#[derive(Debug, Error)]
pub enum IssuerError {
    /// The folder or the file cannot be used.
    #[error("{0} cannot be used")]
    File(PathBuf, #[source] io::Error),
    /// The file holds no key of ours.
    #[error("{0} holds no key of the dev issuer; remove it, and another is made")]
    Key(PathBuf),
    /// Signing failed.
    #[error("signing a token")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// The dev issuer.
pub struct Issuer {
    key: EncodingKey,
    /// The public point, uncompressed: 0x04, x, y.
    point: Vec<u8>,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuer(dev)")
    }
}

/// What a token says.
#[derive(Debug, Clone)]
pub struct Claims<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// `sub`.
    pub subject: &'a str,
    /// `scope`, if it has one.
    pub scope: Option<&'a str>,
    /// Other claims. None of them can take the place of those above.
    pub others: Map<String, Value>,
    /// How long it lives.
    pub expires_in: Duration,
}

impl Issuer {
    /// The issuer whose key lies in a folder. The key is made if there is none.
    pub fn open(folder: &Path) -> Result<Self, IssuerError> {
        let path = folder.join(KEY_FILE);
        let stored = private_file(folder, &path, || {
            let document =
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
            document.ok().map(|document| STANDARD.encode(document.as_ref()))
        })?;
        let unusable = || IssuerError::Key(path.clone());
        let pkcs8 = STANDARD.decode(stored.trim()).map_err(|_not_base64| unusable())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8);
        let point = pair.map_err(|_no_key| unusable())?.public_key().as_ref().to_vec();
        Ok(Self { key: EncodingKey::from_ec_der(&pkcs8), point })
    }

    /// Signs a token.
    pub fn token(&self, claims: &Claims<'_>, clock: &Clock) -> Result<String, IssuerError> {
        let now = clock.unix_seconds();
        let lifetime = i64::try_from(claims.expires_in.as_secs()).unwrap_or(i64::MAX);
        let mut body = claims.others.clone();
        for (name, value) in [
            ("iss", json!(ISSUER)),
            ("aud", json!(AUDIENCE)),
            ("sub", json!(claims.subject)),
            ("tenant", json!(claims.tenant.as_str())),
            ("iat", json!(now)),
            ("exp", json!(now.saturating_add(lifetime))),
        ] {
            body.insert(name.to_owned(), value);
        }
        if let Some(scope) = claims.scope {
            body.insert("scope".to_owned(), json!(scope));
        }
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &body, &self.key).map_err(IssuerError::Sign)
    }

    /// The key set, as JSON.
    pub fn jwks(&self) -> String {
        let coordinates = self.point.get(1..).unwrap_or_default();
        let (x, y) = coordinates.split_at_checked(32).unwrap_or_default();
        let key = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        json!({ "keys": [key] }).to_string()
    }
}

/// The text of a file that only its owner may read; made if it is not there. Two processes that start together get
/// the same text.
pub fn private_file(
    folder: &Path,
    path: &Path,
    make: impl FnOnce() -> Option<String>,
) -> Result<String, IssuerError> {
    let unusable = |error| IssuerError::File(path.to_path_buf(), error);
    fs::create_dir_all(folder).map_err(unusable)?;
    match fs::read_to_string(path) {
        Ok(text) => return Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(error)),
    }
    let text = make().ok_or_else(|| IssuerError::Key(path.to_path_buf()))?;
    // Written whole beside it and then linked into place: a reader never sees half of it, and the first one wins.
    let draft =
        folder.join(format!(".{}.{}", std::process::id(), path.file_name().unwrap_or_default().display()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(unusable)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unusable)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(unusable)?;
    match linked {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::read_to_string(path).map_err(unusable)
        }
        Err(error) => Err(unusable(error)),
    }
}
