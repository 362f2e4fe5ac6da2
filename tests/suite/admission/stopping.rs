//! P11: a server that is told to stop finishes what is under way and takes nothing more.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use crate::harness::World;
use crate::harness::fault::Fault;

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;

#[tokio::test]
async fn p11_what_is_under_way_is_answered_and_nobody_else_comes() {
    let delay = |call: &crate::harness::fault::Call| {
        if call.operation == "GetItem" { Fault::Delay(Duration::from_millis(700)) } else { Fault::Pass }
    };
    let world = World::builder().faults(delay).start().await;
    let acme = world.tenant("acme");
    let stopped = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.stop();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let again = reqwest::Client::new().post(format!("{}/graphql", world.url)).send().await;
        assert!(again.is_err_and(|error| error.is_connect()));
    };
    let (reply, ()) = futures_util::join!(acme.query(PRODUCT), stopped);
    assert_eq!(reply.status, 200, "{}", reply.text);
    for _ in 0..100 {
        if world.has_ended() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server does not end");
}

/// They have connected and sent, and the server has not looked yet: it is told to stop in the same moment.
#[tokio::test]
async fn p11_who_is_in_the_kernels_queue_is_answered() {
    let world = World::start().await;
    world.tenant("acme").query(PRODUCT).await.ok();
    let address = world.url.strip_prefix("http://").unwrap();
    let body = serde_json::json!({ "query": PRODUCT }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n\
         content-length: {}\r\n\r\n{body}",
        world.token("acme"),
        body.len()
    );
    // Nothing here awaits, so the server does not run in between.
    let streams: Vec<_> = (0..16)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    world.stop();
    for stream in streams {
        let answer = tokio::task::spawn_blocking(move || {
            let (mut stream, mut answer) = (stream, String::new());
            stream.read_to_string(&mut answer).map(|_| answer)
        });
        let answer = answer.await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("Ethiopia"), "{answer}");
    }
}

#[tokio::test]
async fn p11_what_does_not_end_is_left_when_the_time_to_drain_is_over() {
    let hang = |call: &crate::harness::fault::Call| {
        if call.operation == "GetItem" { Fault::Hang } else { Fault::Pass }
    };
    let configure = |config: &mut innkeeper::config::Config| config.server.drain = Duration::from_millis(300);
    let world = World::builder().faults(hang).configure(configure).start().await;
    let acme = world.tenant("acme");
    let stopped = async {
        world.faults().hang(1).await;
        world.stop();
        for _ in 0..100 {
            if world.has_ended() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not end");
    };
    let hanging = async { drop(tokio::time::timeout(Duration::from_secs(30), acme.query(PRODUCT)).await) };
    futures_util::future::select(Box::pin(stopped), Box::pin(hanging)).await;
    assert!(world.has_ended());
}
