//! P11 with the real binary: a restart under load, in which no request that is under way fails.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{PRODUCT, edit, prepared, start};
use crate::harness::dev::free_address;
use crate::harness::fault::{Call, Fault};
use crate::harness::{Collector, Span, World};

/// How many clients ask, one request after the other.
const CLIENTS: usize = 16;

/// What became of the requests of one client.
#[derive(Debug, Default)]
struct Seen {
    answered: usize,
    /// Nobody was there: nothing was sent.
    unreachable: usize,
    failed: Vec<String>,
}

/// Asks until it is told to stop. Each request has a connection of its own, as behind a load balancer that lets go of a
/// server that is not ready.
async fn client(url: &str, token: &str, over: watch::Receiver<bool>) -> Seen {
    let mut seen = Seen::default();
    while !*over.borrow() {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let request = http.post(url).bearer_auth(token).json(&json!({ "query": PRODUCT }));
        match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let body: Value = answer.json().await.unwrap_or_default();
                if status == 200 && body["data"]["product"]["name"].is_string() {
                    seen.answered += 1;
                } else {
                    seen.failed.push(format!("{status}: {body}"));
                }
            }
            Err(error) if error.is_connect() => {
                seen.unreachable += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => seen.failed.push(format!("{error:?}")),
        }
    }
    seen
}

#[tokio::test]
async fn the_spans_of_what_was_asked_just_before_sigterm_arrive() {
    let slow = |call: &Call| {
        if call.operation == "GetItem" { Fault::Delay(Duration::from_millis(500)) } else { Fault::Pass }
    };
    let world = World::builder().real_time().faults(slow).start().await;
    let collector = Collector::start();
    let folder = prepared(&world);
    let endpoint = collector.endpoint();
    edit(&folder, "innkeeper.toml", |text| {
        format!("{text}\n[telemetry]\notlp-endpoint = \"{endpoint}\"\ntrace-ratio = 1.0\n")
    });
    let (listen, admin) = (free_address(), free_address());
    let mut running = start(&world, &folder, (&listen, &admin), &world.faults().endpoint());
    running.wait_for("\"serving\"");
    let (token, other) = (world.token("acme"), world.token("acme2"));
    let ask = async |token: &str, id: &str| {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let request = http.post(format!("http://{listen}/graphql")).bearer_auth(token);
        let request = request.header("x-request-id", id).json(&json!({ "query": PRODUCT }));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(&token, "before").await, 200);
    // One was answered a moment ago, and one is under way.
    let stopped = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        tokio::task::spawn_blocking(move || running.terminate()).await.unwrap()
    };
    let (status, (code, lines)) = futures_util::join!(ask(&other, "meanwhile"), stopped);
    assert_eq!((status, code), (200, Some(0)), "{lines:#?}");
    let spans = collector.spans();
    for id in ["before", "meanwhile"] {
        let of_request = |span: &&Span| span.attributes.get("request.id").is_some_and(|it| it == id);
        let trace = &spans.iter().find(of_request).unwrap_or_else(|| panic!("{id}: {spans:#?}")).trace;
        let names: Vec<_> = spans.iter().filter(|it| it.trace == *trace).map(|it| it.name.as_str()).collect();
        for name in ["POST /graphql", "authorize", "STS.AssumeRole", "Query.product", "DynamoDB.GetItem"] {
            assert!(names.contains(&name), "{id} has no {name}: {names:?}");
        }
    }
}

#[tokio::test]
async fn p11_no_request_under_way_fails_in_a_restart() {
    let slow = |call: &Call| {
        if call.operation == "GetItem" { Fault::Delay(Duration::from_millis(200)) } else { Fault::Pass }
    };
    let world = World::builder().real_time().faults(slow).start().await;
    let folder = prepared(&world);
    let (listen, admin) = (free_address(), free_address());
    let (url, aws) = (format!("http://{listen}/graphql"), world.faults().endpoint());
    let mut first = start(&world, &folder, (&listen, &admin), &aws);
    first.wait_for("\"serving\"");
    let (stop, over) = watch::channel(false);
    let tokens: Vec<_> = ["acme", "acme2", "acme-2", "globex"].map(|tenant| world.token(tenant)).into();
    let clients =
        (0..CLIENTS).map(|at| client(&url, &tokens[at % tokens.len()], over.clone())).collect::<Vec<_>>();
    let restarts = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let ended = tokio::task::spawn_blocking(move || first.terminate()).await.unwrap();
        assert_eq!(ended.0, Some(0));
        let mut second = start(&world, &folder, (&listen, &admin), &aws);
        let second = tokio::task::spawn_blocking(move || {
            second.wait_for("\"serving\"");
            second
        });
        let second = second.await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        stop.send_replace(true);
        second
    };
    let (seen, _second) = futures_util::join!(join_all(clients), restarts);
    let failed: Vec<_> = seen.iter().flat_map(|seen| &seen.failed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    // Everybody was served before and after, and saw that there was nobody in between.
    for client in &seen {
        assert!(client.answered >= 4 && client.unreachable >= 1, "{client:?}");
    }
}
