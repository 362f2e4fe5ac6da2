//! Declared roles: `policies/roles/*.json`, each one role or one role a tenant.
//!
//! A file has the members of CloudFormation's `AWS::IAM::Role`, with variables. A `RoleName` that holds
//! `{{tenant}}` declares a role of each tenant's own; one without declares a shared role. Roles are found by their name
//! alone: IAM has no two of one name in an account, whatever their `Path`. The gateway itself needs
//! none of this: roles live in IAM. The embedded AWS is built from the declarations, and `check` reads them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::template::{TemplateError, Variables, fill_text};
use super::{Document, DocumentAt, Kind, Template};
use crate::problem::{Problem, Problems, Source, did_you_mean};

/// A declared role, with variables.
#[derive(Debug, Clone)]
pub struct RoleTemplate {
    template: Template,
    name: String,
}

/// A declared role, as IAM holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// `RoleName`, without a path.
    pub name: String,
    /// `AssumeRolePolicyDocument`.
    pub trust: Document,
    /// The documents of `Policies`, in their order.
    pub identity: Vec<Document>,
    /// `PermissionsBoundary`, given as a document, since there is no other IAM to look it up in.
    pub boundary: Option<Document>,
    /// `MaxSessionDuration`; one hour where it is not given, as in IAM.
    pub max_session: Duration,
}

const MEMBERS: [&str; 7] = [
    "RoleName",
    "Path",
    "Description",
    "AssumeRolePolicyDocument",
    "Policies",
    "PermissionsBoundary",
    "MaxSessionDuration",
];

impl RoleTemplate {
    /// Reads a declaration. `known` are the variables that it may use.
    pub fn parse(source: &Arc<Source>, known: &BTreeSet<String>) -> Result<Self, Problems> {
        let template = Template::parse(source, known)?;
        let all = 0..source.text().len().min(1);
        let Some(members) = template.value().as_object() else {
            return Err(source
                .problem(all, "must be an object")
                .hint("see policies/roles in the example")
                .into());
        };
        let unknown = members.keys().filter(|name| !MEMBERS.contains(&name.as_str()));
        let mut problems: Problems = unknown
            .map(|name| {
                member(source, name, format!("`{name}` is no member of a role"))
                    .hint(did_you_mean(name, MEMBERS))
            })
            .collect();
        let name = members.get("RoleName").and_then(Value::as_str);
        if name.is_none() {
            problems.push(source.problem(all.clone(), "`RoleName` is missing"));
        }
        if !members.contains_key("AssumeRolePolicyDocument") {
            problems.push(source.problem(all, "`AssumeRolePolicyDocument` is missing"));
        }
        problems.or(Self { name: name.unwrap_or_default().to_owned(), template })
    }

    /// Whether this declares the role of that name for the tenant whose variables these are.
    pub fn declares(&self, role_name: &str, variables: &Variables) -> bool {
        fill_text(&self.name, variables).is_ok_and(|name| name == role_name)
    }

    /// Its `RoleName`, with variables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it was read from.
    pub fn source(&self) -> &Arc<Source> {
        self.template.source()
    }

    /// Whether it declares a role of each tenant's own.
    pub fn is_per_tenant(&self) -> bool {
        self.name.contains("{{tenant}}")
    }

    /// The names of the variables that it uses.
    pub fn variables(&self) -> BTreeSet<&str> {
        self.template.variables()
    }

    /// Its documents as they were written, each with its place: the trust policy first.
    pub fn documents(&self) -> Vec<(DocumentAt, &Value)> {
        documents(self.template.value())
    }

    /// The same with its variables filled in.
    pub fn filled(&self, variables: &Variables) -> Result<Vec<(DocumentAt, Value)>, TemplateError> {
        let value = self.template.fill(variables)?;
        Ok(documents(&value).into_iter().map(|(at, document)| (at, document.clone())).collect())
    }

    /// The declaration with its variables filled in, as JSON: what would be deployed, to the letter.
    pub fn fill(&self, variables: &Variables) -> Result<Value, Problem> {
        let filled = self.template.fill(variables);
        filled.map_err(|error| member(self.template.source(), "RoleName", error.to_string()))
    }

    /// The role with its variables filled in.
    pub fn render(&self, variables: &Variables) -> Result<Role, Problem> {
        let source = self.template.source();
        let value = self.fill(variables)?;
        let policy = |kind, name: &str, value: &Value| {
            Document::from_value(kind, value).map_err(|error| {
                member(source, name, format!("`{name}` is no policy: {}", TemplateError::from(error)))
            })
        };
        let trust = policy(
            Kind::Trust,
            "AssumeRolePolicyDocument",
            value.get("AssumeRolePolicyDocument").unwrap_or(&Value::Null),
        )?;
        let documents = match value.get("Policies") {
            None => Vec::new(),
            Some(Value::Array(policies)) => {
                policies.iter().map(|it| it.get("PolicyDocument").unwrap_or(&Value::Null)).collect()
            }
            Some(_) => return Err(member(source, "Policies", "`Policies` must be a list")),
        };
        let identity: Result<Vec<_>, _> = documents
            .into_iter()
            .map(|document| policy(Kind::Identity, "PolicyDocument", document))
            .collect();
        let boundary =
            value.get("PermissionsBoundary").map(|it| policy(Kind::Identity, "PermissionsBoundary", it));
        Ok(Role {
            name: value.get("RoleName").and_then(Value::as_str).unwrap_or_default().to_owned(),
            trust,
            identity: identity?,
            boundary: boundary.transpose()?,
            max_session: max_session(source, value.get("MaxSessionDuration"))?,
        })
    }
}

/// The documents of a role, each with its place.
fn documents(role: &Value) -> Vec<(DocumentAt, &Value)> {
    let trust = role.get("AssumeRolePolicyDocument").map(|it| (DocumentAt::Trust, it));
    let policies = role.get("Policies").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let policies = policies.iter().enumerate().map(|(at, policy)| {
        (DocumentAt::RolePolicy(at), policy.get("PolicyDocument").unwrap_or(&Value::Null))
    });
    let boundary = role.get("PermissionsBoundary").map(|it| (DocumentAt::Boundary, it));
    trust.into_iter().chain(policies).chain(boundary).collect()
}

fn max_session(source: &Arc<Source>, value: Option<&Value>) -> Result<Duration, Problem> {
    let Some(value) = value else {
        return Ok(Duration::from_hours(1));
    };
    match value.as_u64() {
        Some(seconds @ 3_600..=43_200) => Ok(Duration::from_secs(seconds)),
        _ => Err(member(source, "MaxSessionDuration", "must be from 3600 to 43200 seconds")),
    }
}

/// A problem at the place where a member's name stands.
fn member(source: &Arc<Source>, name: &str, message: impl Into<String>) -> Problem {
    let quoted = format!("\"{name}\"");
    let span = source.text().find(&quoted).map_or(0..0, |start| start..start + quoted.len());
    source.problem(span, message)
}
