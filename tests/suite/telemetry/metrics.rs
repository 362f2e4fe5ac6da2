//! Each family moves by what was done, by no more, and by names that nobody outside can make up.
#![expect(clippy::float_cmp, reason = "counts, and units in halves, are exact")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use innkeeper::config::Config;
use serde_json::{Value, json};

use crate::harness::fault::{Call, Fault, calls};
use crate::harness::{Numbers, World};

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;
const CUSTOMER: &str = "01M2FNQYS97KB6CQ643DZVMXXQ";

/// What a request moves.
async fn moved(world: &World, token: Option<&str>, document: &str) -> Vec<String> {
    let before = Numbers::of(world).await;
    world.post(token, &json!({ "query": document })).await;
    Numbers::of(world).await.since(&before)
}

#[tokio::test]
async fn a_request_moves_what_it_did_and_nothing_else() {
    let world = World::start().await;
    let token = world.token("acme");
    let cold = moved(&world, Some(&token), PRODUCT).await;
    assert_eq!(
        cold,
        [
            r#"innkeeper_consumed_capacity_units_total{tenant="acme",operation="Query.product",kind="read"} 0.5"#,
            r#"innkeeper_documents_total{outcome="new"} 1"#,
            r#"innkeeper_dynamodb_call_duration_seconds_count{call="GetItem"} 1"#,
            r#"innkeeper_dynamodb_calls_total{call="GetItem",outcome="ok"} 1"#,
            "innkeeper_leases 1",
            "innkeeper_request_duration_seconds_count 1",
            r#"innkeeper_requests_total{code="OK"} 1"#,
            "innkeeper_sts_call_duration_seconds_count 1",
            r#"innkeeper_sts_calls_total{outcome="granted"} 1"#,
            r#"innkeeper_tokens_total{outcome="verified"} 1"#,
        ]
    );
    let warm = moved(&world, Some(&token), "{ __typename }").await;
    assert_eq!(
        warm,
        [
            r#"innkeeper_documents_total{outcome="new"} 1"#,
            "innkeeper_request_duration_seconds_count 1",
            r#"innkeeper_requests_total{code="OK"} 1"#,
            r#"innkeeper_tokens_total{outcome="remembered"} 1"#,
        ]
    );
    let known = moved(&world, Some(&token), "{ __typename }").await;
    assert!(known.contains(&r#"innkeeper_documents_total{outcome="known"} 1"#.to_owned()), "{known:?}");
}

#[tokio::test]
async fn a_refusal_is_counted_by_what_refused() {
    let world = World::start().await;
    let (token, nobody) = (world.token("acme"), world.token("nobody"));
    world.post(Some(&token), &json!({ "query": PRODUCT })).await;
    let answered = |code: &str| {
        vec![
            "innkeeper_request_duration_seconds_count 1".to_owned(),
            format!("innkeeper_requests_total{{code=\"{code}\"}} 1"),
        ]
    };
    let with = |first: &[&str], code: &str, last: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        [texts(first), answered(code), texts(last)].concat()
    };
    let remembered = [r#"innkeeper_tokens_total{outcome="remembered"} 1"#];
    let bad = moved(&world, Some("nonsense"), PRODUCT).await;
    assert_eq!(bad, with(&[], "UNAUTHENTICATED", &[r#"innkeeper_tokens_total{outcome="refused"} 1"#]));
    let unknown = moved(&world, Some(&nobody), PRODUCT).await;
    assert_eq!(unknown, with(&[], "FORBIDDEN", &[r#"innkeeper_tokens_total{outcome="verified"} 1"#]));
    let deep = format!("{}__typename{}", "{ a ".repeat(60), "}".repeat(60));
    let refused = moved(&world, Some(&token), &deep).await;
    let limit = [r#"innkeeper_documents_refused_total{limit="max-depth"} 1"#];
    assert_eq!(refused, with(&limit, "BAD_REQUEST", &remembered));
    assert_eq!(moved(&world, Some(&token), "{ nothing }").await, with(&[], "BAD_REQUEST", &remembered));
    // What the caller may not see is not asked for.
    let hidden = moved(&world, Some(&token), r#"{ product(sku: "COF-001") { cost } }"#).await;
    assert!(hidden.contains(&r#"innkeeper_requests_total{code="FORBIDDEN"} 1"#.to_owned()), "{hidden:?}");
}

#[tokio::test]
async fn a_loaders_call_is_one_call_of_so_many_keys() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    for (id, customer) in [("a", "C1"), ("b", "C2"), ("c", "C1")] {
        let order = format!(
            "mutation {{ createOrder(input: {{customerId: \"{customer}\", total: \"1\", lines: []}}) {{ id }} }}"
        );
        assert!(!acme.query(&order).await.text.is_empty(), "{id}");
    }
    let orders =
        format!("{{ customer(id: \"{CUSTOMER}\") {{ orders {{ nodes {{ customer {{ name }} }} }} }} }}");
    acme.query("{ __typename }").await.ok();
    let before = Numbers::of(&world).await;
    let data = acme.query(&orders).await.ok();
    let nodes = data["customer"]["orders"]["nodes"].as_array().unwrap().len();
    assert!(nodes > 1);
    let after = Numbers::of(&world).await;
    let moved = |sample: &str| after.get(sample) - before.get(sample);
    // All of them are one customer's, whose key is asked for once.
    assert_eq!(moved("innkeeper_loader_calls_total"), 1.0);
    assert_eq!(moved("innkeeper_loader_keys_total"), 1.0);
    let get = r#"innkeeper_dynamodb_calls_total{call="GetItem",outcome="ok"}"#;
    assert_eq!(moved(get), 2.0);
}

/// The capacity that DynamoDB counted in its answers, by tenant and kind.
type Counted = Arc<Mutex<BTreeMap<(String, &'static str), f64>>>;

fn units(answer: &Value) -> f64 {
    let of = |consumed: &Value| consumed["CapacityUnits"].as_f64().unwrap_or_default();
    match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(of).sum(),
        consumed => of(consumed),
    }
}

/// Lets every call pass, and adds up what its answer says that it took.
fn counting(counted: &Counted) -> impl FnMut(&Call) -> Fault + Send + use<> {
    let counted = Arc::clone(counted);
    move |call| {
        if call.operation == "STS" {
            return Fault::Pass;
        }
        let reads =
            ["GetItem", "BatchGetItem", "Query", "TransactGetItems"].contains(&call.operation.as_str());
        let key = (call.tenant.clone().unwrap(), if reads { "read" } else { "write" });
        let counted = Arc::clone(&counted);
        Fault::Change(Box::new(move |answer| {
            *counted.lock().unwrap().entry(key).or_default() += units(answer);
        }))
    }
}

#[tokio::test]
async fn capacity_and_cost_are_what_dynamodb_counted_for_each_tenant() {
    let counted = Counted::default();
    let priced = |config: &mut Config| {
        (config.telemetry.prices.read, config.telemetry.prices.write) = (0.125, 0.625);
    };
    let world = World::builder().configure(priced).faults(counting(&counted)).start().await;
    crate::golden::play(&world).await;
    for tenant in ["acme2", "globex"] {
        for _ in 0..3 {
            world.tenant(tenant).query(PRODUCT).await.ok();
        }
    }
    let numbers = Numbers::of(&world).await;
    let counted = counted.lock().unwrap();
    assert!(counted.len() >= 4 && counted[&("acme".to_owned(), "write")] > 10.0, "{counted:?}");
    let mut costs: BTreeMap<&str, f64> = BTreeMap::new();
    for ((tenant, kind), units) in counted.iter() {
        let labels = [format!("tenant=\"{tenant}\""), format!("kind=\"{kind}\"")];
        let told = numbers.sum("innkeeper_consumed_capacity_units_total", &[&labels[0], &labels[1]]);
        assert!((told - units).abs() < 1e-6, "{tenant} {kind}: {told}, DynamoDB says {units}");
        *costs.entry(tenant).or_default() += units * if *kind == "read" { 0.125 } else { 0.625 } / 1e6;
    }
    for (tenant, cost) in costs {
        let told =
            numbers.get(&format!("innkeeper_estimated_cost_total{{tenant=\"{tenant}\",currency=\"USD\"}}"));
        assert!((told - cost).abs() < 1e-12 && cost > 0.0, "{tenant}: {told}, not {cost}");
    }
    // Every call is told under the field that wanted it.
    let fields = &numbers.labels()["innkeeper_consumed_capacity_units_total"]["operation"];
    for field in ["Query.product", "Customer.orders", "Order.customer", "Mutation.placeOrder"] {
        assert!(fields.contains(field), "{field} is not in {fields:?}");
    }
    assert!(fields.iter().all(|field| field.contains('.')), "{fields:?}");
}

#[tokio::test]
async fn calls_and_leases_are_counted_by_their_outcomes_as_the_embedded_aws_saw_them() {
    let denied = json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no" });
    let world = World::builder().faults(calls().of("none").meet(|| Fault::Pass)).start().await;
    let acme = world.tenant("acme");
    acme.query(PRODUCT).await.ok();
    let outcome = async |name: &str| {
        let sample = format!("innkeeper_dynamodb_calls_total{{call=\"GetItem\",outcome=\"{name}\"}}");
        Numbers::of(&world).await.get(&sample)
    };
    world.faults().set(calls().of("GetItem").first(1).meet(|| Fault::Stale("ExpiredTokenException")));
    acme.query(PRODUCT).await.ok();
    assert_eq!((outcome("credentials").await, outcome("ok").await), (1.0, 2.0));
    let numbers = Numbers::of(&world).await;
    assert_eq!(numbers.get(r#"innkeeper_sts_calls_total{outcome="granted"}"#), 2.0);
    // The one that was given up is held no more.
    assert_eq!(numbers.get("innkeeper_leases"), 1.0);
    world.faults().set(calls().of("GetItem").meet(move || Fault::Answer(400, denied.clone())));
    acme.query(PRODUCT).await;
    assert_eq!(outcome("denied").await, 1.0);
    world.faults().set(calls().of("GetItem").meet(|| Fault::Fail(500)));
    acme.query(PRODUCT).await;
    assert_eq!((outcome("unavailable").await, outcome("ok").await), (1.0, 2.0));
}

#[tokio::test]
async fn nobody_outside_makes_up_a_label() {
    let few = |config: &mut Config| config.telemetry.max_tenants = 2;
    let world = World::builder().configure(few).start().await;
    for tenant in ["acme", "acme2", "acme-2", "acme_2", "globex", "globex2"] {
        world.tenant(tenant).query(PRODUCT).await.ok();
    }
    for at in 0..20 {
        world.tenant(&format!("unknown-{at}")).query(PRODUCT).await;
        world.post(Some(&format!("nonsense-{at}")), &json!({ "query": PRODUCT })).await;
        let document = format!("query Made{at} {{ made{at}: product(sku: \"made-{at}\") {{ name }} }}");
        world.tenant("acme").query(&document).await.ok();
        world.tenant("acme").query(&format!("{{ made{at} }}")).await;
    }
    let numbers = Numbers::of(&world).await;
    let labels = numbers.labels();
    let of = |family: &str, label: &str| labels[family][label].iter().cloned().collect::<Vec<_>>();
    let units = "innkeeper_consumed_capacity_units_total";
    assert_eq!(of(units, "tenant"), ["acme", "acme2", "other"]);
    assert_eq!(of(units, "operation"), ["Query.product"]);
    assert_eq!(numbers.sum(units, &["tenant=\"other\""]), 2.0);
    for (family, labels) in &labels {
        for (label, values) in labels {
            let made_up =
                values.iter().any(|it| ["made", "unknown", "nonsense"].iter().any(|word| it.contains(word)));
            assert!(!made_up, "{family} {label}: {values:?}");
            assert!(label == "le" || values.len() <= 12, "{family} {label}: {values:?}");
        }
    }
}
