//! P2 to P5: what STS costs, and what its outages cost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use innkeeper::clock::Stopwatch;

use super::PRODUCT;
use crate::harness::World;
use crate::harness::fault::{Call, Fault, Seen, calls};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const TENANTS: [&str; 6] = ["acme", "acme2", "acme-2", "acme_2", "globex", "globex2"];

fn of_sts<'s>(seen: &'s [Seen], tenant: &str) -> Vec<&'s Seen> {
    seen.iter().filter(|call| call.operation == "STS" && call.tenant.as_deref() == Some(tenant)).collect()
}

/// Lets what runs beside the requests come to its end.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(25)).await;
}

#[tokio::test]
async fn p02_while_sts_is_down_warm_tenants_notice_nothing_until_their_credentials_end() {
    let world = World::builder().faults(|_| Fault::Pass).start().await;
    let faults = world.faults();
    world.tenant("acme").query(PRODUCT).await.ok();
    faults.take();
    faults.set(calls().of("STS").meet(|| Fault::Fail(503)));
    // Fifty-nine minutes: the last ten to fifteen of them it would have been renewed.
    for minute in 1..60 {
        world.advance(MINUTE);
        world.tenant("acme").query(PRODUCT).await.ok();
        if minute % 10 == 0 {
            let reply = world.tenant("acme2").query(PRODUCT).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "UNAVAILABLE"));
            assert!(reply.headers.contains_key("retry-after"));
        }
    }
    settle().await;
    let seen = faults.take();
    // At most one renewal a minute here, of two attempts each; and two attempts for each cold request.
    let (warm, cold) = (of_sts(&seen, "acme").len(), of_sts(&seen, "acme2").len());
    assert!((2..=32).contains(&warm) && cold <= 10, "{warm} calls for acme, {cold} for acme2");
    world.advance(MINUTE);
    assert_eq!(world.tenant("acme").query(PRODUCT).await.code(), "UNAVAILABLE");
    faults.heal();
    world.advance(2 * SECOND);
    for tenant in ["acme", "acme2"] {
        world.tenant(tenant).query(PRODUCT).await.ok();
    }
}

#[tokio::test]
async fn p02_cold_tenants_that_wait_for_sts_take_no_place_from_warm_ones() {
    let world = World::builder()
        .configure(|config| {
            config.credentials.max_cold_leases = 2;
            config.server.deadline = SECOND;
        })
        .faults(|_| Fault::Pass)
        .start()
        .await;
    let faults = world.faults();
    world.tenant("acme").query(PRODUCT).await.ok();
    faults.take();
    faults.set(calls().of("STS").meet(|| Fault::Hang));
    let cold: Vec<_> = ["acme2", "acme-2"].into_iter().flat_map(|tenant| [tenant; 4]).collect();
    let waiting = join_all(cold.iter().map(|tenant| {
        let tenant = world.tenant(tenant);
        async move { tenant.query(PRODUCT).await }
    }));
    let beside = async {
        faults.hang(2).await;
        // The third tenant is turned away at once, and not remembered for it; the warm one is served.
        for tenant in ["acme_2", "globex", "acme_2"] {
            let began = Stopwatch::begin();
            let reply = world.tenant(tenant).query(PRODUCT).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "UNAVAILABLE"));
            assert_eq!(reply.headers["retry-after"], "1");
            assert!(began.elapsed() < SECOND / 2, "{:?}", began.elapsed());
        }
        for _ in 0..20 {
            world.tenant("acme").query(PRODUCT).await.ok();
        }
        // Four wait for each lease, the first and three behind it; of eight places behind two are left, fewer than each has.
        for _ in 0..5 {
            assert_eq!(world.tenant("acme2").query(PRODUCT).await.code(), "UNAVAILABLE");
        }
    };
    let (replies, ()) = futures_util::join!(waiting, beside);
    assert!(replies.iter().all(|reply| reply.status.as_u16() == 503));
    let seen = faults.take();
    assert_eq!(seen.iter().filter(|call| call.operation == "STS").count(), 2, "{seen:?}");
    let metrics = world.send(world.http.get(format!("{}/metrics", world.admin))).await;
    assert!(
        metrics.text.contains("innkeeper_requests_shed_total{reason=\"cold-leases\"} 8\n"),
        "{}",
        metrics.text
    );
}

