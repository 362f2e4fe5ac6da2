//! Sees to it that nothing is served of which it is not proved that it keeps tenants apart, unless that is allowed.

use super::Application;
use super::check::{Grounds, InTheWay};
use crate::problem::Problem;
use crate::telemetry::Event;

/// Stands before everything that is to be served: at the start, and at every reload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    /// Whether what is not proved may be served. It is said all the same.
    pub(super) allow_unproved: bool,
}

impl Guard {
    /// Whether it is proved that an application keeps tenants apart. An error where it is not, and has to be.
    pub(super) fn check(self, application: &Application) -> Result<bool, Problem> {
        let proof = Grounds::of(application).examine(&application.registry);
        if proof.holds() {
            return Ok(true);
        }
        let reason = InTheWay(&proof);
        if self.allow_unproved {
            Event::Unproved { reason: &reason }.emit();
            return Ok(false);
        }
        let hint = "mend it, or serve all the same with --allow-unproved";
        Err(Problem::of("the policies", reason.to_string()).hint(hint))
    }
}
