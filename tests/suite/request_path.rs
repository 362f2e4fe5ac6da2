//! The path of a request: what each step does, what it refuses, and the work that it costs.

use std::time::Duration;

use futures_util::future::join_all;
use innkeeper::dev::{Outcome, Service};

use crate::harness::World;

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;

#[tokio::test]
async fn a_tenant_reads_its_own_item_with_its_own_credentials() {
    let world = World::start().await;
    let data = world.tenant("acme").query(PRODUCT).await.ok();
    assert_eq!(data["product"]["name"], "Ethiopia Yirgacheffe, 250 g");
    let calls = world.calls();
    let seen: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), call.tenant.as_deref())).collect();
    assert_eq!(seen, [("AssumeRole", Some("acme")), ("GetItem", Some("acme"))]);
    assert_eq!(
        calls[1].keys,
        [("innkeeper-shops".to_owned(), vec!["TENANT#acme#PRODUCT#COF-001".to_owned()])]
    );
}

#[tokio::test]
async fn a_hundred_requests_cost_one_assume_role() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    for _ in 0..100 {
        acme.query(PRODUCT).await.ok();
    }
    assert_eq!(world.count("acme"), (1, 100));
}

#[tokio::test]
async fn a_cold_burst_costs_one_assume_role_a_tenant() {
    let world = World::start().await;
    let (acme, globex) = (world.tenant("acme"), world.tenant("globex"));
    let burst = (0..50).flat_map(|_| [acme.query(PRODUCT), globex.query(PRODUCT)]);
    for reply in join_all(burst).await {
        reply.ok();
    }
    let calls = world.calls();
    let assumed = |tenant: &str| {
        calls
            .iter()
            .filter(|call| call.service == Service::Sts && call.tenant.as_deref() == Some(tenant))
            .count()
    };
    assert_eq!((assumed("acme"), assumed("globex")), (1, 1));
}

#[tokio::test]
async fn a_lease_is_renewed_ahead_of_its_end_while_it_goes_on_serving() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    acme.query(PRODUCT).await.ok();
    // The window opens ten to fifteen minutes before the end of the hour.
    world.advance(Duration::from_mins(44));
    acme.query(PRODUCT).await.ok();
    assert_eq!(world.count("acme"), (1, 2));
    world.advance(Duration::from_mins(7));
    let fresh = world.tenant("acme");
    fresh.query(PRODUCT).await.ok();
    // The renewal runs beside the requests; within a few of them it has happened, and it happens once.
    for _ in 0..20 {
        fresh.query(PRODUCT).await.ok();
    }
    assert_eq!(world.count("acme").0, 1);
    // The renewed lease outlives the first one.
    world.advance(Duration::from_mins(20));
    world.tenant("acme").query(PRODUCT).await.ok();
    assert_eq!(world.count("acme").0, 0);
}

#[tokio::test]
async fn an_expired_lease_is_replaced_at_once() {
    let world = World::start().await;
    world.tenant("acme").query(PRODUCT).await.ok();
    world.advance(Duration::from_hours(2));
    world.tenant("acme").query(PRODUCT).await.ok();
    assert_eq!(world.count("acme"), (2, 2));
}

#[tokio::test]
async fn a_role_that_refuses_is_asked_a_handful_of_times_and_harms_nobody_else() {
    let world = World::builder()
        .edit("tenants.toml", |text| text.replace("3f0c7c1e-6f0e-4c52-9f5d-2a4f0e7f6a11", "0000-another"))
        .edit("policies/roles/tenant.json", |text| {
            text.replace("{{external-id}}", "not-what-the-gateway-sends")
        })
        .start()
        .await;
    let globex = world.tenant("globex");
    for _ in 0..50 {
        let reply = globex.query(PRODUCT).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (403, "FORBIDDEN"));
        assert!(!reply.text.contains("arn:"), "{}", reply.text);
    }
    world.tenant("acme").query(PRODUCT).await.ok();
    assert_eq!(world.count("globex"), (1, 0));
    // After its few seconds the refusal is forgotten.
    world.advance(Duration::from_secs(6));
    globex.query(PRODUCT).await;
    assert_eq!(world.count("globex"), (1, 0));
}

#[tokio::test]
async fn credentials_that_dynamodb_does_not_take_are_renewed_once() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    acme.query(PRODUCT).await.ok();
    world.calls();
    // The embedded AWS forgets every session, as if it had restarted.
    world.aws.forget_sessions();
    acme.query(PRODUCT).await.ok();
    let calls = world.calls();
    let seen: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), &call.outcome)).collect();
    assert_eq!(
        seen,
        [
            ("GetItem", &Outcome::Unauthenticated),
            ("AssumeRole", &Outcome::Answered),
            ("GetItem", &Outcome::Answered)
        ]
    );
}

