//! What a failure leaves: null as far up as the types ask for it, and an error that says where.

use serde_json::{Value, json};

use crate::harness::{Builder, Log, Reply, World};

const CUSTOMER: &str = "01M2FNQYS97KB6CQ643DZVMXXQ";
const ORDER: &str = "01M3F4Y5KCFSSZ5AWSH8VHTPRE";

/// Changes an item of `acme`'s behind the gateway's back.
async fn spoil(world: &World, pk: &str, update: &str) {
    let key = json!({ "pk": { "S": format!("TENANT#acme#{pk}") }, "sk": { "S": "META" } });
    let names: serde_json::Map<_, _> = update
        .split_whitespace()
        .filter(|word| word.starts_with('#'))
        .map(|word| (word.to_owned(), json!(word[1..])))
        .collect();
    let body = json!({ "TableName": "innkeeper-shops", "Key": key, "UpdateExpression": update,
        "ExpressionAttributeNames": names, "ExpressionAttributeValues": { ":bad": { "BOOL": true } } });
    let body = if update.contains(":bad") { body } else { without_values(body) };
    let reply = world.behind("UpdateItem", body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

fn without_values(mut body: Value) -> Value {
    body.as_object_mut().unwrap().remove("ExpressionAttributeValues");
    body
}

/// The example, with another type for a field.
fn retyped(field: &str, ty: &str) -> Builder {
    World::builder().edit("schema.graphql", |text| text.replace(field, ty))
}

/// The errors without what is the same in all of them.
fn errors(reply: &Reply) -> Vec<Value> {
    let body = reply.json();
    let id = reply.headers["x-request-id"].to_str().unwrap();
    let mut errors = body["errors"].as_array().unwrap().clone();
    for error in &mut errors {
        assert_eq!(error["extensions"]["requestId"], json!(id));
        error["extensions"].as_object_mut().unwrap().remove("requestId");
    }
    errors.sort_by_key(|error| error["path"].to_string());
    errors
}

fn lacks(line: usize, column: usize, path: &Value) -> Value {
    json!({ "message": "The stored item lacks this field.", "locations": [{ "line": line, "column": column }],
        "path": path, "extensions": { "code": "INTERNAL" } })
}

#[tokio::test]
async fn a_field_that_must_not_be_null_nulls_its_parent() {
    let world = World::start().await;
    spoil(&world, "PRODUCT#COF-001", "REMOVE #name").await;
    let query = "{\n  bad: product(sku: \"COF-001\") {\n    sku\n    n: name\n  }\n  good: product(sku: \"TEA-002\") { sku }\n}";
    let reply = world.tenant("acme").query(query).await;
    assert_eq!(reply.status.as_u16(), 200);
    assert_eq!(reply.json()["data"], json!({ "bad": null, "good": { "sku": "TEA-002" } }));
    assert_eq!(errors(&reply), [lacks(4, 5, &json!(["bad", "n"]))]);
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_of_its_field() {
    let world = World::start().await;
    spoil(&world, "PRODUCT#COF-001", "SET #photo = :bad").await;
    spoil(&world, "PRODUCT#TEA-001", "SET #stock = :bad").await;
    spoil(&world, "PRODUCT#TEA-002", "SET #category = :bad").await;
    let query = "{ a: product(sku: \"COF-001\") { sku photo } b: product(sku: \"TEA-001\") { sku stock } \
                 c: product(sku: \"TEA-002\") { category } }";
    let reply = world.tenant("acme").query(query).await;
    // A photo may be null.
    assert_eq!(
        reply.json()["data"],
        json!({ "a": { "sku": "COF-001", "photo": null }, "b": null, "c": null })
    );
    let paths: Vec<_> = errors(&reply).iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, [json!(["a", "photo"]), json!(["b", "stock"]), json!(["c", "category"])]);
    assert!(
        !reply.text.contains("true") && !reply.text.contains("BOOL"),
        "no stored value is shown: {}",
        reply.text
    );
}

#[tokio::test]
async fn where_nothing_may_be_null_the_whole_answer_is() {
    let world = World::start().await;
    spoil(&world, "PRODUCT#TEA-002", "REMOVE #name").await;
    let query = "{ product(sku: \"COF-001\") { sku } products(category: TEA) { items { sku name } } }";
    let reply = world.tenant("acme").query(query).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["data"]), (200, &Value::Null));
    assert_eq!(errors(&reply), [lacks(1, 73, &json!(["products", "items", 1, "name"]))]);
}

