//! P8 and P9 under load: a gateway of its own process before an AWS that takes its time, so that capacity is known.
//!
//! In the suite each phase takes seconds. `just load` gives each a minute, with a release build, and prints the figures
//! that `docs/operations.md` has.

use std::time::Duration;

use futures_util::future::join_all;
use innkeeper::clock::Stopwatch;

use crate::harness::fault::{Call, Fault, Faults};
use crate::harness::process::{Running, innkeeper_within};
use crate::harness::{World, dev, serving};

/// How long DynamoDB takes.
const SLOW: Duration = Duration::from_millis(100);
/// How many requests the gateway takes at one time.
const PLACES: usize = 8;
/// How many a tenant of the tier `standard` may have under way.
const OWN: usize = 3;
/// How long a client that was turned away waits: a twentieth of what it is told, so that the flood does not ebb.
const IMPATIENT: Duration = Duration::from_millis(50);
/// What part of what is served alone is served beside a flood, at least. A debug build is slow enough for the flood to take a
/// processor from it.
const LEAST_SERVED: f64 = if cfg!(debug_assertions) { 0.5 } else { 0.9 };
/// The address space of the gateway, in KiB.
const MOST_MEMORY: u64 = 4 * 1024 * 1024;

const PRODUCT: &str = r#"{"query": "{ product(sku: \"COF-001\") { name } }"}"#;

fn slow(call: &Call) -> Fault {
    if call.operation == "STS" { Fault::Pass } else { Fault::Delay(SLOW) }
}

/// How long a phase takes.
#[expect(clippy::disallowed_methods, reason = "who runs it says how long")]
fn length() -> Duration {
    let seconds = std::env::var("INNKEEPER_LOAD_SECONDS").ok();
    seconds.map_or(Duration::from_secs(3), |text| Duration::from_secs(text.parse().unwrap()))
}

struct Loaded {
    world: World,
    gateway: Running,
    _faults: Faults,
    url: String,
    admin: String,
}

/// A gateway with so many places, in which a tenant has some of its own.
async fn loaded(own: usize) -> Loaded {
    let tiers = |text: String| {
        let (before, after) = text.split_once("# How much a tenant may").unwrap();
        let dev = after.find("[dev]").unwrap();
        format!(
            "{before}{}\n[admission]\nmax-requests = {PLACES}\n[admission.tiers.standard]\nconcurrency = {own}\n\
             [admission.tiers.premium]\nconcurrency = {own}\n",
            &after[dev..]
        )
    };
    let world = World::builder().real_time().edit("innkeeper.toml", tiers).start().await;
    let faults = Faults::start(world.aws.endpoint(), slow).await;
    serving::trust(&world, world.folder(), "");
    let (listen, admin) = (dev::free_address(), dev::free_address());
    let arguments = ["serve", "--listen", &listen, "--admin", &admin];
    let mut command = innkeeper_within(MOST_MEMORY, world.folder(), &arguments);
    command.env("RUST_LOG", "error");
    let gateway = Running::start(serving::before(&mut command, &world, &faults.endpoint()));
    serving::until_ready(&world, &admin).await;
    let url = format!("http://{listen}/graphql");
    Loaded { world, gateway, _faults: faults, url, admin: format!("http://{admin}") }
}

/// What became of the requests of a phase.
#[derive(Default)]
struct Outcome {
    served: Vec<Duration>,
    /// Those turned away, by 503 or 429.
    refused: Vec<Duration>,
    took: Duration,
}

impl Outcome {
    fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.served.len()).unwrap()) / self.took.as_secs_f64()
    }

    fn told(&self) -> String {
        let times = |times: &[Duration]| match times {
            [] => "none".to_owned(),
            times => format!(
                "{} (p50 {:.0} ms, p99 {:.0} ms)",
                times.len(),
                at(times, 50).as_secs_f64() * 1e3,
                at(times, 99).as_secs_f64() * 1e3
            ),
        };
        format!(
            "{:.1} a second; served {}, turned away {}",
            self.rate(),
            times(&self.served),
            times(&self.refused)
        )
    }
}

