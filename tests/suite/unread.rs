//! Answers that are given with the body unread: either the connection can take the next request, or the answer says that
//! it is closed. A client whose pool keeps a connection that is gone loses its next request on it.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::World;

const PRODUCT: &str = "{ product(sku: \"COF-001\") { name } }";
const LIMIT: usize = 64 * 1024;

async fn start() -> World {
    let world = World::builder().configure(|config| config.server.max_body = LIMIT).start().await;
    world.tenant("acme").query(PRODUCT).await.ok();
    world
}

/// A connection that is kept.
struct Kept {
    stream: TcpStream,
    token: String,
}

impl Kept {
    async fn to(world: &World) -> Self {
        let stream = TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap();
        Self { stream, token: world.token("acme") }
    }

    /// Sends a head with these fields, and some of a body; gives the head of the answer.
    async fn send(&mut self, path: &str, fields: &str, body: &[u8]) -> String {
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{fields}\r\n");
        self.stream.write_all(head.as_bytes()).await.unwrap();
        // The gateway may have answered and closed before it is all sent.
        let _refused = self.stream.write_all(body).await;
        self.head().await
    }

    /// A request as it should be, of which this is the body's length.
    fn fields(&self, length: usize) -> String {
        format!(
            "authorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n",
            self.token
        )
    }

    /// The head of the next answer; its body is read, too.
    async fn head(&mut self) -> String {
        let mut read = Vec::new();
        let end = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            assert!(self.stream.read_buf(&mut read).await.unwrap() > 0, "{}", String::from_utf8_lossy(&read));
        };
        let head = String::from_utf8(read[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        while read.len() < end + 4 + length.parse::<usize>().unwrap() {
            assert!(self.stream.read_buf(&mut read).await.unwrap() > 0, "{head}");
        }
        head
    }

    /// Whether it takes another request.
    async fn goes_on(&mut self) -> bool {
        let body = json!({ "query": PRODUCT }).to_string();
        let fields = self.fields(body.len());
        self.send("/graphql", &fields, body.as_bytes()).await.starts_with("HTTP/1.1 200 ")
    }

    /// Whether the gateway has ended it.
    async fn has_ended(mut self) -> bool {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), self.stream.read_to_end(&mut rest)).await;
        read.is_ok() && rest.is_empty()
    }
}

/// What is refused by its head alone: a name, path, fields, and status.
fn refused(token: &str) -> Vec<(&'static str, &'static str, String, &'static str)> {
    let bearer = format!("authorization: Bearer {token}\r\n");
    let json = "content-type: application/json\r\n";
    vec![
        ("no token", "/graphql", json.to_owned(), "401"),
        ("a bad token", "/graphql", format!("authorization: Bearer nonsense\r\n{json}"), "401"),
        ("another media type", "/graphql", format!("{bearer}content-type: text/plain\r\n"), "415"),
        ("nothing acceptable", "/graphql", format!("{bearer}{json}accept: text/html\r\n"), "406"),
        ("another path", "/nothing", format!("{bearer}{json}"), "404"),
    ]
}

#[tokio::test]
async fn a_short_body_that_nobody_reads_is_thrown_away_and_the_connection_goes_on() {
    let world = start().await;
    for (name, path, fields, status) in refused(&world.token("acme")) {
        let mut kept = Kept::to(&world).await;
        let fields = format!("{fields}content-length: 1000\r\n");
        let head = kept.send(path, &fields, &[b'x'; 1000]).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {head}");
        assert!(!head.contains("connection: close"), "{name}: {head}");
        assert!(kept.goes_on().await, "{name}");
        // In pieces, too.
        let chunked = fields.replace("content-length: 1000", "transfer-encoding: chunked");
        let head = kept.send(path, &chunked, b"3\r\nabc\r\n0\r\n\r\n").await;
        assert!(!head.contains("connection: close"), "{name}: {head}");
        assert!(kept.goes_on().await, "{name}");
    }
}

#[tokio::test]
async fn after_any_other_unread_body_the_answer_says_that_the_connection_is_closed() {
    let world = start().await;
    for (name, path, fields, status) in refused(&world.token("acme")) {
        // Too long to be thrown away; not there; asked for only if it is wanted.
        for (length, sent, more) in
            [(60_000, 60_000, ""), (1000, 10, ""), (1000, 0, "expect: 100-continue\r\n")]
        {
            let mut kept = Kept::to(&world).await;
            let fields = format!("{fields}content-length: {length}\r\n{more}");
            let head = kept.send(path, &fields, &vec![b'x'; sent]).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {head}");
            assert!(head.contains("\r\nconnection: close"), "{name}, {sent} of {length}: {head}");
            assert!(sent == length || kept.has_ended().await, "{name}, {sent} of {length}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_ends_the_connection_and_the_answer_says_so() {
    let world = start().await;
    let mut kept = Kept::to(&world).await;
    let fields = kept.fields(LIMIT + 1);
    let head = kept.send("/graphql", &fields, b"").await;
    assert!(head.starts_with("HTTP/1.1 413 ") && head.contains("\r\nconnection: close"), "{head}");
    assert!(kept.has_ended().await);
    // Nobody has said how long it will be.
    let mut kept = Kept::to(&world).await;
    let fields = kept.fields(0).replace("content-length: 0", "transfer-encoding: chunked");
    let body = format!("{:x}\r\n{}", 2 * LIMIT, "x".repeat(LIMIT + 1));
    let head = kept.send("/graphql", &fields, body.as_bytes()).await;
    assert!(head.starts_with("HTTP/1.1 413 ") && head.contains("\r\nconnection: close"), "{head}");
}

#[tokio::test]
async fn a_client_with_a_pool_goes_on_after_refusals() {
    let world = start().await;
    let http = reqwest::Client::builder().pool_max_idle_per_host(1).no_proxy().build().unwrap();
    let post = |body: String| {
        let request = http.post(format!("{}/graphql", world.url)).bearer_auth(world.token("acme"));
        request.header("content-type", "application/json").body(body)
    };
    let asked = json!({ "query": PRODUCT }).to_string();
    for length in [LIMIT + 1, 4 * LIMIT, 1 << 20, LIMIT + 1] {
        // The answer may be lost where the client is still sending: that is its own error, and not the next request's.
        if let Ok(answer) = post(format!("{asked}{}", " ".repeat(length))).send().await {
            assert_eq!(answer.status(), 413);
            let _read = answer.bytes().await;
        }
        for _ in 0..3 {
            assert_eq!(post(asked.clone()).send().await.unwrap().status(), 200, "{length}");
        }
        let stranger = post(asked.clone()).header("authorization", "Bearer nonsense").send().await.unwrap();
        assert_eq!(stranger.status(), 401);
        drop(stranger);
    }
}
