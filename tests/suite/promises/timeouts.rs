//! P13: every remote call has a timeout for its connection, for each attempt and for all of them together.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use innkeeper::clock::Stopwatch;
use jsonwebtoken::Algorithm;

use super::PRODUCT;
use crate::harness::World;
use crate::harness::fault::{Fault, calls};
use crate::harness::issuers::{Issuer, SigningKey};

/// The timeout that a test is about; the others are far longer.
const SHORT: Duration = Duration::from_millis(150);
/// How late an answer may be on a busy machine.
const LATE: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn p13_an_attempt_that_hangs_is_given_up_and_a_read_is_sent_again() {
    let world = World::builder()
        .configure(|config| config.credentials.attempt_timeout = SHORT)
        .faults(|_| Fault::Pass)
        .start()
        .await;
    let (acme, faults) = (world.tenant("acme"), world.faults());
    acme.query(PRODUCT).await.ok();
    faults.take();
    faults.set(calls().of("GetItem").first(1).meet(|| Fault::Hang));
    acme.query(PRODUCT).await.ok();
    assert_eq!(faults.count("GetItem"), 2);
    // STS too: it is asked twice for a tenant that has nothing yet.
    faults.set(calls().of("STS").first(1).meet(|| Fault::Hang));
    world.tenant("acme2").query(PRODUCT).await.ok();
    assert_eq!(faults.count("STS"), 2);
    let began = Stopwatch::begin();
    faults.set(calls().meet(|| Fault::Hang));
    for (tenant, operation, attempts) in [("acme", "GetItem", 3), ("acme-2", "STS", 2)] {
        assert_eq!(world.tenant(tenant).query(PRODUCT).await.code(), "UNAVAILABLE");
        assert_eq!(faults.count(operation), attempts, "{operation}");
    }
    assert!(began.elapsed() < 5 * SHORT + LATE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn p13_a_call_with_all_its_attempts_is_given_up() {
    let world = World::builder()
        .configure(|config| config.credentials.call_timeout = SHORT)
        .faults(|_| Fault::Pass)
        .start()
        .await;
    world.tenant("acme").query(PRODUCT).await.ok();
    let faults = world.faults();
    faults.take();
    faults.set(calls().meet(|| Fault::Hang));
    let began = Stopwatch::begin();
    for (tenant, operation) in [("acme", "GetItem"), ("acme2", "STS")] {
        assert_eq!(world.tenant(tenant).query(PRODUCT).await.code(), "UNAVAILABLE");
        assert_eq!(faults.count(operation), 1, "{operation}");
    }
    assert!(began.elapsed() < 2 * SHORT + LATE, "{:?}", began.elapsed());
}

/// An address where connections are neither taken nor refused: its queue is full.
struct Clogged {
    address: SocketAddr,
    _socket: socket2::Socket,
    _queued: Vec<TcpStream>,
}

impl Clogged {
    fn new() -> Self {
        use socket2::{Domain, Socket, Type};
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut queued = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            queued.push(stream);
            assert!(queued.len() < 100, "the queue has an end");
        }
        Self { address, _socket: socket, _queued: queued }
    }
}

#[tokio::test]
async fn p13_a_connection_that_nobody_takes_is_given_up() {
    let nowhere = Clogged::new();
    let world = World::builder()
        .configure(|config| config.credentials.connect_timeout = SHORT)
        .aws(format!("http://{}", nowhere.address))
        .start()
        .await;
    let began = Stopwatch::begin();
    assert_eq!(world.tenant("acme").query(PRODUCT).await.code(), "UNAVAILABLE");
    assert!(began.elapsed() < 2 * SHORT + LATE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn p13_a_key_set_that_hangs_is_given_up() {
    let key = SigningKey::p256("a");
    let issuer = Issuer::start("https://issuer.example", &[&key]).await;
    let trusted = issuer.config(&[Algorithm::ES256]);
    let world = World::builder()
        .configure(|config| {
            config.authorizer.issuers = vec![trusted];
            config.authorizer.fetch_timeout = SHORT;
        })
        .start()
        .await;
    issuer.key_set.hold();
    let token = issuer.draft(world.clock.unix_seconds()).by(&key, "ES256");
    let began = Stopwatch::begin();
    let reply = world.post(Some(&token), &serde_json::json!({ "query": PRODUCT })).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "UNAVAILABLE"));
    assert!(began.elapsed() < SHORT + LATE, "{:?}", began.elapsed());
    assert_eq!(issuer.key_set.fetches(), 1);
}
