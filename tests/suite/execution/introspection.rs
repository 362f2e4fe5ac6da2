//! What the schema tells of itself: its types, and nothing of where items live.

use serde_json::{Value, json};

use super::{assert_refused, warm};
use crate::harness::World;

/// What GraphQL's tools ask, with everything that they may ask for.
const QUERY: &str = include_str!("introspection.graphql");

#[tokio::test]
async fn the_introspected_schema_has_no_trace_of_tables_keys_or_directives() {
    let world = warm().await;
    let schema = world.tenant("acme").query(QUERY).await.ok()["__schema"].clone();
    let types = schema["types"].as_array().unwrap();
    let names: Vec<_> =
        types.iter().map(|ty| ty["name"].as_str().unwrap()).filter(|it| !it.starts_with("__")).collect();
    insta::assert_snapshot!(names.join(" "));
    let directives: Vec<_> =
        schema["directives"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    insta::assert_snapshot!(directives.join(" "));
    // `isRepeatable` is GraphQL's own.
    let text = schema.to_string().to_lowercase().replace("isrepeatable", "");
    for word in [
        "tenant",
        "\"pk\"",
        "\"sk\"",
        "gsi",
        "innkeeper",
        "dynamodb",
        "arn:",
        "expiresat",
        "time to live",
        "meta#",
        "bycategory",
        "bycustomer",
        "table",
        "@item",
        "@get",
        "@query",
        "@attribute",
    ] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn types_can_be_asked_for_by_name() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let query = "query ($name: String!) { t: __type(name: $name) { ...T } } \
                 fragment T on __Type { kind name inputFields { name defaultValue type { kind ofType { name } } } }";
    let data = acme.with(query, json!({ "name": "NewProduct" })).await.ok();
    let fields = data["t"]["inputFields"].as_array().unwrap();
    let stock = json!({ "name": "stock", "defaultValue": "0", "type": { "kind": "NON_NULL", "ofType": { "name": "Int" } } });
    assert!(fields.contains(&stock), "{data}");
    assert_eq!(acme.with(query, json!({ "name": "Nothing" })).await.ok(), json!({ "t": null }));
    let query = "{ a: __type(name: \"Order\") { fields { name } } b: __schema { queryType { name } } __typename \
                 product(sku: \"COF-001\") { sku } }";
    let reply = acme.query(query).await;
    let data = reply.ok();
    assert!(!data["a"].to_string().contains("expiresAt"), "{data}");
    assert_eq!(data.as_object().unwrap().keys().collect::<Vec<_>>(), ["a", "b", "__typename", "product"]);
    assert_eq!(data["product"]["sku"], json!("COF-001"));
}

#[tokio::test]
async fn a_hidden_field_does_not_exist() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let hidden = assert_refused(&world, &acme.query("{ order(id: \"1\") { expiresAt } }").await);
    let unknown = assert_refused(&world, &acme.query("{ order(id: \"1\") { expiresIn } }").await);
    let replaced = hidden["message"].as_str().unwrap().replace("expiresAt", "expiresIn");
    assert_eq!(json!(replaced), unknown["message"]);
    for physical in ["pk", "sk", "gsi1pk", "ttl", "__item"] {
        assert_refused(&world, &acme.query(&format!("{{ order(id: \"1\") {{ {physical} }} }}")).await);
    }
}

#[tokio::test]
async fn introspection_that_is_switched_off_is_refused_before_anything_is_done() {
    let world = World::builder().configure(|config| config.graphql.introspection = false).start().await;
    let acme = world.tenant("acme");
    acme.query("{ __typename product(sku: \"NONE\") { __typename } }").await.ok();
    world.calls();
    for query in [
        QUERY,
        "{ __schema { description } }",
        "{ x: __type(name: \"Order\") { name } }",
        "mutation { __schema { description } }",
        "{ ...F } fragment F on Query { ... { __schema { description } } }",
        "{ product(sku: \"COF-001\") { sku } __type(name: \"Order\") { name } }",
        "{ __schema @skip(if: true) { description } __typename }",
    ] {
        let error = assert_refused(&world, &acme.query(query).await);
        assert_eq!(error["message"], json!("Introspection is switched off."));
    }
    // Nor do mistakes tell what there is.
    let error = assert_refused(&world, &acme.query("{ product(sku: \"COF-001\") { nam } }").await);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("nam") && !message.contains("name"), "{message}");
    let error = assert_refused(&world, &acme.query("{ products(category: TEE) { nextToken } }").await);
    assert!(!error["message"].as_str().unwrap().contains("TEA"), "{error}");
}

#[tokio::test]
async fn the_schema_is_asked_for_as_much_as_tools_do() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let times = |count: usize| {
        let (_, fragments) = QUERY.split_once("fragment ").unwrap();
        let asked = QUERY.split_once('{').unwrap().1.split_once("fragment ").unwrap().0;
        let asked = asked.trim().trim_end_matches('}').trim();
        let aliased = (0..count).map(|at| format!("a{at}: {asked} ")).collect::<String>();
        format!("{{ {aliased} }} fragment {fragments}")
    };
    acme.query(&times(2)).await.ok();
    let error = assert_refused(&world, &acme.query(&times(3)).await);
    assert!(
        error["message"].as_str().unwrap().contains("selections of the schema, and may have 500"),
        "{error}"
    );
    let names = (0..600).map(|at| format!("a{at}: name ")).collect::<String>();
    let listed = format!("{{ __schema {{ types {{ fields {{ type {{ fields {{ {names} }} }} }} }} }} }}");
    assert_refused(&world, &acme.query(&listed).await);
}

#[tokio::test]
async fn introspection_that_goes_round_in_circles_is_refused() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let circle = |turns: usize| {
        let (open, close) = ("fields { type { ofType { ".repeat(turns), "} } } ".repeat(turns));
        format!("{{ __schema {{ types {{ {open} name {close} }} }} }}")
    };
    let data = acme.query(&circle(2)).await.ok();
    assert_ne!(data["__schema"]["types"], Value::Null);
    assert_refused(&world, &acme.query(&circle(3)).await);
    let spread = "{ __type(name: \"Order\") { ...A } } fragment A on __Type { fields { type { ...B } } } \
                  fragment B on __Type { fields { type { ...C } } } fragment C on __Type { fields { type { name } } }";
    assert_refused(&world, &acme.query(spread).await);
}
