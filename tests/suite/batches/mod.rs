//! Many items at once: lists of keys, relations below lists, lists that are written. What is answered, and the calls that
//! it costs.

mod gets;
mod relations;
mod snapshots;
mod writes;

use std::collections::BTreeSet;

use innkeeper::dev::{Observed, Service};
use serde_json::{Value, json};

use crate::harness::{Builder, World};

/// Customers with orders, orders with events, products in several orders, and notes and memos that share keys.
const SCHEMA: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk")
  { query: Query mutation: Mutation }
type Customer @item(table: "main", pk: "TENANT#${tenant}#CUSTOMER#${id}", sk: "META")
  @index(name: "gsi1", as: "byCity", pk: "TENANT#${tenant}#CITY#${city}", sk: "${id}") {
  id: ID! city: String! friendId: ID
  friend: Customer @get(bind: {id: "parent.friendId"})
  orders(first: Int): [Order!]! @query(index: "byCustomer", bind: {customerId: "parent.id"})
}
type Order @item(table: "main", pk: "TENANT#${tenant}#ORDER#${id}", sk: "META")
  @index(name: "gsi1", as: "byCustomer", pk: "TENANT#${tenant}#OF#${customerId}", sk: "${id}") {
  id: ID! customerId: ID! skus: [ID!] lines: [Line!]
  customer: Customer @get(bind: {id: "parent.customerId"})
  must: Customer! @get(bind: {id: "parent.customerId"})
  sure: Customer @get(bind: {id: "parent.customerId"}, consistent: true)
  products: [Product]! @get(bind: {sku: "parent.skus"})
  some: [Product] @get(bind: {sku: "parent.skus"})
  events(first: Int): [Event!]! @query(bind: {orderId: "parent.id"})
}
type Line { sku: ID! count: Int! product: Product @get(bind: {sku: "parent.sku"}) }
type Event @item(table: "main", pk: "TENANT#${tenant}#ORDER#${orderId}", sk: "EVENT#${n}") {
  orderId: ID! n: Int! @attribute(pad: 4) text: String
}
type Product @item(table: "main", pk: "TENANT#${tenant}#PRODUCT#${sku}", sk: "META") { sku: ID! name: String }
type Note @item(table: "main", pk: "TENANT#${tenant}#PAPER#${id}", sk: "META", type: "kind") { id: ID! }
type Memo @item(table: "main", pk: "TENANT#${tenant}#PAPER#${id}", sk: "META", type: "kind") { id: ID! }
type Query {
  city(city: String!, first: Int): [Customer!]! @query(index: "byCity")
  customer(id: ID!): Customer @get
  orders(customerId: ID!, first: Int): [Order!]! @query(index: "byCustomer")
  order(id: ID!): Order @get
  products(skus: [ID!]!): [Product]! @get(bind: {sku: "args.skus"})
  allProducts(skus: [ID!]!): [Product!]! @get(bind: {sku: "args.skus"}, consistent: true)
  maybeProducts(skus: [ID!]!): [Product!] @get(bind: {sku: "args.skus"})
  events(orderId: ID!, n: [Int!]!): [Event]! @get
  manyEvents(at: [EventKey!]!): [Event]! @get(bind: {orderId: "args.at.orderId", n: "args.at.n"})
  notes(ids: [ID!]!): [Note]! @get(bind: {id: "args.ids"})
  memos(ids: [ID!]!): [Memo]! @get(bind: {id: "args.ids"})
}
type Mutation {
  addCustomer(id: ID!, city: String!, friendId: ID): Customer! @put
  addOrders(inputs: [NewOrder!]!): [Order!]! @put(if: ANY)
  addProducts(inputs: [NewProduct!]!): [Product]! @put(if: ANY)
  addEvents(orderId: ID!, events: [NewEvent!]!): [Event]! @put(if: ANY)
  dropEvents(orderId: ID!, n: [Int!]!): [Boolean]! @delete(of: "Event", if: ANY)
  dropAny(at: [EventKey!]!): [Boolean!]! @delete(of: "Event", if: ANY, bind: {orderId: "args.at.orderId", n: "args.at.n"})
  addNote(id: ID!): Note! @put
  addMemo(id: ID!): Memo! @put
}
input EventKey { orderId: ID! n: Int! }
input NewEvent { n: Int! text: String }
input NewProduct { sku: ID! name: String }
input NewOrder { id: ID! customerId: ID! skus: [ID!] lines: [LineInput!] }
input LineInput { sku: ID! count: Int! }
"#;

