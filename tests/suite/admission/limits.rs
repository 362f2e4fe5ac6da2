//! P8 and P9: what is more than the gateway can take is turned away at once, and a tenant's flood is its own.

use std::time::Duration;

use futures_util::future::join_all;

use innkeeper::clock::Stopwatch;

use crate::harness::fault::{Call, Fault};
use crate::harness::{Reply, World};

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;

/// How long DynamoDB takes here.
const SLOW: Duration = Duration::from_millis(150);

fn slow(call: &Call) -> Fault {
    if call.operation == "STS" { Fault::Pass } else { Fault::Delay(SLOW) }
}

/// The example's settings with another admission.
pub(super) fn admitting(text: &str, admission: &str, max_requests: usize) -> String {
    let (before, after) = text.split_once("# How much a tenant may").unwrap();
    let dev = after.find("[dev]").unwrap();
    let toml = format!("\n[admission]\nmax-requests = {max_requests}\n{admission}");
    format!("{before}{}{toml}\n[admission.tiers.premium]\nconcurrency = 3\n", &after[dev..])
}

async fn world(admission: &str, max_requests: usize) -> World {
    let edit = |text: String| admitting(&text, admission, max_requests);
    World::builder().edit("innkeeper.toml", edit).faults(slow).start().await
}

fn retry_after(reply: &Reply) -> Option<u64> {
    reply.headers.get("retry-after").map(|it| it.to_str().unwrap().parse().unwrap())
}

fn by_status(replies: &[Reply], status: u16) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status == status).collect()
}

#[tokio::test]
async fn p08_what_is_too_much_is_turned_away_at_once_and_the_rest_is_served_as_ever() {
    let world = world("[admission.tiers.standard]\nconcurrency = 7\n", 8).await;
    let tenants = ["acme", "acme2", "acme-2"].map(|tenant| world.tenant(tenant));
    for tenant in &tenants {
        tenant.query(PRODUCT).await.ok();
    }
    world.calls();
    // As many as fit, alone.
    let alone = Stopwatch::begin();
    let replies = join_all((0..8).map(|at| tenants[at % 3].query(PRODUCT))).await;
    let alone = alone.elapsed();
    assert_eq!(by_status(&replies, 200).len(), 8);
    world.calls();
    // Five times as many, in waves: each wave has as many places as the first had.
    let (mut served, mut shed) = (0, 0);
    for _ in 0..4 {
        let health = async {
            let mut paths = Vec::new();
            for path in ["livez", "readyz", "metrics"] {
                paths.push(world.send(world.http.get(format!("{}/{path}", world.admin))).await.status);
            }
            paths
        };
        let began = Stopwatch::begin();
        let flood = join_all((0..40).map(async |at| {
            let reply = tenants[at % 3].query(PRODUCT).await;
            (reply, began.elapsed())
        }));
        let (replies, health) = futures_util::join!(flood, health);
        let took = began.elapsed();
        assert_eq!(health, [200, 200, 200]);
        for (reply, after) in &replies {
            match reply.status.as_u16() {
                200 => served += 1,
                503 => {
                    shed += 1;
                    assert_eq!((reply.code().as_str(), retry_after(reply)), ("UNAVAILABLE", Some(1)));
                    assert!(*after < took, "it is turned away before the others are done");
                }
                _ => panic!("{}", reply.text),
            }
        }
        assert!(took < alone * 4 + Duration::from_secs(1), "{took:?} for a wave, and {alone:?} alone");
    }
    assert!(served >= 32, "{served} of 160 were served, {shed} turned away");
    // Nothing was asked for those that were turned away.
    let calls = world.calls().len();
    assert_eq!(calls, served);
    let metrics = world.send(world.http.get(format!("{}/metrics", world.admin))).await.text;
    let counted = format!("innkeeper_requests_shed_total{{reason=\"busy\"}} {shed}\n");
    assert!(metrics.contains(&counted), "{counted}{metrics}");
}

#[tokio::test]
async fn p09_a_tenant_over_its_limit_takes_nothing_from_another() {
    let world = world("[admission.tiers.standard]\nconcurrency = 3\n", 64).await;
    let (loud, quiet) = (world.tenant("acme"), world.tenant("acme2"));
    for tenant in [&loud, &quiet] {
        tenant.query(PRODUCT).await.ok();
    }
    world.calls();
    let flood = join_all((0..60).map(|_| loud.query(PRODUCT)));
    let others = async {
        let mut replies = Vec::new();
        for _ in 0..5 {
            replies.push(quiet.query(PRODUCT).await);
        }
        replies
    };
    let (flood, others) = futures_util::join!(flood, others);
    assert_eq!(by_status(&others, 200).len(), 5);
    let refused = by_status(&flood, 429);
    assert!(refused.len() >= 30 && refused.len() + by_status(&flood, 200).len() == 60, "{}", refused.len());
    for reply in refused {
        assert_eq!((reply.code().as_str(), retry_after(reply)), ("THROTTLED", Some(1)));
    }
    assert_eq!(world.calls().len(), 65 - by_status(&flood, 429).len());
    let metrics = world.send(world.http.get(format!("{}/metrics", world.admin))).await.text;
    assert!(metrics.contains("innkeeper_requests_throttled_total{tenant=\"acme\"}"), "{metrics}");
    assert!(!metrics.contains("innkeeper_requests_throttled_total{tenant=\"acme2\"}"), "{metrics}");
    // Its places are free again.
    assert_eq!(loud.query(PRODUCT).await.status, 200);
}

#[tokio::test]
async fn a_rate_lets_a_burst_through_and_says_when_to_come_again() {
    let world = world("[admission.tiers.standard]\nconcurrency = 20\nrate = 1\nburst = 4\n", 64).await;
    let acme = world.tenant("acme");
    let began = Stopwatch::begin();
    let replies = join_all((0..12).map(|_| acme.query(PRODUCT))).await;
    let (served, refused) = (by_status(&replies, 200).len(), by_status(&replies, 429));
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!((4..=5 + seconds).contains(&served), "{served}");
    assert!(refused.iter().all(|reply| retry_after(reply) == Some(1)), "{:?}", retry_after(refused[0]));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(acme.query(PRODUCT).await.status, 200);
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place() {
    let world = world("[admission.tiers.standard]\nconcurrency = 1\n", 64).await;
    let acme = world.tenant("acme");
    acme.query(PRODUCT).await.ok();
    world.faults().set(|_| Fault::Hang);
    assert!(tokio::time::timeout(Duration::from_millis(200), acme.query(PRODUCT)).await.is_err());
    world.faults().given_up(1).await;
    world.faults().set(|_| Fault::Pass);
    let mut status = acme.query(PRODUCT).await.status;
    for _ in 0..50 {
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        status = acme.query(PRODUCT).await.status;
    }
    assert_eq!(status, 200);
}
