//! GraphQL's semantics: what a document selects, in which order, how often it is run, and what comes back.

mod budgets;
mod introspection;
mod limits;
mod nulls;
mod values;

use serde_json::{Value, json};

use crate::harness::{Reply, World};

const CUSTOMER: &str = "01M2FNQYS97KB6CQ643DZVMXXQ";

/// A world in which `acme` has a session already, so that what is left to see are calls of DynamoDB.
async fn warm() -> World {
    let world = World::start().await;
    world.tenant("acme").query("{ __typename }").await.ok();
    world.calls();
    world
}

/// Asserts that a document is refused without a call, and gives the first error.
#[track_caller]
fn assert_refused(world: &World, reply: &Reply) -> Value {
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "BAD_REQUEST"), "{}", reply.text);
    let body = reply.json();
    assert!(body.get("data").is_none(), "{}", reply.text);
    assert_eq!(world.calls(), []);
    body["errors"][0].clone()
}

#[tokio::test]
async fn an_alias_names_a_field_in_the_answer() {
    let world = warm().await;
    let query = "{ a: product(sku: \"COF-001\") { n: name } b: product(sku: \"TEA-002\") { n: name name } }";
    let reply = world.tenant("acme").query(query).await;
    let expected = "{\"data\":{\"a\":{\"n\":\"Ethiopia Yirgacheffe, 250 g\"},\
                    \"b\":{\"n\":\"Sencha, 100 g\",\"name\":\"Sencha, 100 g\"}}}";
    assert_eq!(reply.text, expected);
    assert_eq!(world.count("acme").1, 2);
}

