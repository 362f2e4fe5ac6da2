//! GraphQL over HTTP, as others understand it: every audit of the npm package `graphql-http`.

use serde_json::json;

use crate::harness::{World, npm, skip};

/// The package whose audits these are, at a version that the suite has been run with.
const PACKAGES: [&str; 2] = ["graphql@16", "graphql-http@1.23.1"];

#[tokio::test]
async fn every_audit_of_graphql_over_http_is_passed() {
    let packages = match npm::packages(&PACKAGES).await {
        Ok(packages) => packages,
        Err(why) => return skip("NODE", &why),
    };
    let world = World::start().await;
    let options = json!({ "url": format!("{}/graphql", world.url), "token": world.token("acme") });
    let audited = npm::script("audits.mjs", &packages, options).await.unwrap();
    assert_eq!(audited, json!({ "audits": 61, "failed": [] }));
}
