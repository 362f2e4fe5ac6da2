//! The observation that holds in every world: a call that was let through was signed with the credentials of one
//! tenant, and every partition key that it named holds that tenant, or the table is that tenant's alone.

use innkeeper::dev::{Observed, Outcome, Service};

/// Holds every call to it.
#[track_caller]
pub(crate) fn assert_apart(calls: &[Observed]) {
    // `check` looks up what is attached to a table, with the operator's identity: no item and no key.
    let is_about_items = |call: &&Observed| call.operation != "GetResourcePolicy";
    for call in calls.iter().filter(|call| call.service == Service::DynamoDb).filter(is_about_items) {
        if matches!(call.outcome, Outcome::Unauthenticated | Outcome::Denied) {
            continue;
        }
        let tenant = call.tenant.as_deref().unwrap_or_else(|| panic!("a session without tenant: {call:?}"));
        for (table, keys) in &call.keys {
            let own_table = table.ends_with(&format!("-{tenant}"));
            assert!(own_table || !keys.is_empty(), "a call that names no key: {call:?}");
            for key in keys {
                assert!(own_table || words(key).any(|word| word == tenant), "another tenant's key: {call:?}");
            }
        }
    }
}

/// The runs of characters that can stand in a tenant's id.
fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
}
