//! A request is a tree of spans: whose child it is, what it did and what that cost, and no word of what it was about.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use innkeeper::telemetry::Config;
use serde_json::json;

use crate::harness::fault::{Call, Fault, calls};
use crate::harness::{Collector, Log, Span, World};

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;
/// A caller's own span (*Trace Context*, section 3.2.2).
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Sends a document for acme, as a part of a trace of the caller's where there is one.
async fn ask(world: &World, document: &str, parent: Option<&str>) -> String {
    let sent = world.http.post(format!("{}/graphql", world.url)).bearer_auth(world.token("acme"));
    let sent = sent.json(&json!({ "query": document })).header("x-request-id", "r1");
    let sent = match parent {
        Some(parent) => sent.header("traceparent", parent).header("tracestate", "vendor=opaque"),
        None => sent,
    };
    world.send(sent).await.text
}

#[track_caller]
fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let mut of_name = spans.iter().filter(|span| span.name == name);
    let (Some(span), None) = (of_name.next(), of_name.next()) else { panic!("not one {name}: {spans:#?}") };
    span
}

#[tokio::test]
async fn a_request_is_a_tree_of_what_it_did() {
    let world = World::start().await;
    let collector = Collector::start();
    let log = Log::traced(&collector.config());
    let orders = r#"{ customer(id: "01M2FNQYS97KB6CQ643DZVMXXQ") { name orders(first: 2) { edges { node { id customer { name } } } } }
        gone: product(sku: "none") { name } }"#;
    ask(&world, orders, None).await;
    ask(&world, r#"mutation { deleteOrder(id: "O001") { id } }"#, None).await;
    log.flush();
    let names = ["http.response.status_code", "tenant.id", "outcome", "error.type", "capacity.read_units"];
    insta::assert_snapshot!(collector.trees(&names).join("\n"));
    let resource = collector.resource();
    assert_eq!(resource["service.name"], "innkeeper");
    let spans = collector.spans();
    assert_eq!(named(&spans, "STS.AssumeRole").attributes["session.name"], "ik-acme");
    // What was asked for many fields together says for which.
    let of_loader = |span: &&Span| span.attributes.get("rpc.method").is_some_and(|it| it.contains("GetItem"));
    let fields: Vec<_> =
        spans.iter().filter(of_loader).map(|span| &span.attributes["operation.name"]).collect();
    assert_eq!(fields, ["Query.customer", "Query.product", "Order.customer"]);
    assert!(spans.iter().all(|span| span.name != "POST /graphql" || span.attributes["request.id"] == "r1"));
}

#[tokio::test]
async fn the_callers_trace_goes_on_in_the_gateway_and_in_its_calls() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let rule = move |call: &Call| {
        seen.lock().unwrap().push((call.operation.clone(), call.trace.clone()));
        Fault::Pass
    };
    let world = World::builder().faults(rule).start().await;
    let collector = Collector::start();
    let log = Log::traced(&collector.config());
    ask(&world, PRODUCT, Some(PARENT)).await;
    log.flush();
    let spans = collector.spans();
    // The issuer's keys are everybody's: a trace of its own, of which the issuer hears.
    let (keys, spans): (Vec<_>, Vec<_>) = spans.into_iter().partition(|span| span.name == "key set");
    let keys = named(&keys, "key set");
    assert!(keys.parent.is_empty() && keys.trace != TRACE && keys.state.is_empty(), "{keys:?}");
    assert_eq!(keys.links, [TRACE]);
    assert!(spans.iter().all(|span| span.trace == TRACE && span.state == "vendor=opaque"), "{spans:#?}");
    assert_eq!(named(&spans, "POST /graphql").parent, "00f067aa0ba902b7");
    let sent = sent.lock().unwrap();
    for (operation, span) in [("STS", "STS.AssumeRole"), ("GetItem", "DynamoDB.GetItem")] {
        let expected = [format!("00-{TRACE}-{}-01", named(&spans, span).id), "vendor=opaque".to_owned()];
        assert!(sent.contains(&(operation.to_owned(), expected)), "{operation}: {sent:?}");
    }
    // Lines say to which trace they belong.
    let granted = log.audit("lease.granted");
    assert_eq!(granted[0]["trace.id"], TRACE);
    assert_eq!(granted[0]["request.id"], "r1");
}

