//! What AWS may do to the gateway: answer slowly, answer nonsense. What it costs, and what the log says of it.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;

use crate::harness::stand_in::{SECRET_KEY, SESSION_TOKEN, StandIn, assumed};
use crate::harness::{Log, World};

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;

/// A world before a stand-in for AWS, patient enough for a busy machine.
async fn before(aws: &StandIn) -> World {
    let configure = |config: &mut innkeeper::config::Config| {
        config.credentials.attempt_timeout = Duration::from_mins(1);
        config.credentials.call_timeout = Duration::from_mins(1);
        config.server.deadline = Duration::from_mins(1);
    };
    World::builder().aws(aws.endpoint()).configure(configure).start().await
}

#[tokio::test]
async fn clients_that_hang_up_cost_one_assume_role_together() {
    let aws = StandIn::start().await;
    let world = before(&aws).await;
    let acme = world.tenant("acme");
    aws.hold_sts(true);
    {
        // The first one hangs up as soon as it has caused the call.
        let mut first = Box::pin(acme.query(PRODUCT)).fuse();
        let mut asked = Box::pin(aws.asked_sts(1)).fuse();
        futures_util::select_biased! {
            reply = first => panic!("{}", reply.text),
            () = asked => {}
        }
    }
    for _ in 0..3 {
        let impatient =
            (0..20).map(|_| tokio::time::timeout(Duration::from_millis(100), acme.query(PRODUCT)));
        assert!(join_all(impatient).await.iter().all(Result::is_err));
    }
    assert_eq!(aws.assumptions(), 1);
    aws.hold_sts(false);
    // What nobody waited for is there for the next one.
    assert_eq!(acme.query(PRODUCT).await.ok(), json!({ "product": null }));
    assert_eq!(aws.assumptions(), 1);
}

#[tokio::test]
async fn a_request_sends_at_most_32_calls_at_one_time() {
    let aws = StandIn::start().await;
    let world = before(&aws).await;
    let acme = world.tenant("acme");
    let fields =
        (0..100).map(|at| format!("a{at}: product(sku: \"COF-001\") {{ name }} ")).collect::<String>();
    aws.hold_dynamodb(true);
    let query = format!("{{ {fields} }}");
    let (reply, ()) = futures_util::join!(acme.query(&query), async {
        aws.asked_dynamodb(32).await;
        aws.hold_dynamodb(false);
    });
    reply.ok();
    assert_eq!(aws.calls(), (100, 32));
}

#[tokio::test]
async fn nonsense_from_sts_leaves_no_secret_in_the_log() {
    let (aws, log) = (StandIn::start().await, Log::capture());
    let whole = assumed("2026-11-23T13:00:00Z");
    let cut = whole.split("<Expiration>").next().unwrap();
    for (body, status) in
        [(assumed("never"), 200), (cut.to_owned(), 200), (whole.clone(), 400), (whole.clone(), 503)]
    {
        let world = before(&aws).await;
        aws.answer_sts(status, &body);
        let reply = world.tenant("acme").query(PRODUCT).await;
        assert!(reply.status.as_u16() == 503 && reply.code() == "UNAVAILABLE", "{body}: {}", reply.text);
        assert!(!reply.text.contains("STAND-IN"), "{}", reply.text);
    }
    let printed = log.lines().join("\n");
    assert!(printed.contains("the answer could not be read: HTTP 200"), "{printed}");
    for secret in [SECRET_KEY, SESSION_TOKEN] {
        assert!(!printed.contains(secret), "{secret} is in the log: {printed}");
    }
}

#[tokio::test]
async fn nonsense_from_dynamodb_leaves_no_item_in_the_log() {
    let (aws, log) = (StandIn::start().await, Log::capture());
    let world = before(&aws).await;
    let acme = world.tenant("acme");
    let item = json!({ "Item": { "sku": { "S": "COF-001" }, "name": { "S": "PRIVATE-NAME" } } }).to_string();
    let failed = json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed", "Item": { "sku": { "S": "COF-001" }, "name": { "S": "PRIVATE-NAME" } } });
    let write = "mutation { setStock(sku: \"COF-001\", stock: 1) { sku } }";
    for (query, status, body, code) in [
        (PRODUCT, 200, &item[..item.len() - 2], "UNAVAILABLE"),
        (PRODUCT, 200, "PRIVATE-NAME", "UNAVAILABLE"),
        (PRODUCT, 400, item.as_str(), "UNAVAILABLE"),
        (PRODUCT, 503, item.as_str(), "UNAVAILABLE"),
        (write, 400, failed.to_string().as_str(), "CONFLICT"),
    ] {
        aws.answer_dynamodb(status, body);
        let reply = acme.query(query).await;
        assert_eq!(reply.code(), code, "{body}: {}", reply.text);
        assert!(!reply.text.contains("PRIVATE-NAME"), "{}", reply.text);
    }
    // A write whose answer cannot be read may have been applied.
    aws.answer_dynamodb(200, "PRIVATE-NAME");
    assert_eq!(acme.query(write).await.json()["errors"][0]["extensions"]["applied"], "unknown");
    let printed = log.lines().join("\n");
    assert!(printed.contains("the answer could not be read: HTTP 200"), "{printed}");
    assert!(!printed.contains("PRIVATE-NAME"), "an item is in the log: {printed}");
}

#[tokio::test]
async fn an_address_where_nobody_answers_is_named_by_its_failure() {
    let log = Log::capture();
    // A port that was taken a moment ago, and given back.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let world = World::builder().aws(endpoint).start().await;
    let reply = world.tenant("acme").query(PRODUCT).await;
    assert_eq!(reply.code(), "UNAVAILABLE");
    let printed = log.lines().join("\n");
    assert!(printed.contains("the request could not be sent") && printed.contains("refused"), "{printed}");
}