#[tokio::test]
async fn a_list_whose_members_may_be_null_keeps_the_good_ones() {
    let world = retyped("items: [Product!]!", "items: [Product]!").start().await;
    spoil(&world, "PRODUCT#TEA-002", "REMOVE #name").await;
    let reply = world.tenant("acme").query("{ products(category: TEA) { items { name } } }").await;
    let good = json!({ "name": "Darjeeling first flush, 100 g" });
    assert_eq!(reply.json()["data"], json!({ "products": { "items": [good, null] } }));
    assert_eq!(errors(&reply), [lacks(1, 37, &json!(["products", "items", 1, "name"]))]);
}

#[tokio::test]
async fn a_list_that_may_be_null_is_where_a_member_must_not() {
    let world = retyped("items: [Product!]!", "items: [Product!]").start().await;
    spoil(&world, "PRODUCT#TEA-002", "REMOVE #name").await;
    let reply = world.tenant("acme").query("{ products(category: TEA) { nextToken items { name } } }").await;
    assert_eq!(reply.json()["data"], json!({ "products": { "nextToken": null, "items": null } }));
    assert_eq!(errors(&reply), [lacks(1, 47, &json!(["products", "items", 1, "name"]))]);
}

#[tokio::test]
async fn objects_within_an_item_null_like_any_others() {
    let world = World::start().await;
    spoil(&world, &format!("ORDER#{ORDER}"), "REMOVE #lines [1]. #price").await;
    spoil(&world, &format!("CUSTOMER#{CUSTOMER}"), "REMOVE #address . #city").await;
    let query = format!(
        "{{ order(id: \"{ORDER}\") {{ id lines {{ sku price }} }} customer(id: \"{CUSTOMER}\") {{ name address {{ city }} }} }}"
    );
    let reply = world.tenant("acme").query(&query).await;
    let customer = json!({ "name": "Ada Marino", "address": null });
    assert_eq!(reply.json()["data"], json!({ "order": null, "customer": customer }));
    let paths: Vec<_> = errors(&reply).iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, [json!(["customer", "address", "city"]), json!(["order", "lines", 1, "price"])]);
}

#[tokio::test]
async fn what_is_missing_is_null_where_it_may_be_and_not_found_where_it_may_not() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    assert_eq!(acme.query("{ product(sku: \"NONE\") { sku } }").await.ok(), json!({ "product": null }));
    let reply = acme.query("mutation { a: setStock(sku: \"NONE\", stock: 1) { sku } }").await;
    assert_eq!((reply.code().as_str(), &reply.json()["data"]), ("NOT_FOUND", &Value::Null));
    assert_eq!(errors(&reply)[0]["path"], json!(["a"]));
}

#[tokio::test]
async fn an_answer_holds_as_many_errors_as_it_may() {
    let world = World::builder().configure(|config| config.graphql.max_errors = 3).start().await;
    let acme = world.tenant("acme");
    let many = |selection: &str| (0..10).map(|at| format!("a{at}: {selection} ")).collect::<String>();
    let bad = many("orders(customerId: \"C\", first: -1) { nodes { id } }");
    assert_eq!(acme.query(&format!("{{ {bad} }}")).await.codes(), ["BAD_REQUEST"; 3]);
    let unknown = many("nothing");
    assert_eq!(acme.query(&format!("{{ {unknown} }}")).await.codes(), ["BAD_REQUEST"; 3]);
}

#[tokio::test]
async fn what_stored_items_lack_is_logged_as_often_as_it_is_answered() {
    let world = World::builder().configure(|config| config.graphql.max_errors = 3).start().await;
    let key = json!({ "pk": { "S": "TENANT#acme#PRODUCT#COF-001" }, "sk": { "S": "META" } });
    let remove = json!({ "TableName": "innkeeper-shops", "Key": key, "UpdateExpression": "REMOVE #n",
        "ExpressionAttributeNames": { "#n": "name" } });
    world.behind("UpdateItem", remove).await;
    let log = Log::capture();
    let many = (0..10).map(|at| format!("a{at}: product(sku: \"COF-001\") {{ name }} "));
    let reply = world.tenant("acme").query(&format!("{{ {} }}", many.collect::<String>())).await;
    assert_eq!(reply.codes(), ["INTERNAL"; 3]);
    assert_eq!(log.lines().iter().filter(|line| line.contains("lacks an attribute")).count(), 3);
}
