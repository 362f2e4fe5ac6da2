//! Sizes: whether what is rendered fits, for the longest tenant id that there is and for the longest that there can be.
//!
//! Source: *IAM and AWS STS quotas*. STS also packs a session policy and its tags into a limit of its own, which it alone can
//! measure: what fits here may still be refused.

use serde_json::Value;

use super::stand_in;
use crate::id::TenantId;
use crate::policy::{DocumentAt, Finding, MAX_SESSION_POLICY_CHARS, RoleTemplate, Rule, Template, Variables};
use crate::problem::Place;

/// The most characters of all inline policies of a role together. "IAM does not count white space."
const MAX_ROLE_POLICIES_CHARS: usize = 10_240;

/// The most characters of a trust policy, unless the account's quota was raised (up to 4,096).
const MAX_TRUST_POLICY_CHARS: usize = 2_048;

/// From here on, in percent, there is little room left.
const TIGHT: usize = 80;

/// What is measured.
struct Measured {
    place: Place,
    what: &'static str,
    most: usize,
    hint: &'static str,
}

/// A session policy that is too long, or nearly.
pub(super) fn session_policy(template: &Template, tenants: &[Variables]) -> Option<Finding> {
    let chars = |variables: &Variables| Some(template.fill(variables).ok()?.to_string().chars().count());
    let stand_ins = [stand_in::variables(template.variables())];
    let policy = Measured {
        place: DocumentAt::Whole.place(template.source()),
        what: "the session policy has",
        most: MAX_SESSION_POLICY_CHARS,
        hint: "grant less by name, or keep the policy in IAM: mode `role` or `session-tags`",
    };
    policy.judge(if tenants.is_empty() { &stand_ins } else { tenants }, chars)
}

/// A role whose policies are too long, or nearly.
pub(super) fn role(role: &RoleTemplate, tenants: &[Variables]) -> Vec<Finding> {
    let chars = |is_counted: fn(DocumentAt) -> bool| {
        move |variables: &Variables| {
            let documents = role.filled(variables).ok()?;
            Some(documents.iter().filter(|(at, _)| is_counted(*at)).map(|(_, value)| black(value)).sum())
        }
    };
    let stand_ins = [stand_in::variables(role.variables())];
    let tenants = if tenants.is_empty() { &stand_ins } else { tenants };
    let trust = Measured {
        place: DocumentAt::Trust.place(role.source()),
        what: "the trust policy has",
        most: MAX_TRUST_POLICY_CHARS,
        hint: "trust fewer principals by name, or have the account's quota raised: 4096 are possible",
    };
    let policies = Measured {
        place: DocumentAt::RolePolicy(0).place(role.source()),
        what: "the role's policies together have",
        most: MAX_ROLE_POLICIES_CHARS,
        hint: "grant less by name",
    };
    let trust = trust.judge(tenants, chars(|at| at == DocumentAt::Trust));
    let policies = policies.judge(tenants, chars(|at| matches!(at, DocumentAt::RolePolicy(_))));
    trust.into_iter().chain(policies).collect()
}

/// Characters that are no white space.
fn black(value: &Value) -> usize {
    value.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

impl Measured {
    /// Measures for each tenant, and for each as if its id were as long as ids can be.
    fn judge(&self, tenants: &[Variables], chars: impl Fn(&Variables) -> Option<usize>) -> Option<Finding> {
        let Self { place, what, most, hint } = self;
        let sizes = tenants.iter().filter_map(|variables| Some((chars(variables)?, variables)));
        let longest = sizes.max_by_key(|(found, _)| *found);
        let possible = tenants.iter().filter_map(|variables| {
            let mut variables = variables.clone();
            variables.set("tenant", "x".repeat(TenantId::MAX_LEN));
            chars(&variables)
        });
        let possible = possible.max()?;
        let problem = |found: usize, whose: String| {
            place.problem(format!("{what} {found} characters for {whose}, and may have {most}")).hint(*hint)
        };
        if let Some((found, variables)) = longest.filter(|(found, _)| found > most) {
            let tenant = variables.get("tenant").map(|tenant| format!("tenant `{tenant}`"));
            return Some(Finding::error(
                Rule::Size,
                problem(found, tenant.unwrap_or_else(|| "everybody".to_owned())),
            ));
        }
        let problem = || problem(possible, format!("a tenant id of {}", TenantId::MAX_LEN));
        if possible > *most {
            return Some(Finding::error(Rule::Size, problem()));
        }
        (possible * 100 > most * TIGHT).then(|| Finding::warning(Rule::Size, problem()))
    }
}
