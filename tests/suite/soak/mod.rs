//! The soak: a gateway of its own process under 200 tenants, random faults between it and AWS, leases that end every few
//! seconds, and tenants that are changed and evicted meanwhile.
//!
//! What must hold is looked at while it runs and at its end: no call of a tenant names another's key; what was
//! acknowledged is there, once; every error is of a kind that the faults explain; and memory is bounded. In the suite it
//! runs for some seconds. `just soak` runs it for ten minutes and prints the figures that `docs/operations.md` has.

mod book;
mod clients;
mod memory;
mod weather;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use innkeeper::clock::Stopwatch;

use self::book::Book;
use self::clients::Client;
use self::memory::Memory;
use self::weather::Weather;
use crate::harness::fault::Faults;
use crate::harness::process::{Running, innkeeper, innkeeper_within, run};
use crate::harness::{World, dev, serving};

/// How long it runs in the suite.
const SHORT: Duration = Duration::from_secs(12);

/// How many tenants there are, half of them in either mode of a shared role.
const TENANTS: usize = 200;

/// How many clients ask at one time.
const CLIENTS: usize = 16;

/// The address space of the gateway, in KiB: what it may never need.
const MOST_MEMORY: u64 = 4 * 1024 * 1024;

/// The resident memory that it may have, in bytes.
const MOST_RESIDENT: u64 = 400 * 1024 * 1024;

/// How much memory may grow in a minute, in bytes, over the last five minutes of a run that has them.
const MOST_GROWTH: f64 = 1024.0 * 1024.0;

fn name(at: usize) -> String {
    format!("t{at}")
}

/// The registry; `tier` is what a change of it changes.
fn registry(tier: &str) -> String {
    let mut text = "[defaults]\nregion = \"eu-central-1\"\n".to_owned();
    for at in 0..TENANTS {
        let (mode, role) = if at % 2 == 0 {
            ("session-policy\"\npolicy = \"shop", "innkeeper-pool")
        } else {
            ("session-tags", "innkeeper-tags")
        };
        let role = format!("arn:aws:iam::111122223333:role/innkeeper/{role}");
        text.push_str(&format!("[tenants.{}]\nmode = \"{mode}\"\nrole = \"{role}\"\n", name(at)));
        text.push_str(&format!("tier = \"{tier}\"\n"));
    }
    text
}

/// The gateway, with its AWS behind the faults, and a bound on its memory.
fn serve(folder: &Path, world: &World, faults: &Faults, (listen, admin): (&str, &str)) -> Running {
    serving::trust(world, folder, "\n[admin]\nsocket = \"admin.sock\"\n");
    let arguments = ["serve", "--listen", listen, "--admin", admin];
    let mut command = innkeeper_within(MOST_MEMORY, folder, &arguments);
    command.env("RUST_LOG", "error");
    Running::start(serving::before(&mut command, world, &faults.endpoint()))
}

/// How long it runs.
#[expect(clippy::disallowed_methods, reason = "who runs it says how long")]
fn length() -> Duration {
    let seconds = std::env::var("INNKEEPER_SOAK_SECONDS").ok();
    seconds.map_or(SHORT, |text| Duration::from_secs(text.parse().unwrap()))
}

#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p10_nothing_is_lost_nothing_is_done_twice_and_no_tenant_meets_another() {
    let length = length();
    let world =
        World::builder().real_time().file("tenants.toml", registry("standard")).unseeded().start().await;
    let weather = Arc::new(Weather::new());
    let faults = Faults::start(world.aws.endpoint(), weather.rule()).await;
    let (listen, admin) = (dev::free_address(), dev::free_address());
    let gateway = serve(world.folder(), &world, &faults, (&listen, &admin));
    serving::until_ready(&world, &admin).await;
    let tokens: HashMap<_, _> = (0..TENANTS).map(|at| (name(at), world.token(&name(at)))).collect();
    let (book, mut memory) = (Book::default(), Memory::of(gateway.id()));
    let (watch, url) = (Stopwatch::begin(), format!("http://{listen}/graphql"));
    let mut calls = 0;
    let mut changes = 0;
    let clients = (0..CLIENTS).map(|at| Client::new(at, &world, url.clone(), (&book, &tokens)));
    let running = join_all(clients.map(async |mut client| {
        while watch.elapsed() < length {
            client.act().await;
        }
    }));
    let watched = async {
        while watch.elapsed() < length {
            tokio::time::sleep(Duration::from_secs(1)).await;
            memory.look(watch.elapsed());
            // Whose keys they name is looked at here.
            calls += world.calls().len();
            weather.turn(watch.elapsed());
            if watch.elapsed().as_secs() % 4 == 0 {
                changes += 1;
                let tier = if changes % 2 == 0 { "standard" } else { "premium" };
                std::fs::write(world.folder().join("tenants.toml"), registry(tier)).unwrap();
                // One of the busiest loses its leases and tokens at once.
                let busy = name(changes % 10);
                let evicted = run(&mut innkeeper(world.folder(), &["admin", "evict", &busy]));
                assert_eq!(evicted.code, Some(0), "{}", evicted.stderr);
            }
        }
    };
    futures_util::join!(running, watched);
    // Fair weather: whatever is still unknown is looked up.
    weather.end();
    faults.heal();
    let audit = Client::new(CLIENTS, &world, url.clone(), (&book, &tokens));
    audit.settle().await;
    calls += world.calls().len();
    let metrics = world.send(world.http.get(format!("http://{admin}/metrics"))).await;
    assert_eq!(metrics.status, 200);
    let injected = faults.injected();
    let figures = book.figures(&injected, (calls, changes), (watch.elapsed(), &memory));
    println!("{figures}");
    book.assert_sound();
    assert!(book.requests() > 100, "{figures}");
    assert!(injected.len() >= 8, "{figures}");
    assert!(memory.most() < MOST_RESIDENT, "{figures}");
    if let Some(growth) = memory.growth_of_last(Duration::from_mins(5)) {
        assert!(growth.a_minute <= MOST_GROWTH, "{growth:?}\n{figures}");
    }
    let (code, log) = gateway.terminate();
    assert_eq!(code, Some(0), "{}", log.join("\n"));
}
