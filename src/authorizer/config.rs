//! Which issuers are trusted, and for whom each may speak.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use jsonwebtoken::{Algorithm, AlgorithmFamily};
use secrecy::SecretString;

use crate::claim::ClaimKinds;
use crate::id::TenantId;
use crate::problem::did_you_mean;
use crate::settings::Section;

/// The algorithms that an issuer with a key set may use.
pub(super) const ASYMMETRIC: [(&str, Algorithm); 8] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// The shortest secret for HS256: as long as its output (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// How tokens are checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The issuers.
    pub issuers: Vec<IssuerConfig>,
    /// How many verified tokens are remembered.
    pub max_tokens: u64,
    /// How long a key set may take, from the start of its connection to its last byte.
    pub fetch_timeout: Duration,
}

/// An issuer.
#[derive(Clone)]
pub struct IssuerConfig {
    /// `iss`, to the letter.
    pub issuer: String,
    /// The audience that its tokens must have.
    pub audience: String,
    /// Where its keys are.
    pub keys: KeySource,
    /// The algorithms that it may use.
    pub algorithms: Vec<Algorithm>,
    /// The tenants that it may speak for.
    pub speaks_for: SpeaksFor,
    /// The claim that names the tenant: a name, or a JSON pointer.
    pub tenant_claim: String,
    /// The longest time from `iat` to `exp`.
    pub max_lifetime: Option<Duration>,
    /// The claims that are kept, each with its kind.
    pub claims: Arc<ClaimKinds>,
}

/// Where an issuer's keys come from.
#[derive(Clone)]
pub enum KeySource {
    /// A JSON Web Key Set at this address, and at no other.
    Jwks(Uri),
    /// A shared secret, for HS256.
    Secret(SecretString),
}

/// The tenants that an issuer may speak for. There is no default: a customer's own identity provider must not mint
/// another tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpeaksFor {
    /// All of them.
    All,
    /// These.
    These(BTreeSet<TenantId>),
}

impl SpeaksFor {
    pub(super) fn includes(&self, tenant: &TenantId) -> bool {
        match self {
            Self::All => true,
            Self::These(tenants) => tenants.contains(tenant),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jwks(uri) => f.debug_tuple("Jwks").field(uri).finish(),
            Self::Secret(_) => f.write_str("Secret(…)"),
        }
    }
}

impl fmt::Debug for IssuerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Fields appear only if named here, so that a secret stays out of the logs.
        f.debug_struct("IssuerConfig").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads `[[issuers]]` and `[authorizer]`.
    pub fn read(file: &Section<'_>, claims: &Arc<ClaimKinds>) -> Option<Self> {
        let authorizer = file.section("authorizer");
        let max_tokens = authorizer.count("max-tokens", 1..=10_000_000).unwrap_or(100_000);
        let tenth = Duration::from_millis(100);
        let fetch_timeout = authorizer.duration("fetch-timeout", tenth..=tenth * 600);
        let fetch_timeout = fetch_timeout.unwrap_or(Duration::from_secs(5));
        authorizer.finish();
        let mut issuers: Vec<IssuerConfig> = Vec::new();
        let mut complete = true;
        for section in file.sections("issuers") {
            let issuer = IssuerConfig::read(&section, claims);
            section.finish();
            let Some(issuer) = issuer else {
                complete = false;
                continue;
            };
            if issuers.iter().any(|other| other.issuer == issuer.issuer) {
                let message = format!("the issuer `{}` stands here twice", issuer.issuer);
                section.report(section.place_of("issuer").problem(message).hint("keep one of them"));
            }
            issuers.push(issuer);
        }
        complete.then_some(Self { issuers, max_tokens, fetch_timeout })
    }
}

impl IssuerConfig {
    fn read(section: &Section<'_>, claims: &Arc<ClaimKinds>) -> Option<Self> {
        let issuer = section.required::<String>("issuer", "write the `iss` of its tokens, to the letter");
        let audience = section.required::<String>("audience", "write the `aud` that its tokens have");
        let keys = key_source(section);
        let algorithms = keys.as_ref().and_then(|keys| algorithms(section, keys));
        let speaks_for = speaks_for(section);
        let tenant_claim =
            section.string("tenant-claim").map_or_else(|| "tenant".to_owned(), |claim| claim.value);
        let max_lifetime =
            section.duration("max-lifetime", Duration::from_secs(1)..=Duration::from_hours(24 * 365));
        Some(Self {
            issuer: issuer?.value,
            audience: audience?.value,
            keys: keys?,
            algorithms: algorithms?,
            speaks_for: speaks_for?,
            tenant_claim,
            max_lifetime,
            claims: Arc::clone(claims),
        })
    }
}

