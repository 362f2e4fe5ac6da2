//! What becomes of an HTTP/1.1 connection after an answer that was made without the body: it goes on, or the answer says
//! that it ends. A client that keeps its connections must never lose a request to one that ends without a word.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::World;

const QUERY: &str = r#"{"query": "{ product(sku: \"COF-001\") { name } }"}"#;

/// The longest body that these gateways read.
const LONGEST: usize = 30_000;

async fn world() -> World {
    World::builder().configure(|config| config.server.max_body = LONGEST).start().await
}

/// The head of a request that says what its body is, and the status of its answer.
struct Case {
    head: String,
    status: u16,
}

/// One request for each answer that is made before the body is read.
fn refused(token: &str) -> Vec<Case> {
    let case = |method: &str, headers: &str, status| Case {
        head: format!("{method} /graphql HTTP/1.1\r\nhost: a\r\n{headers}"),
        status,
    };
    let known = format!("authorization: Bearer {token}\r\n");
    let json = "content-type: application/json\r\n";
    vec![
        case("POST", json, 401),
        case("POST", &format!("{json}authorization: Bearer x\r\n"), 401),
        case("POST", &known, 415),
        case("PUT", &format!("{known}{json}"), 405),
        case("POST", &format!("{known}{json}accept: text/html\r\n"), 406),
        // The query is in the URL, and there is none.
        case("GET", &known, 400),
        Case { head: "POST /elsewhere HTTP/1.1\r\nhost: a\r\n".to_owned(), status: 404 },
    ]
}

/// A client that reads one answer after the other from one connection.
struct Connection(TcpStream);

/// An answer's status, and whether it says that the connection ends.
type Answer = (u16, bool);

impl Connection {
    async fn to(world: &World) -> Self {
        Self(TcpStream::connect(world.url.strip_prefix("http://").unwrap()).await.unwrap())
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    async fn answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length = header("content-length:").map_or(0, |length| length.parse().unwrap());
        self.0.read_exact(&mut vec![0; length]).await.unwrap();
        (head[9..12].parse().unwrap(), header("connection:") == Some("close"))
    }

    /// Asserts that the server has ended it.
    async fn ended(mut self) {
        let mut rest = Vec::new();
        // What the client had still sent makes a reset of the end.
        let read = tokio::time::timeout(Duration::from_secs(20), self.0.read_to_end(&mut rest)).await;
        drop(read.expect("the server ends the connection"));
        assert_eq!(rest, b"");
    }
}

/// A request that is answered, as bytes.
fn good(token: &str) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{QUERY}",
        QUERY.len()
    )
}

#[tokio::test]
async fn a_connection_goes_on_after_a_refusal_whose_short_body_came_with_it() {
    let world = world().await;
    let token = world.token("acme");
    let good = good(&token);
    let mut connection = Connection::to(&world).await;
    for case in refused(&token) {
        for length in [0, 1, 2_000, 12_000] {
            let body = "x".repeat(length);
            connection.send(format!("{}content-length: {length}\r\n\r\n{body}", case.head)).await;
            assert_eq!(connection.answer().await, (case.status, false), "{} with {length}", case.head);
            connection.send(&good).await;
            assert_eq!(connection.answer().await, (200, false));
        }
        connection.send(format!("{}transfer-encoding: chunked\r\n\r\n2\r\nxx\r\n0\r\n\r\n", case.head)).await;
        assert_eq!(connection.answer().await, (case.status, false), "{} in chunks", case.head);
    }
    connection.send(&good).await;
    assert_eq!(connection.answer().await, (200, false));
}

#[tokio::test]
async fn an_answer_before_a_body_that_does_not_end_soon_says_that_the_connection_ends() {
    let world = world().await;
    let token = world.token("acme");
    for case in refused(&token) {
        let bodies = [
            // It is short and does not come; it is long; it has no end; its client waits to be asked for.
            "content-length: 10\r\n\r\nx".to_owned(),
            format!("content-length: 20000\r\n\r\n{}", "x".repeat(20_000)),
            "transfer-encoding: chunked\r\n\r\n2\r\nxx\r\n".to_owned(),
            "expect: 100-continue\r\ncontent-length: 10\r\n\r\n".to_owned(),
        ];
        for body in bodies {
            let mut connection = Connection::to(&world).await;
            connection.send(format!("{}{body}", case.head)).await;
            let says = format!("{}{body:.60}", case.head);
            assert_eq!(connection.answer().await, (case.status, true), "{says}");
            connection.ended().await;
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_ends_the_connection_and_the_answer_says_so() {
    let world = world().await;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n",
        world.token("acme")
    );
    let too_long = "x".repeat(LONGEST + 1);
    for body in [
        format!("content-length: {}\r\n\r\n{too_long}", too_long.len()),
        format!("content-length: {}\r\n\r\n", too_long.len()),
        format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{too_long}\r\n", too_long.len()),
    ] {
        let mut connection = Connection::to(&world).await;
        connection.send(format!("{head}{body}")).await;
        assert_eq!(connection.answer().await, (413, true));
        connection.ended().await;
    }
    // One that is as long as it may be is read, and its connection goes on.
    let mut connection = Connection::to(&world).await;
    for _ in 0..2 {
        let body = format!("{QUERY:LONGEST$}");
        connection.send(format!("{head}content-length: {LONGEST}\r\n\r\n{body}")).await;
        assert_eq!(connection.answer().await, (200, false));
    }
}

#[tokio::test]
async fn a_client_that_keeps_its_connections_loses_no_request_after_one_that_was_too_long() {
    let world = world().await;
    let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
    let ask = async |body: String| {
        let request = Request::post(format!("{}/graphql", world.url))
            .header("authorization", format!("Bearer {}", world.token("acme")))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let answer = client.request(request).await.unwrap();
        let status = answer.status();
        answer.into_body().collect().await.unwrap();
        status
    };
    for _ in 0..20 {
        assert_eq!(ask("x".repeat(LONGEST + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(ask(QUERY.to_owned()).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn on_http2_nothing_is_said_of_the_connection() {
    let world = world().await;
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    for length in [1, LONGEST + 1] {
        let request = Request::post(format!("{}/graphql", world.url))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from("x".repeat(length))))
            .unwrap();
        let answer = client.request(request).await.unwrap();
        let expected = if length == 1 { StatusCode::UNAUTHORIZED } else { StatusCode::PAYLOAD_TOO_LARGE };
        assert_eq!((answer.status(), answer.headers().get("connection")), (expected, None));
    }
}
