//! The claims of a token whose signature is good, and the caller that they name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::config::{IssuerConfig, SpeaksFor};
use super::token::{Refusal, string};
use super::{VERIFIED_LIFE, millis};
use crate::claim::{ClaimKind, ClaimValue};
use crate::clock::Clock;
use crate::id::TenantId;

/// How far two clocks may differ. A request is accepted from `nbf` − 30 s to `exp` + 30 s.
const LEEWAY: i64 = 30;

/// What a verified token says. Kept in the cache; made by [`verified`] alone.
pub(super) struct Verified {
    issuer: String,
    subject: String,
    tenant: TenantId,
    speaks_for: SpeaksFor,
    scopes: BTreeSet<String>,
    claims: BTreeMap<String, ClaimValue>,
    pub(super) times: Times,
    pub(super) max_lifetime: Option<Duration>,
    /// When the signature is to be checked again, in milliseconds since the epoch.
    pub(super) check_again_at: u64,
}

impl Verified {
    /// Whether the token names this tenant.
    pub(super) fn is_for(&self, tenant: &TenantId) -> bool {
        self.tenant == *tenant
    }
}

/// The times of a token, in seconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    expires_at: i64,
    issued_at: i64,
    not_before: Option<i64>,
}

/// Who is calling, as an issuer that may speak for it has signed. Nobody else can make one.
#[derive(Clone)]
pub struct Caller(Arc<Verified>);

impl Caller {
    pub(super) fn new(verified: Arc<Verified>) -> Self {
        Self(verified)
    }

    /// The tenant that the token names. Whether there is such a tenant, the registry knows.
    pub fn tenant(&self) -> &TenantId {
        &self.0.tenant
    }

    /// Whether the configuration lets the token's issuer speak for the tenant that it names.
    pub fn issuer_speaks_for_tenant(&self) -> bool {
        self.0.speaks_for.includes(&self.0.tenant)
    }

    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// `sub`.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The scopes of `scope` or `scp`.
    pub fn scopes(&self) -> &BTreeSet<String> {
        &self.0.scopes
    }

    /// A claim that the configuration names.
    pub fn claim(&self, name: &str) -> Option<&ClaimValue> {
        self.0.claims.get(name)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Fields appear only if named here, so that a new one stays out of the logs.
        f.debug_struct("Caller").field("tenant", &self.0.tenant).finish_non_exhaustive()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Reads the claims of a token whose signature has been checked against a key of `issuer`.
pub(super) fn verified(
    claims: &Map<String, Value>,
    issuer: &IssuerConfig,
    clock: &Clock,
) -> Result<Verified, Refusal> {
    let required = |name: &str| string(claims, name, Refusal::Claims)?.ok_or(Refusal::Claims);
    let times = Times {
        expires_at: time(claims, "exp")?.ok_or(Refusal::Claims)?,
        issued_at: time(claims, "iat")?.ok_or(Refusal::Claims)?,
        not_before: time(claims, "nbf")?,
    };
    audience(claims, &issuer.audience)?;
    self::times(&times, clock.unix_seconds(), issuer.max_lifetime)?;
    let subject =
        required("sub").and_then(|sub| if sub.is_empty() { Err(Refusal::Claims) } else { Ok(sub) })?;
    Ok(Verified {
        issuer: required("iss")?,
        subject,
        tenant: tenant(claims, &issuer.tenant_claim)?,
        speaks_for: issuer.speaks_for.clone(),
        scopes: scopes(claims)?,
        claims: configured(claims, issuer)?,
        times,
        max_lifetime: issuer.max_lifetime,
        check_again_at: clock.unix_millis() + millis(VERIFIED_LIFE),
    })
}

/// Compares a token's times with now, in seconds since the epoch.
pub(super) fn times(times: &Times, now: i64, max_lifetime: Option<Duration>) -> Result<(), Refusal> {
    let Times { expires_at, issued_at, not_before } = *times;
    let too_long = max_lifetime.is_some_and(|most| {
        let lifetime = u64::try_from(expires_at.saturating_sub(issued_at)).unwrap_or_default();
        lifetime > most.as_secs()
    });
    let early = |time: i64| time > now.saturating_add(LEEWAY);
    let late = now >= expires_at.saturating_add(LEEWAY);
    if late || too_long || expires_at < issued_at || early(issued_at) || not_before.is_some_and(early) {
        return Err(Refusal::Time);
    }
    Ok(())
}

/// A `NumericDate`. Only whole seconds are accepted: fractions have never been seen, and rounding them would need a
/// rule.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => {
            number.as_i64().filter(|time| *time >= 0).map(Some).ok_or(Refusal::Claims)
        }
        Some(_) => Err(Refusal::Claims),
    }
}

