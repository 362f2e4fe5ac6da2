//! `@put` and `@delete` on lists: twenty-five in a call, each with an outcome of its own.

use serde_json::{Value, json};

use super::{builder, call, calls, event, local, product, store, warm, world};
use crate::harness::World;
use crate::harness::fault::{Call, Fault};

const ADD: &str =
    "mutation ($events: [NewEvent!]!) { addEvents(orderId: \"1\", events: $events) { n text } }";
const ADD_PRODUCTS: &str = "mutation ($inputs: [NewProduct!]!) { addProducts(inputs: $inputs) { sku } }";
const DROP: &str = "mutation ($n: [Int!]!) { dropEvents(orderId: \"1\", n: $n) }";

fn events(numbers: impl IntoIterator<Item = usize>) -> Value {
    let event = |n: usize| json!({ "n": n, "text": format!("new {n}") });
    json!({ "events": numbers.into_iter().map(event).collect::<Vec<_>>() })
}

async fn stored(world: &World, n: usize) -> Value {
    world.stored("TENANT#acme#ORDER#1", &format!("EVENT#{n:04}")).await["text"]["S"].clone()
}

#[tokio::test]
async fn sixty_items_are_three_calls_and_come_back_in_their_order() {
    let world = world().await;
    store(&world, vec![event("1", 7)]).await;
    let answer = world.tenant("acme").with(ADD, events((0..60).rev())).await.ok();
    let added = answer["addEvents"].as_array().unwrap();
    assert_eq!(added.len(), 60);
    for (at, event) in added.iter().enumerate() {
        assert_eq!(event, &json!({ "n": 59 - at, "text": format!("new {}", 59 - at) }));
    }
    assert_eq!(
        calls(&world),
        [call("BatchWriteItem", 25), call("BatchWriteItem", 25), call("BatchWriteItem", 10)]
    );
    // What was there is replaced.
    assert_eq!(stored(&world, 7).await, json!("new 7"));
}

#[tokio::test]
async fn what_is_deleted_need_not_be_there() {
    let world = world().await;
    store(&world, (0..30).map(|n| event("1", n)).chain([event("2", 1)]).collect()).await;
    let acme = world.tenant("acme");
    let n: Vec<_> = (3..33).collect();
    let answer = acme.with(DROP, json!({ "n": n })).await.ok();
    assert_eq!(answer, json!({ "dropEvents": vec![true; 30] }));
    assert_eq!(calls(&world), [call("BatchWriteItem", 25), call("BatchWriteItem", 5)]);
    assert_eq!((stored(&world, 2).await, stored(&world, 3).await), (json!("1/2"), Value::Null));
    let any = "mutation { dropAny(at: [{orderId: \"2\", n: 1}, {orderId: \"1\", n: 0}]) }";
    assert_eq!(acme.query(any).await.ok(), json!({ "dropAny": [true, true] }));
    let left = acme
        .query("{ a: events(orderId: \"1\", n: [0, 1]) { n } b: events(orderId: \"2\", n: 1) { n } }")
        .await;
    assert_eq!(left.ok(), json!({ "a": [null, { "n": 1 }], "b": [null] }));
}

#[tokio::test]
async fn an_empty_list_writes_nothing() {
    let world = world().await;
    let acme = world.tenant("acme");
    assert_eq!(acme.with(ADD, events([])).await.ok(), json!({ "addEvents": [] }));
    assert_eq!(acme.with(DROP, json!({ "n": [] })).await.ok(), json!({ "dropEvents": [] }));
    assert_eq!(calls(&world), []);
}

#[tokio::test]
async fn nothing_is_written_of_a_list_that_is_not_sound() {
    let world = builder().configure(|config| config.operation.max_page = 30).start().await;
    warm(&world).await;
    let acme = world.tenant("acme");
    for (query, variables, message) in [
        (ADD, events([1, 2, 1]), "`events` names one item twice, at 0 and at 2"),
        (DROP, json!({ "n": [5, 4, 4] }), "`n` names one item twice, at 1 and at 2"),
        (ADD, events([1, 2, 99_999]), "`n` must have at most 4 digits and no sign"),
        (ADD, events(0..31), "`events` may hold 30 at most"),
        (ADD_PRODUCTS, json!({ "inputs": [{ "sku": "A" }, { "sku": "" }] }), "`sku` must not be empty"),
    ] {
        let reply = acme.with(query, variables).await;
        assert_eq!(reply.codes(), ["BAD_REQUEST"], "{}", reply.text);
        assert!(reply.text.contains(message), "{message}: {}", reply.text);
        assert_eq!(calls(&world), []);
    }
}

/// What DynamoDB answers that has no room: the writes of some items are left, and have not happened.
fn unprocessed(call: &Call) -> Fault {
    Fault::Answer(200, json!({ "UnprocessedItems": call.request["RequestItems"] }))
}