fn at(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

impl Loaded {
    /// So many clients of some tenants, who ask one after the other; whoever is turned away comes again soon.
    async fn flood(&self, tenants: &[&str], clients: usize, length: Duration) -> Outcome {
        let watch = Stopwatch::begin();
        let ask = async |client: usize| {
            let mut outcome = Outcome::default();
            let token = self.world.token(tenants[client % tenants.len()]);
            while watch.elapsed() < length {
                let asked = Stopwatch::begin();
                let request = self.world.http.post(&self.url).bearer_auth(&token);
                let request = request.header("content-type", "application/json").body(PRODUCT);
                let reply = self.world.send(request).await;
                match reply.status.as_u16() {
                    200 => {
                        reply.ok();
                        outcome.served.push(asked.elapsed());
                    }
                    status => {
                        assert!(matches!(status, 429 | 503), "{}", reply.text);
                        assert_eq!(reply.headers["retry-after"], "1");
                        outcome.refused.push(asked.elapsed());
                        tokio::time::sleep(IMPATIENT).await;
                    }
                }
            }
            outcome
        };
        let mut all = Outcome::default();
        for outcome in join_all((0..clients).map(ask)).await {
            all.served.extend(outcome.served);
            all.refused.extend(outcome.refused);
        }
        all.took = watch.elapsed();
        all
    }

    /// Health, readiness and metrics answer as long as this.
    async fn watched(&self, length: Duration) -> usize {
        let (watch, mut looks) = (Stopwatch::begin(), 0);
        while watch.elapsed() < length {
            for path in ["livez", "readyz", "metrics"] {
                let reply = self.world.send(self.world.http.get(format!("{}/{path}", self.admin))).await;
                assert_eq!(reply.status, 200, "{path}");
                looks += 1;
            }
            tokio::time::sleep(SLOW).await;
        }
        looks
    }

    async fn metrics(&self) -> String {
        self.world.send(self.world.http.get(format!("{}/metrics", self.admin))).await.text
    }

    fn end(self) {
        let (code, log) = self.gateway.terminate();
        assert_eq!(code, Some(0), "{}", log.join("\n"));
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p08_at_five_times_its_capacity_the_gateway_serves_what_it_serves_at_its_capacity() {
    let (loaded, length) = (loaded(PLACES - 1).await, length());
    let tenants = ["acme", "acme2", "acme-2"];
    loaded.flood(&tenants, 3, Duration::from_millis(500)).await;
    let full = loaded.flood(&tenants, PLACES, length).await;
    let (over, looks) =
        futures_util::join!(loaded.flood(&tenants, 5 * PLACES, length), loaded.watched(length));
    println!("P8, {PLACES} places, {SLOW:?} a call");
    println!("  {PLACES} clients: {}", full.told());
    println!("  {} clients: {}", 5 * PLACES, over.told());
    println!("  health, readiness and metrics answered {looks} times");
    assert!(full.refused.is_empty(), "{}", full.told());
    assert!(over.rate() >= LEAST_SERVED * full.rate(), "{} and then {}", full.told(), over.told());
    assert!(over.refused.len() > over.served.len() / 2, "{}", over.told());
    assert!(at(&over.refused, 50) < SLOW, "who is turned away waits for nobody: {}", over.told());
    loaded.end();
}

#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_a_loud_tenant_costs_a_quiet_one_nothing() {
    let (loaded, length) = (loaded(OWN).await, length());
    for tenant in ["acme", "acme2"] {
        loaded.flood(&[tenant], 1, Duration::from_millis(500)).await;
    }
    let alone = loaded.flood(&["acme2"], 2, length).await;
    let (loud, beside) =
        futures_util::join!(loaded.flood(&["acme"], 5 * OWN, length), loaded.flood(&["acme2"], 2, length));
    println!("P9, {OWN} places for each tenant, {SLOW:?} a call");
    println!("  the quiet one, 2 clients, alone: {}", alone.told());
    println!("  beside the loud one: {}", beside.told());
    println!("  the loud one, {} clients: {}", 5 * OWN, loud.told());
    assert!(alone.refused.is_empty() && beside.refused.is_empty(), "{}", beside.told());
    assert!(!loud.refused.is_empty(), "{}", loud.told());
    assert!(beside.rate() >= LEAST_SERVED * alone.rate(), "{} and then {}", alone.told(), beside.told());
    let metrics = loaded.metrics().await;
    assert!(metrics.contains("innkeeper_requests_throttled_total{tenant=\"acme\"}"), "{metrics}");
    assert!(!metrics.contains("innkeeper_requests_throttled_total{tenant=\"acme2\"}"), "{metrics}");
    assert!(!metrics.contains("innkeeper_requests_shed_total{"), "{metrics}");
    loaded.end();
}
