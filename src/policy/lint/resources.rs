//! Resources: whether a wildcard stands in a table's place.

use super::pieces::{Piece, pieces};
use super::written::{Entry, Statement};
use crate::policy::catalogue::{Access, actions};
use crate::policy::{Finding, Rule};

/// `arn:partition:service:region:account:resource`; the resource may hold further colons.
const ARN_PARTS: usize = 6;

/// What a variable is replaced by while an ARN is taken apart, since a variable's key holds colons.
const VARIABLE: char = '\u{fffc}';

/// Wildcards in the resources of a statement that grants.
pub(super) fn wildcards(statement: Statement<'_>) -> Vec<Finding> {
    if statement.excludes_resources() {
        let problem = statement
            .element_place("NotResource")
            .problem("`NotResource` allows every resource but those that it names")
            .hint("write `Resource` with the tenant's tables and their indexes");
        return vec![Finding::error(Rule::Isolating, problem)];
    }
    let reaches =
        actions().filter(|action| statement.names_action(&action.to_string())).map(|action| action.access);
    // What only tells what there is mostly has no resource but `*` (*Actions defined by Amazon DynamoDB*: "Resource types").
    let reaches: Vec<_> = reaches.filter(|access| *access != Access::Information).collect();
    let roles = reaches.iter().all(|access| *access == Access::Credentials);
    if reaches.is_empty() {
        return Vec::new();
    }
    statement.resources().filter_map(|entry| of_entry(&entry, roles, statement.has_variables())).collect()
}

fn of_entry(entry: &Entry<'_>, roles: bool, variables: bool) -> Option<Finding> {
    let what = if roles { "role" } else { "table" };
    let error = |message: String| {
        let hint = if roles {
            "name the roles, or the path that they lie under: `arn:{{partition}}:iam::{{account}}:role/PATH/*`"
        } else {
            "name the table: `arn:{{partition}}:dynamodb:{{region}}:{{account}}:table/{{table.NAME}}`"
        };
        Some(Finding::error(Rule::ResourceWildcard, entry.place().problem(message).hint(hint)))
    };
    if entry.text == "*" {
        return error(format!("`*` is every {what} there is"));
    }
    let plain: String = pieces(entry.text, variables)
        .into_iter()
        .map(|(piece, _)| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Template(_) | Piece::Variable(_) => VARIABLE.to_string(),
            Piece::Wildcard(wildcard) => wildcard.to_string(),
        })
        .collect();
    let parts: Vec<_> = plain.splitn(ARN_PARTS, ':').collect();
    let is_wild = |part: &str| part.contains(['*', '?']);
    let [_, _, service, region, account, resource] = parts.as_slice() else {
        // A wildcard that ends an ARN early stands for all that would follow.
        let is_ours = parts.get(2).is_none_or(|service| is_wild(service) || *service == "dynamodb");
        let message = format!("`{}` leaves the {what} open", entry.text);
        return if is_ours && is_wild(&plain) { error(message) } else { None };
    };
    if roles || !(*service == "dynamodb" || is_wild(service)) {
        return None;
    }
    let table = resource.strip_prefix("table/").map(|table| table.split('/').next().unwrap_or_default());
    if table.map_or_else(|| is_wild(resource), is_wild) {
        return error(format!("a wildcard stands in the table's place of `{}`", entry.text));
    }
    let wild: Vec<_> = [("Region", region), ("account", account)]
        .into_iter()
        .filter_map(|(name, part)| is_wild(part).then_some(name))
        .collect();
    if wild.is_empty() {
        return None;
    }
    let message = format!("a wildcard stands in the place of the {}", wild.join(" and the "));
    let hint = "write `{{region}}` and `{{account}}`: a tenant has one of each";
    Some(Finding::warning(Rule::ResourceWildcard, entry.place().problem(message).hint(hint)))
}
