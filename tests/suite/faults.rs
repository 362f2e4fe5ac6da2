//! Calls that get lost between the gateway and AWS: what a client sees of it, and what is stored.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::World;
use crate::harness::fault::{Call, Fault};

const CREATE: &str =
    "mutation { createProduct(input: {sku: \"NEW-1\", name: \"New\", category: TEA, price: \"1\"}) { sku } }";
const DELETE: &str = "mutation { deleteProduct(sku: \"BOO-001\") { sku } }";
const PRODUCT: &str = "{ product(sku: \"COF-001\") { sku } }";

/// The first call of an operation meets with a fault.
fn first(operation: &'static str, fault: fn() -> Fault) -> impl FnMut(&Call) -> Fault + Send {
    move |call| if call.operation == operation && call.number == 1 { fault() } else { Fault::Pass }
}

#[tokio::test]
async fn a_creation_is_repeated_whether_it_or_its_answer_was_lost() {
    for (lost, outcomes) in [((|| Fault::DropRequest) as fn() -> Fault, 1), (|| Fault::DropResponse, 2)] {
        let world = World::builder().faults(first("PutItem", lost)).start().await;
        let acme = world.tenant("acme");
        assert_eq!(acme.query(CREATE).await.ok(), json!({ "createProduct": { "sku": "NEW-1" } }));
        assert_eq!(world.count("acme").1, outcomes);
        assert_eq!(world.stored("TENANT#acme#PRODUCT#NEW-1", "META").await["rev"], json!({ "N": "1" }));
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_may_have_been_applied() {
    let lost = |call: &Call| match call.request["Key"]["pk"]["S"].as_str() {
        Some("TENANT#acme#PRODUCT#BOO-001") => Fault::DropResponse,
        _ => Fault::Pass,
    };
    let world = World::builder().faults(lost).start().await;
    let reply = world.tenant("acme").query(DELETE).await;
    let error = &reply.json()["errors"][0];
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["applied"]),
        (&json!("UNAVAILABLE"), &json!("unknown"))
    );
    assert_eq!(world.stored("TENANT#acme#PRODUCT#BOO-001", "META").await, Value::Null);
}

#[tokio::test]
async fn a_client_that_hangs_up_takes_its_call_with_it() {
    let world = World::builder().faults(first("GetItem", || Fault::Hang)).start().await;
    let acme = world.tenant("acme");
    let mut asking = Box::pin(acme.query(PRODUCT));
    tokio::select! {
        reply = &mut asking => panic!("{}", reply.text),
        () = world.faults().hang(1) => {}
    }
    drop(asking);
    world.faults().given_up(1).await;
    assert_eq!(world.count("acme").1, 0);
}

#[tokio::test]
async fn what_another_says_in_the_place_of_dynamodb_is_answered() {
    let world =
        World::builder().faults(first("GetItem", || Fault::Delay(Duration::from_millis(1)))).start().await;
    let acme = world.tenant("acme");
    assert_eq!(acme.query(PRODUCT).await.ok(), json!({ "product": { "sku": "COF-001" } }));
    let denied = || {
        let body = json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no" });
        Fault::Answer(400, body)
    };
    world.faults().set(first("GetItem", denied));
    assert_eq!(acme.query(PRODUCT).await.codes(), ["FORBIDDEN"]);
    let change = || Fault::Change(Box::new(|answer| answer["Item"]["sku"] = json!({ "S": "ANOTHER" })));
    world.faults().set(first("GetItem", change));
    assert_eq!(acme.query(PRODUCT).await.ok(), json!({ "product": { "sku": "ANOTHER" } }));
}
