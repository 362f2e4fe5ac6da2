//! P6: what is sent again is sent again by one layer, within a budget of the tenant's own.

use serde_json::json;

use super::PRODUCT;
use crate::harness::fault::{Fault, calls};
use crate::harness::{Numbers, World};

/// A write that is safe to repeat, and would be if there were a retry left.
const CREATE: &str =
    "mutation { createProduct(input: {sku: \"NEW-1\", name: \"New\", category: TEA, price: \"1\"}) { sku } }";
const ORDERS: &str = r#"{ ordersById(ids: ["O-1", "O-2"]) { id } }"#;

async fn world() -> World {
    let world = World::builder()
        .configure(|config| config.credentials.retry_budget = 6)
        .faults(|_| Fault::Pass)
        .start()
        .await;
    for tenant in ["acme", "acme2"] {
        world.tenant(tenant).query(PRODUCT).await.ok();
    }
    world.faults().take();
    world
}

#[tokio::test]
async fn p06_an_outage_costs_one_call_a_request_once_the_budget_is_spent() {
    for down in [|| Fault::Fail(500), || Fault::Throttle, || Fault::DropResponse] {
        let world = world().await;
        let (acme, faults) = (world.tenant("acme"), world.faults());
        faults.set(calls().meet(down));
        // Three attempts of each read take two retries.
        let mut attempts = Vec::new();
        for _ in 0..5 {
            assert!(!acme.query(PRODUCT).await.codes().is_empty());
            attempts.push(faults.take().len());
        }
        assert_eq!(attempts, [3, 3, 3, 1, 1], "{}", down().name());
        let requests = 30;
        for document in [PRODUCT, CREATE, ORDERS] {
            for _ in 0..requests {
                assert!(!acme.query(document).await.codes().is_empty());
            }
            let sent = faults.take().len();
            assert!(sent * 10 <= requests * 12, "{sent} calls for {requests} requests: {document}");
        }
        // Another tenant has a budget of its own.
        assert!(!world.tenant("acme2").query(PRODUCT).await.codes().is_empty());
        assert_eq!(faults.take().len(), 3);
        // Ten answers give one retry back.
        faults.heal();
        for _ in 0..10 {
            acme.query(PRODUCT).await.ok();
        }
        faults.take();
        faults.set(calls().of("GetItem").first(1).meet(down));
        acme.query(PRODUCT).await.ok();
        assert_eq!(faults.take().len(), 2);
    }
}

#[tokio::test]
async fn what_is_sent_again_is_counted_by_its_call() {
    let world = world().await;
    let (acme, faults) = (world.tenant("acme"), world.faults());
    let counted = async |call: &str| {
        let numbers = Numbers::of(&world).await;
        numbers.get(&format!("innkeeper_dynamodb_retries_total{{call=\"{call}\"}}"))
    };
    assert_eq!(counted("GetItem").await.to_string(), "0");
    faults.set(calls().of("GetItem").first(2).meet(|| Fault::Fail(500)));
    acme.query(PRODUCT).await.ok();
    // The attempt that is lost and is not made again is none that was repeated.
    faults.set(calls().of("PutItem").meet(|| Fault::Fail(500)));
    acme.query(CREATE).await.assert_unknown();
    faults.set(calls().of("BatchGetItem").first(1).meet(|| Fault::Throttle));
    acme.query(ORDERS).await.ok();
    for (call, retries) in [("GetItem", "2"), ("PutItem", "0"), ("BatchGetItem", "1")] {
        assert_eq!(counted(call).await.to_string(), retries, "{call}");
    }
}

#[tokio::test]
async fn p06_batches_that_stay_unprocessed_spend_the_same_budget() {
    let world = world().await;
    let (acme, faults) = (world.tenant("acme"), world.faults());
    faults.set(calls().meet(|| Fault::Unprocessed));
    for attempts in [7, 1, 1] {
        assert_eq!(acme.query(ORDERS).await.codes(), ["THROTTLED"]);
        assert_eq!(faults.count("BatchGetItem"), attempts);
    }
}

#[tokio::test]
async fn p06_credentials_that_are_never_taken_are_renewed_once_a_while_and_not_once_a_request() {
    for code in ["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException"] {
        let world = world().await;
        let (acme, faults) = (world.tenant("acme"), world.faults());
        faults.set(calls().of("GetItem").meet(move || Fault::Stale(code)));
        for _ in 0..30 {
            assert_eq!(acme.query(PRODUCT).await.codes(), ["UNAVAILABLE"]);
        }
        let seen = faults.take();
        let number = |operation: &str| seen.iter().filter(|call| call.operation == operation).count();
        assert_eq!((number("STS"), number("GetItem")), (1, 31), "{code}");
        // A write is not applied by a call whose credentials are not taken: it is sent again with new ones.
        world.advance(std::time::Duration::from_secs(6));
        faults.set(calls().of("PutItem").first(1).meet(move || Fault::Stale(code)));
        assert_eq!(acme.query(CREATE).await.ok(), json!({ "createProduct": { "sku": "NEW-1" } }));
        assert_eq!(faults.count("PutItem"), 2);
    }
}
