//! Tables that are one tenant's alone: that its documents reach them, and that nobody else's do.
//!
//! These tables are named by the registry, one by one, so each tenant is looked at by itself. Patterns without a
//! wildcard name one table; of those with one, only the tables that begin as the pattern does are compared with it.

use std::collections::BTreeMap;

use super::confirm::Concrete;
use super::grant::Grant;
use super::isolating::{KEYED, Side, collision, own_keys};
use super::subject::{Member, Subject};
use super::sufficient::spelled;
use crate::policy::{Counterexample, Finding, Layer, Rule};
use crate::schema::Plan;
use crate::schema::language::Meeting;

/// A table of one tenant's, or an index of it.
pub(super) struct Own<'a> {
    side: Side<'a>,
    member: &'a Member,
    table: &'a str,
    index: Option<&'a str>,
}

/// Every table of one tenant's and every index of it, by ARN.
pub(super) type Owned<'a> = BTreeMap<String, Own<'a>>;

/// Whether a subject's tenants reach their own tables, and none of another's. One hole is enough for all of them.
pub(super) fn own_tables(plan: &Plan, side: Side<'_>, owned: &Owned<'_>) -> Option<Finding> {
    let subject = side.subject;
    let has_own = plan.tables.keys().any(|table| subject.is_own(table));
    // Documents in which no table of the tenant's own stands are the same for all members.
    let members = if has_own { subject.members.as_slice() } else { subject.members.get(..1)? };
    members.iter().find_map(|member| {
        let documents = subject.for_tenant(member.tenant.as_str()).ok()?;
        let layers = documents.layers();
        let layers = layers.iter().filter(|it| it.layer != Layer::Boundary);
        layers.into_iter().find_map(|layer| {
            let grants = layer.grants();
            let hole = |grant: &Grant<'_>| {
                let foreign = foreign(side, member, grant, owned).into_iter();
                foreign.into_iter().find_map(|own| reached(plan, (side, member), (layer.layer, grant), own))
            };
            missed(plan, subject, member, &grants)
                .or_else(|| grants.iter().filter(|grant| grant.allows()).find_map(hole))
        })
    })
}

/// The tables of all subjects' tenants that are one's alone.
pub(super) fn owned<'a>(plan: &'a Plan, sides: &[Side<'a>]) -> Owned<'a> {
    let mut owned = BTreeMap::new();
    for side in sides {
        for table in plan.tables.values().filter(|table| side.subject.is_own(&table.name)) {
            for member in &side.subject.members {
                let indexes = table.indexes.keys().map(|index| Some(index.as_ref()));
                for index in std::iter::once(None).chain(indexes) {
                    let own = Own { side: *side, member, table: &table.name, index };
                    owned.extend(side.subject.arn(&table.name, index, member).map(|arn| (arn, own)));
                }
            }
        }
    }
    owned
}

/// The tables of other tenants that a statement's resources match.
fn foreign<'o, 'a>(
    side: Side<'_>,
    member: &Member,
    grant: &Grant<'_>,
    owned: &'o Owned<'a>,
) -> Vec<(&'o String, &'o Own<'a>)> {
    let context = side.subject.principal(member.tenant.as_str());
    let is_foreign = |(arn, own): &(&'o String, &'o Own<'a>)| {
        own.member.tenant != member.tenant && grant.reaches(arn, &context)
    };
    let Some(patterns) = grant.resource_patterns() else { return owned.iter().filter(is_foreign).collect() };
    let mut found = Vec::new();
    for pattern in patterns {
        let literal = pattern
            .find(['*', '?', '$'])
            .map_or(pattern.as_str(), |at| pattern.get(..at).unwrap_or_default());
        let candidates = owned.range(literal.to_owned()..).take_while(|(arn, _)| arn.starts_with(literal));
        found.extend(candidates.filter(is_foreign));
    }
    found
}

/// The request by which a tenant reaches another's own table, if the keys allow it too.
fn reached(
    plan: &Plan,
    (side, member): (Side<'_>, &Member),
    (layer, grant): (Layer, &Grant<'_>),
    (arn, own): (&String, &Own<'_>),
) -> Option<Finding> {
    let action = KEYED.into_iter().find(|action| grant.speaks_of(action))?;
    let table = plan.tables.get(own.table)?;
    let other = own.member.tenant.as_str();
    let tenant = member.tenant.as_str();
    for own_key in own_keys(plan, own.side.subject, table, own.index) {
        let patterns = grant.keys(side.subject.spelling()).at_most();
        let may =
            |pattern| collision((side.subject, pattern), (own.side.subject, &own_key.hull)) != Meeting::Never;
        if !patterns.iter().any(may) {
            continue;
        }
        let key = spelled(&own_key.shortest, other);
        let concrete = Concrete::new(action, arn, vec![key]);
        if !concrete.passes(side.subject, tenant, layer) {
            continue;
        }
        let message = format!("this lets `{tenant}` reach a table that is `{other}`'s alone");
        let hint = "name the table as `{{table.NAME}}`, without a wildcard after it";
        let counterexample = Counterexample {
            tenant: tenant.to_owned(),
            other: Some(other.to_owned()),
            action: concrete.action,
            resource: concrete.arn,
            keys: concrete.keys,
            statement: Some(grant.name()),
        };
        return Some(
            Finding::error(Rule::Isolating, grant.place().problem(message).hint(hint)).with(counterexample),
        );
    }
    None
}

/// A table of the tenant's own that its documents do not reach, though those of its like do.
fn missed(plan: &Plan, subject: &Subject<'_>, member: &Member, grants: &[Grant<'_>]) -> Option<Finding> {
    let context = subject.principal(member.tenant.as_str());
    let mut own = plan.tables.values().filter(|table| subject.is_own(&table.name));
    own.find_map(|table| {
        let arn = subject.arn(&table.name, None, member)?;
        let is_reached = grants.iter().any(|grant| grant.allows() && grant.reaches(&arn, &context));
        if is_reached {
            return None;
        }
        let place = grants.first().map(Grant::place)?;
        let message = format!("the policy of `{}` does not reach its own table {arn}", member.tenant);
        Some(Finding::error(
            Rule::Sufficient,
            place.problem(message).hint("name the table as `{{table.NAME}}`"),
        ))
    })
}
