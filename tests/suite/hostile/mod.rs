//! Hostile documents, sent to the gateway as a process of its own whose memory is capped: each is refused or answered for
//! little work, and whoever asks something else beside them is answered as ever.
//!
//! Work is measured as the time that the process was on a processor: how busy the machine is makes no difference to it. A
//! release build has [`BOUND`] for a document; a debug build, some ten times as slow, has ten times as much.

mod bodies;
mod documents;

use std::time::{Duration, Instant};

use futures_util::future::join;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::dev::{application, free_address};
use crate::harness::process::{Running, innkeeper_within};
use crate::harness::{Reply, World, serving};

/// What a document may take of a processor.
const BOUND: Duration = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 50 });
/// What the process may have of memory, as addresses, in KiB. Most of it is never touched: stacks, and what the allocator
/// keeps for each thread.
const CAP: u64 = 1536 * 1024;
/// How much more memory than before the first hostile document it may ever hold, in KiB: what one takes, and what is kept of
/// those that are none the worse for being odd.
const GROWTH: u64 = 160 * 1024;
/// How long a refusal may be, in bytes.
const LENGTH: usize = 64 * 1024;
/// How long a canary may wait at most. A debug build on a busy machine is slow.
const CANARY: Duration = Duration::from_secs(3);

const PRODUCT: &str = "{ product(sku: \"COF-001\") { name } }";

/// What is sent, and what has to come back.
struct Case {
    name: &'static str,
    sent: Sent,
    expected: Expected,
}

enum Sent {
    /// A document and its variables.
    Document(String, Value),
    /// A body, with its content type.
    Body(&'static str, Vec<u8>),
    /// A query string.
    Query(String),
}

enum Expected {
    /// Refused by a limit of that name.
    Limit(&'static str),
    /// Refused, and with what status.
    Refused(u16),
    /// Answered, whatever its fields say; and with how many calls of DynamoDB at most.
    Answered(usize),
}

/// A gateway as a process, before an AWS that is not in it.
struct Served {
    world: World,
    running: Running,
    url: String,
    /// Each request has a connection of its own: one on which a body was not read to its end is closed.
    http: reqwest::Client,
    _folder: TempDir,
}

impl Served {
    async fn start() -> Self {
        let world = World::builder().real_time().start().await;
        let folder = application();
        serving::trust(&world, folder.path(), "");
        let path = folder.path().join("innkeeper.toml");
        let toml = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("introspection = true\n{toml}")).unwrap();
        let (listen, admin) = (free_address(), free_address());
        let arguments = ["serve", "--listen", &listen, "--admin", &admin];
        let mut command = innkeeper_within(CAP, folder.path(), &arguments);
        let mut running = Running::start(serving::before(&mut command, &world, &world.aws.endpoint()));
        running.wait_for("serving");
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().unwrap();
        let served = Self { world, running, url: format!("http://{listen}/graphql"), http, _folder: folder };
        assert!(served.proc("limits").contains(&(CAP * 1024).to_string()), "{}", served.proc("limits"));
        for _ in 0..5 {
            served.canary("acme").await;
        }
        served.world.calls();
        served
    }

    async fn send(&self, tenant: &str, sent: &Sent) -> Result<Reply, reqwest::Error> {
        let http = &self.http;
        let request = match sent {
            Sent::Document(query, variables) => {
                http.post(&self.url).json(&json!({ "query": query, "variables": variables }))
            }
            Sent::Body(content_type, body) => {
                http.post(&self.url).header("content-type", *content_type).body(body.clone())
            }
            Sent::Query(query) => http.get(format!("{}?{query}", self.url)),
        };
        let request = request.header("accept", "application/graphql-response+json");
        let answer = request.bearer_auth(self.world.token(tenant)).send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Reply { status, headers, text: answer.text().await? })
    }