/// Three tenants ask as loudly as they can while STS does not answer them: each takes a part of the places behind its
/// first request's, and never that of another's first.
#[tokio::test]
async fn p02_a_few_loud_cold_tenants_leave_a_place_for_the_first_request_of_another() {
    let world = World::builder()
        .configure(|config| {
            config.credentials.max_cold_leases = 4;
            config.server.deadline = 5 * SECOND;
        })
        .faults(|_| Fault::Pass)
        .start()
        .await;
    let loud = ["acme", "acme-2", "globex"];
    let faults = world.faults();
    faults.set(move |call| match (call.operation.as_str(), call.tenant.as_deref()) {
        ("STS", Some(tenant)) if loud.contains(&tenant) => Fault::Hang,
        _ => Fault::Pass,
    });
    // Twice as many each as there are places.
    let loud_ones = loud.map(|tenant| world.tenant(tenant));
    let waiting = join_all(loud_ones.iter().flat_map(|tenant| (0..32).map(|_| tenant.query(PRODUCT))));
    let beside = async {
        faults.hang(3).await;
        settle().await;
        for tenant in ["acme2", "acme_2", "globex2"] {
            world.tenant(tenant).query(PRODUCT).await.ok();
        }
    };
    let (replies, ()) = futures_util::join!(waiting, beside);
    assert!(replies.iter().all(|reply| reply.status.as_u16() == 503));
    let seen = faults.take();
    for tenant in TENANTS {
        // A call that nobody answers is sent twice.
        let most = if loud.contains(&tenant) { 2 } else { 1 };
        assert!((1..=most).contains(&of_sts(&seen, tenant).len()), "{tenant}: {seen:?}");
    }
    let metrics = world.send(world.http.get(format!("{}/metrics", world.admin))).await;
    let shed = metrics
        .text
        .lines()
        .find_map(|line| line.strip_prefix("innkeeper_requests_shed_total{reason=\"cold-leases\"} "));
    // Beside the first of each, three tenants share twelve to fourteen of sixteen places, by the order in which they come.
    let shed: usize = shed.unwrap().parse().unwrap();
    assert!((96 - 3 - 14..=96 - 3 - 12).contains(&shed), "{shed}");
}

#[tokio::test]
async fn p03_a_cold_burst_of_500_requests_costs_one_assume_role() {
    let world = World::builder()
        .edit("innkeeper.toml", |text| {
            format!("{text}\n[admission.tiers.standard]\nconcurrency = 600\n").replace(
                "[admission.tiers.premium]",
                "[admission]\nmax-requests = 700\nmax-cold-leases = 300\n[admission.tiers.premium]",
            )
        })
        // Five hundred calls at once take a while on a small machine.
        .configure(|config| {
            config.credentials.connect_timeout = MINUTE;
            config.credentials.attempt_timeout = MINUTE;
            config.credentials.call_timeout = MINUTE;
            config.server.deadline = MINUTE;
        })
        .faults(calls().of("STS").meet(|| Fault::Delay(Duration::from_millis(300))))
        .start()
        .await;
    let acme = world.tenant("acme");
    for reply in join_all((0..500).map(|_| acme.query(PRODUCT))).await {
        reply.ok();
    }
    let seen = world.faults().take();
    assert_eq!((of_sts(&seen, "acme").len(), seen.len()), (1, 501));
}

/// What a cache does that has no room is done now and then, and not at each request.
async fn until_there_is_room() {
    tokio::time::sleep(Duration::from_millis(350)).await;
}

