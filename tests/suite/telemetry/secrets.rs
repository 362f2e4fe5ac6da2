//! Whatever is done, by whomever: no token, no credential, no key and no value is in the log, the numbers or the traces.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use crate::harness::fault::{Fault, calls};
use crate::harness::{Collector, Log, World, root};

/// What is in each thing that a client sends here.
const CANARY: &str = "canary-4711";

/// Every text of the items that the example begins with, but for words so short that others hold them.
fn values() -> BTreeSet<String> {
    fn collect(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if text.len() >= 6 => drop(into.insert(text.clone())),
            Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
            Value::Object(members) => members.values().for_each(|value| collect(value, into)),
            _ => {}
        }
    }
    let seed = std::fs::read_to_string(root().join("seed.json")).unwrap();
    let mut values = BTreeSet::new();
    collect(&serde_json::from_str::<Value>(&seed).unwrap()["acme"], &mut values);
    values
}

/// What of a text must not be there. Keys of AWS and parts of tokens are long texts in base 64.
fn found(text: &str, tokens: &[String], values: &BTreeSet<String>) -> Vec<String> {
    let secret = Regex::new("[A-Za-z0-9+/_-]{64,}|[A-Za-z0-9+/]{40,}").unwrap();
    let mut found: Vec<_> = secret.find_iter(text).map(|it| it.as_str().to_owned()).collect();
    let literal = tokens.iter().chain(values).map(String::as_str).chain([CANARY]);
    found.extend(literal.filter(|it| text.contains(*it)).map(str::to_owned));
    found
}

#[tokio::test]
async fn nothing_secret_is_in_the_log_the_numbers_or_the_traces() {
    let world = World::builder().faults(calls().of("none").meet(|| Fault::Pass)).start().await;
    let collector = Collector::start();
    let log = Log::traced(&collector.config());
    // Every kind of operation.
    crate::golden::play(&world).await;
    let acme = world.tenant("acme");
    let mut tokens = vec![acme.token.clone(), world.token("nobody"), world.token("globex")];
    // Every kind of refusal, with the canary wherever a client may write.
    let product = format!("{{ product(sku: \"{CANARY}\") {{ name }} }}");
    let deep = format!("{}__typename{}", "{ a ".repeat(60), "}".repeat(60));
    let name = CANARY.replace('-', "_");
    let documents = [
        product.clone(),
        format!("query Q_{name} {{ a_{name}: product(sku: \"{CANARY}\") {{ cost n_{name}: name }} }}"),
        format!("{{ x_{name} }}"),
        format!(
            "mutation {{ createOrder(input: {{customerId: \"{CANARY}\", total: \"{CANARY}\"}}) {{ id }} }}"
        ),
        format!("mutation {{ updateProduct(sku: \"{CANARY}\", input: {{name: \"{CANARY}\"}}) {{ sku }} }}"),
        format!("{{ orders(customerId: \"{CANARY}\", after: \"{CANARY}\") {{ nodes {{ id }} }} }}"),
        format!("{{ broken \"{CANARY}\""),
        deep,
    ];
    for document in &documents {
        acme.query(document).await;
    }
    let broken = format!("{}x", tokens[0]);
    for token in [broken, CANARY.to_owned(), tokens[1].clone(), tokens[2].clone()] {
        world.post(Some(&token), &json!({ "query": product, "variables": { CANARY: CANARY } })).await;
        tokens.push(token);
    }
    // Every kind of failure below.
    let quoting = format!("The parameter cannot be converted to a numeric value: {CANARY}");
    let invalid = json!({ "__type": "com.amazon.coral.validate#ValidationException", "message": quoting });
    let rules: [Box<dyn Fn() -> Fault + Send>; 7] = [
        Box::new(|| Fault::Fail(500)),
        Box::new(|| Fault::Throttle),
        Box::new(|| Fault::DropResponse),
        Box::new(|| Fault::Truncate),
        Box::new(|| Fault::Corrupt),
        Box::new(|| Fault::Stale("ExpiredTokenException")),
        Box::new(move || Fault::Answer(400, invalid.clone())),
    ];
    for rule in rules {
        world.faults().set(calls().of("GetItem").first(3).meet(rule));
        acme.query("{ product(sku: \"COF-001\") { name } }").await;
        acme.query(&product).await;
    }
    log.flush();
    let lines = log.lines().join("\n");
    let numbers = world.send(world.http.get(format!("{}/metrics", world.admin))).await.text;
    let traces = String::from_utf8_lossy(&collector.bytes()).into_owned();
    // The run was what it is meant to be.
    for event in ["token.refused", "tenant.refused", "document.refused", "field.refused", "lease.given-up"] {
        assert!(lines.contains(event), "{event} is not in the log");
    }
    assert!(traces.contains("DynamoDB.TransactWriteItems") && numbers.contains("TransactWriteItems"));
    let values = values();
    assert!(values.len() > 50, "{values:?}");
    for (what, text) in [("the log", &lines), ("the numbers", &numbers), ("the traces", &traces)] {
        assert_eq!(found(text, &tokens, &values), Vec::<String>::new(), "in {what}");
    }
}

#[tokio::test]
async fn the_search_finds_a_secret() {
    let world = World::start().await;
    let credentials = world.credentials("acme");
    let token = world.token("acme");
    let [_, claims, _] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let of = [&credentials.secret_access_key, &credentials.session_token, claims, CANARY, "Ada Marino"];
    for secret in of {
        let line = format!("{{\"reason\":\"it was {secret}\"}}");
        assert!(!found(&line, &[], &values()).is_empty(), "{secret} is not found");
    }
}
