//! The credentials that the embedded AWS has issued, and who they speak for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::iam::RoleEntry;
use crate::entropy::Entropy;
use crate::policy::Document;

/// A session of a role: what stands behind a set of temporary credentials.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) role: Arc<RoleEntry>,
    /// `RoleSessionName`.
    pub(super) name: String,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) policy: Option<Document>,
    /// None for the gateway's own bootstrap credentials, which stand for those of a container or an instance.
    pub(super) expires_at: Option<SystemTime>,
}

impl Session {
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub(super) fn arn(&self) -> String {
        let role = &self.role.arn;
        format!("arn:aws:sts::{}:assumed-role/{}/{}", role.account(), role.name(), self.name)
    }

    /// `aws:userid`: the role's unique id and the session's name.
    pub(super) fn user_id(&self) -> String {
        format!("{}:{}", self.role.unique_id, self.name)
    }
}

/// A set of temporary credentials.
#[derive(Clone)]
pub struct IssuedCredentials {
    /// `AccessKeyId`.
    pub access_key_id: String,
    /// `SecretAccessKey`.
    pub secret_access_key: String,
    /// `SessionToken`.
    pub session_token: String,
}

impl std::fmt::Debug for IssuedCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Fields appear only if named here, so that a new one stays out of the logs.
        f.debug_struct("IssuedCredentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// What the front learns of an access key.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) session: Arc<Session>,
    pub(super) credentials: IssuedCredentials,
}

/// All credentials that were issued and have not been forgotten.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_access_key: RwLock<HashMap<String, Known>>,
}

/// How many sessions are kept before the expired ones are dropped.
const SWEEP_AT: usize = 4_096;

impl Sessions {
    /// Issues credentials for a session.
    pub(super) fn issue(&self, session: Session, entropy: &Entropy, now: SystemTime) -> IssuedCredentials {
        const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let id =
            entropy.bytes::<16>().map(|byte| BASE32.get(usize::from(byte % 32)).copied().unwrap_or(b'A'));
        let credentials = IssuedCredentials {
            access_key_id: format!("ASIA{}", String::from_utf8_lossy(&id)),
            secret_access_key: STANDARD.encode(entropy.bytes::<30>()),
            session_token: STANDARD.encode(entropy.bytes::<96>()),
        };
        let known = Known { session: Arc::new(session), credentials: credentials.clone() };
        let mut sessions = self.by_access_key.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if sessions.len() >= SWEEP_AT {
            sessions.retain(|_, known| known.session.expires_at.is_none_or(|expires_at| expires_at > now));
        }
        sessions.insert(credentials.access_key_id.clone(), known);
        credentials
    }

    /// Forgets every session that has an end.
    pub(super) fn forget(&self) {
        let mut sessions = self.by_access_key.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        sessions.retain(|_, known| known.session.expires_at.is_none());
    }

    pub(super) fn find(&self, access_key_id: &str) -> Option<Known> {
        let sessions = self.by_access_key.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        sessions.get(access_key_id).cloned()
    }
}
