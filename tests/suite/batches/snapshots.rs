//! `@get(snapshot: true)`: items as of one moment, by one `TransactGetItems`, or none of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{calls, product, store, warm};
use crate::harness::fault::{Call, Fault};
use crate::harness::{Builder, Engine, World, dynamodb_local, skip};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query }
type Product @item(table: "main", pk: "TENANT#${tenant}#PRODUCT#${sku}", sk: "META") { sku: ID! name: String }
type Memo @item(table: "main", pk: "TENANT#${tenant}#PRODUCT#${sku}", sk: "MEMO", type: "kind") { sku: ID! }
type Query {
  shelf(sku: ID!, first: Int = 4): MemoConnection! @query(bind: {sku: "args.sku"})
  products(skus: [ID!]!): [Product]! @get(bind: {sku: "args.skus"}, snapshot: true)
  all(skus: [ID!]!): [Product!]! @get(bind: {sku: "args.skus"}, snapshot: true)
  memos(skus: [ID!]!): [Memo]! @get(bind: {sku: "args.skus"}, snapshot: true)
}
"#;

const PRODUCTS: &str = "query ($skus: [ID!]!) { products(skus: $skus) { sku } }";

fn builder() -> Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded()
}

/// What a transaction that reads is answered where others write its items.
fn cancelled(codes: &[&str]) -> Fault {
    let reasons: Vec<_> = codes.iter().map(|code| json!({ "Code": code })).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")),
        "CancellationReasons": reasons,
    });
    Fault::Answer(400, body)
}

#[tokio::test]
async fn items_as_of_one_moment_are_one_call_on_both_engines() {
    for engine in [Engine::Embedded, Engine::DynamoDbLocal] {
        if engine == Engine::DynamoDbLocal
            && let Err(why) = dynamodb_local::endpoint().await
        {
            skip("DYNAMODB_LOCAL", &why);
            continue;
        }
        let world = builder().engine(engine).start().await;
        let mut other = product("M");
        (other["sk"], other["kind"]) = (json!({ "S": "MEMO" }), json!({ "S": "Other" }));
        store(&world, ["A", "B", "C"].map(product).into_iter().chain([other]).collect()).await;
        warm(&world).await;
        let acme = world.tenant("acme");
        let answer = acme.with(PRODUCTS, json!({ "skus": ["C", "NONE", "A", "C"] })).await.ok();
        let found: Vec<_> =
            answer["products"].as_array().unwrap().iter().map(|it| it["sku"].clone()).collect();
        assert_eq!(found, [json!("C"), Value::Null, json!("A"), json!("C")]);
        let observed = world.calls();
        assert_eq!(observed.len(), 1);
        assert_eq!(observed[0].operation, "TransactGetItems");
        let request: Value = serde_json::from_slice(&observed[0].request).unwrap();
        assert_eq!(request["TransactItems"].as_array().unwrap().len(), 3, "each key once: {request}");
        // Of another type, and so missing; and where nothing may be missing, an error at its place.
        let memos = acme.query("{ memos(skus: [\"M\"]) { sku } }").await.ok();
        assert_eq!(memos, json!({ "memos": [null] }));
        let reply = acme.query("{ all(skus: [\"A\", \"NONE\"]) { sku } }").await;
        assert_eq!(reply.codes(), ["NOT_FOUND"]);
        assert_eq!(reply.json()["errors"][0]["path"], json!(["all", 1]));
    }
}