fn key_source(section: &Section<'_>) -> Option<KeySource> {
    let (jwks, secret) = (section.parse::<Uri>("jwks"), section.string("secret"));
    match (jwks, secret) {
        (Some(uri), None) => {
            let known =
                matches!(uri.value.scheme_str(), Some("https" | "http")) && uri.value.host().is_some();
            if !known {
                let hint = "write the whole address, such as https://login.example.com/.well-known/jwks.json";
                section.report(uri.place.problem("`jwks` is no address of a key set").hint(hint));
            }
            known.then_some(KeySource::Jwks(uri.value))
        }
        (None, Some(secret)) => {
            let long_enough = secret.value.len() >= MIN_SECRET_BYTES;
            if !long_enough {
                let message = format!("`secret` must have at least {MIN_SECRET_BYTES} bytes");
                section.report(secret.place.problem(message).hint("make one with: openssl rand -hex 32"));
            }
            long_enough.then(|| KeySource::Secret(secret.value.into()))
        }
        (None, None) if section.has("jwks") => None,
        (None, None) | (Some(_), Some(_)) => {
            let problem = section.place().problem("an issuer has either `jwks` or `secret`");
            section.report(problem.hint("write `jwks = \"https://…/jwks.json\"`"));
            None
        }
    }
}

fn algorithms(section: &Section<'_>, keys: &KeySource) -> Option<Vec<Algorithm>> {
    let written = section.strings("algorithms");
    if matches!(keys, KeySource::Secret(_)) {
        let wrong = written.iter().flatten().find(|it| it.value != "HS256");
        if let Some(wrong) = wrong {
            let problem = wrong.place.problem(format!("`{}` does not go with a secret", wrong.value));
            section.report(problem.hint("a secret is for HS256"));
        }
        return wrong.is_none().then(|| vec![Algorithm::HS256]);
    }
    let Some(written) = written else {
        let problem = section.place().problem("`issuers.algorithms` is missing");
        section.report(problem.hint("write those that the issuer signs with, such as `[\"RS256\"]`"));
        return None;
    };
    let mut algorithms = Vec::new();
    for name in &written {
        if let Some((_, algorithm)) = ASYMMETRIC.iter().find(|(known, _)| *known == name.value) {
            algorithms.push(*algorithm);
            continue;
        }
        let hint = did_you_mean(&name.value, ASYMMETRIC.map(|(known, _)| known));
        let problem = name.place.problem(format!("`{}` is no algorithm for a key set", name.value));
        section.report(problem.hint(hint));
    }
    debug_assert!(algorithms.iter().all(|algorithm| algorithm.family() != AlgorithmFamily::Hmac));
    (!algorithms.is_empty() && algorithms.len() == written.len()).then_some(algorithms)
}

fn speaks_for(section: &Section<'_>) -> Option<SpeaksFor> {
    const HINT: &str = "write `tenants = [\"acme\"]`, or `tenants = \"all\"` for your own identity provider";
    if !section.has("tenants") {
        section.report(
            section.place().problem("`issuers.tenants` is missing: whom may it speak for?").hint(HINT),
        );
        return None;
    }
    if section.is_string("tenants") {
        let all = section.string("tenants")?;
        if all.value == "all" {
            return Some(SpeaksFor::All);
        }
        section.report(all.place.problem("`tenants` must be \"all\" or a list of tenants").hint(HINT));
        return None;
    }
    let mut tenants = BTreeSet::new();
    for name in section.strings("tenants")? {
        match name.value.parse() {
            Ok(tenant) => {
                tenants.insert(tenant);
            }
            Err(error) => {
                section.report(name.place.problem(format!("`{}`: {error}", name.value)).hint(HINT));
                return None;
            }
        }
    }
    Some(SpeaksFor::These(tenants))
}
