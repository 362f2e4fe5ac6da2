//! Whether a session may do something, and AWS's words where it may not.
//!
//! Source of the words: *Troubleshoot access denied error messages*.

use std::time::SystemTime;

use super::session::Session;
use crate::id::Region;
use crate::policy::{Context, Decision, Layer, Policies, Request, Verdict};

/// AWS's refusal; none if the session may. `context` holds the condition keys of the call itself.
pub(super) fn denied(
    session: &Session,
    action: &str,
    resource: &str,
    mut context: Context,
    (region, now): (&Region, SystemTime),
) -> Option<String> {
    super::principal_keys(session, &mut context);
    context.set("aws:RequestedRegion", region.as_str());
    let epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    context.set("aws:EpochTime", epoch.to_string());
    context.set("aws:CurrentTime", epoch.to_string());
    let role = &session.role.role;
    let policies = Policies {
        identity: &role.identity,
        boundary: role.boundary.as_ref(),
        session: session.policy.as_ref(),
    };
    let decision = policies.evaluate(&Request { action, resource, context: &context });
    (!decision.is_allowed()).then(|| {
        let because = because(action, &decision);
        format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} {because}",
            session.arn()
        )
    })
}

fn because(action: &str, decision: &Decision) -> String {
    let policy = |layer| match layer {
        Layer::Identity => "identity-based policy",
        Layer::Boundary => "permissions boundary",
        Layer::Session => "session policy",
    };
    match decision.verdict {
        Verdict::Allowed | Verdict::ExplicitlyDenied => {
            let layer = decision.by.first().map_or(Layer::Identity, |statement| statement.layer);
            let article = if layer == Layer::Identity { "an" } else { "a" };
            format!("with an explicit deny in {article} {}", policy(layer))
        }
        Verdict::ImplicitlyDenied(layer) => {
            format!("because no {} allows the {action} action", policy(layer))
        }
    }
}