#[tokio::test]
async fn fragments_stand_for_what_they_select() {
    let world = warm().await;
    let query = "query { ...Root }
        fragment Root on Query { ... on Query { ... { product(sku: \"COF-001\") { ...Outer } } } }
        fragment Outer on Product { sku ...Inner ... @include(if: true) { rev } }
        fragment Inner on Product { stock ... on Product { category } }";
    let reply = world.tenant("acme").query(query).await;
    let expected =
        "{\"data\":{\"product\":{\"sku\":\"COF-001\",\"stock\":41,\"category\":\"COFFEE\",\"rev\":1}}}";
    assert_eq!(reply.text, expected);
}

#[tokio::test]
async fn a_fragment_on_another_type_is_refused() {
    let world = warm().await;
    let acme = world.tenant("acme");
    for query in [
        "{ product(sku: \"COF-001\") { ... on Customer { name } } }",
        "{ product(sku: \"COF-001\") { ...F } } fragment F on Customer { name }",
        "{ product(sku: \"COF-001\") { ... on Nothing { name } } }",
        "{ product(sku: \"COF-001\") { ... on Category { name } } }",
        "{ product(sku: \"COF-001\") { ...Nothing } }",
        "{ product(sku: \"COF-001\") { sku } } fragment Unused on Product { sku }",
    ] {
        assert_refused(&world, &acme.query(query).await);
    }
}

#[tokio::test]
async fn skip_and_include_decide_with_variables_and_defaults() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let query = "query ($yes: Boolean!, $no: Boolean = false) { product(sku: \"COF-001\") {
        sku @include(if: $yes) name @skip(if: $yes) stock @include(if: $no) rev @skip(if: $no)
        price @include(if: $yes) @skip(if: $yes) ... @include(if: $no) { tags } ...F @skip(if: $no) } }
        fragment F on Product { category }";
    let selected = async |variables: Value| {
        let data = acme.with(query, variables).await.ok();
        data["product"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(selected(json!({ "yes": true })).await, "sku rev category");
    assert_eq!(selected(json!({ "yes": false })).await, "name rev category");
    assert_eq!(selected(json!({ "yes": true, "no": true })).await, "sku stock tags");
    world.calls();
    for variables in [json!({}), json!({ "yes": null }), json!({ "yes": "true" }), json!({ "yes": 1 })] {
        assert_refused(&world, &acme.with(query, variables).await);
    }
    assert_refused(&world, &acme.with(query, json!({ "yes": true, "no": null })).await);
    assert_refused(&world, &acme.query("{ __typename @skip }").await);
    assert_refused(&world, &acme.query("{ __typename @skip(if: 1) }").await);
    for query in [
        "{ __typename @sometimes }",
        "{ ... @sometimes { __typename } }",
        "query @skip(if: true) { __typename }",
    ] {
        assert_refused(&world, &acme.query(query).await);
    }
}

#[tokio::test]
async fn what_is_written_behind_a_type_name_is_looked_at() {
    let world = warm().await;
    let acme = world.tenant("acme");
    for query in ["{ __typename(a: 1) }", "{ __typename { a } }", "{ __typename @skip(if: $x) }"] {
        assert_refused(&world, &acme.query(query).await);
    }
}

#[tokio::test]
async fn what_is_skipped_is_not_run() {
    let world = warm().await;
    let query = "{ a: product(sku: \"COF-001\") @skip(if: true) { sku } ...F @include(if: false) __typename }
        fragment F on Query { b: product(sku: \"COF-001\") { sku } }";
    assert_eq!(world.tenant("acme").query(query).await.ok(), json!({ "__typename": "Query" }));
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn a_field_that_is_selected_twice_is_run_once_and_merged() {
    let world = warm().await;
    let query = "{ product(sku: \"COF-001\") { name } ...F product(sku: \"COF-001\") { stock details } }
        fragment F on Query { ... { product(sku: \"COF-001\") { name rev } } }";
    let reply = world.tenant("acme").query(query).await;
    assert!(reply.text.starts_with(
        "{\"data\":{\"product\":{\"name\":\"Ethiopia Yirgacheffe, 250 g\",\"rev\":1,\"stock\":41,"
    ));
    assert_eq!(world.count("acme").1, 1);
    let nested = format!(
        "{{ customer(id: \"{CUSTOMER}\") {{ address {{ city }} orders(first: 1) {{ nodes {{ id }} }} }}
            customer(id: \"{CUSTOMER}\") {{ address {{ postcode }} orders(first: 1) {{ nodes {{ status }} }} }} }}"
    );
    let data = world.tenant("acme").query(&nested).await.ok();
    assert_eq!(data["customer"]["address"], json!({ "city": "Berlin", "postcode": "10969" }));
    let order = json!({ "id": "01M586HZJSY63FCH26W14WMCHW", "status": "PLACED" });
    assert_eq!(data["customer"]["orders"]["nodes"], json!([order]));
    assert_eq!(world.count("acme").1, 2);
}

#[tokio::test]
async fn selections_that_cannot_be_merged_are_refused() {
    let world = warm().await;
    let acme = world.tenant("acme");
    for query in [
        "{ product(sku: \"COF-001\") { name } product(sku: \"TEA-001\") { name } }",
        "{ product(sku: \"COF-001\") { name } ... on Query { product(sku: \"TEA-001\") { name } } }",
        "{ product(sku: \"COF-001\") { name } ...F } fragment F on Query { product(sku: \"TEA-001\") { name } }",
        "{ product(sku: \"COF-001\") { x: name } product(sku: \"COF-001\") { x: sku } }",
        "{ product(sku: \"COF-001\") { x: name ... { x: sku } } }",
        "{ product(sku: \"COF-001\") { x: __typename x: sku } }",
        "mutation { setStock(sku: \"COF-001\", stock: 1) { rev } ... { setStock(sku: \"COF-001\", stock: 2) { rev } } }",
        "query ($a: Int, $b: Int) { products(category: TEA, limit: $a) { nextToken }
            ... { products(category: TEA, limit: $b) { nextToken } } }",
    ] {
        let error = assert_refused(&world, &acme.query(query).await);
        assert_eq!(error["locations"].as_array().map(Vec::len), Some(2), "{error}");
    }
    // The order of arguments makes no difference.
    let query = "{ a: products(category: TEA, limit: 1) { nextToken } ... on Query { \
                 a: products(limit: 1, category: TEA) { items { sku } } } }";
    acme.query(query).await.ok();
    assert_eq!(world.count("acme").1, 1);
}

#[tokio::test]
async fn a_mutation_that_is_selected_twice_under_one_name_writes_once() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let query = "mutation { setStock(sku: \"COF-001\", stock: 9) { stock } ...F }
        fragment F on Mutation { setStock(sku: \"COF-001\", stock: 9) { rev } }";
    assert_eq!(acme.query(query).await.ok(), json!({ "setStock": { "stock": 9, "rev": 2 } }));
    assert_eq!(world.count("acme").1, 1);
    let query = "mutation { a: setStock(sku: \"COF-001\", stock: 9) { rev } b: setStock(sku: \"COF-001\", stock: 9) { rev } }";
    assert_eq!(acme.query(query).await.ok(), json!({ "a": { "rev": 3 }, "b": { "rev": 4 } }));
    assert_eq!(world.count("acme").1, 2);
}

#[tokio::test]
async fn mutations_run_in_their_order() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let write = |at: i32| format!("m{at}: setStock(sku: \"COF-001\", stock: {at}) {{ stock rev }}");
    let writes: Vec<_> = (0..20).rev().map(write).collect();
    let data = acme.query(&format!("mutation {{ {} }}", writes.join(" "))).await.ok();
    for (at, (name, written)) in data.as_object().unwrap().iter().enumerate() {
        let stock = 19 - at;
        assert_eq!(
            (name.as_str(), written),
            (format!("m{stock}").as_str(), &json!({ "stock": stock, "rev": at + 2 }))
        );
    }
    assert_eq!(world.count("acme").1, 20);
}

#[tokio::test]
async fn a_mutation_behind_one_that_takes_the_answer_with_it_is_not_run() {
    let world = warm().await;
    let acme = world.tenant("acme");
    // `setStock` must not be null, so that its failure leaves no answer to say what happened to the others.
    let query = "mutation { deleteProduct(sku: \"NONE\") { sku } one: setStock(sku: \"COF-001\", stock: 3) { rev } \
                 two: setStock(sku: \"NONE\", stock: 3) { rev } three: setStock(sku: \"COF-001\", stock: 4) { rev } }";
    let reply = acme.query(query).await;
    assert_eq!((reply.json()["data"].clone(), reply.codes()), (Value::Null, vec!["NOT_FOUND".to_owned()]));
    assert_eq!(world.count("acme").1, 3);
    let data = acme.query("{ product(sku: \"COF-001\") { stock rev } }").await.ok();
    assert_eq!(data["product"], json!({ "stock": 3, "rev": 2 }));
    // One that may be null fails alone.
    let query =
        "mutation { deleteProduct(sku: \"NONE\") { sku } setStock(sku: \"COF-001\", stock: 5) { rev } }";
    assert_eq!(acme.query(query).await.ok(), json!({ "deleteProduct": null, "setStock": { "rev": 3 } }));
}

#[tokio::test]
async fn answers_keep_the_order_of_the_selection() {
    let world = warm().await;
    let query = format!(
        "{{ z: __typename orders(customerId: \"{CUSTOMER}\") {{ nodes {{ status customer {{ rev name }} id }} }}
            a: product(sku: \"COF-001\") {{ stock sku }} m: __typename product(sku: \"NONE\") {{ sku }} }}"
    );
    let reply = world.tenant("acme").query(&query).await;
    let node = |id: &str, status: &str| {
        format!(
            "{{\"status\":\"{status}\",\"customer\":{{\"rev\":1,\"name\":\"Ada Marino\"}},\"id\":\"{id}\"}}"
        )
    };
    let nodes = [node("01M586HZJSY63FCH26W14WMCHW", "PLACED"), node("01M3F4Y5KCFSSZ5AWSH8VHTPRE", "SHIPPED")];
    let expected = format!(
        "{{\"data\":{{\"z\":\"Query\",\"orders\":{{\"nodes\":[{}]}},\"a\":{{\"stock\":41,\"sku\":\"COF-001\"}},\
         \"m\":\"Query\",\"product\":null}}}}",
        nodes.join(",")
    );
    assert_eq!(reply.text, expected);
}

#[tokio::test]
async fn every_object_knows_the_name_of_its_type() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let query = format!(
        "{{ __typename t: __typename customer(id: \"{CUSTOMER}\") {{ __typename address {{ __typename }}
            orders(first: 1) {{ __typename edges {{ __typename node {{ __typename lines {{ __typename }}
                events {{ __typename }} }} }} pageInfo {{ __typename }} }} }}
            products(category: TEA, limit: 1) {{ __typename items {{ __typename }} }} }}"
    );
    let text = acme.query(&query).await.ok().to_string();
    for name in [
        "Query",
        "Customer",
        "Address",
        "OrderConnection",
        "OrderEdge",
        "Order",
        "OrderLine",
        "OrderEvent",
        "PageInfo",
        "ProductPage",
        "Product",
    ] {
        assert!(text.contains(&format!("\"__typename\":\"{name}\"")), "{name} in {text}");
    }
    assert_eq!(acme.query("mutation { __typename }").await.ok(), json!({ "__typename": "Mutation" }));
}
