//! Sees to it that nothing is served of which it is not proved that it keeps tenants apart, unless that is allowed.
//!
//! A proof goes by what is declared. A role that is not declared can still be served where a session policy bounds it,
//! but what it allows by itself and whom it trusts is then nobody's word: that is said, and counted, each time. It is
//! said, too, where there are fewer leases than tenants: the gateway works then, and asks STS more often.

use std::fmt;

use super::Application;
use super::check::{Grounds, InTheWay};
use crate::id::RoleArn;
use crate::problem::Problem;
use crate::telemetry::{Event, Metrics};

/// Stands before everything that is to be served: at the start, and at every reload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    /// Whether what is not proved may be served. It is said all the same.
    pub(super) allow_unproved: bool,
}

/// How far it is shown that what is served keeps tenants apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// Whether it is proved of all that was looked at.
    proved: bool,
    /// The roles that were not looked at, since no file declares them.
    undeclared: usize,
}

impl Guard {
    /// How far it is shown that an application keeps tenants apart. An error where it is not proved, and has to be.
    pub(super) fn check(self, application: &Application) -> Result<Shown, Problem> {
        let grounds = Grounds::of(application);
        let proof = grounds.examine(&application.registry);
        let proved = proof.holds();
        let reason = InTheWay(&proof);
        if !proved && !self.allow_unproved {
            let hint = "mend it, or serve all the same with --allow-unproved";
            return Err(Problem::of("the policies", reason.to_string()).hint(hint));
        }
        if !proved {
            Event::Unproved { reason: &reason }.emit();
        }
        let undeclared: Vec<_> = grounds.undeclared(&application.registry).into_iter().collect();
        if !undeclared.is_empty() {
            Event::NotLookedAt { roles: undeclared.len(), named: &First(&undeclared) }.emit();
        }
        let (tenants, most) = (application.registry.active(), application.config.credentials.max_leases);
        if u64::try_from(tenants).is_ok_and(|tenants| tenants > most) {
            Event::TooFewLeases { tenants, most }.emit();
        }
        Ok(Shown { proved, undeclared: undeclared.len() })
    }
}

impl Shown {
    /// Has the numbers say so.
    pub(super) fn count(self, metrics: &Metrics) {
        metrics.set_shown(self.proved, self.undeclared);
    }
}

/// The first few of some roles: a registry may have thousands, and a line of the log has an end.
struct First<'a>(&'a [RoleArn]);

impl fmt::Display for First<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMED: usize = 10;
        self.0.iter().take(NAMED).enumerate().try_for_each(|(at, role)| {
            let joint = if at == 0 { "" } else { ", " };
            write!(f, "{joint}{role}")
        })?;
        match self.0.len().checked_sub(NAMED) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            Some(0) | None => Ok(()),
        }
    }
}
