//! A step of `@transact` for each element of a list: how many there may be, which of them failed, that a token makes it
//! happen once, and that all of it is the tenant's own.

use serde_json::{Value, json};

use crate::harness::fault::{Call, Fault};
use crate::harness::{Builder, Engine, Reply, Tenant, World, dynamodb_local, skip};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk", ttl: "expiresAt") { query: Query mutation: Mutation }
type Product @item(table: "main", pk: "TENANT#${tenant}#PRODUCT#${sku}", sk: "PRODUCT", version: "rev") {
  sku: ID!
  stock: Int!
  rev: Int!
}
type Order @item(table: "main", pk: "TENANT#${tenant}#ORDER#${id}", sk: "ORDER") {
  id: ID! @attribute(generate: ULID)
  customer: ID!
  lines: [Line!]! @query(bind: {orderId: "parent.id"})
}
type Line @item(table: "main", pk: "TENANT#${tenant}#ORDER#${orderId}", sk: "LINE#${id}") {
  orderId: ID!
  id: ID! @attribute(generate: ULID)
  at: DateTime! @attribute(generate: CREATED_AT)
  sku: ID!
  quantity: Int!
}
input NewLine { sku: ID! quantity: Int! }
input NewOrder { customer: ID! lines: [NewLine!] }
type Query {
  product(sku: ID!): Product @get(consistent: true)
  order(id: ID!): Order @get(consistent: true)
}
type Mutation {
  addProducts(skus: [ID!]!, stock: Int!): [Product!]!
    @transact(do: [{each: "args.skus", put: "Product", bind: {sku: "each"}}])
  placeOrder(input: NewOrder!, requestId: ID!): Order! @transact(token: "args.requestId", do: [
    {as: "order", put: "Order", spread: "args.input"},
    {as: "line", each: "args.input.lines", put: "Line", spread: "each", bind: {orderId: "order.id"}}])
  buy(lines: [NewLine!]!, requestId: ID!): [Product!]! @transact(token: "args.requestId", returns: "stock", do: [
    {as: "stock", each: "args.lines", update: "Product", bind: {sku: "each.sku"},
     add: {stock: "-each.quantity"}, when: "stock >= each.quantity"}])
  addLines(orderId: ID!, lines: [NewLine!]!, requestId: ID!): [Line!]!
    @transact(token: "args.requestId", do: [{as: "line", each: "args.lines", put: "Line", spread: "each"}])
  drop(skus: [ID!]!, one: ID!, stock: Int!): Product @transact(do: [
    {each: "args.skus", delete: "Product", bind: {sku: "each"}},
    {as: "one", update: "Product", bind: {sku: "args.one"}}])
}
"#;

const PLACE: &str =
    "mutation($i: NewOrder!, $r: ID!) { placeOrder(input: $i, requestId: $r) { id lines { id at sku } } }";
const BUY: &str = "mutation($l: [NewLine!]!, $r: ID!) { buy(lines: $l, requestId: $r) { sku stock rev } }";
const ADD_LINES: &str =
    "mutation($l: [NewLine!]!, $r: ID!) { addLines(orderId: \"o\", lines: $l, requestId: $r) { id at sku } }";

fn builder() -> Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded()
}

fn lines(count: usize) -> Value {
    (0..count).map(|at| json!({ "sku": format!("p{at}"), "quantity": 2 })).collect()
}

async fn add_products(tenant: &Tenant<'_>, count: usize) {
    let skus: Vec<_> = (0..count).map(|at| format!("p{at}")).collect();
    let document = "mutation($s: [ID!]!) { addProducts(skus: $s, stock: 5) { sku } }";
    let added = tenant.with(document, json!({ "s": skus })).await.ok();
    assert_eq!(added["addProducts"].as_array().unwrap().len(), count);
}

async fn place(tenant: &Tenant<'_>, count: usize, request: &str) -> Reply {
    let input = json!({ "customer": "c", "lines": lines(count) });
    tenant.with(PLACE, json!({ "i": input, "r": request })).await
}

async fn buy(tenant: &Tenant<'_>, lines: Value, request: &str) -> Reply {
    tenant.with(BUY, json!({ "l": lines, "r": request })).await
}

async fn count(world: &World) -> u64 {
    let all = world.behind("Scan", json!({ "TableName": "innkeeper-shops", "Select": "COUNT" })).await;
    serde_json::from_str::<Value>(&all.body).unwrap()["Count"].as_u64().unwrap()
}

fn message(reply: &Reply) -> String {
    reply.json()["errors"][0]["message"].as_str().unwrap().to_owned()
}