#[tokio::test]
async fn what_is_not_asked_for_is_not_sent() {
    let world = World::start().await;
    let collector = Collector::start();
    {
        let log = Log::traced(&Config { trace_ratio: 0.0, ..collector.config() });
        ask(&world, PRODUCT, None).await;
        // The caller does not keep its own trace either.
        ask(&world, PRODUCT, Some(&PARENT.replace("-01", "-00"))).await;
        log.flush();
        assert!(collector.spans().is_empty());
        // Whoever keeps a trace gets our part of it, whatever the ratio is for those that begin here.
        ask(&world, PRODUCT, Some(PARENT)).await;
        log.flush();
        assert_eq!(named(&collector.spans(), "POST /graphql").trace, TRACE);
    }
    let log = Log::served();
    world.post(Some("nonsense"), &json!({ "query": PRODUCT })).await;
    assert_eq!(log.audit("token.refused").len(), 1);
    assert!(log.lines().iter().all(|line| !line.contains("trace.id")));
}

#[tokio::test]
async fn a_traceparent_that_is_none_begins_a_trace() {
    let world = World::start().await;
    let collector = Collector::start();
    let log = Log::traced(&collector.config());
    let broken = [
        "nonsense",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    ];
    for parent in broken {
        ask(&world, PRODUCT, Some(parent)).await;
    }
    log.flush();
    let spans = collector.spans();
    let requests: Vec<_> = spans.iter().filter(|span| span.name == "POST /graphql").collect();
    assert_eq!(requests.len(), broken.len());
    assert!(requests.iter().all(|span| span.parent.is_empty() && span.trace != TRACE), "{requests:#?}");
}

#[tokio::test]
async fn a_renewal_is_a_trace_of_its_own_linked_to_the_request_that_found_it_due() {
    let world = World::start().await;
    ask(&world, PRODUCT, None).await;
    let collector = Collector::start();
    let log = Log::traced(&collector.config());
    world.advance(Duration::from_mins(51));
    ask(&world, PRODUCT, Some(PARENT)).await;
    for _ in 0..20 {
        ask(&world, PRODUCT, None).await;
    }
    log.flush();
    let spans = collector.spans();
    let renewal = named(&spans, "lease renewal");
    assert!(renewal.parent.is_empty() && renewal.trace != TRACE, "{renewal:?}");
    assert_eq!(renewal.links, [TRACE]);
    assert_eq!(named(&spans, "STS.AssumeRole").parent, renewal.id);
}

#[tokio::test]
async fn what_fails_is_marked_by_its_code() {
    let denied = json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no" });
    let rule = calls().of("GetItem").meet(move || Fault::Answer(400, denied.clone()));
    let world = World::builder().faults(rule).start().await;
    let collector = Collector::start();
    let log = Log::traced(&collector.config());
    ask(&world, PRODUCT, None).await;
    world.post(Some("nonsense"), &json!({ "query": PRODUCT })).await;
    log.flush();
    let spans = collector.spans();
    let call = named(&spans, "DynamoDB.GetItem");
    assert!(call.is_error && call.attributes["error.type"] == "denied", "{call:?}");
    assert_eq!(named(&spans, "Query.product").attributes["error.type"], "FORBIDDEN");
    let requests: Vec<_> = spans.iter().filter(|span| span.name == "POST /graphql").collect();
    let codes: Vec<_> = requests.iter().map(|span| span.attributes["error.type"].as_str()).collect();
    assert_eq!(codes, ["FORBIDDEN", "UNAUTHENTICATED"]);
    // A stranger's token is no fault of the gateway's.
    assert!(!requests[1].is_error && !requests[1].attributes.contains_key("tenant.id"));
}

#[tokio::test]
async fn a_collector_that_is_down_harms_nothing() {
    let world = World::start().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config { otlp_endpoint: Some(format!("http://{nobody}").into()), ..Config::default() };
    let log = Log::traced(&config);
    for _ in 0..20 {
        assert!(ask(&world, PRODUCT, None).await.contains("Ethiopia Yirgacheffe"));
    }
    log.flush();
    assert!(ask(&world, PRODUCT, None).await.contains("Ethiopia Yirgacheffe"));
}
