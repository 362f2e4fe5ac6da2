//! Grants that no operation of the schema needs.

use super::pieces::{Piece, pieces};
use super::written::{Entry, Statement};
use super::{some_of, stand_in};
use crate::policy::catalogue::actions;
use crate::policy::pattern::{Match, Pattern};
use crate::policy::requests::{Asked, requests};
use crate::policy::template::fill_text;
use crate::policy::{Context, Finding, Rule, Variables};
use crate::schema::Plan;

/// Actions and resources of a statement that grants, which no request of the plan needs.
///
/// An action is needed if some request asks for it of one of the statement's resources, and the other way round. What is
/// refused for more than that (an action that does not exist or names no key, a wildcard for a table) is not said again.
pub(super) fn unneeded(statement: Statement<'_>, plan: &Plan, tenants: &[Variables]) -> Vec<Finding> {
    if statement.excludes_actions() || statement.excludes_resources() {
        return Vec::new();
    }
    let all = requests(plan);
    let actions: Vec<_> = statement.actions().filter(names_dynamodb).collect();
    let resources: Vec<_> = statement.resources().filter(lies_in_dynamodb).collect();
    let asks = |action: &Entry<'_>, resource: &Entry<'_>, asked: &Asked<'_>| {
        action.covers_action(asked.action) && covers(resource, &resource_of(asked), tenants)
    };
    let idle_action = |action: &&Entry<'_>| {
        !all.iter().any(|asked| resources.iter().any(|resource| asks(action, resource, asked)))
    };
    let idle_resource = |resource: &&Entry<'_>| {
        !all.iter().any(|asked| actions.iter().any(|action| asks(action, resource, asked)))
    };
    let idle_actions: Vec<_> = actions.iter().filter(idle_action).filter(|it| !is_refused(it)).collect();
    let warning = |entry: &Entry<'_>, message: String, hint: &str| {
        Finding::warning(Rule::UnneededGrant, entry.place().problem(message).hint(hint))
    };
    let mut findings: Vec<_> = idle_actions
        .iter()
        .map(|entry| warning(entry, format!("no operation needs `{}` here", entry.text), "take it out"))
        .collect();
    // Where no action is needed, no resource is either; once is enough.
    if actions.iter().all(|action| idle_action(&action)) {
        return findings;
    }
    for resource in &resources {
        if idle_resource(&resource) {
            let message = format!("no operation needs `{}` here", resource.text);
            findings.push(warning(resource, message, "take it out"));
            continue;
        }
        let indexes = idle_indexes(resource, plan, &all, tenants);
        if !indexes.is_empty() {
            let message = format!("`{}` also means {}, which no query uses", resource.text, some_of(indexes));
            findings.push(warning(resource, message, "name the indexes one by one"));
        }
    }
    findings
}

fn names_dynamodb(entry: &Entry<'_>) -> bool {
    entry.text == "*"
        || entry.text.split_once(':').is_some_and(|(service, _)| service.eq_ignore_ascii_case("dynamodb"))
}

/// Whether other rules refuse it already: it means no action, or none that names a key.
fn is_refused(entry: &Entry<'_>) -> bool {
    let mut meant = actions().filter(|action| entry.covers_action(&action.to_string()));
    meant.all(|action| action.access.may_name_no_key())
}

fn lies_in_dynamodb(entry: &Entry<'_>) -> bool {
    entry.text.split(':').nth(2).is_none_or(|service| service == "dynamodb" || service.contains(['*', '?']))
}

/// What a request is about: the table by the schema's name, and the index.
struct About<'a> {
    table: &'a str,
    index: Option<&'a str>,
}

fn resource_of<'a>(asked: &'a Asked<'_>) -> About<'a> {
    About { table: &asked.table.name, index: asked.index.map(AsRef::as_ref) }
}

/// The indexes of the plan that a resource's wildcard grants and no query uses.
fn idle_indexes(entry: &Entry<'_>, plan: &Plan, all: &[Asked<'_>], tenants: &[Variables]) -> Vec<String> {
    if !entry.has_wildcard() {
        return Vec::new();
    }
    let mut idle = Vec::new();
    for table in plan.tables.values() {
        for index in table.indexes.keys() {
            let is_used =
                all.iter().any(|asked| asked.table.name == table.name && asked.index == Some(index));
            if !is_used && covers(entry, &About { table: &table.name, index: Some(index) }, tenants) {
                idle.push(index.to_string());
            }
        }
    }
    idle
}

/// Whether a resource of a policy covers what a request is about, for some tenant.
///
/// Only what follows the account is compared. A table that is written out is looked up among the tenants' tables; without
/// tenants nobody knows whose it is, and it passes for needed.
fn covers(entry: &Entry<'_>, about: &About<'_>, tenants: &[Variables]) -> bool {
    if entry.text == "*" {
        return true;
    }
    let index = about.index.map_or_else(String::new, |index| format!("/index/{index}"));
    let variable = format!("table.{}", about.table);
    let covers = |variables: &Variables, table: &str| {
        let Ok(filled) = fill_text(entry.text, variables) else { return false };
        let wanted = filled.splitn(6, ':').nth(5).unwrap_or("*");
        let wanted = Pattern::new(wanted, false);
        wanted.matches(&format!("table/{table}{index}"), Match::Like, &Context::default()).unwrap_or(false)
    };
    if !tenants.is_empty() {
        return tenants.iter().any(|it| it.get(&variable).is_some_and(|table| covers(it, table)));
    }
    let names: Vec<_> = pieces(entry.text, true)
        .into_iter()
        .filter_map(|(piece, _)| match piece {
            Piece::Template(name) => Some(name),
            Piece::Text(_) | Piece::Variable(_) | Piece::Wildcard(_) => None,
        })
        .collect();
    if !names.iter().any(|name| name.starts_with("table.")) {
        return true;
    }
    covers(&stand_in::variables(names), about.table)
}
