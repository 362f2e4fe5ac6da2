//! What is served is one value: a request lives in one reading of the files, and what outlives a reading does.

use std::time::Duration;

use serde_json::json;

use super::PRODUCT;
use crate::harness::World;
use crate::harness::fault::{Call, Fault};

/// The example's schema with `product` under another name.
fn renamed(world: &World) -> String {
    let text = world.read_file("schema.graphql");
    let renamed = text.replace("  product(sku: ID!): Product @get", "  article(sku: ID!): Product @get");
    assert_ne!(text, renamed);
    renamed
}

#[tokio::test]
async fn what_is_under_way_finishes_as_it_began_and_the_next_request_is_served_with_the_new() {
    let slow = |call: &Call| {
        if call.operation == "GetItem" { Fault::Delay(Duration::from_millis(700)) } else { Fault::Pass }
    };
    let world = World::builder().faults(slow).start().await;
    let acme = world.tenant("acme");
    let schema = renamed(&world);
    let reloaded = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.write_file("schema.graphql", &schema);
        world.reload().unwrap();
        // Tenant and schema of one reading: the old name is gone for whoever comes now.
        let refused = acme.query(PRODUCT).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "BAD_REQUEST"));
    };
    let (under_way, ()) = futures_util::join!(acme.query(PRODUCT), reloaded);
    assert_eq!(under_way.ok()["product"]["name"], "Ethiopia Yirgacheffe, 250 g");
    world.calls();
    let after = acme.query(r#"{ article(sku: "COF-001") { name } }"#).await;
    assert_eq!(after.ok()["article"]["name"], "Ethiopia Yirgacheffe, 250 g");
    // Its lease and its token are what they were.
    assert_eq!(world.count("acme"), (0, 1));
}

#[tokio::test]
async fn another_policy_takes_another_lease_and_only_of_those_who_have_it() {
    let world = World::builder().with_holes().start().await;
    let products = "{ products(category: COFFEE) { items { sku } } }";
    for tenant in ["acme", "acme-2"] {
        world.tenant(tenant).query(products).await.ok();
    }
    world.forget_calls();
    let policy = world.read_file("policies/shop.json");
    // A reading without any change costs nobody a lease.
    world.reload().unwrap();
    for tenant in ["acme", "acme-2"] {
        world.tenant(tenant).query(PRODUCT).await.ok();
    }
    for tenant in ["acme", "acme-2"] {
        world.tenant(tenant).query(PRODUCT).await.ok();
    }
    assert!(world.calls().iter().all(|call| call.operation == "GetItem"));
    let narrower = policy.replace("index/gsi1\"", "index/gsi9\"");
    assert_ne!(policy, narrower);
    world.write_file("policies/shop.json", &narrower);
    world.reload().unwrap();
    let denied = world.tenant("acme").query(products).await;
    assert_eq!(denied.code().as_str(), "FORBIDDEN", "{}", denied.text);
    world.tenant("acme-2").query(products).await.ok();
    let assumed: Vec<_> = world
        .calls()
        .into_iter()
        .filter(|call| call.operation == "AssumeRole")
        .map(|call| call.tenant.unwrap_or_default())
        .collect();
    assert_eq!(assumed, ["acme"]);
    // And the former one is held no more.
    let leases = world.gateway.credentials.leases();
    let tenants: Vec<_> = leases.iter().map(|lease| lease.tenant.as_str()).collect();
    assert_eq!(tenants, ["acme", "acme-2"]);
}

#[tokio::test]
async fn what_a_tenant_has_under_way_counts_on() {
    let without = |text: String| {
        let (before, after) = text.split_once("# How much a tenant may").unwrap();
        let dev = after.find("[dev]").unwrap();
        let tiers =
            "[admission.tiers.standard]\nconcurrency = 1\n[admission.tiers.premium]\nconcurrency = 1\n";
        format!("{before}\n{tiers}\n{}", &after[dev..])
    };
    let world = World::builder().edit("innkeeper.toml", without).faults(|_| Fault::Pass).start().await;
    let acme = world.tenant("acme");
    acme.query(PRODUCT).await.ok();
    world.faults().set(|_| Fault::Hang);
    let hanging = acme.query(PRODUCT);
    let others = async {
        world.faults().hang(1).await;
        world.reload().unwrap();
        let refused = acme.query(PRODUCT).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (429, "THROTTLED"));
    };
    futures_util::future::select(Box::pin(hanging), Box::pin(others)).await;
    world.faults().set(|_| Fault::Pass);
}

#[tokio::test]
async fn a_tenant_that_is_out_has_no_lease_any_more() {
    let world = World::start().await;
    for tenant in ["acme", "acme2", "globex"] {
        world.tenant(tenant).query(PRODUCT).await.ok();
    }
    let text = world.read_file("tenants.toml");
    let suspended = text.replace("[tenants.acme]\n", "[tenants.acme]\nstate = \"suspended\"\n");
    world.reload_tenants(&suspended).unwrap();
    world.gateway.forget_withdrawn().await;
    let held = || {
        let leases = world.gateway.credentials.leases();
        leases.into_iter().map(|lease| lease.tenant.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(held(), ["acme2", "globex"]);
    // Who stays has what it had.
    world.calls();
    world.tenant("acme2").query(PRODUCT).await.ok();
    assert_eq!(world.count("acme2"), (0, 1));
    let metrics = world.send(world.http.get(format!("{}/metrics", world.admin))).await.text;
    assert!(metrics.contains("\ninnkeeper_leases 2\n"), "{metrics}");
}

/// Everything that acts is behind the socket.
#[tokio::test]
async fn nothing_on_the_admin_port_acts() {
    let world = World::start().await;
    world.tenant("acme").query(PRODUCT).await.ok();
    for path in ["livez", "readyz", "metrics", "reload", "evict", "evict/acme", "leases", "admin", ""] {
        for method in [reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::DELETE] {
            let body = json!({ "do": "evict", "tenant": "acme" });
            let url = format!("{}/{path}", world.admin);
            let reply = world.send(world.http.request(method, url).json(&body)).await;
            assert!([404, 405].contains(&reply.status.as_u16()), "{path}: {}", reply.status);
        }
    }
    for path in ["reload", "evict", "leases", "admin"] {
        let reply = world.send(world.http.get(format!("{}/{path}", world.admin))).await;
        assert_eq!(reply.status.as_u16(), 404, "{path}");
    }
    assert_eq!(world.gateway.credentials.leases().len(), 1);
}
