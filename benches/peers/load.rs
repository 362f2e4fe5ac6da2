//! The load: a bounded number of connections, each with one request under way, for a bounded time.
//!
//! Requests are written before anything is measured. Each answer is compared, byte by byte, with the first: a peer
//! that answers fast because it answers something else fails the run. Loopback only.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::wire::head;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The requests of a series: one for each tenant, with the answer that all must have.
#[derive(Clone)]
pub(crate) struct Requests {
    pub(crate) address: SocketAddr,
    pub(crate) texts: Rc<Vec<Vec<u8>>>,
}

/// What a window of load has seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window {
    pub(crate) elapsed: Duration,
    /// How long each answer took, in the order of length.
    pub(crate) latencies: Vec<Duration>,
}

impl Window {
    pub(crate) fn count(&self) -> usize {
        self.latencies.len()
    }

    /// The latency that a share of the answers did not exceed.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in the list"
        )]
        let at = ((self.count() - 1) as f64 * share).round() as usize;
        self.latencies[at]
    }
}

/// A connection to a peer.
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, read: Vec::with_capacity(64 * 1024) }
    }

    /// Asks, and gives the body of the answer, which must be a success.
    async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.unwrap();
        self.read.clear();
        let whole = loop {
            let more = self.stream.read_buf(&mut self.read).await.unwrap();
            assert_ne!(more, 0, "the peer closed: {}", String::from_utf8_lossy(&self.read));
            if let Some(whole) = head(&self.read).filter(|it| self.read.len() >= it.total()) {
                break whole;
            }
        };
        let shown = || String::from_utf8_lossy(&self.read);
        assert!(self.read.starts_with(b"HTTP/1.1 200 "), "the peer answered {}", shown());
        assert_eq!(self.read.len(), whole.total(), "more than an answer came: {}", shown());
        &self.read[whole.body..]
    }
}

/// Asks each request once, `connections` at a time, and gives the answer, which is the same for all.
pub(crate) async fn once(requests: &Requests, connections: usize) -> Vec<u8> {
    let tasks: Vec<_> = (0..connections.min(requests.texts.len()))
        .map(|first| {
            let requests = requests.clone();
            tokio::task::spawn_local(async move {
                let mut connection = Connection::open(requests.address).await;
                let mut expected: Option<Vec<u8>> = None;
                for request in requests.texts.iter().skip(first).step_by(connections) {
                    let asking = tokio::time::timeout(PATIENCE, connection.ask(request));
                    let answer = asking.await.expect("an answer comes in time");
                    let expected = expected.get_or_insert_with(|| answer.to_vec());
                    assert!(expected == answer, "answers differ: {}", String::from_utf8_lossy(answer));
                }
                expected.unwrap()
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the tenants' answers differ");
    answers.remove(0)
}

/// Asks a request so many times, over one connection, one after the other.
pub(crate) async fn repeat(requests: &Requests, times: usize) {
    let mut connection = Connection::open(requests.address).await;
    for _ in 0..times {
        let answer = tokio::time::timeout(PATIENCE, connection.ask(&requests.texts[0])).await;
        assert!(!answer.expect("an answer comes in time").is_empty(), "the answer is empty");
    }
}

/// Loads a peer for a time.
pub(crate) async fn window(
    requests: &Requests,
    expected: &Rc<Vec<u8>>,
    connections: usize,
    time: Duration,
) -> Window {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(requests.address).await);
    }
    let start = Instant::now();
    let tasks: Vec<_> = open
        .into_iter()
        .enumerate()
        .map(|(first, mut connection)| {
            let (requests, expected) = (requests.clone(), Rc::clone(expected));
            let mut texts = first * requests.texts.len() / connections;
            tokio::task::spawn_local(async move {
                let mut latencies = Vec::with_capacity(16 * 1024);
                loop {
                    let asked = Instant::now();
                    if asked - start > time {
                        break latencies;
                    }
                    let answer = connection.ask(&requests.texts[texts]).await;
                    latencies.push(asked.elapsed());
                    assert!(
                        answer == expected.as_slice(),
                        "answers differ: {}",
                        String::from_utf8_lossy(answer)
                    );
                    texts = (texts + 1) % requests.texts.len();
                }
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        let done = tokio::time::timeout(time + PATIENCE, task).await;
        latencies.append(&mut done.expect("the peer answers in time").unwrap());
    }
    let elapsed = start.elapsed();
    latencies.sort_unstable();
    Window { elapsed, latencies }
}
