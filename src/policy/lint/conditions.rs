//! Condition keys: whether there are such, and what happens where a request has none of them.

use super::pieces::{Piece, pieces};
use super::written::{Clause, Statement};
use crate::policy::catalogue::{SERVICES, Values, key, keys};
use crate::policy::{Comparison, Finding, Quantifier, Rule};
use crate::problem::nearest;

/// A condition key that does not exist, allowed or denied.
pub(super) fn spelling(clause: &Clause<'_>) -> Option<Finding> {
    if is_known(clause.key(), clause.statement) {
        return None;
    }
    let problem = clause
        .key_place()
        .problem(format!("`{}` is no condition key", clause.key()))
        .hint(near(clause.key()));
    Some(Finding::error(Rule::UnknownConditionKey, problem))
}

/// Variables that name no condition key, in resources and in values.
pub(super) fn variables(statement: Statement<'_>) -> Vec<Finding> {
    let resources = statement.resources().map(|entry| (entry.text, entry.place()));
    let values = statement.clauses().flat_map(|clause| {
        let values = clause.condition.values.iter().enumerate();
        values.map(move |(at, value)| (value.as_str(), clause.value_place(at))).collect::<Vec<_>>()
    });
    let mut findings = Vec::new();
    for (text, place) in resources.chain(values) {
        for (piece, _) in pieces(text, statement.has_variables()) {
            let Piece::Variable(name) = piece else { continue };
            if !is_known(name, statement) {
                let message = format!("`${{{name}}}` is no variable: there is no condition key `{name}`");
                let problem = place.problem(message).hint(near(name));
                findings.push(Finding::error(Rule::UnknownConditionKey, problem));
            }
        }
    }
    findings
}

/// Whether a key exists, or may: those of identity providers and of services that the statement speaks of are not known here.
fn is_known(name: &str, statement: Statement<'_>) -> bool {
    let Some((service, _)) = name.split_once(':') else { return false };
    let service = service.to_lowercase();
    if key(name).is_some() {
        return true;
    }
    if service == "aws" || SERVICES.contains(&service.as_str()) {
        return false;
    }
    let is_provider = service.contains('.') || service == "saml";
    let is_spoken_of = statement.actions().any(|entry| match entry.text.split_once(':') {
        Some((of, _)) => of.eq_ignore_ascii_case(&service),
        None => true,
    });
    is_provider || is_spoken_of
}

/// What was probably meant.
fn near(name: &str) -> String {
    let bare = |key: &'static str| key.split_once(':').map_or(key, |(_, bare)| bare);
    let (service, written) = name.split_once(':').unwrap_or(("", name));
    let of_service: Vec<_> = keys()
        .map(|key| key.name)
        .filter(|key| key.split_once(':').is_some_and(|(of, _)| of.eq_ignore_ascii_case(service)))
        .collect();
    let candidates = if of_service.is_empty() { keys().map(|key| key.name).collect() } else { of_service };
    // A family is told by what stands before its tag.
    let written = written.split('/').next().unwrap_or_default();
    let found = nearest(written.trim(), candidates.iter().map(|key| bare(key).trim_end_matches('/')));
    match found.and_then(|found| candidates.iter().find(|key| bare(key).trim_end_matches('/') == found)) {
        Some(key) if key.ends_with('/') => format!("did you mean `{key}`, followed by a tag's key?"),
        Some(key) => format!("did you mean `{key}`?"),
        None => "see *Condition keys for Amazon DynamoDB* and *AWS global condition context keys*".to_owned(),
    }
}

/// A condition that holds where its key has no value, in a statement that grants.
pub(super) fn guard(clause: &Clause<'_>) -> Option<Finding> {
    let operator = clause.condition.operator;
    let name = clause.key();
    let same = |key: &str| key.eq_ignore_ascii_case(name);
    let is_list = key(name).is_some_and(|key| key.values == Values::Many);
    if operator.quantifier.is_none() && operator.comparison != Comparison::Null && is_list {
        let message = format!("`{}` is for one value, and `{name}` can have several", clause.operator);
        let problem = clause.operator_place().problem(message).hint(format!(
            "write `ForAllValues:{}`, and beside it `\"Null\": {{ \"{name}\": \"false\" }}`",
            clause.operator
        ));
        return Some(Finding::warning(Rule::Undecided, problem));
    }
    let holds_without = operator.quantifier == Some(Quantifier::All);
    // A key that does not exist is refused already.
    let is_known = is_known(name, clause.statement);
    if !holds_without || !is_known || clause.statement.needs_key(same) || has_tag(clause) {
        return None;
    }
    let message = format!("`ForAllValues:` holds where a request has no `{name}`");
    let single = clause.operator.split_once(':').map_or(clause.operator, |(_, operator)| operator);
    let hint = if key(name).is_some_and(|key| key.values == Values::One) {
        format!("write `{single}`, since `{name}` has one value")
    } else {
        format!("add `\"Null\": {{ \"{name}\": \"false\" }}` to the same `Condition`")
    };
    let problem = clause.key_place().problem(message).hint(hint);
    // Which attributes a tenant sees of its own items does not part tenants.
    let finding =
        if name.eq_ignore_ascii_case("dynamodb:Attributes") { Finding::warning } else { Finding::error };
    Some(finding(Rule::NoNullGuard, problem))
}

/// Whether the statement asks for a tag, so that `aws:TagKeys` is never empty.
fn has_tag(clause: &Clause<'_>) -> bool {
    const TAG: &str = "aws:RequestTag/";
    let is_tag = |key: &str| key.get(..TAG.len()).is_some_and(|family| family.eq_ignore_ascii_case(TAG));
    clause.key().eq_ignore_ascii_case("aws:TagKeys") && clause.statement.needs_key(is_tag)
}
