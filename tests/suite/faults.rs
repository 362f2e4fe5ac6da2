//! Calls that get lost between the gateway and AWS: what a client sees of it, and what is stored.

use std::time::Duration;

use innkeeper::credentials::Wire;
use serde_json::{Value, json};

use crate::harness::World;
use crate::harness::fault::{Call, Fault, calls};

const CREATE: &str =
    "mutation { createProduct(input: {sku: \"NEW-1\", name: \"New\", category: TEA, price: \"1\"}) { sku } }";
const DELETE: &str = "mutation { deleteProduct(sku: \"BOO-001\") { sku } }";
const STOCK: &str = "mutation { setStock(sku: \"COF-001\", stock: 1) { sku } }";
const PRODUCT: &str = "{ product(sku: \"COF-001\") { sku } }";

/// The first call of an operation meets with a fault.
fn first(operation: &'static str, fault: fn() -> Fault) -> impl FnMut(&Call) -> Fault + Send {
    move |call| if call.operation == operation && call.number == 1 { fault() } else { Fault::Pass }
}

#[tokio::test]
async fn a_creation_is_not_repeated_whether_it_or_its_answer_was_lost() {
    let made = json!({ "N": "1" });
    for (lost, stored) in
        [((|| Fault::DropRequest) as fn() -> Fault, Value::Null), (|| Fault::DropResponse, made)]
    {
        let world = World::builder().faults(first("PutItem", lost)).start().await;
        world.tenant("acme").query(CREATE).await.assert_unknown();
        assert_eq!(world.faults().count("PutItem"), 1);
        assert_eq!(world.stored("TENANT#acme#PRODUCT#NEW-1", "META").await["rev"], stored);
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_may_have_been_applied() {
    let lost = |call: &Call| match call.request["Key"]["pk"]["S"].as_str() {
        Some("TENANT#acme#PRODUCT#BOO-001") => Fault::DropResponse,
        _ => Fault::Pass,
    };
    let world = World::builder().faults(lost).start().await;
    world.tenant("acme").query(DELETE).await.assert_unknown();
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

#[tokio::test]
async fn a_write_that_meets_a_transaction_is_sent_again_and_then_told_to_come_later() {
    fn answer(code: &str) -> Fault {
        let body =
            json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "others" });
        Fault::Answer(400, body)
    }
    let met = || answer("TransactionConflictException");
    for wire in [Wire::Own, Wire::Sdk] {
        let world = World::builder().wire(wire).faults(|_| Fault::Pass).start().await;
        let (acme, faults) = (world.tenant("acme"), world.faults());
        for (sent, operation) in [(CREATE, "PutItem"), (STOCK, "UpdateItem"), (DELETE, "DeleteItem")] {
            faults.set(calls().of(operation).by("acme").meet(met));
            let reply = acme.query(sent).await;
            assert_eq!(reply.codes(), ["THROTTLED"], "{wire:?}: {}", reply.text);
            // Nothing was written, and the client is not told that it is not known.
            assert!(!reply.text.contains("applied"), "{wire:?}: {}", reply.text);
            assert_eq!(faults.count(operation), 3, "{wire:?} {operation}");
            faults.take();
            faults.set(calls().of(operation).by("acme").first(1).meet(met));
            acme.query(sent).await.ok();
            assert_eq!(faults.count(operation), 2, "{wire:?} {operation}");
            faults.take();
        }
        faults.set(calls().of("UpdateItem").meet(|| answer("ItemCollectionSizeLimitExceededException")));
        assert_eq!(acme.query(STOCK).await.codes(), ["BAD_REQUEST"], "{wire:?}");
        assert_eq!(faults.count("UpdateItem"), 1, "{wire:?}");
    }
}

/// What a read meets with, what it is answered, and how many calls of DynamoDB and of STS it takes.
#[tokio::test]
async fn a_read_meets_with_each_fault_once() {
    let cases: [(fn() -> Fault, &str, usize, usize); 13] = [
        (|| Fault::Pass, "", 1, 0),
        (|| Fault::Delay(Duration::from_millis(20)), "", 1, 0),
        (|| Fault::DropRequest, "", 2, 0),
        (|| Fault::DropResponse, "", 2, 0),
        (|| Fault::Reset, "", 2, 0),
        (|| Fault::Truncate, "", 2, 0),
        (|| Fault::Corrupt, "UNAVAILABLE", 1, 0),
        (|| Fault::Throttle, "", 2, 0),
        (|| Fault::Fail(500), "", 2, 0),
        (|| Fault::Fail(503), "", 2, 0),
        (|| Fault::Stale("ExpiredToken"), "", 2, 1),
        (|| Fault::Stale("InvalidClientTokenId"), "", 2, 1),
        (|| Fault::Stale("UnrecognizedClientException"), "", 2, 1),
    ];
    let world = World::builder().faults(|_| Fault::Pass).start().await;
    let (acme, faults) = (world.tenant("acme"), world.faults());
    acme.query(PRODUCT).await.ok();
    for (fault, code, of_dynamodb, of_sts) in cases {
        // Credentials that are refused are renewed once in a while.
        world.advance(Duration::from_secs(10));
        faults.take();
        faults.set(calls().of("GetItem").by("acme").first(1).meet(fault));
        let reply = acme.query(PRODUCT).await;
        let name = fault().name();
        assert_eq!(reply.codes().first().map_or("", String::as_str), code, "{name}: {}", reply.text);
        let seen = faults.take();
        let number = |operation: &str| seen.iter().filter(|call| call.operation == operation).count();
        assert_eq!((number("GetItem"), number("STS")), (of_dynamodb, of_sts), "{name}: {seen:?}");
        assert_eq!(seen[0].fault, name);
    }
    assert_eq!(faults.injected().values().sum::<usize>(), 12);
}

#[tokio::test]
async fn the_proxy_sees_whose_credentials_name_which_keys_and_picks_one_call_in_n() {
    let every_third_of_acme = calls().of("GetItem").by("acme").one_in(3).meet(|| Fault::Corrupt);
    let world = World::builder().faults(every_third_of_acme).start().await;
    let mut failed = Vec::new();
    for _ in 0..6 {
        for tenant in ["acme", "globex"] {
            let reply = world.tenant(tenant).query(PRODUCT).await;
            failed.push((tenant, !reply.codes().is_empty()));
        }
    }
    let expected: Vec<_> = (1..=6).flat_map(|at| [("acme", at % 3 == 0), ("globex", false)]).collect();
    assert_eq!(failed, expected);
    let seen = world.faults().take();
    let reads: Vec<_> = seen.iter().filter(|call| call.operation == "GetItem").collect();
    assert_eq!(reads.len(), 12);
    let key_of = |tenant: &str| {
        let call = reads.iter().find(|call| call.tenant.as_deref() == Some(tenant)).unwrap();
        call.access_key.clone()
    };
    assert_ne!(key_of("acme"), key_of("globex"));
    for call in &reads {
        let tenant = call.tenant.clone().unwrap();
        assert_eq!(call.keys, [format!("TENANT#{tenant}#PRODUCT#COF-001")]);
        assert_eq!(call.access_key, key_of(&tenant));
    }
}

#[tokio::test]
async fn a_page_with_nothing_on_it_is_read_past() {
    let world = World::builder().faults(|_| Fault::Pass).start().await;
    let (acme, faults) = (world.tenant("acme"), world.faults());
    let products = "{ products(category: COFFEE) { items { sku } } }";
    let whole = acme.query(products).await.ok();
    assert!(whole["products"]["items"].as_array().unwrap().len() > 1, "{whole}");
    faults.take();
    faults.set(calls().of("Query").first(1).meet(|| Fault::EmptyPage));
    assert_eq!(acme.query(products).await.ok(), whole);
    assert_eq!(faults.count("Query"), 2);
}