#[tokio::test]
async fn p03_where_leases_are_few_a_new_tenant_keeps_its_own_beside_two_that_are_known_for_long() {
    let few = |config: &mut innkeeper::config::Config| config.credentials.max_leases = 2;
    let world = World::builder().configure(few).start().await;
    for _ in 0..3 {
        for tenant in ["acme", "acme2"].repeat(20) {
            world.tenant(tenant).query(PRODUCT).await.ok();
        }
        until_there_is_room().await;
    }
    world.forget_calls();
    for _ in 0..8 {
        world.tenant("globex").query(PRODUCT).await.ok();
        until_there_is_room().await;
    }
    assert_eq!(world.count("globex"), (1, 8));
}

#[tokio::test]
async fn p04_leases_are_renewed_ahead_at_different_moments_and_a_renewal_that_fails_harms_nobody() {
    // Two of three calls of STS fail, so a renewal fails with both its attempts before one goes well.
    let rule = |call: &Call| match (call.operation.as_str(), call.number % 3) {
        ("STS", 1 | 2) => Fault::Fail(503),
        _ => Fault::Pass,
    };
    let world = World::builder()
        .configure(|config| {
            config.credentials.duration = 15 * MINUTE;
            config.credentials.renew_ahead = 5 * MINUTE;
        })
        .faults(|_| Fault::Pass)
        .start()
        .await;
    let faults = world.faults();
    let tenants = TENANTS.map(|tenant| world.tenant(tenant));
    for tenant in &tenants {
        tenant.query(PRODUCT).await.ok();
    }
    faults.take();
    faults.set(rule);
    let mut renewed: BTreeMap<&str, u32> = BTreeMap::new();
    // Half an hour, in which each set of credentials would have ended twice.
    for step in 1..=60 {
        world.advance(30 * SECOND);
        for tenant in &tenants {
            tenant.query(PRODUCT).await.ok();
        }
        if step > 14 {
            settle().await;
        }
        let seen = faults.take();
        for tenant in TENANTS {
            if of_sts(&seen, tenant).iter().any(|call| call.fault == "pass") {
                renewed.entry(tenant).or_insert(step);
            }
        }
    }
    assert_eq!(renewed.len(), TENANTS.len(), "{renewed:?}");
    // Five to seven and a half minutes before the end of fifteen, and a little later where the first ones failed.
    assert!(renewed.values().all(|step| (15..30).contains(step)), "{renewed:?}");
    assert!(renewed.values().collect::<BTreeSet<_>>().len() > 1, "they are renewed together: {renewed:?}");
}

#[tokio::test]
async fn p05_a_thousand_requests_for_a_refused_role_cost_a_handful_of_calls_and_harm_nobody() {
    let world = World::builder()
        .edit("policies/roles/tenant.json", |text| {
            text.replace("{{external-id}}", "not-what-the-gateway-sends")
        })
        .faults(|_| Fault::Pass)
        .start()
        .await;
    let faults = world.faults();
    world.tenant("acme").query(PRODUCT).await.ok();
    faults.take();
    let globex = world.tenant("globex");
    // A thousand in twenty seconds.
    for _ in 0..20 {
        for reply in join_all((0..50).map(|_| globex.query(PRODUCT))).await {
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (403, "FORBIDDEN"));
            assert!(!reply.text.contains("arn:"), "{}", reply.text);
        }
        world.tenant("acme").query(PRODUCT).await.ok();
        world.advance(SECOND);
    }
    let seen = faults.take();
    assert_eq!(of_sts(&seen, "globex").len(), 4);
    assert_eq!((of_sts(&seen, "acme").len(), seen.len()), (0, 24));
}

#[tokio::test]
async fn p05_assume_role_is_bounded_in_rate() {
    let world = World::builder()
        .configure(|config| config.credentials.assume_role_rate = 4.try_into().unwrap())
        .faults(|_| Fault::Pass)
        .start()
        .await;
    let began = Stopwatch::begin();
    let tenants: Vec<_> = TENANTS.iter().map(|tenant| world.tenant(tenant)).collect();
    for reply in join_all(tenants.iter().map(|tenant| tenant.query(PRODUCT))).await {
        reply.ok();
    }
    // Four at once, and the other two a quarter of a second each.
    assert!(began.elapsed() >= Duration::from_millis(450), "{:?}", began.elapsed());
    assert_eq!(world.faults().count("STS"), 6);
}
