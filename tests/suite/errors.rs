//! `docs/errors.md` beside the code: a row for each code, in the order in which they were added, and the statuses that
//! the gateway answers with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::header::RETRY_AFTER;
use innkeeper::error::Code;
use innkeeper::problem::Source;
use innkeeper::server::Fresh;
use innkeeper::tenant::{Registry, Requirements};
use reqwest::Method;
use serde_json::json;

use crate::harness::stand_in::StandIn;
use crate::harness::{Reply, World};
use crate::paging::budgeted;

const PAGE: &str = include_str!("../../docs/errors.md");

/// Every code that there has ever been. One that is added goes to the end; none is renamed, and none goes.
const CODES: [&str; 9] = [
    "BAD_REQUEST",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "CONFLICT",
    "THROTTLED",
    "UNAVAILABLE",
    "BUDGET_EXCEEDED",
    "INTERNAL",
];

/// The rows of the page's table of codes: the code, and what stands in the column of the status.
fn rows() -> Vec<(&'static str, &'static str)> {
    let table = PAGE.lines().skip_while(|line| !line.starts_with("| code |")).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, code, _, status, _, _] = cells.as_slice() else { panic!("a row of four cells: {row}") };
        (code.trim_matches('`'), *status)
    })
    .collect()
}

#[test]
fn the_page_has_a_row_for_each_code_in_their_order() {
    let rows: Vec<_> = rows().into_iter().map(|(code, _)| code).collect();
    assert_eq!(rows, Code::ALL.map(Code::as_str));
}

#[test]
fn no_code_is_renamed_and_none_goes() {
    assert_eq!(Code::ALL.map(Code::as_str), CODES);
}

/// The statuses that were seen with each code.
#[derive(Default)]
struct Seen(BTreeMap<String, BTreeSet<u16>>);

impl Seen {
    fn note(&mut self, reply: &Reply) {
        let status = reply.status.as_u16();
        assert_eq!(reply.headers.contains_key(RETRY_AFTER), matches!(status, 429 | 503), "{reply:?}");
        self.0.entry(reply.code()).or_default().insert(status);
    }
}

const PRODUCT: &str = "{ product(sku: \"COF-001\") { name } }";

/// What HTTP and GraphQL refuse, and what the tokens of strangers get.
async fn see_refusals(seen: &mut Seen) {
    let world = World::start().await;
    let acme = world.tenant("acme");
    let request = |method: Method, accept: &str, content_type: &str, body: String| {
        let request = world.http.request(method, format!("{}/graphql", world.url)).bearer_auth(&acme.token);
        world.send(request.header("accept", accept).header("content-type", content_type).body(body))
    };
    let json = "application/json";
    let query = json!({ "query": PRODUCT }).to_string();
    seen.note(&request(Method::POST, json, json, "{".to_owned()).await);
    seen.note(&request(Method::POST, json, json, json!({ "query": "{" }).to_string()).await);
    seen.note(&request(Method::POST, json, json, " ".repeat(1_000_000)).await);
    seen.note(&request(Method::POST, json, "text/plain", query.clone()).await);
    seen.note(&request(Method::POST, "text/html", json, query.clone()).await);
    seen.note(&request(Method::PUT, json, json, query).await);
    seen.note(&world.post(None, &json!({ "query": PRODUCT })).await);
    seen.note(&world.tenant("nobody").query(PRODUCT).await);
    seen.note(&acme.query("mutation { setStock(sku: \"NONE\", stock: 1) { sku } }").await);
    let again =
        "mutation { createProduct(input: {sku: \"COF-001\", name: \"N\", category: TEA, price: 1}) { sku } }";
    seen.note(&acme.query(again).await);
    // A registry that nobody held against the policies.
    let tables = [("main".to_owned(), "innkeeper-shops".parse().unwrap())];
    let requirements = Requirements { shared_tables: tables.into(), ..Requirements::default() };
    let tenants = world.read_file("tenants.toml").replace("policy = \"shop\"", "policy = \"none\"");
    let registry = Registry::parse(&Source::new("tenants.toml", tenants), &requirements).unwrap();
    let served = world.gateway.served.now();
    let (policies, api) = (Arc::clone(&served.policies), Arc::clone(&served.api));
    world.gateway.served.replace(Ok(Fresh { registry, policies, api })).unwrap();
    seen.note(&acme.query(PRODUCT).await);
}

/// What IAM refuses, and what AWS answers when it does not answer.
async fn see_failures(seen: &mut Seen) {
    let denied = World::builder().forging("acme2").start().await;
    seen.note(&denied.tenant("acme").query(PRODUCT).await);
    let aws = StandIn::start().await;
    let world = World::builder().aws(aws.endpoint()).start().await;
    let throttled =
        json!({ "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException" });
    let invalid = json!({ "__type": "com.amazon.coral.validate#ValidationException", "message": "no" });
    for (status, body) in
        [(400, throttled.to_string().as_str()), (400, invalid.to_string().as_str()), (503, "")]
    {
        aws.answer_dynamodb(status, body);
        seen.note(&world.tenant("acme").query(PRODUCT).await);
    }
    aws.answer_sts(503, "");
    seen.note(&world.tenant("globex").query(PRODUCT).await);
}

async fn see_a_tenant_over_its_tier(seen: &mut Seen) {
    let tier = "\n[admission.tiers.standard]\nrate = 1\n";
    let world = World::builder().edit("innkeeper.toml", |text| text + tier).start().await;
    let acme = world.tenant("acme");
    let replies = futures_util::future::join_all((0..8).map(|_| acme.query(PRODUCT))).await;
    seen.note(replies.iter().find(|reply| reply.status == 429).unwrap());
}

async fn see_a_budget_exceeded(seen: &mut Seen) {
    let world = budgeted(2).await;
    let acme = world.tenant("acme");
    for _ in 0..3 {
        acme.query("mutation { addOrderEvent(orderId: \"O001\", text: \"x\") { id } }").await.ok();
    }
    seen.note(&acme.query("{ orderEvents(orderId: \"O001\") { text } }").await);
}

#[tokio::test]
async fn each_code_comes_with_the_statuses_of_its_row() {
    let mut seen = Seen::default();
    see_refusals(&mut seen).await;
    see_failures(&mut seen).await;
    see_a_budget_exceeded(&mut seen).await;
    see_a_tenant_over_its_tier(&mut seen).await;
    let named = |text: &str| -> BTreeSet<u16> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
    };
    for (code, text) in rows() {
        assert_eq!(seen.0.get(code), Some(&named(text)), "{code}: {text}");
        let has_header = named(text).iter().any(|status| matches!(status, 429 | 503));
        assert_eq!(has_header, text.contains("`Retry-After`"), "{code}: {text}");
    }
}
