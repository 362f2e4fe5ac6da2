//! Resource policies of tables: what they grant is granted beside the session policies.
//!
//! "A resource-based policy that names the session grants beyond the session policy" (*Session policies*), so a
//! statement that names a tenant's session, its role, or everybody, undoes what was proved of the other documents.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::Application;
use super::Verification;
use crate::credentials::LookupError;
use crate::id::{AccountId, Region, RoleArn, TableName};
use crate::policy::{Finding, Rule};
use crate::problem::Problem;

/// A table in its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableAt {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) name: TableName,
}

impl TableAt {
    pub(super) fn arn(&self) -> String {
        let Self { account, region, name } = self;
        format!("arn:{}:dynamodb:{region}:{account}:table/{name}", region.partition())
    }
}

/// The tables that the tenants' records name.
pub(super) fn of(application: &Application) -> BTreeSet<TableAt> {
    let records = application.registry.records();
    let at = |record: &std::sync::Arc<crate::tenant::TenantRecord>| {
        let (account, region) = (record.role.account().clone(), record.region.clone());
        let names = record.tables.values().cloned().collect::<Vec<_>>();
        names.into_iter().map(move |name| TableAt { account: account.clone(), region: region.clone(), name })
    };
    records.iter().flat_map(at).collect()
}

/// Judges the policy of a table.
pub(super) fn judge(
    table: &TableAt,
    policy: Result<Option<String>, LookupError>,
    application: &Application,
) -> (Verification, Vec<Finding>) {
    let policy = match policy {
        Ok(None) => return (Verification::Verified, Vec::new()),
        Ok(Some(text)) => crate::json::strict(text.as_bytes()),
        // Without the table's name: what is denied for a thousand tables is one reason.
        Err(error) => {
            let reason = format!("the resource policy could not be read: {error}");
            return (Verification::NotVerified(reason.replace(&table.arn(), "the table")), Vec::new());
        }
    };
    let statements = policy.as_ref().ok().and_then(|policy| policy.get("Statement"));
    let statements: Vec<_> = match statements {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(one) => vec![one],
        None => {
            let reason = "its resource policy is no policy document".to_owned();
            return (Verification::NotVerified(reason), Vec::new());
        }
    };
    let roles: BTreeSet<_> = application.registry.records().iter().map(|it| it.role.clone()).collect();
    let mut findings = Vec::new();
    for (at, statement) in statements.into_iter().enumerate() {
        let Some(whom) = whom(statement, table, &roles) else { continue };
        let sid = statement
            .get("Sid")
            .and_then(Value::as_str)
            .map_or_else(String::new, |sid| format!(" (`{sid}`)"));
        let actions =
            statement.get("Action").or_else(|| statement.get("NotAction")).cloned().unwrap_or_default();
        let message =
            format!("statement {}{sid} of the table's resource policy allows {actions} to {whom}", at + 1);
        let problem = Problem::of(table.arn(), message);
        let hint =
            "remove the statement: it grants beside the session policies, and what it grants is not proved";
        findings.push(Finding::error(Rule::Deployed, problem.hint(hint)));
    }
    let verification = if findings.is_empty() { Verification::Verified } else { Verification::Differs };
    (verification, findings)
}

/// Whom among the tenants a statement allows something; none if none of them.
fn whom(statement: &Value, table: &TableAt, roles: &BTreeSet<RoleArn>) -> Option<String> {
    if statement.get("Effect").and_then(Value::as_str) == Some("Deny") {
        return None;
    }
    if statement.get("NotPrincipal").is_some() {
        return Some("everybody but some".to_owned());
    }
    let named = match statement.get("Principal")? {
        Value::Object(kinds) => kinds.get("AWS")?,
        other => other,
    };
    let names = match named {
        Value::Array(names) => names.as_slice(),
        one => std::slice::from_ref(one),
    };
    names.iter().filter_map(Value::as_str).find_map(|name| match name {
        "*" => Some("everybody".to_owned()),
        name => roles.iter().find_map(|role| names_role(name, role, table)),
    })
}

/// Whether a principal is a tenant's role, a session of it, or another account that has tenants' roles.
fn names_role(name: &str, role: &RoleArn, table: &TableAt) -> Option<String> {
    if name == role.as_str() {
        return Some(format!("the tenants' role `{name}`"));
    }
    let sessions = format!(":sts::{}:assumed-role/{}/", role.account(), role.name());
    if name.contains(&sessions) {
        return Some(format!("the tenant's session `{name}`"));
    }
    // An account's own root grants nothing that the identity policies do not; another's lets its roles in.
    let account = name.strip_suffix(":root").map_or(name, |arn| arn.rsplit(':').next().unwrap_or_default());
    let is_others = account == role.account().as_str() && *role.account() != table.account;
    is_others.then(|| format!("the account {account}, which has tenants' roles"))
}