    /// A request as it should be. Gives how long it took.
    #[expect(clippy::disallowed_methods, reason = "this is about real time")]
    async fn canary(&self, tenant: &str) -> Duration {
        let began = Instant::now();
        let data = self.send(tenant, &Sent::Document(PRODUCT.to_owned(), json!({}))).await.unwrap().ok();
        assert_eq!(data["product"]["name"], "Ethiopia Yirgacheffe, 250 g");
        began.elapsed()
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.running.id())).unwrap()
    }

    /// How long the process was on a processor so far. The kernel counts in hundredths of a second.
    fn worked(&self) -> Duration {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// The most memory that it ever held, in KiB.
    fn peak(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }

    /// What is wrong with the answer to a case, if something is.
    fn judge(&self, case: &Case, reply: &Reply) -> Option<String> {
        let status = reply.status.as_u16();
        let shown = || format!("{status} {}", reply.text.chars().take(300).collect::<String>());
        let calls = self.world.calls().len();
        let (is_so, most_calls) = match case.expected {
            Expected::Limit(limit) => {
                (status == 400 && reply.json()["errors"][0]["extensions"]["limit"]["name"] == limit, 0)
            }
            Expected::Refused(expected) => (status == expected && reply.json().get("data").is_none(), 0),
            Expected::Answered(calls) => (status == 200 && reply.json().get("data").is_some(), calls),
        };
        if !is_so {
            return Some(shown());
        }
        if reply.text.len() > LENGTH {
            return Some(format!("{} bytes of answer", reply.text.len()));
        }
        (calls > most_calls).then(|| format!("{calls} calls, and {most_calls} expected at most"))
    }
}

fn corpus() -> Vec<Case> {
    let corpus: Vec<_> = [documents::corpus(), bodies::corpus()].into_iter().flatten().collect();
    assert!(corpus.len() >= 60, "the corpus has shrunk to {}", corpus.len());
    corpus
}

fn can_measure() -> bool {
    std::path::Path::new("/proc/self/stat").exists()
}

#[tokio::test]
async fn every_hostile_document_is_refused_or_answered_for_little_work() {
    if !can_measure() {
        return crate::harness::skip("PROC", "there is no /proc");
    }
    let served = Served::start().await;
    let before = served.peak();
    let (mut wrong, mut figures) = (Vec::new(), Vec::new());
    for case in corpus() {
        let worked = served.worked();
        let reply =
            served.send("acme", &case.sent).await.unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
        let took = served.worked().saturating_sub(worked);
        figures.push((took, case.name));
        if let Some(problem) = served.judge(&case, &reply) {
            wrong.push(format!("{}: {problem}", case.name));
        }
        if took > BOUND {
            wrong.push(format!("{}: {took:?} of a processor, and may take {BOUND:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
    served.canary("acme").await;
    let grown = served.peak() - before;
    figures.sort_unstable();
    let most = figures.split_off(figures.len().saturating_sub(5));
    assert!(
        grown < GROWTH,
        "{before} KiB before and {grown} more, and may be {GROWTH} more; the most work: {most:?}"
    );
}

#[tokio::test]
async fn a_canary_sings_beside_hostile_documents() {
    if !can_measure() {
        return crate::harness::skip("PROC", "there is no /proc");
    }
    let served = Served::start().await;
    served.canary("globex").await;
    let (mut quiet, mut loud) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        quiet.push(served.canary("globex").await);
    }
    let corpus = corpus();
    let done = std::sync::atomic::AtomicBool::new(false);
    let flood = async {
        // Four at a time, so that there is always one on each processor.
        let streams = (0..4).map(async |at| {
            for case in corpus.iter().skip(at).step_by(4) {
                let reply = served.send("acme", &case.sent).await;
                // Of a body that is too long the connection may end before all of it is sent.
                let may_fail = matches!(case.expected, Expected::Refused(413));
                assert!(reply.is_ok() || may_fail, "{}: {reply:?}", case.name);
            }
        });
        futures_util::future::join_all(streams).await;
        done.store(true, std::sync::atomic::Ordering::Release);
    };
    let canary = async {
        while !done.load(std::sync::atomic::Ordering::Acquire) {
            loud.push(served.canary("globex").await);
        }
    };
    join(flood, canary).await;
    quiet.sort_unstable();
    loud.sort_unstable();
    let (usual, median, slowest) = (quiet[quiet.len() / 2], loud[loud.len() / 2], loud[loud.len() - 1]);
    assert!(loud.len() >= 5, "{} canaries were answered", loud.len());
    // Each stream has one document under way, and a canary waits for a few of them at most.
    assert!(
        median < usual * 10 + BOUND && slowest < CANARY,
        "{usual:?} alone; {median:?} beside, {slowest:?} at most"
    );
}
