//! P7: what DynamoDB leaves undone of a batch is asked for again, for a while, and what is left then is an error.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::World;
use crate::harness::fault::{Fault, calls};

const ORDERS: &str = r#"{ ordersById(ids: ["O-1", "O-2", "O-3"]) { id } }"#;
const EVENTS: &str =
    r#"mutation { addOrderEvents(orderId: "O-1", events: [{text: "a"}, {text: "b"}]) { text } }"#;

async fn world() -> World {
    let world = World::builder()
        .configure(|config| config.server.deadline = Duration::from_millis(1_500))
        .faults(|_| Fault::Pass)
        .start()
        .await;
    world.tenant("acme").query("{ order(id: \"O-1\") { id } }").await.ok();
    world.faults().take();
    world
}

#[tokio::test]
async fn p07_keys_that_stay_unprocessed_are_asked_for_again_and_then_are_errors_and_never_null() {
    let world = world().await;
    let (acme, faults) = (world.tenant("acme"), world.faults());
    faults.set(calls().of("BatchGetItem").first(2).meet(|| Fault::Unprocessed));
    acme.query(ORDERS).await.ok();
    assert_eq!(faults.count("BatchGetItem"), 3);
    faults.set(calls().of("BatchGetItem").meet(|| Fault::Unprocessed));
    let reply = acme.query(ORDERS).await;
    assert_eq!(
        (reply.codes(), &reply.json()["data"]),
        (vec!["THROTTLED".to_owned()], &Value::Null),
        "{}",
        reply.text
    );
    let asked = faults.count("BatchGetItem");
    assert!((3..=7).contains(&asked), "{asked}");
    faults.heal();
    acme.query(ORDERS).await.ok();
}

#[tokio::test]
async fn p07_writes_that_stay_unprocessed_are_sent_again_and_then_are_errors() {
    let world = world().await;
    let (acme, faults) = (world.tenant("acme"), world.faults());
    faults.set(calls().of("BatchWriteItem").first(2).meet(|| Fault::Unprocessed));
    let answer = acme.query(EVENTS).await.ok();
    assert_eq!(answer["addOrderEvents"], json!([{ "text": "a" }, { "text": "b" }]));
    assert_eq!(faults.count("BatchWriteItem"), 3);
    faults.set(calls().of("BatchWriteItem").meet(|| Fault::Unprocessed));
    let reply = acme.query(EVENTS).await;
    assert_eq!(reply.json()["data"], Value::Null, "{}", reply.text);
    assert_eq!(reply.codes()[0], "THROTTLED", "{}", reply.text);
    let sent = faults.count("BatchWriteItem");
    assert!((3..=7).contains(&sent), "{sent}");
}
