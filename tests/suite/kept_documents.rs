//! What is known of a document is kept for the next request, and serves other callers, variables and tenants: each is
//! answered as if the document had never been seen.
#![expect(clippy::float_cmp, reason = "counts are exact")]

use serde_json::{Value, json};

use crate::harness::{Numbers, Reply, Tenant, World};
use crate::scopes;

async fn world() -> World {
    let world = scopes::empty().await;
    for (tenant, id, total) in [("acme", "1", "9"), ("acme", "2", "8"), ("globex", "1", "7")] {
        let order = format!(
            r#"mutation {{ createOrder(input: {{id: "{id}", shop: "s", total: "{total}", margin: "4", cost: "5",
               lines: [{{sku: "a", price: "1", discount: "0.5", secret: "x"}}]}}) {{ id }} }}"#
        );
        world.tenant_with(tenant, "finance:read cost:read admin").query(&order).await.ok();
    }
    world
}

/// How many documents were known, and how many new, since the process began.
async fn documents(world: &World) -> [f64; 2] {
    let numbers = Numbers::of(world).await;
    ["known", "new"].map(|outcome| numbers.sum("innkeeper_documents_total", &[outcome]))
}

/// Everything of an answer but the request's id.
fn told(reply: &Reply) -> Value {
    let mut body = reply.json();
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        error["extensions"].as_object_mut().unwrap().remove("requestId");
    }
    body
}

#[tokio::test]
async fn one_document_serves_callers_who_may_see_different_things() {
    let world = world().await;
    let document = r#"{ order(id: "1") { id margin lines { sku discount } invoice { amount } } }"#;
    let callers = ["", "finance:read", "admin", "finance:read cost:read", ""];
    let ask = async |scope| told(&world.tenant_with("acme", scope).query(document).await);
    let mut first = Vec::new();
    for scope in callers {
        // Said in other words, so that nothing of it is known.
        let other = format!("# {scope} {}\n{document}", first.len());
        let mut answer = told(&world.tenant_with("acme", scope).query(&other).await);
        for location in answer["errors"].as_array_mut().into_iter().flatten() {
            location["locations"][0]["line"] = json!(1);
        }
        first.push(answer);
    }
    let before = documents(&world).await;
    for _ in 0..3 {
        for (scope, expected) in callers.iter().zip(&first) {
            assert_eq!(ask(scope).await, *expected, "{scope}");
        }
    }
    let after = documents(&world).await;
    assert_eq!([after[0] - before[0], after[1] - before[1]], [14.0, 1.0]);
    assert_eq!(first[0]["data"]["order"]["margin"], Value::Null);
    assert_eq!(first[1]["data"]["order"]["margin"], "4");
}

#[tokio::test]
async fn what_is_left_out_goes_by_the_variables_of_each_request() {
    let world = world().await;
    let acme = world.tenant_with("acme", "finance:read");
    let document = r#"query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean! = true) { order(id: "1") {
        id @include(if: $a) total @skip(if: $b) ...F @include(if: $c) } } fragment F on Order { margin shop @skip(if: $d) }"#;
    // More than are kept, and each of them twice.
    for round in 0..32 {
        let [a, b, c, d] = [1, 2, 4, 8].map(|bit| round & bit != 0);
        let mut order = serde_json::Map::new();
        for (name, value, is_shown) in
            [("id", "1", a), ("total", "9", !b), ("margin", "4", c), ("shop", "s", c && !d)]
        {
            if is_shown {
                order.insert(name.to_owned(), json!(value));
            }
        }
        let reply = acme.with(document, json!({ "a": a, "b": b, "c": c, "d": d })).await;
        assert_eq!(reply.ok(), json!({ "order": order }), "{a} {b} {c} {d}");
    }
    let missing = acme.with(document, json!({ "a": true, "b": null, "c": true })).await;
    assert_eq!(missing.code(), "BAD_REQUEST");
}

#[tokio::test]
async fn arguments_are_those_of_each_request_and_items_those_of_each_tenant() {
    let world = world().await;
    let (acme, globex) = (world.tenant("acme"), world.tenant("globex"));
    let document = r#"query ($id: ID! = "1") { order(id: $id) { id total } same: order(id: "1") { total } }"#;
    let total = async |tenant: &Tenant<'_>, variables: Value| {
        let data = tenant.with(document, variables).await.ok();
        (data["order"]["total"].clone(), data["same"]["total"].clone())
    };
    for _ in 0..2 {
        assert_eq!(total(&acme, json!({ "id": "1" })).await, (json!("9"), json!("9")));
        assert_eq!(total(&acme, json!({ "id": "2" })).await, (json!("8"), json!("9")));
        assert_eq!(total(&globex, json!({ "id": "2" })).await, (Value::Null, json!("7")));
        assert_eq!(total(&globex, json!({})).await, (json!("7"), json!("7")));
        let wrong = acme.with(document, json!({ "id": ["1"] })).await;
        assert!(wrong.text.contains("The variable `$id` must be"), "{}", wrong.text);
    }
}

#[tokio::test]
async fn a_known_document_is_no_way_around_what_a_request_may_do() {
    let world = world().await;
    let acme = world.tenant_with("acme", "finance:read cost:read admin");
    let document = r#"query A { order(id: "1") { id } } query B { order(id: "2") { id } }
        mutation C { createOrder(input: {id: "3", shop: "s", total: "1", cost: "1", lines: []}) { id } }"#;
    let named = async |name: &str| acme.send(&json!({ "query": document, "operationName": name })).await;
    assert_eq!(named("A").await.ok(), json!({ "order": { "id": "1" } }));
    assert_eq!(named("C").await.ok(), json!({ "createOrder": { "id": "3" } }));
    for _ in 0..2 {
        assert_eq!(named("B").await.ok(), json!({ "order": { "id": "2" } }));
        assert_eq!(named("D").await.code(), "BAD_REQUEST");
        assert_eq!(acme.query(document).await.code(), "BAD_REQUEST");
    }
    world.forget_calls();
    let escaped: String = document.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let by_get = world.http.get(format!("{}/graphql?operationName=C&query={escaped}", world.url));
    let by_get = world.send(by_get.bearer_auth(world.token("acme"))).await;
    assert_eq!(by_get.status, 405, "{}", by_get.text);
    assert!(world.calls().is_empty());
}

#[tokio::test]
async fn where_nothing_is_kept_everything_is_answered_all_the_same() {
    let nothing = |text: String| text + "\n[limits]\ndocument-cache = 1\n";
    let world = World::builder().edit("innkeeper.toml", nothing).start().await;
    let acme = world.tenant("acme");
    for _ in 0..3 {
        acme.query("{ __typename }").await.ok();
    }
    // One that does not fit may stay for a moment.
    assert_eq!(documents(&world).await.iter().sum::<f64>(), 3.0);
}
