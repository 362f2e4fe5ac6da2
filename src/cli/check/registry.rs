//! What the registry and the issuers say of each other.
//!
//! That no two tenants share a role of one's own, an external id or a table is seen to when the registry is read: one that
//! breaks these rules is not loaded at all. Here stands what is only seen with the issuers beside it.

use std::collections::BTreeSet;

use crate::authorizer::{IssuerConfig, SpeaksFor};
use crate::id::TenantId;
use crate::policy::{Finding, Rule};
use crate::problem::Problem;
use crate::tenant::Registry;

/// Tenants that nobody may speak for, and those that an issuer speaks for and that do not exist.
pub(super) fn findings(issuers: &[IssuerConfig], registry: &Registry) -> Vec<Finding> {
    let records = registry.records();
    let registered: BTreeSet<&TenantId> = records.iter().map(|record| &record.id).collect();
    let mut findings = Vec::new();
    for issuer in issuers {
        let SpeaksFor::These(tenants) = &issuer.speaks_for else { continue };
        for tenant in tenants.iter().filter(|tenant| !registered.contains(tenant)) {
            let message = format!("the issuer `{}` speaks for `{tenant}`, which is no tenant", issuer.issuer);
            let hint = "a tenant that is registered under this id later is that issuer's to mint tokens for";
            findings.push(Finding::warning(Rule::Registry, Problem::of("[[issuers]]", message).hint(hint)));
        }
    }
    let speaks_for_all = issuers.iter().any(|issuer| matches!(issuer.speaks_for, SpeaksFor::All));
    if !speaks_for_all && !issuers.is_empty() {
        let speaks = |tenant: &TenantId| {
            issuers
                .iter()
                .any(|issuer| matches!(&issuer.speaks_for, SpeaksFor::These(these) if these.contains(tenant)))
        };
        for tenant in registered.into_iter().filter(|tenant| !speaks(tenant)) {
            let problem = Problem::of("[[issuers]]", format!("no issuer may speak for `{tenant}`"));
            findings.push(Finding::warning(Rule::Registry, problem.hint("none of its tokens is accepted")));
        }
    }
    findings
}
