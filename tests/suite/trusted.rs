//! Trusted documents: what the operator's list names is run, by text, digest or id, and nothing else is.

use innkeeper::graphql::Digest;
use serde_json::{Value, json};

use crate::harness::process::{innkeeper, run};
use crate::harness::{Reply, Tenant, World, copy_example};

const READ: &str = "query Read($sku: ID!) { product(sku: $sku) { name } }";
const TEA: &str = r#"{ product(sku: "TEA-001") { sku } }"#;
const NAME: &str = "Darjeeling first flush, 100 g";
const OTHER: &str = r#"{ product(sku: "TEA-001") { name } }"#;

fn list() -> String {
    json!({ "read": READ, "tea": TEA }).to_string()
}

fn with_list(text: &str) -> String {
    format!("trusted-documents = \"trusted.json\"\n{text}")
}

async fn world() -> World {
    World::builder()
        .file("trusted.json", list())
        .edit("innkeeper.toml", |text| with_list(&text))
        .start()
        .await
}

async fn refused(world: &World, tenant: &Tenant<'_>, body: Value) -> Reply {
    world.forget_calls();
    let reply = tenant.send(&body).await;
    assert_eq!(reply.code(), "BAD_REQUEST", "{body}");
    assert!(world.calls().is_empty(), "{body}");
    reply
}

#[tokio::test]
async fn what_is_in_the_list_is_run_however_it_is_named() {
    let world = world().await;
    let acme = world.tenant("acme");
    let digest = Digest::of(READ);
    for named in [
        json!({ "query": READ }),
        json!({ "documentId": "read" }),
        json!({ "documentId": format!("sha256:{digest}") }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": digest.to_string() } } }),
    ] {
        let mut body = named;
        body["variables"] = json!({ "sku": "TEA-001" });
        let data = acme.send(&body).await.ok();
        assert_eq!(data, json!({ "product": { "name": NAME } }), "{body}");
    }
    let by_get = world.http.get(format!("{}/graphql?documentId=tea", world.url));
    let by_get = world.send(by_get.bearer_auth(world.token("acme"))).await;
    assert_eq!(by_get.ok(), json!({ "product": { "sku": "TEA-001" } }));
}

#[tokio::test]
async fn nothing_else_is_run_however_often_it_is_sent() {
    let world = world().await;
    let acme = world.tenant("acme");
    acme.query(TEA).await.ok();
    for _ in 0..2 {
        for body in [
            json!({ "query": OTHER }),
            json!({ "query": format!("{TEA} ") }),
            json!({ "query": "{ __schema { queryType { name } } }" }),
            json!({ "documentId": "other" }),
            json!({ "documentId": format!("sha256:{}", Digest::of(OTHER)) }),
        ] {
            let reply = refused(&world, &acme, body).await;
            assert!(reply.text.contains("none of those that are trusted"), "{}", reply.text);
        }
        for malformed in [json!({ "documentId": "sha256:00" }), json!({ "documentId": 1 })] {
            refused(&world, &acme, malformed).await;
        }
    }
}

#[tokio::test]
async fn a_list_is_replaced_with_everything_else_and_a_broken_one_is_not_taken() {
    let world = world().await;
    let acme = world.tenant("acme");
    acme.query(TEA).await.ok();
    world.write_file("trusted.json", r#"{"other": "{ nothing }"}"#);
    assert!(world.reload().is_err());
    acme.query(TEA).await.ok();
    world.write_file("trusted.json", &json!({ "other": OTHER }).to_string());
    world.reload().unwrap();
    acme.send(&json!({ "documentId": "other" })).await.ok();
    refused(&world, &acme, json!({ "query": TEA })).await;
}

#[tokio::test]
async fn without_a_list_an_id_names_nothing_and_while_writing_everything_is_run() {
    let without = World::start().await;
    without.tenant("acme").query(TEA).await.ok();
    refused(&without, &without.tenant("acme"), json!({ "documentId": "tea" })).await;
    let dev = World::builder()
        .file("trusted.json", list())
        .edit("innkeeper.toml", |text| with_list(&text))
        .configure(|config| config.graphql.only_trusted = false)
        .start()
        .await;
    let acme = dev.tenant("acme");
    acme.send(&json!({ "documentId": "tea" })).await.ok();
    acme.query(OTHER).await.ok();
}

#[test]
fn everything_that_is_wrong_with_a_list_is_said_at_once() {
    let folder = tempfile::TempDir::new().unwrap();
    copy_example(folder.path());
    let file = |name: &str| folder.path().join(name);
    let text = std::fs::read_to_string(file("innkeeper.toml")).unwrap();
    std::fs::write(file("innkeeper.toml"), with_list(&text)).unwrap();
    let mut seen = String::new();
    for list in [
        None,
        Some("[]"),
        Some("{\"a\": \"{ a }\", \"a\": \"{ b }\"}"),
        Some(
            "{\"syntax\": \"{ product(\", \"number\": 1, \"unknown\": \"{\\n  nothing\\n}\", \"\": \"{ __typename }\", \
             \"schema\": \"{ __schema { queryType { name } } }\"}",
        ),
    ] {
        match list {
            Some(list) => std::fs::write(file("trusted.json"), list).unwrap(),
            None => assert!(!file("trusted.json").exists()),
        }
        let ended = run(&mut innkeeper(folder.path(), &["check"]));
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        seen.push_str(&ended.stderr.replace(folder.path().to_str().unwrap(), "."));
        seen.push('\n');
    }
    insta::assert_snapshot!(seen);
}
