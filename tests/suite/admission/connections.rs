//! A connection that says nothing, or says it slowly, ends; and there are only so many.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::World;

/// How long a client may take for a head, in these tests.
const HEAD: Duration = Duration::from_millis(300);

/// How long something may take that should not take long, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

async fn world(connections: usize) -> World {
    let configure = move |config: &mut innkeeper::config::Config| {
        config.server.max_connections = connections;
        config.server.header_timeout = HEAD;
    };
    World::builder().configure(configure).start().await
}

async fn connect(address: &str) -> TcpStream {
    TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Waits until the server ends the connection; the bytes that it sent before.
async fn ended(stream: &mut TcpStream) -> Vec<u8> {
    let mut sent = Vec::new();
    // A reset is an end too.
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut sent)).await;
    drop(read.expect("the server ends the connection"));
    sent
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_head_is_gone_in_time() {
    let world = world(100).await;
    for address in [&world.url, &world.admin] {
        for said in
            ["", "GET /graphql HT", "POST /graphql HTTP/1.1\r\nhost: a\r\nx: ", "PRI * HTTP/2.0\r\n\r\nSM"]
        {
            let mut stream = connect(address).await;
            stream.write_all(said.as_bytes()).await.unwrap();
            let sent = String::from_utf8(ended(&mut stream).await).unwrap();
            assert!(sent.is_empty() || sent.starts_with("HTTP/1.1 4"), "{said:?} is answered with {sent}");
        }
    }
}

#[tokio::test]
async fn a_head_that_comes_in_drops_does_not_begin_the_time_anew() {
    let world = world(100).await;
    let mut stream = connect(&world.url).await;
    stream.write_all(b"GET /graphql HTTP/1.1\r\n").await.unwrap();
    let dripped = async {
        loop {
            tokio::time::sleep(HEAD / 6).await;
            if stream.write_all(b"x-drop: 1\r\n").await.is_err() {
                break;
            }
        }
    };
    tokio::time::timeout(SOON, dripped).await.expect("the connection ends while its head goes on");
}

#[tokio::test]
async fn an_idle_connection_ends_and_one_in_use_does_not() {
    let world = world(100).await;
    let mut stream = connect(&world.admin).await;
    for _ in 0..3 {
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        // Past the end of the answer: its body is `ok` and a new line.
        let mut rest = Vec::new();
        while !rest.ends_with(b"ok\n") {
            rest.push(stream.read_u8().await.unwrap());
        }
        tokio::time::sleep(HEAD / 3).await;
    }
    assert_eq!(ended(&mut stream).await, b"");
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_their_turn() {
    let world = world(2).await;
    let (one, other) = (connect(&world.url).await, connect(&world.url).await);
    // It is taken when the time of one of the two is over, and not before.
    let began = innkeeper::clock::Stopwatch::begin();
    let mut third = connect(&world.url).await;
    let head = "GET /graphql HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    third.write_all(head.as_bytes()).await.unwrap();
    let answer = String::from_utf8(ended(&mut third).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(began.elapsed() >= HEAD / 2, "{:?}", began.elapsed());
    // Health has a count of its own.
    let _held = (connect(&world.url).await, connect(&world.url).await, connect(&world.url).await);
    let alive = world.send(world.http.get(format!("{}/livez", world.admin))).await;
    assert_eq!(alive.status, 200);
    drop((one, other));
}