async fn all_or_none(world: &World) {
    let acme = world.tenant("acme");
    world.tenant("acme").query("{ __typename }").await.ok();
    // An order, its lines, and the record of its token: 100 items with 98 lines.
    for (at, count) in [0, 1, 98].into_iter().enumerate() {
        let placed = place(&acme, count, &format!("r{at}")).await.ok();
        assert_eq!(placed["placeOrder"]["lines"].as_array().unwrap().len(), count);
    }
    world.calls();
    let reply = place(&acme, 99, "r9").await;
    assert_eq!(reply.code(), "BAD_REQUEST");
    assert!(message(&reply).contains("101 items") && message(&reply).contains("100"), "{}", reply.text);
    assert!(world.calls().is_empty());
    add_products(&acme, 100).await;

    // What is bought is taken out of stock, all or nothing: the element that stands in the way is named.
    let bought = buy(&acme, lines(2), "b1").await.ok();
    let stock = json!([{ "sku": "p0", "stock": 3, "rev": 2 }, { "sku": "p1", "stock": 3, "rev": 2 }]);
    assert_eq!(bought["buy"], stock);
    let wanted = json!([{ "sku": "p0", "quantity": 1 }, { "sku": "p1", "quantity": 4 }, { "sku": "none", "quantity": 1 }]);
    let error = buy(&acme, wanted, "b2").await.json()["errors"][0].clone();
    assert_eq!(
        error["extensions"]["reasons"],
        json!([
            { "step": "stock", "index": 1, "reason": "CONFLICT", "current": { "sku": "p1", "stock": 3, "rev": 2 } },
            { "step": "stock", "index": 2, "reason": "NOT_FOUND" },
        ])
    );
    // Two elements on one item, and none at all.
    world.calls();
    let twice = json!([{ "sku": "p1", "quantity": 1 }, { "sku": "p2", "quantity": 1 }, { "sku": "p1", "quantity": 1 }]);
    let reply = buy(&acme, twice, "b3").await;
    assert_eq!(reply.code(), "BAD_REQUEST");
    assert!(message(&reply).contains("`stock[0]` and `stock[2]`"), "{}", reply.text);
    let reply = buy(&acme, json!([]), "b4").await;
    assert_eq!(reply.code(), "BAD_REQUEST");
    assert!(message(&reply).contains("no items"), "{}", reply.text);
    assert!(world.calls().is_empty());
    // An element and a step that is done once.
    let reply =
        acme.query("mutation { drop(skus: [\"p1\", \"p2\"], one: \"p2\", stock: 1) { stock } }").await;
    assert!(message(&reply).contains("[1]` and `one`"), "{}", reply.text);
    let one =
        acme.query("mutation { drop(skus: [\"p1\", \"p2\"], one: \"p3\", stock: 1) { stock } }").await.ok();
    assert_eq!(one["drop"]["stock"], 1);
    let gone =
        acme.query("{ a: product(sku: \"p0\") { stock } b: product(sku: \"p2\") { stock } }").await.ok();
    assert_eq!(gone, json!({ "a": { "stock": 3 }, "b": null }));
}

async fn once(world: &World) {
    let acme = world.tenant("acme");
    let add = async |count: usize, request: &str| {
        acme.with(ADD_LINES, json!({ "l": lines(count), "r": request })).await
    };
    let first = add(20, "r").await.ok();
    assert_eq!(first["addLines"].as_array().unwrap().len(), 20);
    // The record's request, with what was generated for each element.
    assert_eq!(add(20, "r").await.ok(), first);
    let reply = add(19, "r").await;
    assert_eq!(reply.code(), "CONFLICT");
    assert_eq!(count(world).await, 21);
    let order = place(&acme, 3, "o").await.ok();
    assert_eq!(place(&acme, 3, "o").await.ok(), order);
    assert_eq!(count(world).await, 26);
}

#[tokio::test]
async fn elements_take_place_all_or_none() {
    all_or_none(&builder().start().await).await;
}

#[tokio::test]
async fn elements_take_place_all_or_none_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    all_or_none(&builder().engine(Engine::DynamoDbLocal).start().await).await;
}

#[tokio::test]
async fn the_same_token_gives_back_what_was_generated_for_each_element() {
    once(&builder().start().await).await;
}

#[tokio::test]
async fn the_same_token_gives_back_what_was_generated_for_each_element_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    once(&builder().engine(Engine::DynamoDbLocal).start().await).await;
}

/// Loses the answers to some calls of TransactWriteItems, by their numbers.
fn lose(which: fn(usize) -> bool) -> impl FnMut(&Call) -> Fault + Send {
    move |call| {
        if call.operation == "TransactWriteItems" && which(call.number) {
            Fault::DropResponse
        } else {
            Fault::Pass
        }
    }
}

async fn a_lost_answer(engine: Engine) {
    let world = builder().engine(engine).faults(lose(|it| it == 2 || it == 3 || it == 4)).start().await;
    let acme = world.tenant("acme");
    add_products(&acme, 3).await;
    let once = |stock: i32| json!([{ "sku": "p0", "stock": stock, "rev": 2 }]);
    // Both answers of the first request are lost: its client asks again, and the next answer is lost once.
    let reply = buy(&acme, lines(1), "r1").await;
    let error = reply.json()["errors"][0].clone();
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["applied"]),
        (&json!("UNAVAILABLE"), &json!("unknown"))
    );
    assert_eq!(buy(&acme, lines(1), "r1").await.ok()["buy"], once(3));
    assert_eq!(buy(&acme, lines(1), "r1").await.ok()["buy"], once(3));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_the_elements_are_applied_once() {
    a_lost_answer(Engine::Embedded).await;
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_the_elements_are_applied_once_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    a_lost_answer(Engine::DynamoDbLocal).await;
}

#[cfg(debug_assertions)]
#[tokio::test]
async fn a_gateway_that_forges_another_tenants_keys_is_denied_every_element() {
    let world = builder().forging("globex").start().await;
    let acme = world.tenant("acme");
    assert_eq!(place(&acme, 3, "r1").await.code(), "FORBIDDEN");
    assert_eq!(buy(&acme, lines(2), "r2").await.code(), "FORBIDDEN");
    assert_eq!(count(&world).await, 0);
}
