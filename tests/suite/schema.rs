//! The schema compiler: the example's plan, and what a mistake in each place of each directive is answered with.

use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::problem::Source;
use innkeeper::schema::{Plan, compile};

fn claims() -> ClaimKinds {
    ClaimKinds::from([("sub".to_owned(), ClaimKind::String)])
}

#[test]
fn the_example_compiles() {
    let source = Source::new("schema.graphql", include_str!("../../schema.graphql"));
    let plan: Plan = compile(&source, &claims()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(plan.operations().count(), 28);
}
