//! Both ways to DynamoDB, seen from a client: the golden scenarios, and every fault, with the same answers and the same calls.
//! `credentials/wire/differential.rs` compares them call by call.

use std::time::Duration;

use innkeeper::credentials::Wire;
use serde_json::json;

use crate::golden::play;
use crate::harness::World;
use crate::harness::fault::{Fault, calls};

const DOCUMENTS: [(&str, &str); 6] = [
    ("GetItem", "{ product(sku: \"COF-001\") { sku } }"),
    ("Query", "{ products(category: COFFEE) { items { sku } } }"),
    ("BatchGetItem", "{ ordersById(ids: [\"O-1\", \"O-2\"]) { id } }"),
    (
        "PutItem",
        "mutation { createProduct(input: {sku: \"NEW-1\", name: \"New\", category: TEA, price: \"1\"}) { sku rev } }",
    ),
    ("UpdateItem", "mutation { setStock(sku: \"COF-001\", stock: 5, atLeast: 1) { stock rev } }"),
    ("DeleteItem", "mutation { deleteProduct(sku: \"BOO-001\") { sku } }"),
];

fn faults() -> Vec<fn() -> Fault> {
    vec![
        || Fault::Pass,
        || Fault::Delay(Duration::from_millis(20)),
        || Fault::Hang,
        || Fault::DropRequest,
        || Fault::DropResponse,
        || Fault::Reset,
        || Fault::Truncate,
        || Fault::Corrupt,
        || Fault::Throttle,
        || Fault::Fail(500),
        || Fault::Fail(503),
        || Fault::Stale("ExpiredToken"),
        || Fault::Unprocessed,
        || Fault::EmptyPage,
        || Fault::Answer(400, json!({ "__type": "a#AccessDeniedException", "Message": "no" })),
        || Fault::Answer(400, json!({ "__type": "a#ConditionalCheckFailedException", "message": "no" })),
        || {
            Fault::Answer(
                200,
                json!({ "Item": { "sku": { "N": 5 } }, "Items": 5, "Attributes": 5, "Responses": 5 }),
            )
        },
        || Fault::Change(Box::new(|answer| answer["ConsumedCapacity"] = json!({ "CapacityUnits": 7 }))),
    ]
}

/// What a client sees of each fault, once and for ever, and what it costs.
async fn told(wire: Wire) -> Vec<String> {
    let world = World::builder()
        .wire(wire)
        .configure(|config| {
            config.credentials.attempt_timeout = Duration::from_millis(300);
            config.credentials.retry_budget = 10_000;
        })
        .faults(|_| Fault::Pass)
        .start()
        .await;
    let (acme, proxy) = (world.tenant("acme"), world.faults());
    acme.query("{ product(sku: \"COF-001\") { sku } }").await.ok();
    let mut told = Vec::new();
    for (operation, document) in DOCUMENTS {
        for fault in faults() {
            for most in [1, usize::MAX] {
                // Pages that are empty for ever are asked for until the time is over.
                if matches!(fault(), Fault::EmptyPage) && most > 1 {
                    continue;
                }
                // Credentials that are refused are renewed once in a while.
                world.advance(Duration::from_secs(10));
                proxy.take();
                proxy.set(calls().of(operation).first(most).meet(fault));
                let reply = acme.query(document).await;
                let mut answer = reply.json();
                let errors = answer["errors"].as_array_mut();
                errors.into_iter().flatten().for_each(|error| error["extensions"]["requestId"] = json!(null));
                let seen = proxy.take().into_iter().map(|it| (it.operation, it.tenant, it.keys, it.fault));
                let seen: Vec<_> = seen.collect();
                told.push(format!(
                    "{operation}, {} {most}: {} {answer} {seen:?}",
                    fault().name(),
                    reply.status
                ));
            }
        }
    }
    told
}

#[tokio::test]
async fn every_fault_is_told_alike_and_costs_the_same_calls() {
    let (own, sdk) = (told(Wire::Own).await, told(Wire::Sdk).await);
    let differ: Vec<_> = own.iter().zip(&sdk).filter(|(own, sdk)| own != sdk).collect();
    assert!(differ.is_empty() && own.len() == sdk.len(), "{differ:#?}");
}

#[tokio::test]
async fn the_golden_scenarios_are_played_alike() {
    let mut transcripts = Vec::new();
    for wire in [Wire::Own, Wire::Sdk] {
        transcripts.push(play(&World::builder().wire(wire).start().await).await);
    }
    let [own, sdk] = &transcripts[..] else { panic!("two") };
    assert!(!own.is_empty());
    assert_eq!(own, sdk);
}
