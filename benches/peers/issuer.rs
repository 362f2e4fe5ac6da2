//! The issuer that the gateway trusts here: one key, its set, and a token for each tenant.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An issuer with one key of ES256.
pub(crate) struct Issuer(EcdsaKeyPair);

impl Issuer {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// The key set, as it is served.
    pub(crate) fn jwks(&self) -> String {
        let point = self.0.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
        let key = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "bench", "use": "sig" });
        json!({ "keys": [key] }).to_string()
    }

    /// A token that outlives the run.
    pub(crate) fn token(&self, tenant: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let claims = json!({
            "iss": "https://login.example.com/",
            "aud": "innkeeper",
            "sub": format!("user-of-{tenant}"),
            "tenant": tenant,
            "iat": now,
            "exp": now + 4 * 3600,
        });
        let signed = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": "bench" })), part(&claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