#[tokio::test]
async fn an_unknown_and_a_suspended_tenant_look_the_same_and_cost_nothing() {
    let world = World::builder()
        .edit("tenants.toml", |text| {
            text.replace("[tenants.acme2]", "[tenants.acme2]\nstate = \"suspended\"")
        })
        .start()
        .await;
    let (unknown, suspended) =
        (world.tenant("nobody").query(PRODUCT).await, world.tenant("acme2").query(PRODUCT).await);
    for reply in [&unknown, &suspended] {
        assert_eq!(reply.status.as_u16(), 403);
    }
    assert_eq!(unknown.text, suspended.text);
    insta::assert_snapshot!(unknown.text);
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn a_tenant_that_is_suspended_is_out_with_the_next_request() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    acme.query(PRODUCT).await.ok();
    let text = world.read_file("tenants.toml");
    world.reload_tenants(&text.replace("[tenants.acme]", "[tenants.acme]\nstate = \"suspended\"")).unwrap();
    assert_eq!(acme.query(PRODUCT).await.status.as_u16(), 403);
    world.reload_tenants(&text).unwrap();
    acme.query(PRODUCT).await.ok();
    // The record is what it was, so its lease is too.
    assert_eq!(world.count("acme"), (1, 2));
}

#[tokio::test]
async fn a_registry_that_cannot_be_read_keeps_the_former_one() {
    let world = World::start().await;
    let problems = world.reload_tenants("[tenants.acme]\nmode = \"rolle\"\n").unwrap_err();
    insta::assert_snapshot!(problems.to_string().replace(&world.folder().display().to_string(), "APP"));
    world.tenant("acme").query(PRODUCT).await.ok();
}

/// A mistake in one tenant's line does not keep another one in, and lets nobody in.
#[tokio::test]
async fn a_suspension_in_a_registry_that_is_rejected_takes_effect() {
    let suspend = |text: &str, tenant: &str| {
        text.replace(
            &format!("[tenants.{tenant}]\n"),
            &format!("[tenants.{tenant}]\nstate = \"suspended\"\n"),
        )
    };
    let world = World::builder().edit("tenants.toml", |text| suspend(&text, "acme2")).start().await;
    let text = world.read_file("tenants.toml");
    let status = async |tenant: &str| world.tenant(tenant).query(PRODUCT).await.status.as_u16();
    // acme is suspended, acme2 is not any more, globex2 is gone; and globex's mode is wrong.
    let broken = suspend(&text.replace("state = \"suspended\"\n", ""), "acme");
    let broken = broken.replace("[tenants.globex]\nmode = \"role\"", "[tenants.globex]\nmode = \"rolle\"");
    let broken = broken.split("[tenants.globex2]").next().unwrap().to_owned();
    let kept = world.reload_tenants(&broken).unwrap_err();
    let names =
        |tenants: &[innkeeper::id::TenantId]| tenants.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (names(&kept.suspended), names(&kept.removed)),
        (vec!["acme".to_owned()], vec!["globex2".to_owned()])
    );
    let seen = [status("acme").await, status("acme2").await, status("globex2").await, status("globex").await];
    assert_eq!(seen, [403, 403, 403, 200]);
    // Said once: the second time there is nothing left to take.
    assert!(world.reload_tenants(&broken).unwrap_err().suspended.is_empty());
    // A file that is no TOML, or names nobody, puts nobody out.
    for nothing in ["", "[defaults]\nregion = 1\n", "[tenants.acme"] {
        let kept = world.reload_tenants(nothing).unwrap_err();
        assert!(kept.suspended.is_empty() && kept.removed.is_empty(), "{nothing}");
    }
    assert_eq!(status("globex").await, 200);
    // A registry that is taken says all of it anew.
    world.reload_tenants(&suspend(&text.replace("state = \"suspended\"\n", ""), "globex")).unwrap();
    let seen = [status("acme").await, status("acme2").await, status("globex2").await, status("globex").await];
    assert_eq!(seen, [200, 200, 200, 403]);
}

#[tokio::test]
async fn health_has_a_port_of_its_own() {
    let world = World::start().await;
    for path in ["livez", "readyz"] {
        let reply = world.send(world.http.get(format!("{}/{path}", world.admin))).await;
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, "ok\n"));
    }
    let reply = world.send(world.http.get(format!("{}/livez", world.url))).await;
    assert_eq!(reply.status.as_u16(), 404);
}
