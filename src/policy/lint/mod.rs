//! What is wrong with one policy file, whoever wrote it.
//!
//! The linter looks at documents as they were written, with `{{tenant}}` and `${aws:PrincipalTag/tenant}` still in them: a
//! wildcard after a variable shows in the text, and not in what is rendered of it. It proves nothing. That a tenant
//! reaches its own items and no others is shown by judging requests, and a file without findings may still be too wide.

mod actions;
mod conditions;
mod grants;
mod leading_keys;
mod pieces;
mod resources;
mod session_tags;
mod size;
mod stand_in;
mod written;

use serde_json::Value;

use super::{Finding, Kind, RoleTemplate, Rule, Template, Variables};
use crate::schema::Plan;
use leading_keys::Tenant;
use written::Written;

/// What a policy is held against, besides what AWS documents.
#[derive(Debug, Clone, Copy, Default)]
pub struct Against<'a> {
    /// What the operations of a schema ask for. Without it no grant is called unneeded.
    pub plan: Option<&'a Plan>,
    /// The variables of each tenant that it is rendered for, by which sizes are measured and tables named. Without any,
    /// the shortest values stand in.
    pub tenants: &'a [Variables],
}

/// What is wrong with a session policy, in the order of the file.
pub fn session_policy(template: &Template, against: Against<'_>) -> Vec<Finding> {
    let tenant = Tenant { variable: "{{tenant}}", plan: against.plan };
    let written = match Written::read(template.source(), super::DocumentAt::Whole, template.value()) {
        Ok(written) => written,
        Err(findings) => return findings,
    };
    let mut findings = document(&written, tenant, against);
    findings.extend(size::session_policy(template, against.tenants));
    findings
}

/// What is wrong with a declared role: its trust policy first, then its policies, then its boundary.
///
/// A plan says what the tenants' operations need, so a role that is none of a tenant's (the gateway's own) is
/// linted without one.
pub fn role(role: &RoleTemplate, against: Against<'_>) -> Vec<Finding> {
    let variable = if role.is_per_tenant() { "{{tenant}}" } else { "${aws:PrincipalTag/tenant}" };
    let tenant = Tenant { variable, plan: against.plan };
    let mut findings = Vec::new();
    let mut written = Vec::new();
    for (at, value) in role.documents() {
        match Written::read(role.source(), at, value) {
            Ok(document) => written.push(document),
            Err(malformed) => findings.extend(malformed),
        }
    }
    findings.extend(written.iter().flat_map(|written| document(written, tenant, against)));
    findings.extend(session_tags::role(&written));
    findings.extend(size::role(role, against.tenants));
    findings
}

/// What is wrong with a document by itself.
fn document(written: &Written<'_>, tenant: Tenant<'_>, against: Against<'_>) -> Vec<Finding> {
    let is_variable = written.statements().any(|statement| leading_keys::name_a_variable(statement));
    let mut findings = Vec::new();
    for statement in written.statements() {
        findings.extend(actions::spelling(statement));
        // A permissions boundary grants nothing, so it may be as wide as it likes.
        if statement.grants() {
            findings.extend(actions::reach(statement, against.plan));
        }
        if statement.grants() && written.kind() == Kind::Identity {
            findings.extend(resources::wildcards(statement));
        }
        for clause in statement.clauses() {
            findings.extend(conditions::spelling(&clause));
            if statement.grants() {
                findings.extend(conditions::guard(&clause));
                findings.extend(leading_keys::operator(&clause));
                findings.extend(leading_keys::values(&clause, tenant, is_variable));
            }
        }
        findings.extend(conditions::variables(statement));
        if let Some(plan) = against.plan.filter(|_| statement.grants() && written.kind() == Kind::Identity) {
            findings.extend(grants::unneeded(statement, plan, against.tenants));
        }
    }
    findings
}

/// The rule that a statement of a document breaks if it reaches too far.
fn too_wide(kind: Kind) -> Rule {
    match kind {
        Kind::Identity => Rule::Isolating,
        Kind::Trust => Rule::Trust,
    }
}

/// The first few of a list, and how many there are besides.
fn some_of(names: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    match (more, names.split_last()) {
        (1.., _) => format!("{} and {more} more", names.join(", ")),
        (0, Some((last, before @ [_, ..]))) => format!("{} and {last}", before.join(", ")),
        (0, _) => names.concat(),
    }
}

/// The strings of an element that may hold one or a list.
fn listed(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(items)) => items,
        Some(one) => std::slice::from_ref(one),
    }
}
