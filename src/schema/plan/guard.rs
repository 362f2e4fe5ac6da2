//! Who may see a field: what `@authenticated`, `@requiresScopes` and `@auth` ask of the caller.
//!
//! Plain data. Nothing here knows a caller; `graphql` holds a guard against the one of the request, before anything is
//! run.

use super::{Condition, Name};

/// What a caller must have. The default asks for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guard {
    /// Whether a caller is asked for at all (`@authenticated`). There always is one: a request without a verified token
    /// is refused before its document is read.
    pub authenticated: bool,
    /// What `@requiresScopes` asks for; each of these must be met.
    pub scopes: Vec<Scopes>,
    /// What `@auth` asks for; each must hold. The fields of these conditions are claims.
    pub conditions: Vec<Condition>,
}

/// Sets of scopes, of one of which the caller must have all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(pub Vec<Vec<Name>>);

impl Scopes {
    /// Whether the caller's scopes meet it.
    pub fn are_met(&self, has: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|set| set.iter().all(|scope| has(scope)))
    }

    /// Whether whoever meets this meets the other too.
    fn imply(&self, other: &Self) -> bool {
        self.0.iter().all(|set| other.are_met(|scope| set.iter().any(|it| it.as_str() == scope)))
    }
}

impl Guard {
    /// Whether every caller passes.
    pub fn is_open(&self) -> bool {
        self.scopes.is_empty() && self.conditions.is_empty()
    }

    /// Asks for what another asks for, too.
    pub fn and(&mut self, other: &Self) {
        self.authenticated |= other.authenticated;
        self.scopes
            .extend(other.scopes.iter().filter(|it| !self.scopes.contains(it)).cloned().collect::<Vec<_>>());
        let more: Vec<_> =
            other.conditions.iter().filter(|it| !self.conditions.contains(it)).cloned().collect();
        self.conditions.extend(more);
    }

    /// Whether it is plain that whoever passes this passes the other too. Conditions are compared as they are written.
    pub fn implies(&self, other: &Self) -> bool {
        other.scopes.iter().all(|asked| self.scopes.iter().any(|own| own.imply(asked)))
            && other.conditions.iter().all(|asked| self.conditions.contains(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(sets: &[&[&str]]) -> Guard {
        let sets = sets.iter().map(|set| set.iter().map(|it| Name::from(*it)).collect()).collect();
        Guard { scopes: vec![Scopes(sets)], ..Guard::default() }
    }

    #[test]
    fn a_guard_implies_what_asks_for_no_more() {
        let both = guard(&[&["a", "b"]]);
        let either = guard(&[&["a"], &["b"]]);
        let one = guard(&[&["a"]]);
        for (stronger, weaker, implies) in [
            (&both, &one, true),
            (&both, &either, true),
            (&one, &either, true),
            (&one, &both, false),
            (&either, &one, false),
            (&either, &both, false),
            (&one, &Guard::default(), true),
            (&Guard::default(), &one, false),
        ] {
            assert_eq!(stronger.implies(weaker), implies, "{stronger:?} and {weaker:?}");
        }
        let mut all = guard(&[&["c"]]);
        all.and(&one);
        all.and(&one);
        assert!(all.implies(&one) && all.implies(&either) && all.scopes.len() == 2);
    }
}