/// The schema, with a policy that allows what it needs.
fn builder() -> Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded()
}

async fn world() -> World {
    let world = builder().start().await;
    warm(&world).await;
    world
}

/// Lets `acme` have a session, so that what is left to see are calls of DynamoDB.
async fn warm(world: &World) {
    world.tenant("acme").query("{ __typename }").await.ok();
    world.calls();
}

/// Writes items behind the front, so that a test begins with what it is about.
async fn store(world: &World, items: Vec<Value>) {
    for chunk in items.chunks(25) {
        let requests: Vec<_> = chunk.iter().map(|item| json!({ "PutRequest": { "Item": item } })).collect();
        let body = json!({ "RequestItems": { "innkeeper-shops": requests } });
        let reply = world.behind("BatchWriteItem", body).await;
        assert_eq!(serde_json::from_str::<Value>(&reply.body).unwrap()["UnprocessedItems"], json!({}));
    }
}

fn product(sku: &str) -> Value {
    json!({ "pk": { "S": format!("TENANT#acme#PRODUCT#{sku}") }, "sk": { "S": "META" }, "sku": { "S": sku },
        "name": { "S": format!("Name of {sku}") } })
}

fn customer(id: &str, city: &str, friend: Option<&str>) -> Value {
    let mut item = json!({ "pk": { "S": format!("TENANT#acme#CUSTOMER#{id}") }, "sk": { "S": "META" },
        "id": { "S": id }, "city": { "S": city },
        "gsi1pk": { "S": format!("TENANT#acme#CITY#{city}") }, "gsi1sk": { "S": id } });
    if let Some(friend) = friend {
        item["friendId"] = json!({ "S": friend });
    }
    item
}

fn order(id: &str, customer: &str, skus: &[&str]) -> Value {
    let mut item = json!({ "pk": { "S": format!("TENANT#acme#ORDER#{id}") }, "sk": { "S": "META" },
        "id": { "S": id }, "customerId": { "S": customer },
        "gsi1pk": { "S": format!("TENANT#acme#OF#{customer}") }, "gsi1sk": { "S": id } });
    if !skus.is_empty() {
        item["skus"] = json!({ "L": skus.iter().map(|sku| json!({ "S": sku })).collect::<Vec<_>>() });
        let line = |sku: &&str| json!({ "M": { "sku": { "S": sku }, "count": { "N": "1" } } });
        item["lines"] = json!({ "L": skus.iter().map(line).collect::<Vec<_>>() });
    }
    item
}

fn event(order: &str, n: usize) -> Value {
    json!({ "pk": { "S": format!("TENANT#acme#ORDER#{order}") }, "sk": { "S": format!("EVENT#{n:04}") },
        "orderId": { "S": order }, "n": { "N": n.to_string() }, "text": { "S": format!("{order}/{n}") } })
}

/// The calls of DynamoDB since the world was last asked, each with how many keys it named.
#[track_caller]
fn calls(world: &World) -> Vec<(String, usize)> {
    let calls = world.calls().into_iter().filter(|call| call.service == Service::DynamoDb);
    calls.map(|call| (call.operation.clone(), keys(&call).len())).collect()
}

/// The keys that a batch names, as it was sent; the partition keys of other calls.
fn keys(call: &Observed) -> Vec<String> {
    let request: Value = serde_json::from_slice(&call.request).unwrap_or_default();
    let mut keys: Vec<String> = Vec::new();
    for (_, of_table) in request["RequestItems"].as_object().into_iter().flatten() {
        let asked = of_table["Keys"].as_array().or(of_table.as_array());
        keys.extend(asked.into_iter().flatten().map(ToString::to_string));
    }
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "a key is named twice: {keys:?}");
    if keys.is_empty() { call.keys.iter().flat_map(|(_, keys)| keys.clone()).collect() } else { keys }
}

fn call(operation: &str, keys: usize) -> (String, usize) {
    (operation.to_owned(), keys)
}

/// The same world before DynamoDB Local, where it is there.
async fn local() -> Option<World> {
    if let Err(why) = crate::harness::dynamodb_local::endpoint().await {
        crate::harness::skip("DYNAMODB_LOCAL", &why);
        return None;
    }
    Some(builder().engine(crate::harness::Engine::DynamoDbLocal).start().await)
}
