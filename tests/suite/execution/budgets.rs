//! What a document multiplies as it is run: what is stored, by aliases; what is run, by lists.

use serde_json::{Value, json};

use super::{CUSTOMER, assert_refused, warm};
use crate::harness::World;

/// A world in which a product has a long note.
async fn noted(
    length: usize,
    configure: impl FnOnce(&mut innkeeper::config::Config) + Send + 'static,
) -> World {
    let with_aliases = |config: &mut innkeeper::config::Config| {
        config.graphql.max_aliases = 1_000;
        configure(config);
    };
    let world = World::builder().configure(with_aliases).start().await;
    let note =
        "mutation ($details: JSON) { updateProduct(sku: \"COF-001\", input: {details: $details}) { sku } }";
    world.tenant("acme").with(note, json!({ "details": "x".repeat(length) })).await.ok();
    world.calls();
    world
}

/// A selection of the note under so many names.
fn notes(count: usize) -> String {
    (0..count).map(|at| format!("a{at}: details ")).collect()
}

#[tokio::test]
async fn aliases_of_a_long_value_do_not_make_a_long_answer() {
    let world = noted(20_000, |_| {}).await;
    let acme = world.tenant("acme");
    let query = |count| format!("{{ product(sku: \"COF-001\") {{ {} }} }}", notes(count));
    assert!(acme.query(&query(500)).await.text.len() > 10_000_000);
    let reply = acme.query(&query(530)).await;
    assert_eq!(reply.codes(), ["BUDGET_EXCEEDED"]);
    let body = reply.json();
    assert_eq!(
        (&body["data"], &body["errors"][0]["path"]),
        (&json!({ "product": null }), &json!(["product"]))
    );
    // A field that must not be null takes the answer with it, and lists multiply too.
    let query = format!("{{ products(category: COFFEE, limit: 500) {{ items {{ {} }} }} }}", notes(530));
    let body = acme.query(&query).await.json();
    assert_eq!((&body["data"], &body["errors"][0]["path"]), (&Value::Null, &json!(["products"])));
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn small_values_count_by_their_number() {
    let world = noted(1, |config| config.graphql.max_answer = 10_000).await;
    let acme = world.tenant("acme");
    let query = |field: &str, count: usize| {
        let fields = (0..count).map(|at| format!("a{at}: {field} ")).collect::<String>();
        product(&fields)
    };
    for field in ["rev", "details", "__typename", "tags"] {
        acme.query(&query(field, 50)).await.ok();
        assert_eq!(acme.query(&query(field, 400)).await.code(), "BUDGET_EXCEEDED", "{field}");
    }
    let pages = (0..400).map(|at| format!("a{at}: nextToken ")).collect::<String>();
    let pages = format!("{{ products(category: COFFEE, limit: 1) {{ {pages} }} }}");
    assert_eq!(acme.query(&pages).await.code(), "BUDGET_EXCEEDED");
}

fn product(fields: &str) -> String {
    format!("{{ product(sku: \"COF-001\") {{ {fields} }} }}")
}

#[tokio::test]
async fn what_stands_behind_an_answer_that_is_too_long_is_not_run() {
    let world = noted(2_000, |config| config.graphql.max_answer = 10_000).await;
    let acme = world.tenant("acme");
    let update = |name: &str, fields: &str| {
        format!("{name}: updateProduct(sku: \"COF-001\", input: {{stock: 7}}) {{ {fields} }} ")
    };
    acme.query(&format!("mutation {{ {} }}", update("one", "rev"))).await.ok();
    let one = world.count("acme").1;
    let query = format!("mutation {{ {} {} }}", update("one", &notes(10)), update("two", "rev"));
    let reply = acme.query(&query).await;
    let body = reply.json();
    assert_eq!(body["data"], json!({ "one": null, "two": null }));
    assert_eq!(reply.codes(), ["BUDGET_EXCEEDED", "BUDGET_EXCEEDED"]);
    let message = |at: usize| body["errors"][at]["message"].as_str().unwrap();
    assert!(message(0).contains("would be longer") && message(1).contains("was not run"), "{}", reply.text);
    assert_eq!(world.count("acme").1, one);
}

#[tokio::test]
async fn a_conflict_shows_no_more_than_fits() {
    let world = noted(2_000, |config| config.graphql.max_answer = 10_000).await;
    let query = format!(
        "mutation {{ updateProduct(sku: \"COF-001\", input: {{stock: 7}}, expectedRev: 99) {{ sku {} }} }}",
        notes(10)
    );
    let reply = world.tenant("acme").query(&query).await;
    assert_eq!(reply.code(), "CONFLICT");
    assert!(reply.text.len() < 12_000, "{}", reply.text.len());
}

#[tokio::test]
async fn what_runs_under_a_page_counts_for_each_of_its_items() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let query = |first: &str| {
        format!(
            "{{ customer(id: \"{CUSTOMER}\") {{ orders{first} {{ nodes {{ a: customer {{ name }} b: customer {{ name }} }} }} }} }}"
        )
    };
    acme.query(&query("(first: 499)")).await.ok();
    // What is counted is the fields; their customer is asked for once.
    assert_eq!(world.count("acme").1, 3);
    let error = assert_refused(&world, &acme.query(&query("(first: 500)")).await);
    assert_eq!(error["message"], "The document has 1002 operations to run, and may have 1000.");
    // By default 20, and by null 50.
    acme.query(&query("")).await.ok();
    acme.query(&query("(first: null)")).await.ok();
    world.calls();
    // Pages in pages: 1 + 1 + 50 × (1 + 1 + 20 × 1).
    let nested = format!(
        "{{ customer(id: \"{CUSTOMER}\") {{ orders(first: 50) {{ nodes {{ customer {{ orders {{ nodes {{ customer {{ name }} }} }} }} }} }} }} }}"
    );
    let error = assert_refused(&world, &acme.query(&nested).await);
    assert_eq!(error["message"], "The document has 1102 operations to run, and may have 1000.");
}

#[tokio::test]
async fn what_is_run_is_counted_again() {
    let edit = |schema: String| {
        schema.replace("quantity: Int!\n  price: Decimal!\n}\n\n\"What happened", "quantity: Int!\n  price: Decimal!\n  product: Product @get(bind: {sku: \"parent.sku\"})\n}\n\n\"What happened")
    };
    let configure = |config: &mut innkeeper::config::Config| config.graphql.max_operations = 3;
    let world = World::builder().edit("schema.graphql", edit).configure(configure).start().await;
    let acme = world.tenant("acme");
    let query = "{ order(id: \"01M3F4Y5KCFSSZ5AWSH8VHTPRE\") { lines { sku a: product { sku } b: product { sku } } } }";
    let reply = acme.query(query).await;
    let lines = reply.json()["data"]["order"]["lines"].as_array().map_or(0, Vec::len);
    assert!(lines > 1, "{}", reply.text);
    assert_eq!(reply.codes(), vec!["BUDGET_EXCEEDED"; 2 * lines - 2]);
    // The order, and the product that both fields of its first line want.
    assert_eq!(world.count("acme").1, 2);
}
