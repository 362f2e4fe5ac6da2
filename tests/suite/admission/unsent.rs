//! P9 and P10: an answer that its client does not take holds its places as long as it lies there, and does not lie there for
//! ever; nor does a connection that nobody uses.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use h2::client::SendRequest;
use http::{Request, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use super::limits::admitting;
use crate::harness::{Tenant, World};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Page @item(table: "main", pk: "TENANT#${tenant}#PAGE#${id}", sk: "PAGE") { id: ID! title: String }
type Query { page(id: ID!): Page @get }
type Mutation { makePage(id: ID!, title: String): Page! @put }
"#;

const SMALL: &str = "{ page(id: \"p\") { id } }";

/// How long an answer may lie here.
const UNREAD: Duration = Duration::from_millis(1_500);
/// How long something may take that should not take long, on a busy machine.
const SOON: Duration = Duration::from_secs(20);
/// The places of a tenant.
const PLACES: usize = 3;

async fn world(header_timeout: Duration) -> World {
    let places = format!("[admission.tiers.standard]\nconcurrency = {PLACES}\n");
    let world = World::builder()
        .file("schema.graphql", SCHEMA)
        .edit("innkeeper.toml", |text| admitting(&text, &places, 8))
        .configure(move |config| {
            config.server.unread = UNREAD;
            config.server.header_timeout = header_timeout;
        })
        .derived()
        .unseeded()
        .start()
        .await;
    let make = "mutation ($title: String) { makePage(id: \"p\", title: $title) { id } }";
    world.tenant("acme").with(make, json!({ "title": "t".repeat(200_000) })).await.ok();
    world
}

/// A query whose answer is so many times 200 kB.
fn large(times: usize) -> String {
    let titles: Vec<_> = (0..times).map(|at| format!("t{at}: title")).collect();
    format!("{{ page(id: \"p\") {{ {} }} }}", titles.join(" "))
}

/// A client over HTTP/2 that lets so many bytes of each answer come. It answers every PING, until the connection ends.
#[expect(clippy::disallowed_methods, reason = "a connection runs beside those who use it")]
async fn connect(world: &World, window: u32) -> (SendRequest<Bytes>, JoinHandle<()>) {
    let stream = TcpStream::connect(world.url.strip_prefix("http://").unwrap()).await.unwrap();
    let (client, connection) =
        h2::client::Builder::new().initial_window_size(window).handshake(stream).await.unwrap();
    // However it ends.
    (client, tokio::spawn(async { drop(connection.await) }))
}

/// The answer to a query, of which no more than the head is waited for.
async fn ask(
    world: &World,
    client: &SendRequest<Bytes>,
    query: &str,
) -> Result<http::Response<h2::RecvStream>, h2::Error> {
    let request = Request::post(format!("{}/graphql", world.url))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", world.token("acme")))
        .body(())
        .unwrap();
    let (answer, mut body) = client.clone().ready().await?.send_request(request, false)?;
    body.send_data(json!({ "query": query }).to_string().into(), true)?;
    answer.await
}

async fn is_served(acme: &Tenant<'_>) -> bool {
    acme.query(SMALL).await.status == 200
}

async fn ends(connection: JoinHandle<()>) {
    tokio::time::timeout(SOON, connection).await.expect("the server ends the connection").unwrap();
}

#[tokio::test]
async fn p09_an_answer_over_http2_that_nobody_takes_holds_its_places_and_ends_with_its_connection() {
    // Without a window nothing of an answer leaves; with a byte it leaves the gateway's hands, and lies in those of h2.
    for (window, query) in [(0, SMALL.to_owned()), (1, SMALL.to_owned()), (0, large(3)), (1, large(3))] {
        let world = world(SOON).await;
        let acme = world.tenant("acme");
        let (client, connection) = connect(&world, window).await;
        let answers = join_all((0..PLACES).map(|_| ask(&world, &client, &query))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| answer.status() == StatusCode::OK));
        assert_eq!(acme.query(SMALL).await.status, 429, "window {window}");
        ends(connection).await;
        drop(answers);
        let freed = async {
            while !is_served(&acme).await {
                tokio::time::sleep(UNREAD / 20).await;
            }
        };
        tokio::time::timeout(SOON, freed).await.expect("the places are free again");
    }
}

#[tokio::test]
async fn p09_places_are_free_when_answers_over_http2_are_taken_or_given_up() {
    let world = world(SOON).await;
    let acme = world.tenant("acme");
    for (window, is_taken) in [(65_535, true), (0, false)] {
        let (client, _connection) = connect(&world, window).await;
        let answers = join_all((0..PLACES).map(|_| ask(&world, &client, SMALL))).await;
        assert!(is_taken || !is_served(&acme).await);
        // Dropped, the stream is reset.
        drop(answers);
        let freed = async {
            while !is_served(&acme).await {
                tokio::time::sleep(UNREAD / 50).await;
            }
        };
        tokio::time::timeout(UNREAD / 2, freed).await.expect("the places are free again");
    }
}

#[tokio::test]
async fn an_answer_that_moves_slowly_arrives_whole() {
    let world = world(SOON).await;
    let (client, _connection) = connect(&world, 65_535).await;
    let mut body = ask(&world, &client, &large(6)).await.unwrap().into_body();
    let mut length = 0;
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        length += data.len();
        tokio::time::sleep(UNREAD / 15 * u32::try_from(data.len()).unwrap() / 16_384).await;
        body.flow_control().release_capacity(data.len()).unwrap();
    }
    let whole = world.tenant("acme").query(&large(6)).await;
    assert_eq!((whole.status.as_u16(), length), (200, whole.text.len()));
}

#[tokio::test]
async fn p10_an_answer_over_http1_that_is_read_in_drops_holds_its_place_and_ends_with_its_connection() {
    let world = world(SOON).await;
    let acme = world.tenant("acme");
    let body = json!({ "query": large(45) }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        world.token("acme"),
        body.len()
    );
    let begun = (0..PLACES).map(async |_| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        let address = world.url.strip_prefix("http://").unwrap();
        let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut begin = [0; 15];
        stream.read_exact(&mut begin).await.unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200 OK");
        stream
    });
    let streams = join_all(begun).await;
    assert!(!is_served(&acme).await);
    let read_in_drops = streams.into_iter().map(async |mut stream| {
        let (mut drop, mut read) = ([0; 4_096], 0);
        while let Ok(length @ 1..) = stream.read(&mut drop).await {
            read += length;
            tokio::time::sleep(UNREAD / 10).await;
        }
        read
    });
    // What the kernel holds is none of the gateway's. It hears that the connection is over when it reads on.
    let read = async {
        while !is_served(&acme).await {
            tokio::time::sleep(UNREAD / 20).await;
        }
    };
    let freed = async {
        tokio::select! { _ = join_all(read_in_drops) => {}, () = read => {} }
    };
    tokio::time::timeout(SOON, freed).await.expect("the server ends the connections");
    assert!(is_served(&acme).await);
}

#[tokio::test]
async fn an_idle_connection_over_http2_ends_though_it_answers_and_one_in_use_does_not() {
    let header_timeout = Duration::from_millis(600);
    let world = world(header_timeout).await;
    let (client, connection) = connect(&world, 65_535).await;
    for _ in 0..4 {
        assert_eq!(ask(&world, &client, SMALL).await.unwrap().status(), StatusCode::OK);
        tokio::time::sleep(header_timeout / 3).await;
    }
    ends(connection).await;
    // Also one that never asks.
    let (_client, connection) = connect(&world, 65_535).await;
    ends(connection).await;
}
