//! What was shown of a subject, rule by rule.
//!
//! Three things can be said of a rule: that it was shown to hold, that something stands in its way, and that it was not
//! looked at, because what it is about is not declared. The third is never told as the first: a role that nobody
//! declared may trust the whole world.

use std::collections::BTreeSet;

use super::subject::Documents;
use crate::policy::{Finding, Rule, Severity};

/// The rules that are shown of a subject, not of the whole.
pub const SHOWN: [Rule; 4] = [Rule::Sufficient, Rule::Isolating, Rule::Guarded, Rule::Trust];

/// What was found of a rule, or of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was shown to hold.
    Holds,
    /// Something stands in the way.
    Fails,
    /// What it is about is not declared, in whole or in part.
    NotLookedAt,
}

impl Verdict {
    /// Of two things together: the worse.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
            (Self::NotLookedAt, _) | (_, Self::NotLookedAt) => Self::NotLookedAt,
            (Self::Holds, Self::Holds) => Self::Holds,
        }
    }
}

/// What was shown of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    fails: BTreeSet<Rule>,
    not_looked_at: BTreeSet<Rule>,
}

impl Shown {
    pub(super) fn of(documents: &Documents, findings: &[Finding]) -> Self {
        let errors = findings.iter().filter(|it| it.severity == Severity::Error);
        // What cannot be decided is not shown, whichever rule it is about.
        let fails =
            errors.map(|it| if it.rule == Rule::Undecided { Rule::Isolating } else { it.rule }).collect();
        let not_looked_at: &[Rule] = if documents.layers().is_empty() {
            &SHOWN
        } else if documents.role.is_none() {
            // The session policy keeps tenants apart by itself; what the role allows, and whom it trusts, is not known.
            &[Rule::Sufficient, Rule::Trust]
        } else {
            &[]
        };
        Self { fails, not_looked_at: not_looked_at.iter().copied().collect() }
    }

    /// Nothing, because the documents cannot be read for this subject.
    pub(super) fn nothing() -> Self {
        Self { fails: SHOWN.into(), not_looked_at: BTreeSet::new() }
    }

    /// What was found of a rule.
    pub fn verdict(&self, rule: Rule) -> Verdict {
        if self.fails.contains(&rule) {
            Verdict::Fails
        } else if self.not_looked_at.contains(&rule) {
            Verdict::NotLookedAt
        } else {
            Verdict::Holds
        }
    }

    /// Whether a rule was shown to hold.
    pub fn holds(&self, rule: Rule) -> bool {
        self.verdict(rule) == Verdict::Holds
    }

    /// What is known of a request, given whether each layer that is declared allows it.
    pub(super) fn of_request(&self, allowed: bool) -> Verdict {
        match (allowed, self.not_looked_at.contains(&Rule::Sufficient)) {
            (false, _) => Verdict::Fails,
            (true, true) => Verdict::NotLookedAt,
            (true, false) => Verdict::Holds,
        }
    }
}
