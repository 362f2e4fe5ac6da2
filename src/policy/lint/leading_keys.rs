//! Conditions on `dynamodb:LeadingKeys`: whether their patterns end where the tenant does.
//!
//! `acme*` matches `acme2`. A pattern keeps to one tenant if the tenant stands before its first wildcard, and a sign that no
//! tenant id holds stands after the tenant.

use super::pieces::{Piece, pieces};
use super::written::{Clause, Statement};
use crate::id::TenantId;
use crate::policy::catalogue::{Access, actions, is_leading_keys};
use crate::policy::{Comparison, Finding, Quantifier, Rule};
use crate::schema::{Part, Plan};

/// How the tenant is written in a file, and in the keys of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tenant<'a> {
    /// The variable that stands for it.
    pub(super) variable: &'a str,
    /// The schema whose keys hold it.
    pub(super) plan: Option<&'a Plan>,
}

/// What stands around the tenant in a partition key.
#[derive(Debug, PartialEq, Eq)]
struct Around {
    before: String,
    after: Option<char>,
}

impl Tenant<'_> {
    /// What stands around the tenant in the partition keys of the plan, each once.
    fn around(&self) -> Vec<Around> {
        let items =
            self.plan.into_iter().flat_map(|plan| plan.objects.values()).filter_map(|it| it.item.as_ref());
        let templates = items
            .flat_map(|item| std::iter::once(&item.keys).chain(item.indexes.iter().map(|index| &index.keys)));
        let mut all = Vec::new();
        for template in templates.map(|keys| &keys.partition) {
            let (before, rest) = match template.parts.as_slice() {
                [Part::Literal(before), Part::Tenant, rest @ ..] => (before.to_string(), rest),
                [Part::Tenant, rest @ ..] => (String::new(), rest),
                // A silo's key need not hold the tenant.
                _ => continue,
            };
            let after = match rest {
                [Part::Literal(after), ..] => after.chars().next(),
                _ => None,
            };
            let around = Around { before, after };
            if !all.contains(&around) {
                all.push(around);
            }
        }
        all
    }

    /// What to write instead: for the keys that begin with `before`, or for all keys of the plan.
    fn hint(&self, before: Option<&str>) -> String {
        let known = self.around();
        let pattern = |before: &str, after: Option<char>| match after {
            Some(after) => format!("`{before}{}{after}*`", self.variable),
            None => format!("`{before}{}`", self.variable),
        };
        let Some(before) = before else {
            let patterns: Vec<_> = known.iter().map(|it| pattern(&it.before, it.after)).collect();
            return match patterns.as_slice() {
                [] => format!("write the tenant before the wildcard: {}", pattern("TENANT#", Some('#'))),
                patterns => format!("write {}", patterns.join(", ")),
            };
        };
        let after = known.iter().find(|it| it.before == before).map_or(Some('#'), |it| it.after);
        format!("write {}", pattern(before, after))
    }
}

/// Whether a statement names the tenant by a variable in its leading keys.
pub(super) fn name_a_variable(statement: Statement<'_>) -> bool {
    let mut clauses = statement.clauses().filter(|clause| is_leading_keys(clause.key()));
    let is_variable =
        |text: &String| pieces(text, statement.has_variables()).iter().any(|(it, _)| it.is_tenant());
    clauses.any(|clause| clause.condition.values.iter().any(is_variable))
}

/// Operators that do not part tenants, in a statement that grants.
pub(super) fn operator(clause: &Clause<'_>) -> Option<Finding> {
    if !is_leading_keys(clause.key()) {
        return None;
    }
    let operator = clause.condition.operator;
    let error = |rule, message: String, hint: &str| {
        Some(Finding::error(rule, clause.operator_place().problem(message).hint(hint)))
    };
    if operator.negated {
        let message = format!("`{}` lets every key through but those that it lists", clause.operator);
        return error(Rule::Isolating, message, "write `ForAllValues:StringLike` with the tenant's own keys");
    }
    if operator.comparison == Comparison::StringEqualsIgnoreCase {
        let message = format!("`{}` takes tenant `ACME` for tenant `acme`", clause.operator);
        return error(
            Rule::Isolating,
            message,
            "write `ForAllValues:StringEquals` or `ForAllValues:StringLike`",
        );
    }
    let mut many = actions().filter(|action| action.access == Access::ManyItems);
    if operator.quantifier == Some(Quantifier::Any)
        && let Some(action) = many.find(|action| clause.statement.names_action(&action.to_string()))
    {
        let message =
            format!("`ForAnyValue:` lets a `{action}` through in which one key of many is the tenant's");
        let hint = "write `ForAllValues:`, and beside it `\"Null\": { \"dynamodb:LeadingKeys\": \"false\" }`";
        return error(Rule::Isolating, message, hint);
    }
    let same = |key: &str| key.eq_ignore_ascii_case(clause.key());
    if operator.if_exists && operator.quantifier != Some(Quantifier::All) && !clause.statement.needs_key(same)
    {
        let message = format!("`{}` holds where a request names no key", clause.operator);
        return error(Rule::Guarded, message, "write the operator without `IfExists`");
    }
    None
}

