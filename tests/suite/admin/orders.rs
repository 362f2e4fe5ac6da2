//! `innkeeper admin` before a running `serve`: leases, evict, and who may.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;

use serde_json::Value;

use super::{PRODUCT, Serving, edit, prepared};
use crate::harness::World;
use crate::harness::dev::{application, free_address};
use crate::harness::process::{innkeeper, run};

async fn world() -> World {
    World::builder().real_time().start().await
}

#[tokio::test]
async fn leases_are_listed_without_secrets_and_a_tenants_are_evicted_at_once() {
    let world = world().await;
    let serving = Serving::start(&world);
    for tenant in ["acme", "acme-2", "globex"] {
        assert_eq!(serving.ask(tenant, PRODUCT).await.0, 200);
    }
    let listed = serving.order(&["leases", "--format", "json"]);
    assert_eq!((listed.code, listed.stderr.as_str()), (Some(0), ""));
    let lines: Vec<Value> = listed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let tenants: Vec<_> = lines.iter().filter_map(|line| line["tenant"].as_str()).collect();
    assert_eq!(tenants, ["acme", "acme-2", "globex"]);
    assert_eq!(lines.last().unwrap()["count"], 3);
    let mut members: Vec<_> = lines[0].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["expires", "is", "role", "session", "state", "tenant"]);
    assert_eq!((&lines[0]["state"], &lines[0]["session"]), (&"live".into(), &"ik-acme".into()));
    let text = serving.order(&["leases"]).stdout;
    assert!(text.contains("ik-globex") && text.ends_with("3 leases\n"), "{text}");

    // One of them is evicted: its next request costs a call of STS, and the others' cost none.
    world.calls();
    let evicted = serving.order(&["evict", "acme"]);
    assert_eq!(evicted.code, Some(0), "{}", evicted.stderr);
    assert_eq!(evicted.stdout, "acme: 1 lease and 1 verified token forgotten\n");
    assert!(!serving.order(&["leases"]).stdout.contains("ik-acme "));
    let verified = |metrics: String| {
        let line =
            metrics.lines().find(|line| line.starts_with("innkeeper_tokens_total{outcome=\"verified\"}"));
        line.unwrap().rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let before = verified(serving.metrics().await);
    for tenant in ["acme", "acme-2", "globex"] {
        assert_eq!(serving.ask(tenant, PRODUCT).await.0, 200);
    }
    let assumed: Vec<_> = world.calls().into_iter().filter(|call| call.operation == "AssumeRole").collect();
    assert_eq!(assumed.len(), 1);
    assert_eq!(assumed[0].tenant.as_deref(), Some("acme"));
    // Tokens of real time differ from second to second: acme's, at least, was verified anew.
    assert!(verified(serving.metrics().await) > before);

    // A name that nobody has is a mistake, and nothing is done for what is no name.
    let nobody = serving.order(&["evict", "acne"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.contains("the registry has no tenant `acne`"), "{}", nobody.stderr);
    assert_eq!(serving.order(&["evict", "no tenant"]).code, Some(2));

    let (code, lines) = serving.running.terminate();
    assert_eq!(code, Some(0));
    let log = lines.join("\n");
    for event in ["admin.leases", "admin.evicted", "lease.evicted"] {
        assert!(log.contains(event), "{event}");
    }
    let own = std::fs::metadata(serving.folder.path()).unwrap().uid();
    let evicted = lines.iter().find(|line| line.contains("admin.evicted")).unwrap();
    let evicted: Value = serde_json::from_str(evicted).unwrap();
    assert_eq!((&evicted["user.id"], &evicted["tenant.id"]), (&own.into(), &"acme".into()));
    assert!(!serving.folder.path().join("admin.sock").exists(), "the socket is left behind");
}

#[tokio::test]
async fn the_socket_is_the_owners_alone_and_takes_nothing_but_orders() {
    let world = world().await;
    let serving = Serving::start(&world);
    let path = serving.folder.path().join("admin.sock");
    assert_eq!(std::fs::symlink_metadata(&path).unwrap().mode() & 0o777, 0o600);
    let say = |text: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    for bad in [
        "GET / HTTP/1.1\r\n\r\n",
        "{}\n",
        "{\"do\":\"stop\"}\n",
        "{\"do\":\"evict\"}\n",
        "{\"do\":\"evict\",\"tenant\":\"a b\"}\n",
        "{\"do\":\"reload\",\"force\":true}\n",
    ] {
        let answer: Value = serde_json::from_str(&say(bad)).unwrap();
        assert_eq!(answer["is"], "refused", "{bad}");
    }
    // No order is longer than this.
    let mut stream = UnixStream::connect(&path).unwrap();
    let long = format!("{{\"do\":\"evict\",\"tenant\":\"{}\"}}\n", "x".repeat(100_000));
    let _cut_off = stream.write_all(long.as_bytes());
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("evicted"));
    // Those who say nothing keep nobody else out.
    let _silent: Vec<_> = (0..4).map(|_| UnixStream::connect(&path).unwrap()).collect();
    assert_eq!(serving.order(&["leases"]).code, Some(0));
    assert_eq!(serving.ask("acme", PRODUCT).await.0, 200);
}

#[tokio::test]
async fn a_socket_is_taken_over_from_the_dead_and_from_nobody_else() {
    let world = world().await;
    let folder = prepared(&world);
    let path = folder.path().join("admin.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let serving = Serving::start_in(&world, folder);
    assert_eq!(serving.order(&["leases"]).stdout, "0 leases\n");
    // A second one in the same place does not start.
    let (listen, admin) = (free_address(), free_address());
    let second = run(innkeeper(serving.folder.path(), &["serve", "--listen", &listen, "--admin", &admin])
        .env("INNKEEPER_CURSOR_KEYS", crate::harness::serving::CURSOR_KEY));
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("another process listens there"), "{}", second.stderr);
    assert_eq!(serving.order(&["leases"]).code, Some(0));
}

#[test]
fn there_is_no_socket_unless_the_configuration_has_one() {
    let folder = application();
    let ended = run(&mut innkeeper(folder.path(), &["admin", "leases"]));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("there is no socket"), "{}", ended.stderr);
    let ended = run(&mut innkeeper(folder.path(), &["admin", "leases", "--socket", "none.sock"]));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("no gateway answers at none.sock"), "{}", ended.stderr);
    edit(&folder, "innkeeper.toml", |text| format!("{text}\n[admin]\nsockets = \"admin.sock\"\n"));
    let ended = run(&mut innkeeper(folder.path(), &["admin", "leases"]));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("sockets"), "{}", ended.stderr);
}
