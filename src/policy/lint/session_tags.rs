//! Session tags: whether a role whose policies look at them lets anybody pass them.

use super::pieces::{Piece, pieces};
use super::written::{Statement, Written};
use crate::policy::{Finding, Kind, Rule};

const TAG: &str = "aws:PrincipalTag/";

/// Policies that look at tags under a trust policy that allows none.
pub(super) fn role(documents: &[Written<'_>]) -> Option<Finding> {
    let of_kind = |kind| documents.iter().filter(move |document| document.kind() == kind);
    let tag = of_kind(Kind::Identity).flat_map(Written::statements).find_map(tag)?;
    let trust = of_kind(Kind::Trust).next()?;
    let mut allows = trust.statements().filter(|statement| statement.grants());
    if allows.any(|statement| statement.names_action("sts:TagSession")) {
        return None;
    }
    let assumes = trust.statements().find(|it| it.grants() && it.names_action("sts:AssumeRole"));
    let place = assumes.map_or_else(|| trust.place(), |statement| statement.element_place("Action"));
    let problem = place
        .problem(format!("the role's policies look at `{tag}`, and its trust policy lets nobody pass tags"))
        .hint("add `sts:TagSession` beside `sts:AssumeRole`");
    Some(Finding::error(Rule::TagSession, problem))
}

/// The first tag of the session's that a statement looks at.
fn tag(statement: Statement<'_>) -> Option<String> {
    let is_tag = |name: &str| name.get(..TAG.len()).is_some_and(|family| family.eq_ignore_ascii_case(TAG));
    let in_text = |text: &str| {
        pieces(text, statement.has_variables()).into_iter().find_map(|(piece, _)| match piece {
            Piece::Variable(name) if is_tag(name) => Some(name.to_owned()),
            Piece::Variable(_) | Piece::Text(_) | Piece::Template(_) | Piece::Wildcard(_) => None,
        })
    };
    let in_conditions = statement.clauses().find_map(|clause| {
        let key = Some(clause.key()).filter(|key| is_tag(key)).map(str::to_owned);
        key.or_else(|| clause.condition.values.iter().find_map(|value| in_text(value)))
    });
    in_conditions.or_else(|| statement.resources().find_map(|entry| in_text(entry.text)))
}
