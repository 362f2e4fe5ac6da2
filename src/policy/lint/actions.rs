//! Actions: whether there are such, and what they reach.

use super::written::{Entry, Statement};
use super::{some_of, too_wide};
use crate::policy::catalogue::{Access, Action, SERVICES, action, actions};
use crate::policy::requests::requests;
use crate::policy::{Finding, Kind, Rule};
use crate::problem::nearest;
use crate::schema::Plan;

/// Calls that are no actions: IAM judges them by others (*IAM security policies with PartiQL for DynamoDB*; *Using IAM with
/// DynamoDB transactions*).
const CALLS: [(&str, &str); 5] = [
    ("dynamodb:TransactGetItems", "a transaction that reads needs `dynamodb:GetItem`"),
    (
        "dynamodb:TransactWriteItems",
        "a transaction needs the actions of its members: `dynamodb:PutItem`, `dynamodb:UpdateItem`, `dynamodb:DeleteItem` or `dynamodb:ConditionCheckItem`",
    ),
    ("dynamodb:ExecuteStatement", PARTIQL),
    ("dynamodb:BatchExecuteStatement", PARTIQL),
    ("dynamodb:ExecuteTransaction", PARTIQL),
];
const PARTIQL: &str =
    "take it out: IAM judges PartiQL by `dynamodb:PartiQLSelect` and its kin, and no operation needs those";

/// The page that has all actions.
const REFERENCE: &str = "see *Actions, resources, and condition keys for Amazon DynamoDB*";

/// Actions that do not exist, allowed or denied.
pub(super) fn spelling(statement: Statement<'_>) -> Vec<Finding> {
    statement.actions().filter_map(|entry| unknown(&entry)).collect()
}

fn unknown(entry: &Entry<'_>) -> Option<Finding> {
    let (service, name) = entry.text.split_once(':')?;
    let error = |message: String, hint: String| {
        Some(Finding::error(Rule::UnknownAction, entry.place().problem(message).hint(hint)))
    };
    let lower = service.to_lowercase();
    if !SERVICES.contains(&lower.as_str()) {
        // No service but DynamoDB has a prefix that begins so; the actions of others are not known here.
        let is_near = lower.starts_with("dyn");
        if !is_near || actions().any(|action| entry.covers_action(&action.to_string())) {
            return None;
        }
        return error(format!("there is no service `{service}`"), format!("did you mean `dynamodb:{name}`?"));
    }
    if let Some((_, hint)) = CALLS.iter().find(|(call, _)| call.eq_ignore_ascii_case(entry.text)) {
        return error(format!("`{}` is a call, and no action of IAM's", entry.text), (*hint).to_owned());
    }
    if action(entry.text).is_some() || actions().any(|action| entry.covers_action(&action.to_string())) {
        return None;
    }
    let of_service = actions().filter(|action| action.service == lower);
    let near = nearest(name, of_service.map(|action| action.name));
    let hint = near.map_or_else(|| REFERENCE.to_owned(), |near| format!("did you mean `{lower}:{near}`?"));
    let message = if entry.has_wildcard() { "matches no action" } else { "is no action" };
    error(format!("`{}` {message}", entry.text), hint)
}

/// What the actions of a statement that grants reach.
pub(super) fn reach(statement: Statement<'_>, plan: Option<&Plan>) -> Vec<Finding> {
    let kind = statement.kind();
    if statement.excludes_actions() {
        let problem = statement
            .element_place("NotAction")
            .problem("`NotAction` allows every action but those that it names, of every service")
            .hint("write `Action` with the actions that are needed");
        return vec![Finding::error(too_wide(kind), problem)];
    }
    statement.actions().flat_map(|entry| of_entry(&entry, kind, plan)).collect()
}

fn of_entry(entry: &Entry<'_>, kind: Kind, plan: Option<&Plan>) -> Vec<Finding> {
    let meant = actions().filter(|action| entry.covers_action(&action.to_string()));
    // A trust policy speaks of STS alone.
    let meant: Vec<_> = meant.filter(|action| kind == Kind::Identity || action.service == "sts").collect();
    let keyless: Vec<_> = meant.iter().copied().filter(|action| action.access.may_name_no_key()).collect();
    let mut findings = Vec::new();
    if entry.has_wildcard() && !meant.is_empty() {
        findings.push(wildcard(entry, &meant, !keyless.is_empty(), plan));
    }
    if let [first, ..] = keyless.as_slice() {
        let message = if entry.has_wildcard() {
            let which = some_of(keyless.iter().map(ToString::to_string));
            let need = if keyless.len() == 1 { "needs" } else { "need" };
            format!("`{}` allows {which}, which {need} no partition key", entry.text)
        } else {
            names_no_key(*first)
        };
        let hint = if entry.has_wildcard() {
            "list the actions one by one, without these"
        } else {
            "take it out: no operation of a schema needs it"
        };
        findings.push(Finding::error(Rule::NoLeadingKeys, entry.place().problem(message).hint(hint)));
    }
    findings
}

fn wildcard(entry: &Entry<'_>, meant: &[Action], is_hole: bool, plan: Option<&Plan>) -> Finding {
    let which = some_of(meant.iter().map(ToString::to_string));
    let message = format!("`{}` allows {which}, and whatever AWS adds that matches", entry.text);
    let mut needed: Vec<_> = plan.into_iter().flat_map(requests).map(|asked| asked.action).collect();
    needed.retain(|action| entry.covers_action(action));
    needed.sort_unstable();
    needed.dedup();
    let hint = match needed.as_slice() {
        [] => "list the actions one by one".to_owned(),
        needed => format!("list the actions that operations need: `{}`", needed.join("`, `")),
    };
    let problem = entry.place().problem(message).hint(hint);
    let finding = if is_hole { Finding::error } else { Finding::warning };
    finding(Rule::ActionWildcard, problem)
}

fn names_no_key(action: Action) -> String {
    match action.access {
        Access::Statement => {
            format!("`{action}` runs PartiQL, and IAM sees only the partition keys that a statement names")
        }
        Access::WholeTable => format!("`{action}` names no partition key: it reaches every tenant's items"),
        Access::Administration => {
            format!("`{action}` names no partition key: it is about the table, and so about every tenant")
        }
        // Not asked of the others.
        Access::Items | Access::ManyItems | Access::Information | Access::Credentials => {
            format!("`{action}` names no partition key")
        }
    }
}