/// Patterns that one tenant's keys and another's can both match, in a statement that grants.
pub(super) fn values(clause: &Clause<'_>, tenant: Tenant<'_>, is_variable: bool) -> Vec<Finding> {
    let operator = clause.condition.operator;
    let is_like = operator.comparison == Comparison::StringLike;
    // Another operator does not part tenants at all, or compares no strings.
    if !is_like && operator.comparison != Comparison::StringEquals {
        return Vec::new();
    }
    if operator.negated || !is_leading_keys(clause.key()) {
        return Vec::new();
    }
    let variables = clause.statement.has_variables();
    let values = clause.condition.values.iter().enumerate();
    values
        .filter_map(|(at, text)| {
            let pieces = pieces(text, variables);
            let wrong = match pieces.iter().position(|(piece, _)| piece.is_tenant()) {
                Some(at) => around_variable(text, &pieces, at, is_like, tenant)?,
                None if is_like => without_variable(text, &pieces, tenant, is_variable)?,
                None => return None,
            };
            let problem = clause.value_place(at).problem(wrong.message).hint(wrong.hint);
            Some(Finding::error(wrong.rule, problem))
        })
        .collect()
}

struct Wrong {
    rule: Rule,
    message: String,
    hint: String,
}

/// What is wrong with a pattern in which the tenant is a variable, the piece at `at`.
fn around_variable(
    text: &str,
    pieces: &[(Piece<'_>, usize)],
    at: usize,
    is_like: bool,
    tenant: Tenant<'_>,
) -> Option<Wrong> {
    let (before, rest) = pieces.split_at(at);
    let start = before.last().map_or(0, |(_, end)| *end);
    let before_text = text.get(..start).unwrap_or_default();
    let end = rest.first().map_or(start, |(_, end)| *end);
    let variable = text.get(start..end).unwrap_or_default();
    if is_like && before.iter().any(|(piece, _)| matches!(piece, Piece::Wildcard(_))) {
        let message = format!(
            "a wildcard stands before the tenant: `{text}` also matches keys of others in which the id comes later"
        );
        return Some(Wrong { rule: Rule::TenantWildcard, message, hint: tenant.hint(None) });
    }
    let what = match rest.get(1)?.0 {
        Piece::Wildcard(_) if !is_like => return None,
        Piece::Wildcard(wildcard) => format!("`{wildcard}` stands right after `{variable}`"),
        Piece::Text(after) if after.starts_with(TenantId::allows) => {
            format!("`{after}` after `{variable}` begins like a part of the tenant's id")
        }
        Piece::Text(_) => return None,
        Piece::Template(_) | Piece::Variable(_) => {
            format!("nothing stands between `{variable}` and what follows it")
        }
    };
    let message =
        format!("{what}: the pattern of `acme` also matches keys of a tenant whose id begins with `acme`");
    let hint = Tenant { variable, ..tenant }.hint(Some(before_text));
    Some(Wrong { rule: Rule::NoDelimiter, message, hint })
}

/// What is wrong with a pattern that names no variable: a role of one tenant's own may write its id out.
fn without_variable(
    text: &str,
    pieces: &[(Piece<'_>, usize)],
    tenant: Tenant<'_>,
    is_variable: bool,
) -> Option<Wrong> {
    let wildcard = pieces.iter().position(|(piece, _)| matches!(piece, Piece::Wildcard(_)))?;
    let literal = pieces.get(..wildcard)?.last().map_or("", |(_, end)| text.get(..*end).unwrap_or_default());
    let everybody = || {
        let message =
            format!("a wildcard stands where the tenant should: `{text}` matches every tenant's keys");
        Some(Wrong { rule: Rule::TenantWildcard, message, hint: tenant.hint(None) })
    };
    let unended = || {
        let message = format!(
            "no sign ends the tenant's id: `{text}` also matches keys of a tenant whose id begins alike"
        );
        let hint =
            format!("write the sign that follows the tenant in keys before the wildcard: `{literal}#*`");
        Some(Wrong { rule: Rule::NoDelimiter, message, hint })
    };
    let around = tenant.around();
    if literal.is_empty() || around.iter().any(|it| it.before.starts_with(literal)) {
        return everybody();
    }
    let own = around.iter().filter_map(|it| literal.strip_prefix(it.before.as_str()));
    let id = own.min_by_key(|id| id.len());
    // Where the schema has no such keys, only judging requests can tell whose they are.
    let ends_open = id.map_or_else(
        || around.is_empty() && literal.ends_with(TenantId::allows),
        |id| id.chars().all(TenantId::allows),
    );
    if ends_open {
        return unended();
    }
    if around.is_empty() && is_variable { everybody() } else { None }
}
