//! Files that change under a running `serve`: by themselves, by SIGHUP, and by an order.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{PRODUCT, Serving, edit, prepared};
use crate::harness::World;

const ARTICLE: &str = r#"{ article(sku: "COF-001") { name } }"#;

async fn world() -> World {
    World::builder().real_time().start().await
}

fn rename(text: &str) -> String {
    text.replace("  product(sku: ID!): Product @get", "  article(sku: ID!): Product @get")
}

#[tokio::test]
async fn a_broken_or_unproved_file_keeps_what_was_served_and_says_so() {
    let world = world().await;
    let mut serving = Serving::start(&world);
    assert_eq!(serving.ask("acme", PRODUCT).await.0, 200);

    // A schema with a mistake, noticed by itself.
    edit(&serving.folder, "schema.graphql", |text| rename(&text).replace("type Query {", "type Query"));
    let lines = serving.running.wait_for("reload.rejected");
    let rejected = lines.last().unwrap();
    assert!(rejected.contains("schema.graphql") && rejected.contains("\"cause\":\"change\""), "{rejected}");
    assert_eq!(serving.ask("acme", PRODUCT).await.0, 200);

    // A schema that is fine, and policies that keep nobody apart, by order: the exit code says it.
    edit(&serving.folder, "schema.graphql", |text| text.replace("type Query", "type Query {"));
    edit(&serving.folder, "policies/shop.json", |text| {
        text.replace("TENANT#{{tenant}}#*", "TENANT#{{tenant}}*")
    });
    let ordered = serving.order(&["reload"]);
    assert_eq!(ordered.code, Some(1), "{}", ordered.stdout);
    assert!(ordered.stderr.contains("it is not proved"), "{}", ordered.stderr);
    assert!(ordered.stderr.contains("policies/shop.json"), "{}", ordered.stderr);
    assert!(ordered.stderr.contains("what was served goes on"), "{}", ordered.stderr);
    assert_eq!(serving.ask("acme", PRODUCT).await.0, 200);
    let metrics = serving.metrics().await;
    assert!(metrics.contains("innkeeper_reloads_total{outcome=\"rejected\"}"), "{metrics}");
    assert!(!metrics.contains("innkeeper_reloads_total{outcome=\"in-force\"}"), "{metrics}");
    assert!(metrics.contains("innkeeper_isolation_proved 1"), "{metrics}");

    // The policies as they were, and SIGHUP: now the schema is in force, and no lease was lost.
    world.calls();
    edit(&serving.folder, "policies/shop.json", |text| {
        text.replace("TENANT#{{tenant}}*", "TENANT#{{tenant}}#*")
    });
    serving.running.signal("HUP");
    let lines = serving.running.wait_for("reload.done");
    assert!(lines.last().unwrap().contains("\"cause\":\"signal\""), "{lines:?}");
    assert_eq!(serving.ask("acme", ARTICLE).await.0, 200);
    assert_eq!(serving.ask("acme", PRODUCT).await.0, 400);
    assert_eq!(world.count("acme"), (0, 1));

    // And by order once more, with nothing changed.
    let ordered = serving.order(&["reload"]);
    assert_eq!((ordered.code, ordered.stdout.as_str()), (Some(0), "in force, with 6 tenants\n"));
    assert!(serving.metrics().await.contains("innkeeper_reloads_total{outcome=\"in-force\"} 2"));
    let (_, lines) = serving.running.terminate();
    assert!(lines.iter().any(|line| line.contains("admin.reload")));
}

