//! The gateway as GraphQL's clients take it: each asks for the same, in its own way, and must see the same.
//!
//! What they do is in `tests/clients/shop.mjs`: writes and reads, a conflict, an answer with errors beside data, every
//! kind of refusal, and all orders of a customer, page by page.

use serde_json::{Value, json};

use crate::harness::{World, npm, skip};
use crate::paging;

/// How many orders the customer has: two full pages and a part of a third.
const ORDERS: usize = 25;

/// What the visit costs, whoever the client is. A document that is refused costs nothing.
const CALLS: [&str; 10] = [
    "AssumeRole",
    "PutItem",
    "GetItem",
    "UpdateItem",
    "UpdateItem",
    "GetItem",
    "GetItem",
    "Query",
    "Query",
    "Query",
];

/// Sends a client to the shop, where it may make further calls of its own. Gives what it notes besides what every client
/// must see; nothing, if it is skipped.
async fn visit(script: &'static str, packages: &[&str], further: &[&str]) -> Option<Value> {
    let packages = match npm::packages(packages).await {
        Ok(packages) => packages,
        Err(why) => {
            skip("NODE", &why);
            return None;
        }
    };
    let world = World::builder().file("seed.json", paging::seed(ORDERS)).start().await;
    let tokens = json!({ "acme": world.token("acme"), "nobody": world.token("nobody") });
    let options = json!({ "url": format!("{}/graphql", world.url), "customer": "C1", "tokens": tokens });
    let mut printed = npm::script(script, &packages, options).await.unwrap();
    insta::assert_json_snapshot!("visit", printed["seen"].take());
    let calls = world.calls();
    let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(operations, [&CALLS, further].concat());
    assert!(calls.iter().all(|call| call.tenant.as_deref() == Some("acme")));
    printed.as_object_mut().unwrap().remove("seen");
    Some(printed)
}

#[tokio::test]
async fn apollo_client_merges_pages_and_updates_its_cache() {
    let packages = ["@apollo/client@4.3.8", "graphql@16.15.0", "rxjs@7.8.2"];
    let further = ["GetItem", "GetItem"];
    let Some(noted) = visit("apollo.mjs", &packages, &further).await else { return };
    assert_eq!((&noted["methods"], &noted["cached"]), (&json!(["POST"]), &json!("Green oolong")));
    assert_eq!(noted["persisted"], json!(["digest: 400", "document: 200", "digest: 200"]));
}

#[tokio::test]
async fn urql_asks_by_get() {
    let Some(noted) = visit("urql.mjs", &["@urql/core@6.0.3"], &[]).await else { return };
    assert_eq!(noted, json!({ "methods": ["GET", "POST"] }));
}

#[tokio::test]
async fn graphql_request_needs_no_more_than_a_url() {
    let packages = ["graphql-request@7.4.0", "graphql@16.15.0"];
    let Some(noted) = visit("graphql-request.mjs", &packages, &[]).await else { return };
    assert_eq!(noted, json!({ "methods": ["POST"] }));
}

#[tokio::test]
async fn relay_takes_the_connection_for_its_own() {
    let packages = ["relay-compiler@21.0.1", "relay-runtime@21.0.1", "graphql@16.15.0"];
    let Some(noted) = visit("relay.mjs", &packages, &[]).await else { return };
    assert_eq!(noted, json!({ "methods": ["POST"] }));
}