#[tokio::test]
async fn a_hundred_are_one_call_and_one_more_is_refused_before_it() {
    let world = builder().start().await;
    let all: Vec<String> = (0..101).map(|at| format!("P{at:03}")).collect();
    store(&world, all.iter().map(|sku| product(sku)).collect()).await;
    warm(&world).await;
    let acme = world.tenant("acme");
    let answer = acme.with(PRODUCTS, json!({ "skus": all[..100] })).await.ok();
    assert_eq!(answer["products"].as_array().unwrap().len(), 100);
    assert_eq!(world.calls().len(), 1);
    let reply = acme.with(PRODUCTS, json!({ "skus": all })).await;
    assert_eq!(reply.codes(), ["BAD_REQUEST"]);
    assert!(reply.text.contains("`skus` names 101 items, and 100 are read"), "{}", reply.text);
    assert_eq!(acme.with(PRODUCTS, json!({ "skus": [] })).await.ok(), json!({ "products": [] }));
    assert_eq!(calls(&world), []);
}

#[tokio::test]
async fn a_part_of_a_set_is_not_read() {
    let world = builder().configure(|config| config.operation.read_budget = 2).start().await;
    store(&world, ["A", "B", "C"].map(product).to_vec()).await;
    warm(&world).await;
    let reply = world.tenant("acme").with(PRODUCTS, json!({ "skus": ["A", "B", "C"] })).await;
    assert_eq!(reply.codes(), ["BUDGET_EXCEEDED"]);
    assert_eq!(calls(&world), []);
}

#[tokio::test]
async fn a_read_that_meets_a_writer_is_asked_again_and_not_without_end() {
    let conflict = |call: &Call| match (call.operation.as_str(), call.number) {
        ("TransactGetItems", 1..=2) => cancelled(&["TransactionConflict", "None"]),
        _ => Fault::Pass,
    };
    let world = builder().faults(conflict).start().await;
    store(&world, ["A", "B"].map(product).to_vec()).await;
    warm(&world).await;
    let acme = world.tenant("acme");
    let answer = acme.with(PRODUCTS, json!({ "skus": ["A", "B"] })).await.ok();
    assert_eq!(answer, json!({ "products": [{ "sku": "A" }, { "sku": "B" }] }));
    world.faults().set(|call| match call.operation.as_str() {
        "TransactGetItems" => cancelled(&["None", "TransactionConflict"]),
        _ => Fault::Pass,
    });
    let asked =
        tokio::time::timeout(Duration::from_secs(8), acme.with(PRODUCTS, json!({ "skus": ["A", "B"] })));
    assert_eq!(asked.await.expect("it ends").codes(), ["THROTTLED"]);
    // What will not pass is not asked again.
    world.faults().set(|call| match (call.operation.as_str(), call.number) {
        ("TransactGetItems", 1) => cancelled(&["ValidationError", "None"]),
        _ => Fault::Pass,
    });
    assert_eq!(acme.with(PRODUCTS, json!({ "skus": ["A", "B"] })).await.codes(), ["INTERNAL"]);
}

#[tokio::test]
async fn a_member_that_is_throttled_is_asked_again_and_a_short_answer_is_an_error() {
    let world = builder().faults(|_| Fault::Pass).start().await;
    store(&world, ["A", "B"].map(product).to_vec()).await;
    warm(&world).await;
    let acme = world.tenant("acme");
    for code in ["ThrottlingError", "ProvisionedThroughputExceeded"] {
        world.faults().set(move |call| match (call.operation.as_str(), call.number) {
            ("TransactGetItems", 1) => cancelled(&["None", code]),
            _ => Fault::Pass,
        });
        let answer = acme.with(PRODUCTS, json!({ "skus": ["A", "B"] })).await.ok();
        assert_eq!(answer, json!({ "products": [{ "sku": "A" }, { "sku": "B" }] }));
    }
    world.faults().set(|_| {
        Fault::Change(Box::new(|answer| {
            answer["Responses"].as_array_mut().unwrap().pop();
        }))
    });
    assert_eq!(acme.with(PRODUCTS, json!({ "skus": ["A", "B"] })).await.codes(), ["INTERNAL"]);
}

