//! A role as IAM holds it: documents as JSON, policies with their names.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::id::RoleArn;
use crate::policy::{Document, Kind, Malformed, Role};

/// A role as IAM holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// `AssumeRolePolicyDocument`.
    pub trust: Value,
    /// The inline policies, by name.
    pub inline: BTreeMap<String, Value>,
    /// The managed policies that are attached.
    pub attached: Vec<ManagedPolicy>,
    /// The managed policy that is the permissions boundary.
    pub boundary: Option<ManagedPolicy>,
    /// `MaxSessionDuration`.
    pub max_session: Duration,
}

/// A managed policy, in its default version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// `arn:aws:iam::ACCOUNT:policy/NAME`; with `aws` for the account, a policy of AWS's own.
    pub arn: String,
    /// The document.
    pub document: Value,
}

impl HeldRole {
    /// The role that a declaration makes, with its variables filled in. A boundary, which is declared as a document,
    /// becomes a managed policy of the role's account.
    pub fn declared(arn: &RoleArn, declaration: &Value) -> Self {
        let policies = declaration.get("Policies").and_then(Value::as_array);
        let policies = policies.map(Vec::as_slice).unwrap_or_default();
        let inline = policies.iter().enumerate().map(|(at, policy)| {
            let name = policy.get("PolicyName").and_then(Value::as_str);
            let name = name.map_or_else(|| format!("policy-{}", at + 1), str::to_owned);
            (name, policy.get("PolicyDocument").cloned().unwrap_or_default())
        });
        let boundary = declaration.get("PermissionsBoundary").map(|document| ManagedPolicy {
            arn: format!("arn:aws:iam::{}:policy/{}-boundary", arn.account(), arn.name()),
            document: document.clone(),
        });
        let seconds = declaration.get("MaxSessionDuration").and_then(Value::as_u64);
        Self {
            trust: declaration.get("AssumeRolePolicyDocument").cloned().unwrap_or_default(),
            inline: inline.collect(),
            attached: Vec::new(),
            boundary,
            max_session: seconds.map_or(Duration::from_hours(1), Duration::from_secs),
        }
    }

    /// What calls are judged by: inline and attached policies alike are the role's identity policies.
    pub(super) fn parse(&self, name: &str) -> Result<Role, Malformed> {
        let identity = self.inline.values().chain(self.attached.iter().map(|policy| &policy.document));
        let identity = identity.map(|document| Document::from_value(Kind::Identity, document));
        let boundary = self.boundary.as_ref().map(|it| Document::from_value(Kind::Identity, &it.document));
        Ok(Role {
            name: name.to_owned(),
            trust: Document::from_value(Kind::Trust, &self.trust)?,
            identity: identity.collect::<Result<_, _>>()?,
            boundary: boundary.transpose()?,
            max_session: self.max_session,
        })
    }
}
