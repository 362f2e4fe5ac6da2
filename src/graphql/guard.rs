//! Whether the caller of a request passes a guard.
//!
//! Asked while a document is prepared, so before anything of it is run. A condition on a claim that the token lacks is
//! neither true nor false, and what is not plainly true does not pass: nobody gets in by `not`, or by `<>`, through a
//! claim that is missing. `exists(claims.x)` asks for one.

use std::cmp::Ordering;

use async_graphql::Value;

use crate::claim::ClaimValue;
use crate::credentials::TenantSession;
use crate::schema::{Comparison, Condition, Guard, Operand};

/// Whether the caller whom a session is for passes.
pub(super) fn passes(guard: &Guard, session: &TenantSession) -> bool {
    let caller = session.context().caller();
    // `@authenticated` asks for a verified token. There is no session without one.
    guard.scopes.iter().all(|scopes| scopes.are_met(|scope| caller.scopes().contains(scope)))
        && guard.conditions.iter().all(|it| holds(it, &|claim| caller.claim(claim)) == Some(true))
}

/// Whether a condition holds; none where it rests on a claim that is not there.
fn holds<'c>(condition: &Condition, claim: &dyn Fn(&str) -> Option<&'c ClaimValue>) -> Option<bool> {
    match condition {
        Condition::And(all) => {
            let mut outcomes = all.iter().map(|it| holds(it, claim)).collect::<Vec<_>>().into_iter();
            if outcomes.clone().any(|it| it == Some(false)) {
                Some(false)
            } else {
                outcomes.all(|it| it.is_some()).then_some(true)
            }
        }
        Condition::Or(any) => {
            let mut outcomes = any.iter().map(|it| holds(it, claim)).collect::<Vec<_>>().into_iter();
            if outcomes.clone().any(|it| it == Some(true)) {
                Some(true)
            } else {
                outcomes.all(|it| it.is_some()).then_some(false)
            }
        }
        Condition::Not(inner) => holds(inner, claim).map(|it| !it),
        Condition::Exists(field) => Some(claim(field).is_some()),
        Condition::Compare { field, comparison, operand } => {
            let order = compare(claim(field)?, operand)?;
            Some(match comparison {
                Comparison::Equal => order == Ordering::Equal,
                Comparison::NotEqual => order != Ordering::Equal,
                Comparison::Less => order == Ordering::Less,
                Comparison::LessOrEqual => order != Ordering::Greater,
                Comparison::Greater => order == Ordering::Greater,
                Comparison::GreaterOrEqual => order != Ordering::Less,
            })
        }
        Condition::Contains { field, operand } => match (claim(field)?, operand) {
            (ClaimValue::Strings(texts), Operand::Literal(Value::String(wanted))) => {
                Some(texts.contains(wanted))
            }
            _ => None,
        },
    }
}

/// A claim beside a value of the schema. The compiler has seen to it that they are of one kind.
fn compare(claim: &ClaimValue, operand: &Operand) -> Option<Ordering> {
    let Operand::Literal(Value::String(wanted)) = operand else { return None };
    match claim {
        ClaimValue::String(text) => Some(text.as_str().cmp(wanted.as_str())),
        // A whole number of the schema has up to 38 digits, and so fits.
        ClaimValue::Integer(number) => Some(i128::from(*number).cmp(&wanted.parse().ok()?)),
        ClaimValue::Strings(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare_with(claim: &str, comparison: Comparison, value: &str) -> Condition {
        let operand = Operand::Literal(Value::String(value.to_owned()));
        Condition::Compare { field: claim.into(), comparison, operand }
    }

    #[test]
    fn what_rests_on_a_claim_that_is_missing_is_neither_true_nor_false() {
        let (role, level) = (ClaimValue::String("admin".to_owned()), ClaimValue::Integer(3));
        let claim = |name: &str| match name {
            "role" => Some(&role),
            "level" => Some(&level),
            _ => None,
        };
        let is_admin = || compare_with("role", Comparison::Equal, "admin");
        let is_banned = || compare_with("banned", Comparison::Equal, "yes");
        let not = |inner| Condition::Not(Box::new(inner));
        for (condition, expected) in [
            (is_admin(), Some(true)),
            (not(is_admin()), Some(false)),
            (is_banned(), None),
            (not(is_banned()), None),
            (compare_with("banned", Comparison::NotEqual, "yes"), None),
            (Condition::Exists("banned".into()), Some(false)),
            (not(Condition::Exists("banned".into())), Some(true)),
            (Condition::And(vec![is_admin(), is_banned()]), None),
            (Condition::And(vec![not(is_admin()), is_banned()]), Some(false)),
            (Condition::Or(vec![is_banned(), is_admin()]), Some(true)),
            (Condition::Or(vec![is_banned(), not(is_admin())]), None),
            (compare_with("level", Comparison::GreaterOrEqual, "3"), Some(true)),
            (compare_with("level", Comparison::Less, "99999999999999999999999999999999999999"), Some(true)),
            (compare_with("level", Comparison::Less, "-1"), Some(false)),
        ] {
            assert_eq!(holds(&condition, &claim), expected, "{condition:?}");
        }
    }
}
