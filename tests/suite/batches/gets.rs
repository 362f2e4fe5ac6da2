//! `@get` with a list: in order, null for what is missing, each key asked once, a hundred in a call.

use serde_json::{Value, json};

use super::{builder, call, calls, event, product, store, warm, world};
use crate::harness::fault::{Call, Fault};

const PRODUCTS: &str = "query ($skus: [ID!]!) { products(skus: $skus) { sku } }";

fn skus(answer: &Value, field: &str) -> Vec<String> {
    let of = |it: &Value| it["sku"].as_str().unwrap_or("-").to_owned();
    answer[field].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn items_come_in_the_order_of_their_keys_and_null_where_one_is_missing() {
    let world = world().await;
    store(&world, ["A", "B", "C"].map(product).to_vec()).await;
    let acme = world.tenant("acme");
    let answer = acme.with(PRODUCTS, json!({ "skus": ["C", "NONE", "A", "C", "B", "A"] })).await.ok();
    assert_eq!(skus(&answer, "products"), ["C", "-", "A", "C", "B", "A"]);
    assert_eq!(calls(&world), [call("BatchGetItem", 4)]);
    // One is a list too, and an empty list costs nothing.
    assert_eq!(skus(&acme.with(PRODUCTS, json!({ "skus": "B" })).await.ok(), "products"), ["B"]);
    assert_eq!(calls(&world), [call("BatchGetItem", 1)]);
    assert_eq!(acme.with(PRODUCTS, json!({ "skus": [] })).await.ok(), json!({ "products": [] }));
    assert_eq!(calls(&world), []);
}

#[tokio::test]
async fn two_hundred_and_fifty_keys_are_three_calls() {
    let world = world().await;
    let all: Vec<String> = (0..250).map(|at| format!("P{at:03}")).collect();
    store(&world, all.iter().map(|sku| product(sku)).collect()).await;
    let mut asked = all.clone();
    asked.reverse();
    asked.extend(all.iter().take(10).cloned());
    let answer = world.tenant("acme").with(PRODUCTS, json!({ "skus": asked })).await.ok();
    assert_eq!(skus(&answer, "products"), asked);
    let mut calls = calls(&world);
    calls.sort();
    assert_eq!(calls, [call("BatchGetItem", 50), call("BatchGetItem", 100), call("BatchGetItem", 100)]);
}

#[tokio::test]
async fn a_list_is_as_long_as_a_page_may_be() {
    let world = builder().configure(|config| config.operation.max_page = 3).start().await;
    warm(&world).await;
    let acme = world.tenant("acme");
    acme.with(PRODUCTS, json!({ "skus": ["A", "B", "C"] })).await.ok();
    calls(&world);
    let reply = acme.with(PRODUCTS, json!({ "skus": ["A", "A", "A", "A"] })).await;
    assert_eq!(reply.codes(), ["BAD_REQUEST"]);
    assert!(reply.text.contains("`skus` may hold 3 at most"), "{}", reply.text);
    assert_eq!(calls(&world), []);
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused_before_any_is_asked() {
    let world = world().await;
    let reply = world.tenant("acme").with(PRODUCTS, json!({ "skus": ["A", ""] })).await;
    assert_eq!(reply.codes(), ["BAD_REQUEST"], "{}", reply.text);
    assert_eq!(calls(&world), []);
}

#[tokio::test]
async fn a_missing_item_is_an_error_where_it_must_not_be_null() {
    let world = world().await;
    store(&world, vec![product("A")]).await;
    let query = "{ maybeProducts(skus: [\"NONE\", \"A\", \"NIL\"]) { sku } }";
    let reply = world.tenant("acme").query(query).await.json();
    assert_eq!(reply["data"], json!({ "maybeProducts": null }));
    let errors: Vec<_> = reply["errors"].as_array().unwrap().iter().map(error).collect();
    assert_eq!(errors, ["NOT_FOUND [\"maybeProducts\",0]", "NOT_FOUND [\"maybeProducts\",2]"]);
}

fn error(error: &Value) -> String {
    format!("{} {}", error["extensions"]["code"].as_str().unwrap(), error["path"])
}

#[tokio::test]
async fn the_rest_of_a_key_is_the_same_for_all_or_drawn_from_each_element() {
    let world = world().await;
    store(&world, vec![event("1", 1), event("1", 2), event("2", 1)]).await;
    let query = "{ events(orderId: \"1\", n: [2, 1, 7]) { text }
        manyEvents(at: [{orderId: \"2\", n: 1}, {orderId: \"1\", n: 2}, {orderId: \"9\", n: 1}]) { text } }";
    let answer = world.tenant("acme").query(query).await.ok();
    assert_eq!(answer["events"], json!([{ "text": "1/2" }, { "text": "1/1" }, null]));
    assert_eq!(answer["manyEvents"], json!([{ "text": "2/1" }, { "text": "1/2" }, null]));
    // Both fields are asked for together: four keys, one of them wanted by both.
    assert_eq!(calls(&world), [call("BatchGetItem", 5)]);
}

#[tokio::test]
async fn consistent_reads_and_others_are_asked_for_apart() {
    let world = world().await;
    store(&world, ["A", "B"].map(product).to_vec()).await;
    let query = "{ products(skus: [\"A\", \"B\"]) { sku } allProducts(skus: [\"A\", \"B\"]) { sku } }";
    let answer = world.tenant("acme").query(query).await.ok();
    assert_eq!(skus(&answer, "products"), skus(&answer, "allProducts"));
    let seen: Vec<_> =
        world.calls().iter().map(|call| String::from_utf8_lossy(&call.request).into_owned()).collect();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen.iter().filter(|request| request.contains("\"ConsistentRead\":true")).count(), 1);
}

#[tokio::test]
async fn an_item_of_another_type_under_the_same_key_is_missing() {
    let world = world().await;
    let acme = world.tenant("acme");
    acme.query("mutation { addNote(id: \"1\") { id } addMemo(id: \"2\") { id } }").await.ok();
    calls(&world);
    let answer =
        acme.query("{ notes(ids: [\"1\", \"2\"]) { id } memos(ids: [\"1\", \"2\"]) { id } }").await.ok();
    assert_eq!(answer, json!({ "notes": [{ "id": "1" }, null], "memos": [null, { "id": "2" }] }));
    assert_eq!(calls(&world), [call("BatchGetItem", 2)]);
}

#[tokio::test]
async fn each_key_counts_in_the_read_budget() {
    let world = builder().configure(|config| config.operation.read_budget = 5).start().await;
    warm(&world).await;
    store(&world, ["A", "B", "C"].map(product).to_vec()).await;
    let acme = world.tenant("acme");
    let answer = acme.with(PRODUCTS, json!({ "skus": ["A", "B", "C", "D", "E", "E"] })).await.ok();
    assert_eq!(skus(&answer, "products"), ["A", "B", "C", "-", "-", "-"]);
    let reply = acme.with(PRODUCTS, json!({ "skus": ["A", "B", "C", "D", "E", "F", "A"] })).await;
    // What was not asked is an error in its place, and what was is there.
    assert_eq!(reply.codes(), ["BUDGET_EXCEEDED"]);
    assert_eq!(reply.json()["errors"][0]["path"], json!(["products", 5]));
    assert_eq!(skus(&reply.json()["data"], "products"), ["A", "B", "C", "-", "-", "-", "A"]);
}

#[tokio::test]
async fn both_engines_answer_a_list_alike() {
    let Some(world) = super::local().await else { return };
    warm(&world).await;
    store(&world, ["A", "B", "C"].map(product).to_vec()).await;
    let answer = world.tenant("acme").with(PRODUCTS, json!({ "skus": ["C", "NONE", "A", "C"] })).await.ok();
    assert_eq!(skus(&answer, "products"), ["C", "-", "A", "C"]);
    assert_eq!(calls(&world), [call("BatchGetItem", 3)]);
}

/// What DynamoDB answers that has no room for some of the keys that it was asked for.
fn but_for(call: &Call, kept: usize) -> Fault {
    let mut left = call.request["RequestItems"].clone();
    Fault::Change(Box::new(move |answer| {
        let keys = left["innkeeper-shops"]["Keys"].as_array_mut().unwrap();
        let left_out: Vec<Value> = keys.split_off(kept);
        let is_left = |item: &Value| left_out.iter().any(|key| key["pk"] == item["pk"]);
        answer["Responses"]["innkeeper-shops"].as_array_mut().unwrap().retain(|item| !is_left(item));
        *keys = left_out;
        if !keys.is_empty() {
            answer["UnprocessedKeys"] = left;
        }
    }))
}

#[tokio::test]
async fn what_is_left_unprocessed_is_asked_for_again() {
    let rule = |call: &Call| match (call.operation.as_str(), call.number) {
        ("BatchGetItem", 1) => but_for(call, 2),
        ("BatchGetItem", 2) => but_for(call, 0),
        _ => Fault::Pass,
    };
    let world = builder().faults(rule).start().await;
    warm(&world).await;
    store(&world, ["A", "B", "C"].map(product).to_vec()).await;
    let answer = world.tenant("acme").with(PRODUCTS, json!({ "skus": ["A", "NONE", "C", "B"] })).await.ok();
    assert_eq!(skus(&answer, "products"), ["A", "-", "C", "B"]);
    assert_eq!(calls(&world), [call("BatchGetItem", 4), call("BatchGetItem", 2), call("BatchGetItem", 2)]);
}

#[tokio::test]
async fn what_stays_unprocessed_is_an_error_and_never_missing() {
    let rule = |call: &Call| match (call.operation.as_str(), call.number) {
        ("BatchGetItem", 1) => but_for(call, 2),
        ("BatchGetItem", _) => but_for(call, 0),
        _ => Fault::Pass,
    };
    let world = builder().faults(rule).start().await;
    warm(&world).await;
    store(&world, ["A", "B", "C"].map(product).to_vec()).await;
    let reply = world.tenant("acme").with(PRODUCTS, json!({ "skus": ["A", "NONE", "C", "B"] })).await.json();
    assert_eq!(skus(&reply["data"], "products"), ["A", "-", "-", "-"]);
    let errors: Vec<_> = reply["errors"].as_array().unwrap().iter().map(error).collect();
    assert_eq!(errors, ["THROTTLED [\"products\",2]", "THROTTLED [\"products\",3]"]);
    // Once more after each of six pauses.
    assert_eq!(calls(&world).len(), 7);
}
