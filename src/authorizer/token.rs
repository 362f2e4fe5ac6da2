//! A token taken apart, and not believed yet.
//!
//! RFC 7515 (JWS compact serialization), RFC 7519 (JWT), RFC 8725 (best current practices). What a token could use
//! to steer its own verification (`crit`, `jku`, `jwk`, `x5u`, `x5c`, `zip`, `b64`) is refused or never looked at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};
use thiserror::Error;

use super::Bearer;
use crate::json::strict;

/// Why a token was refused. It goes to the log and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There was no bearer token, or one that is too long.
    #[error("there is no bearer token")]
    Missing,
    /// Not three parts of base64url, or not JSON objects without duplicate members.
    #[error("it is no signed JWT")]
    Malformed,
    /// The header asks for something that no verifier here does.
    #[error("its header is not acceptable")]
    Header,
    /// A claim is missing or of the wrong type.
    #[error("a claim is missing or of the wrong type")]
    Claims,
    /// The issuer is not configured.
    #[error("the issuer is not known")]
    UnknownIssuer,
    /// The algorithm is not one that the issuer may use.
    #[error("the algorithm is not the issuer's")]
    Algorithm,
    /// The issuer has no such key, or the key is of another type.
    #[error("the issuer has no such key")]
    Key,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The audience is another.
    #[error("the audience is another")]
    Audience,
    /// It has expired, is not valid yet, or lives too long.
    #[error("its time is not now")]
    Time,
    /// The tenant claim is missing or no tenant id.
    #[error("the tenant claim is no tenant id")]
    Tenant,
}

/// A token whose signature nobody has checked. It offers what is needed to check it, and nothing else.
#[derive(Debug)]
pub(super) struct Unverified<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    issuer: String,
    claims: Map<String, Value>,
    /// `header.payload`, the bytes that were signed.
    signed: &'a str,
    signature: &'a str,
}

/// The types of a token that are looked at: JWT (RFC 7519) and access tokens (RFC 9068).
const TYPES: [&str; 2] = ["JWT", "at+jwt"];
/// Headers that change how a token is to be read. None is understood, so none is accepted.
const REFUSED_HEADERS: [&str; 5] = ["crit", "zip", "b64", "enc", "cty"];

impl<'a> Unverified<'a> {
    pub(super) fn parse(bearer: &'a Bearer) -> Result<Self, Refusal> {
        let text = bearer.text();
        let (signed, signature) = text.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        if payload.contains('.') || signature.is_empty() {
            return Err(Refusal::Malformed);
        }
        let (header, claims) = (object(header)?, object(payload)?);
        if REFUSED_HEADERS.iter().any(|name| header.contains_key(*name)) {
            return Err(Refusal::Header);
        }
        if let Some(typ) = string(&header, "typ", Refusal::Header)?
            && !TYPES.iter().any(|known| known.eq_ignore_ascii_case(&typ))
        {
            return Err(Refusal::Header);
        }
        let algorithm = string(&header, "alg", Refusal::Header)?.ok_or(Refusal::Header)?;
        Ok(Self {
            algorithm: algorithm.parse().or(Err(Refusal::Algorithm))?,
            kid: string(&header, "kid", Refusal::Header)?,
            issuer: string(&claims, "iss", Refusal::Claims)?.ok_or(Refusal::Claims)?,
            claims,
            signed,
            signature,
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) fn signed(&self) -> (&'a str, &'a str) {
        (self.signed, self.signature)
    }

    /// The claims, for whoever has checked the signature.
    pub(super) fn claims_once_verified(&self) -> &Map<String, Value> {
        &self.claims
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).or(Err(Refusal::Malformed))?;
    match strict(&bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(_) => Err(Refusal::Malformed),
    }
}

/// A string member. One of another type, `null` too, is a refusal and never "absent".
pub(super) fn string(
    members: &Map<String, Value>,
    name: &str,
    refusal: Refusal,
) -> Result<Option<String>, Refusal> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What headers and claims are made of.
    const WORDS: [&str; 24] = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"alg\"",
        "\"kid\"",
        "\"typ\"",
        "\"iss\"",
        "\"crit\"",
        "\"zip\"",
        "\"ES256\"",
        "\"none\"",
        "\"JWT\"",
        "\"x\"",
        "null",
        "1",
        "\"\\u0061lg\"",
        "{\"alg\":\"ES256\"",
        "{\"iss\":\"x\"",
        "}",
        "}",
        " ",
    ];

    fn words(bytes: &[u8]) -> String {
        bytes.iter().filter_map(|byte| WORDS.get(usize::from(*byte) % WORDS.len())).copied().collect()
    }

    /// A fuzz target: `cargo bolero test` runs it under a fuzzer.
    #[test]
    fn whatever_a_token_is_it_is_taken_apart_by_the_rules() {
        bolero::check!().with_type::<(Vec<u8>, Vec<u8>, Vec<u8>, bool)>().for_each(
            |(header, claims, signature, raw)| {
                let (header, claims) = (words(header), words(claims));
                let mut value = b"Bearer ".to_vec();
                if *raw {
                    value.extend_from_slice(signature);
                } else {
                    let parts = [header.as_bytes(), claims.as_bytes(), signature]
                        .map(|it| URL_SAFE_NO_PAD.encode(it));
                    value.extend_from_slice(parts.join(".").as_bytes());
                }
                let Some(bearer) = Bearer::from_header(&value) else { return };
                let Ok(token) = Unverified::parse(&bearer) else { return };
                let text = bearer.text();
                assert_eq!(text.split('.').count(), 3);
                let (signed, signature) = token.signed();
                assert!(!signature.is_empty() && format!("{signed}.{signature}") == text);
                let parsed = |part: usize| {
                    let part = URL_SAFE_NO_PAD.decode(text.split('.').nth(part).unwrap()).unwrap();
                    serde_json::from_slice::<Map<String, Value>>(&part).unwrap()
                };
                let (header, claims) = (parsed(0), parsed(1));
                assert!(header.keys().all(|name| !REFUSED_HEADERS.contains(&name.as_str())));
                assert_eq!(
                    header.get("alg").and_then(Value::as_str),
                    Some(format!("{:?}", token.algorithm()).as_str())
                );
                assert_eq!(header.get("kid").map(|kid| kid.as_str().unwrap()), token.kid());
                assert_eq!(claims.get("iss").and_then(Value::as_str), Some(token.issuer()));
            },
        );
    }
}
