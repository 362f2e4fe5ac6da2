//! The example's own policies: nothing is wrong with them.

use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::policy::lint::Against;
use innkeeper::problem::Source;
use innkeeper::schema::compile;

use super::{of_role, of_session, rendered, tenant};

#[test]
fn the_examples_policies_are_fine() {
    let claims = ClaimKinds::from([("sub".to_owned(), ClaimKind::String)]);
    let schema = Source::new("schema.graphql", include_str!("../../../schema.graphql"));
    let plan = compile(&schema, &claims).unwrap_or_else(|problems| panic!("{problems}"));
    let tenants = [tenant("acme", "innkeeper-shops"), tenant(&"x".repeat(64), "innkeeper-shops")];
    for tenants in [&tenants[..], &[]] {
        let against = Against { plan: Some(&plan), tenants };
        let found = [
            of_session(include_str!("../../../policies/shop.json"), against),
            of_role(include_str!("../../../policies/roles/pool.json"), against),
            of_role(include_str!("../../../policies/roles/tags.json"), against),
            of_role(include_str!("../../../policies/roles/tenant.json"), against),
            of_role(include_str!("../../../policies/roles/gateway.json"), against),
        ];
        assert!(found.concat().is_empty(), "{}", rendered(&found.concat()));
    }
}