/// `aud`: a string or a list of strings, one of which must be the configured audience to the letter.
fn audience(claims: &Map<String, Value>, expected: &str) -> Result<(), Refusal> {
    let found = match claims.get("aud") {
        Some(Value::String(audience)) => audience == expected,
        Some(Value::Array(audiences)) => {
            let texts: Option<Vec<_>> = audiences.iter().map(Value::as_str).collect();
            texts.ok_or(Refusal::Claims)?.contains(&expected)
        }
        Some(_) | None => return Err(Refusal::Claims),
    };
    if found { Ok(()) } else { Err(Refusal::Audience) }
}

/// The tenant claim: a member's name, or a JSON pointer (RFC 6901) if it begins with `/`.
fn tenant(claims: &Map<String, Value>, claim: &str) -> Result<TenantId, Refusal> {
    let value = match claim.strip_prefix('/') {
        None => claims.get(claim),
        Some(pointer) => {
            let mut segments =
                pointer.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~"));
            let first = segments.next().and_then(|first| claims.get(&first));
            segments.fold(first, |value, segment| value.and_then(|value| value.as_object()?.get(&segment)))
        }
    };
    value.and_then(Value::as_str).and_then(|text| text.parse().ok()).ok_or(Refusal::Tenant)
}

/// `scope` (RFC 8693: parted by spaces) or `scp` (a list, or parted by spaces).
fn scopes(claims: &Map<String, Value>) -> Result<BTreeSet<String>, Refusal> {
    let mut scopes = BTreeSet::new();
    for name in ["scope", "scp"] {
        match claims.get(name) {
            None => {}
            Some(Value::String(text)) => scopes.extend(text.split_ascii_whitespace().map(str::to_owned)),
            Some(Value::Array(items)) if name == "scp" => {
                let texts: Option<Vec<_>> =
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                scopes.extend(texts.ok_or(Refusal::Claims)?);
            }
            Some(_) => return Err(Refusal::Claims),
        }
    }
    Ok(scopes)
}

/// The claims that the configuration names. All others are dropped.
fn configured(
    claims: &Map<String, Value>,
    issuer: &IssuerConfig,
) -> Result<BTreeMap<String, ClaimValue>, Refusal> {
    let mut configured = BTreeMap::new();
    for (name, kind) in &*issuer.claims {
        let Some(value) = claims.get(name) else { continue };
        let value = match (kind, value) {
            (ClaimKind::String, Value::String(text)) => ClaimValue::String(text.clone()),
            (ClaimKind::Integer, Value::Number(number)) => {
                ClaimValue::Integer(number.as_i64().ok_or(Refusal::Claims)?)
            }
            (ClaimKind::Strings, Value::Array(items)) => {
                let texts: Option<Vec<_>> =
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                ClaimValue::Strings(texts.ok_or(Refusal::Claims)?)
            }
            (ClaimKind::String | ClaimKind::Integer | ClaimKind::Strings, _) => return Err(Refusal::Claims),
        };
        configured.insert(name.clone(), value);
    }
    Ok(configured)
}
