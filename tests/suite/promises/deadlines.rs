//! P1: no request outlives its deadline, and its work stops with it, or with the client that asked for it.

use std::time::Duration;

use innkeeper::clock::Stopwatch;

use super::PRODUCT;
use crate::harness::World;
use crate::harness::fault::{Fault, calls};

const PRODUCTS: &str = "{ products(category: COFFEE) { items { sku } } }";
const DEADLINE: Duration = Duration::from_millis(400);
/// How late an answer may be on a busy machine.
const LATE: Duration = Duration::from_millis(600);
/// Long enough for whatever still ran to make a call.
const A_WHILE: Duration = Duration::from_millis(150);

/// A world whose tenant has its credentials already.
async fn world(deadline: Duration) -> World {
    let world = World::builder()
        .configure(move |config| config.server.deadline = deadline)
        .faults(|_| Fault::Pass)
        .start()
        .await;
    world.tenant("acme").query(PRODUCT).await.ok();
    world.faults().take();
    world
}

#[tokio::test]
async fn p01_a_request_ends_at_its_deadline_and_takes_its_call_with_it() {
    let world = world(DEADLINE).await;
    world.faults().set(calls().of("GetItem").meet(|| Fault::Hang));
    let began = Stopwatch::begin();
    let reply = world.tenant("acme").query(PRODUCT).await;
    assert!(began.elapsed() < DEADLINE + LATE, "{:?}", began.elapsed());
    assert_eq!(
        (reply.status.as_u16(), reply.codes()),
        (200, vec!["UNAVAILABLE".to_owned()]),
        "{}",
        reply.text
    );
    world.faults().given_up(1).await;
    assert_eq!(world.faults().count("GetItem"), 1);
}

#[tokio::test]
async fn p01_what_was_found_in_time_is_answered_beside_what_was_not() {
    let world = world(DEADLINE).await;
    world.faults().set(calls().of("Query").meet(|| Fault::Hang));
    let both = format!("{{ product(sku: \"COF-001\") {{ sku }} {} }}", &PRODUCTS[1..PRODUCTS.len() - 1]);
    let reply = world.tenant("acme").query(&both.replace("products(", "all: products(")).await;
    assert_eq!(reply.code(), "UNAVAILABLE", "{}", reply.text);
    assert!(reply.text.contains("products") || reply.text.contains("all"), "{}", reply.text);
    world.faults().given_up(1).await;
}

#[tokio::test]
async fn p01_pages_without_end_are_not_read_after_the_deadline() {
    let world = world(DEADLINE).await;
    world.faults().set(calls().of("Query").meet(|| Fault::EmptyPage));
    let began = Stopwatch::begin();
    let reply = world.tenant("acme").query(PRODUCTS).await;
    assert!(began.elapsed() < DEADLINE + LATE, "{:?}", began.elapsed());
    assert_eq!(reply.code(), "UNAVAILABLE", "{}", reply.text);
    assert!(world.faults().count("Query") > 1);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(world.faults().take(), []);
}

#[tokio::test]
async fn p01_a_write_that_the_deadline_cuts_off_is_not_known_and_not_sent_again() {
    let world = world(DEADLINE).await;
    world.faults().set(calls().of("PutItem").meet(|| Fault::Hang));
    let create = "mutation { createProduct(input: {sku: \"NEW-1\", name: \"New\", category: TEA, price: \"1\"}) { sku } }";
    let reply = world.tenant("acme").query(create).await;
    reply.assert_unknown();
    assert_eq!(world.faults().count("PutItem"), 1);
}

#[tokio::test]
async fn p01_a_client_that_goes_away_stops_the_work() {
    let world = world(Duration::from_secs(10)).await;
    let (acme, faults) = (world.tenant("acme"), world.faults());
    faults.set(calls().of("Query").meet(|| Fault::EmptyPage));
    let asking = tokio::time::timeout(DEADLINE, acme.query(PRODUCTS)).await;
    assert!(asking.is_err(), "it does not end by itself");
    tokio::time::sleep(A_WHILE).await;
    assert!(faults.count("Query") > 1);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(faults.take(), []);
    faults.set(calls().of("GetItem").meet(|| Fault::Hang));
    let asking = tokio::time::timeout(DEADLINE, acme.query(PRODUCT)).await;
    assert!(asking.is_err());
    faults.given_up(1).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(faults.count("GetItem"), 1);
}