#[tokio::test]
async fn what_is_left_unprocessed_is_written_again() {
    let rule = |call: &Call| match (call.operation.as_str(), call.number) {
        ("BatchWriteItem", 1 | 3) => unprocessed(call),
        _ => Fault::Pass,
    };
    let world = builder().faults(rule).start().await;
    warm(&world).await;
    let answer = world.tenant("acme").with(ADD, events(0..30)).await.ok();
    assert_eq!(answer["addEvents"][29]["n"], 29);
    assert_eq!(calls(&world), [call("BatchWriteItem", 25), call("BatchWriteItem", 5)]);
    assert_eq!(stored(&world, 29).await, json!("new 29"));
}

#[tokio::test]
async fn what_stays_unprocessed_is_an_error_of_each_element_and_the_rest_is_answered() {
    // The first call is carried out but for its last item, which stays behind whatever is tried.
    let rule = |call: &Call| match (call.operation.as_str(), call.number) {
        ("BatchWriteItem", 1) => Fault::Change(Box::new({
            let left = call.request["RequestItems"].clone();
            move |answer| {
                let mut left = left;
                let writes = left["innkeeper-shops"].as_array_mut().unwrap();
                writes.drain(..24);
                answer["UnprocessedItems"] = left;
            }
        })),
        ("BatchWriteItem", _) => unprocessed(call),
        _ => Fault::Pass,
    };
    let world = builder().faults(rule).start().await;
    warm(&world).await;
    let reply = world.tenant("acme").with(ADD, events(0..27)).await.json();
    let errors: Vec<_> = reply["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["extensions"]["code"].clone(), it["path"][1].clone()))
        .collect();
    // What would have been written after it was not tried.
    assert_eq!(errors, [24, 25, 26].map(|at| (json!("THROTTLED"), json!(at))));
    let added = reply["data"]["addEvents"].as_array().unwrap();
    assert_eq!((&added[23]["n"], &added[24], added.len()), (&json!(23), &Value::Null, 27));
}

#[tokio::test]
async fn a_lost_answer_says_what_may_have_been_written_and_is_not_repeated() {
    let rule = |call: &Call| match (call.operation.as_str(), call.number) {
        ("BatchWriteItem", 2) => Fault::DropResponse,
        _ => Fault::Pass,
    };
    let world = builder().faults(rule).start().await;
    warm(&world).await;
    let reply = world.tenant("acme").with(ADD, events(0..60)).await.json();
    let error = |at: usize| {
        let error = reply["errors"].as_array().unwrap().iter().find(|it| it["path"][1] == at).unwrap();
        (error["extensions"]["code"].clone(), error["extensions"]["applied"].clone())
    };
    assert_eq!(reply["errors"].as_array().unwrap().len(), 35);
    assert_eq!(error(25), (json!("UNAVAILABLE"), json!("unknown")));
    // These were not sent.
    assert_eq!(error(50), (json!("UNAVAILABLE"), Value::Null));
    assert_eq!(calls(&world), [call("BatchWriteItem", 25), call("BatchWriteItem", 25)]);
    assert_eq!((stored(&world, 49).await, stored(&world, 50).await), (json!("new 49"), Value::Null));
}

#[tokio::test]
async fn a_call_that_fails_whole_is_one_error_of_the_field() {
    let rule = |call: &Call| match call.operation.as_str() {
        "BatchWriteItem" => {
            let body = json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no" });
            Fault::Answer(400, body)
        }
        _ => Fault::Pass,
    };
    let world = builder().faults(rule).start().await;
    let reply = world.tenant("acme").with(ADD, events(0..3)).await;
    assert_eq!(reply.codes(), ["FORBIDDEN"]);
    assert_eq!(reply.json()["errors"][0]["path"], json!(["addEvents"]));
}

#[tokio::test]
async fn another_tenants_items_cannot_be_written_or_read_in_a_batch() {
    let world = builder().forging("acme2").start().await;
    let acme = world.tenant("acme");
    for reply in [
        acme.with(ADD, events(0..3)).await,
        acme.with(DROP, json!({ "n": [1, 2] })).await,
        acme.query("{ products(skus: [\"A\", \"B\"]) { sku } }").await,
    ] {
        assert_eq!(reply.codes(), ["FORBIDDEN"], "{}", reply.text);
    }
    let calls = world.calls();
    let denied = calls.iter().filter(|call| call.operation.starts_with("Batch"));
    assert!(
        denied.clone().count() == 3 && denied.clone().all(|it| it.outcome == innkeeper::dev::Outcome::Denied)
    );
}

#[tokio::test]
async fn dynamodb_local_writes_a_list_alike() {
    let Some(world) = local().await else { return };
    warm(&world).await;
    let acme = world.tenant("acme");
    acme.with(ADD, events(0..30)).await.ok();
    acme.with(DROP, json!({ "n": [0, 5, 77] })).await.ok();
    let left = acme.query("{ events(orderId: \"1\", n: [0, 1, 5, 29]) { text } }").await.ok();
    let text = |n: usize| json!({ "text": format!("new {n}") });
    assert_eq!(left, json!({ "events": [null, text(1), null, text(29)] }));
    let writes = [25, 5, 3].map(|writes| call("BatchWriteItem", writes));
    assert_eq!(calls(&world), [writes.as_slice(), &[call("BatchGetItem", 4)]].concat());
    store(&world, vec![product("A")]).await;
}
