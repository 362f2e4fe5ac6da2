//! An `AssumeRole` request, whole: everything that decides what the session can do.

use aws_lc_rs::digest::{Context, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::config::Config;
use super::power::{PolicyTemplates, Power};
use crate::id::{ExternalId, Region, RoleArn, TenantId};
use crate::problem::Problem;
use crate::telemetry::Principal;
use crate::tenant::TenantRecord;

/// The session tag that every mode passes.
pub(super) const TENANT_TAG: &str = "tenant";
/// The longest `RoleSessionName` (*AssumeRole*).
const MAX_SESSION_NAME: usize = 64;
const SESSION_NAME_PREFIX: &str = "ik-";

/// What the gateway asks STS for on behalf of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// The tenant; also the value of the session tag `tenant`.
    pub tenant: TenantId,
    /// The role.
    pub role: RoleArn,
    /// `ExternalId`.
    pub external_id: Option<ExternalId>,
    /// `RoleSessionName`.
    pub session_name: String,
    /// What narrows the session.
    pub power: Power,
    /// `DurationSeconds`.
    pub duration_seconds: i32,
    /// `SourceIdentity`.
    pub source_identity: Option<String>,
    /// The Region of the tenant's tables.
    pub region: Region,
}

/// The digest of everything that a lease depends on. A role alone is no key: two tenants may share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LeaseKey([u8; 32]);

impl Assumption {
    /// A request for the tests of this module, of a role as it is.
    #[cfg(test)]
    pub(super) fn of_acme(region: Region) -> Self {
        Self {
            tenant: "acme".parse().unwrap(),
            role: "arn:aws:iam::111122223333:role/r".parse().unwrap(),
            external_id: None,
            session_name: "ik-acme".into(),
            power: Power::Role,
            duration_seconds: 3600,
            source_identity: None,
            region,
        }
    }

    /// The request for a tenant.
    ///
    /// # Errors
    /// The tenant's session policy cannot be made.
    pub fn of(record: &TenantRecord, templates: &PolicyTemplates, config: &Config) -> Result<Self, Problem> {
        Ok(Self {
            tenant: record.id.clone(),
            role: record.role.clone(),
            external_id: record.external_id.clone(),
            session_name: session_name(&record.id),
            power: templates.power(record)?,
            duration_seconds: i32::try_from(config.duration.as_secs()).unwrap_or(i32::MAX),
            source_identity: config.source_identity.clone(),
            region: record.region.clone(),
        })
    }

    /// The session policy's text, in the mode that has one.
    pub fn policy(&self) -> Option<&str> {
        match &self.power {
            Power::SessionPolicy(rendered) => Some(&rendered.text),
            Power::Role | Power::SessionTags => None,
        }
    }

    /// Whose credentials they are, as the audit names them.
    pub(super) fn principal(&self) -> Principal<'_> {
        Principal { tenant: &self.tenant, role: &self.role, session: &self.session_name }
    }

    /// The key of the leases that this request makes at an endpoint.
    pub(super) fn lease_key(&self, endpoint: Option<&str>) -> LeaseKey {
        let mode = match self.power {
            Power::Role => "role",
            Power::SessionPolicy(_) => "session-policy",
            Power::SessionTags => "session-tags",
        };
        let fields = [
            self.tenant.as_str(),
            self.role.as_str(),
            self.external_id.as_ref().map_or("", ExternalId::as_str),
            &self.session_name,
            mode,
            self.policy().unwrap_or_default(),
            &self.duration_seconds.to_string(),
            self.source_identity.as_deref().unwrap_or_default(),
            self.role.account().as_str(),
            self.region.as_str(),
            endpoint.unwrap_or_default(),
        ];
        let mut context = Context::new(&SHA256);
        for field in fields {
            // The length stands before each field, so that no two lists of fields make one text.
            context.update(&field.len().to_le_bytes());
            context.update(field.as_bytes());
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        LeaseKey(key)
    }
}

/// `ik-` and the tenant's id; where that is too long, its first 40 characters and 16 digits of its SHA-256.
fn session_name(tenant: &TenantId) -> String {
    let id = tenant.as_str();
    if SESSION_NAME_PREFIX.len() + id.len() <= MAX_SESSION_NAME {
        return format!("{SESSION_NAME_PREFIX}{id}");
    }
    let hash = digest(&SHA256, id.as_bytes());
    let head_of_hash = u64::from_be_bytes(hash.as_ref().first_chunk().copied().unwrap_or_default());
    let head: String = id.chars().take(40).collect();
    format!("{SESSION_NAME_PREFIX}{head}-{head_of_hash:016x}")
}

/// A short name for a lease in logs.
impl std::fmt::Display for LeaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(URL_SAFE_NO_PAD.encode(self.0.first_chunk::<6>().unwrap_or(&[0; 6])).as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_are_short_enough_and_differ() {
        let name = |text: &str| session_name(&text.parse().unwrap());
        assert_eq!(name("acme"), "ik-acme");
        let (one, other) = (name(&format!("{}1", "x".repeat(63))), name(&format!("{}2", "x".repeat(63))));
        assert!(one.len() <= MAX_SESSION_NAME && one.starts_with("ik-xxxx") && one != other);
    }
}
