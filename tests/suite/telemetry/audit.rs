//! A line for each refusal and for each lease, which names tenant, role, session and request.

use std::time::Duration;

use innkeeper::credentials::Config;
use serde_json::{Value, json};

use crate::harness::issuers::PATIENCE;
use crate::harness::{Log, World, root};

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;
const POOL: &str = "arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool";

/// Sends a document with a request id of the test's own.
async fn ask(world: &World, token: &str, request: &str, document: &str) -> String {
    let sent = world.http.post(format!("{}/graphql", world.url)).bearer_auth(token);
    let reply = world.send(sent.header("x-request-id", request).json(&json!({ "query": document }))).await;
    reply.text
}

/// The one line of a name, without what differs from run to run.
#[track_caller]
fn only(log: &Log, event: &str) -> Value {
    let mut lines = log.audit(event);
    assert_eq!(lines.len(), 1, "{event}: {lines:?}\n{}", log.lines().join("\n"));
    let line = lines.remove(0);
    assert!(line["timestamp"].is_string(), "{line}");
    line
}

#[track_caller]
fn assert_names(line: &Value, request: &str, tenant: &str, role: &str) {
    let named = json!([line["request.id"], line["tenant.id"], line["role"], line["session.name"]]);
    assert_eq!(named, json!([request, tenant, role, format!("ik-{tenant}")]), "{line}");
}

#[tokio::test]
async fn a_refused_token_and_a_refused_tenant_have_a_line_each() {
    let suspended = |text: String| text.replace("[tenants.acme2]", "[tenants.acme2]\nstate = \"suspended\"");
    let world = World::builder().edit("tenants.toml", suspended).start().await;
    let log = Log::served();
    ask(&world, "nonsense", "r1", PRODUCT).await;
    ask(&world, &world.token("nobody"), "r2", PRODUCT).await;
    ask(&world, &world.token("acme2"), "r3", PRODUCT).await;
    let line = only(&log, "token.refused");
    assert_eq!((&line["request.id"], &line["level"]), (&json!("r1"), &json!("INFO")));
    assert!(line["reason"].is_string(), "{line}");
    let lines = log.audit("tenant.refused");
    let named: Vec<_> =
        lines.iter().map(|it| json!([it["request.id"], it["tenant.id"], it["subject"]])).collect();
    assert_eq!(named, [json!(["r2", "nobody", "dev"]), json!(["r3", "acme2", "dev"])]);
    assert!(log.audit("lease.granted").is_empty());
}

#[tokio::test]
async fn a_lease_has_a_line_when_it_is_granted_renewed_and_given_up() {
    let world = World::start().await;
    let log = Log::served();
    ask(&world, &world.token("acme"), "first", PRODUCT).await;
    assert_names(&only(&log, "lease.granted"), "first", "acme", POOL);
    // The window opens ten to fifteen minutes before the end of the hour.
    world.advance(Duration::from_mins(51));
    let token = world.token("acme");
    ask(&world, &token, "second", PRODUCT).await;
    for _ in 0..20 {
        ask(&world, &token, "later", PRODUCT).await;
    }
    assert_names(&only(&log, "lease.renewed"), "second", "acme", POOL);
    world.aws.forget_sessions();
    ask(&world, &token, "third", PRODUCT).await;
    let line = only(&log, "lease.given-up");
    assert_names(&line, "third", "acme", POOL);
    assert!(line["reason"].is_string(), "{line}");
    let granted = log.audit("lease.granted");
    assert_eq!(granted.len(), 2, "{granted:?}");
    assert_names(&granted[1], "third", "acme", POOL);
    assert_eq!(log.audit("lease.renewed").len(), 1);
}

#[tokio::test]
async fn a_role_that_refuses_has_a_line_for_sts_and_one_for_each_request() {
    let other = |text: String| text.replace("{{external-id}}", "not-what-the-gateway-sends");
    let world = World::builder().edit("policies/roles/tenant.json", other).start().await;
    let log = Log::served();
    let token = world.token("globex");
    for request in ["r1", "r2", "r3"] {
        ask(&world, &token, request, PRODUCT).await;
    }
    let role = "arn:aws:iam::111122223333:role/innkeeper/innkeeper-globex";
    assert_names(&only(&log, "lease.refused"), "r1", "globex", role);
    let refused = log.audit("session.refused");
    assert_eq!(refused.len(), 3);
    for (line, request) in refused.iter().zip(["r1", "r2", "r3"]) {
        assert_names(line, request, "globex", role);
    }
    assert!(log.audit("lease.granted").is_empty());
}

#[tokio::test]
async fn a_lease_that_is_pushed_out_has_a_line() {
    let few = |config: &mut innkeeper::config::Config| {
        config.credentials = Config { max_leases: 1, ..config.credentials.clone() };
    };
    let world = World::builder().configure(few).start().await;
    let log = Log::served();
    // The cache looks now and then whether there are too many.
    let pushed_out = async {
        while log.audit("lease.evicted").is_empty() {
            for tenant in ["acme", "acme2"] {
                ask(&world, &world.token(tenant), "r", PRODUCT).await;
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, pushed_out).await;
    assert!(ended.is_ok(), "{}", log.lines().join("\n"));
    let evicted = log.audit("lease.evicted");
    for line in evicted {
        let tenant = line["tenant.id"].as_str().unwrap();
        assert!(["acme", "acme2"].contains(&tenant), "{line}");
        assert_eq!(json!([line["role"], line["session.name"]]), json!([POOL, format!("ik-{tenant}")]));
        assert_eq!(line["reason"], "too many leases");
    }
}

#[tokio::test]
async fn a_denied_call_a_hidden_field_and_a_large_document_have_a_line_each() {
    let world = World::builder().forging("globex").start().await;
    let log = Log::served();
    let token = world.token("acme");
    ask(&world, &token, "r1", PRODUCT).await;
    let line = only(&log, "access.denied");
    assert_names(&line, "r1", "acme", POOL);
    assert_eq!((&line["operation.name"], &line["call"]), (&json!("Query.product"), &json!("GetItem")));
    ask(&world, &token, "r2", r#"{ product(sku: "COF-001") { cost } }"#).await;
    let line = only(&log, "field.refused");
    assert_names(&line, "r2", "acme", POOL);
    assert_eq!((&line["field"], &line["subject"]), (&json!("Product.cost"), &json!("dev")));
    let deep = format!("{}__typename{}", "{ a ".repeat(60), "}".repeat(60));
    ask(&world, &token, "r3", &deep).await;
    let line = only(&log, "document.refused");
    assert_eq!((&line["request.id"], &line["tenant.id"]), (&json!("r3"), &json!("acme")));
    assert_eq!(line["limit"], "max-depth");
}

/// The names are a promise to whoever reads the log.
#[test]
fn every_audit_line_is_documented() {
    let source = std::fs::read_to_string(root().join("src/telemetry/event.rs")).unwrap();
    let docs = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let names: Vec<_> = source.split("line!(").skip(1).map(|rest| rest.split('"').nth(1).unwrap()).collect();
    assert!(names.len() >= 17 && names.contains(&"lease.given-up"), "{names:?}");
    for name in names {
        assert!(docs.contains(&format!("| `{name}` |")), "docs/operations.md has no line for `{name}`");
    }
}