#[tokio::test]
async fn roles_that_nobody_declares_are_named_at_the_start_and_at_each_reload() {
    const DECLARED: &str = "role/innkeeper/innkeeper-pool";
    const UNDECLARED: &str = "role/innkeeper/innkeeper-pond";
    let world = world().await;
    let folder = prepared(&world);
    edit(&folder, "tenants.toml", |text| text.replace(DECLARED, UNDECLARED));
    let mut serving = Serving::start_in(&world, folder);
    let told = async |serving: &Serving<'_>, unseen: u32| {
        let metrics = serving.metrics().await;
        for line in [
            "innkeeper_isolation_proved 1\n".to_owned(),
            format!("innkeeper_isolation_roles_not_looked_at {unseen}\n"),
        ] {
            assert!(metrics.contains(&line), "{line}{metrics}");
        }
    };
    told(&serving, 1).await;
    // It is told with every reload that leaves it so.
    serving.running.signal("HUP");
    let lines = serving.running.wait_for("isolation.not-looked-at");
    let line: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!((&line["level"], &line["roles"]), (&"WARN".into(), &1.into()), "{line}");
    assert!(line["named"].as_str().unwrap().ends_with(UNDECLARED), "{line}");
    serving.running.wait_for("reload.done");
    told(&serving, 1).await;
    edit(&serving.folder, "tenants.toml", |text| text.replace(UNDECLARED, DECLARED));
    serving.running.wait_for("reload.done");
    told(&serving, 0).await;
    let (_, lines) = serving.running.terminate();
    assert_eq!(lines.iter().filter(|line| line.contains("isolation.not-looked-at")).count(), 2, "{lines:#?}");
}

#[tokio::test]
async fn who_is_out_by_a_rejected_registry_is_told_to_whoever_ordered_it() {
    let world = world().await;
    let serving = Serving::start(&world);
    assert_eq!(serving.ask("acme", PRODUCT).await.0, 200);
    edit(&serving.folder, "schema.graphql", |text| text.replace("type Query {", "type Query"));
    edit(&serving.folder, "tenants.toml", |text| {
        text.replace("[tenants.acme]\n", "[tenants.acme]\nstate = \"suspended\"\n")
    });
    let ordered = serving.order(&["reload"]);
    assert_eq!(ordered.code, Some(1));
    assert!(ordered.stderr.contains("but without acme\n"), "{}", ordered.stderr);
    assert_eq!(serving.ask("acme", PRODUCT).await.0, 403);
    assert_eq!(serving.ask("acme2", PRODUCT).await.0, 200);
    let leases = serving.order(&["leases"]).stdout;
    assert!(!leases.contains("ik-acme ") && leases.contains("ik-acme2"), "{leases}");
}

/// Makes a certificate in the folder of an application.
fn certify(folder: &tempfile::TempDir) -> RootCertStore {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.path().join("tls.crt"), made.cert.pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    roots
}

/// Whether the server shows a certificate that these roots know.
async fn is_known(serving: &Serving<'_>, roots: &RootCertStore) -> bool {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(roots.clone()).with_no_client_auth();
    let stream = TcpStream::connect(&serving.listen).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(tls)).connect(name, stream).await.is_ok()
}

#[tokio::test]
async fn a_certificate_is_shown_when_its_files_change_and_a_broken_one_is_not() {
    let world = world().await;
    let folder = prepared(&world);
    let first = certify(&folder);
    edit(&folder, "innkeeper.toml", |text| {
        format!("{text}\n[server.tls]\ncertificate = \"tls.crt\"\nkey = \"tls.key\"\n")
    });
    let mut serving = Serving::start_in(&world, folder);
    assert!(is_known(&serving, &first).await);
    let second = certify(&serving.folder);
    serving.running.wait_for("certificate.replaced");
    assert!(is_known(&serving, &second).await && !is_known(&serving, &first).await);
    std::fs::write(serving.folder.path().join("tls.key"), "no key").unwrap();
    serving.running.signal("HUP");
    serving.running.wait_for("certificate.rejected");
    assert!(is_known(&serving, &second).await);
    let ordered = serving.order(&["reload"]);
    assert_eq!(ordered.code, Some(1));
    assert!(ordered.stderr.contains("tls.key"), "{}", ordered.stderr);
    let third = certify(&serving.folder);
    assert_eq!(serving.order(&["reload"]).code, Some(0));
    assert!(is_known(&serving, &third).await);
}

/// SIGHUP right after the start, and many at once: none ends the process, and none is lost for good.
#[tokio::test]
async fn signals_that_come_together_end_nothing() {
    let world = world().await;
    let mut serving = Serving::start(&world);
    for _ in 0..10 {
        serving.running.signal("HUP");
    }
    serving.running.wait_for("reload.done");
    edit(&serving.folder, "schema.graphql", |text| rename(&text));
    serving.running.signal("HUP");
    for _ in 0..100 {
        let (status, body) = serving.ask("acme", ARTICLE).await;
        if status == 200 {
            assert!(body["data"]["article"]["name"].is_string(), "{body}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the new schema is not in force");
}