#[tokio::test]
async fn keys_of_another_tenant_are_denied_by_iam() {
    let world = builder().forging("acme2").start().await;
    let reply = world.tenant("acme").with(PRODUCTS, json!({ "skus": ["A", "B"] })).await;
    assert_eq!(reply.codes(), ["FORBIDDEN"]);
    let denied = world.calls().into_iter().filter(|call| call.operation == "TransactGetItems");
    assert_eq!(denied.count(), 1);
}

#[tokio::test]
async fn a_set_waits_for_what_a_sibling_may_give_back() {
    let world = builder().configure(|config| config.operation.read_budget = 101).start().await;
    store(&world, ["A", "B", "C"].map(product).to_vec()).await;
    warm(&world).await;
    // The page reserves a hundred, for it does not know how many of them are memos; and reads none.
    let query = "{ shelf(sku: \"A\") { nodes { sku } } products(skus: [\"A\", \"B\", \"C\"]) { sku } }";
    let answer = world.tenant("acme").query(query).await.ok();
    assert_eq!(answer["products"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn items_that_are_too_large_together_are_refused_in_clear_words() {
    for engine in [Engine::Embedded, Engine::DynamoDbLocal] {
        if engine == Engine::DynamoDbLocal
            && let Err(why) = dynamodb_local::endpoint().await
        {
            skip("DYNAMODB_LOCAL", &why);
            continue;
        }
        let world = builder().engine(engine).start().await;
        let skus: Vec<String> = (0..11).map(|at| format!("P{at:02}")).collect();
        for sku in &skus {
            let mut item = product(sku);
            item["name"] = json!({ "S": "x".repeat(380 * 1024) });
            store(&world, vec![item]).await;
        }
        warm(&world).await;
        let acme = world.tenant("acme");
        // Ten are just below 4 MB, and eleven above it, whatever of them is asked for.
        let names = "query ($skus: [ID!]!) { products(skus: $skus) { name } }";
        for document in [PRODUCTS, names] {
            let reply = acme.with(document, json!({ "skus": skus[..10] })).await.ok();
            assert_eq!(reply["products"].as_array().unwrap().len(), 10);
            world.calls();
            let reply = acme.with(document, json!({ "skus": skus })).await;
            if engine == Engine::DynamoDbLocal && document == PRODUCTS {
                // It measures what it gives, and not what it reads.
                assert_eq!(reply.ok()["products"].as_array().unwrap().len(), 11);
                continue;
            }
            assert_eq!(reply.codes(), ["BUDGET_EXCEEDED"], "{:.300}", reply.text);
            assert!(
                reply.text.contains("The items are more than 4 MB, and no more is read as of one moment."),
                "{}",
                reply.text
            );
            assert_eq!(calls(&world).len(), 1, "it is not asked again");
        }
    }
}

/// The forms that DynamoDB's own refusal can have are the proxy's.
#[tokio::test]
async fn a_set_that_is_larger_than_dynamodb_reads_as_of_one_moment_is_refused_in_these_words() {
    let message = "The aggregate size of the items in the transaction exceeded 4 MB";
    let refused = json!({ "__type": "com.amazon.coral.validate#ValidationException", "message": message });
    let cancelled = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]",
        "CancellationReasons": [{ "Code": "None" }, { "Code": "ValidationError", "Message": message }],
    });
    let world = builder().faults(|_| Fault::Pass).start().await;
    store(&world, ["A", "B"].map(product).to_vec()).await;
    warm(&world).await;
    for body in [refused, cancelled] {
        world.faults().take();
        world.faults().set(move |call| match call.operation.as_str() {
            "TransactGetItems" => Fault::Answer(400, body.clone()),
            _ => Fault::Pass,
        });
        let reply = world.tenant("acme").with(PRODUCTS, json!({ "skus": ["A", "B"] })).await;
        assert_eq!(reply.codes(), ["BUDGET_EXCEEDED"]);
        assert!(reply.text.contains("more than 4 MB"), "{}", reply.text);
        // It would be as large again.
        assert_eq!(world.faults().take().len(), 1);
    }
}
