//! A step of `@transact` for each element of a list: how many there may be, which of them failed, that a token makes it
//! happen once, and that all of it is the tenant's own.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::fault::{Call, Fault};
use crate::harness::{Builder, Engine, Reply, Tenant, World, dynamodb_local, skip};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk", ttl: "expiresAt") { query: Query mutation: Mutation }
type Product @item(table: "main", pk: "TENANT#${tenant}#PRODUCT#${sku}", sk: "PRODUCT", version: "rev") {
  sku: ID!
  stock: Int!
  marks: [String!]
  labels: [String!] @attribute(as: SET)
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
input Marked { sku: ID! mark: String! on: [String!]! }
input Change { sku: ID! stock: Int! rev: Int }
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
  count(changes: [Change!]!): [Product]! @transact(do: [
    {as: "counted", each: "args.changes", update: "Product", spread: "each", bind: {sku: "each.sku"}, expect: "each.rev"}])
  mark(marked: [Marked!]!): [Product!]! @transact(do: [{each: "args.marked", update: "Product",
    bind: {sku: "each.sku"}, append: {marks: "each.mark"}, add: {labels: "each.on"}}])
  unmark(marked: [Marked!]!): [Product!]! @transact(do: [{each: "args.marked", update: "Product",
    bind: {sku: "each.sku"}, append: {marks: "each.mark"}, remove: {labels: "each.on"}}])
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

const ADD_PRODUCTS: &str = "mutation($s: [ID!]!) { addProducts(skus: $s, stock: 5) { sku } }";
const COUNT: &str = "mutation($c: [Change!]!) { count(changes: $c) { stock rev } }";

fn builder() -> Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded()
}

fn lines(count: usize) -> Value {
    (0..count).map(|at| json!({ "sku": format!("p{at}"), "quantity": 2 })).collect()
}

fn skus(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("p{at}")).collect()
}

async fn add_products(tenant: &Tenant<'_>, count: usize) {
    let added = tenant.with(ADD_PRODUCTS, json!({ "s": skus(count) })).await.ok();
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
    let reply = acme.with(ADD_PRODUCTS, json!({ "s": skus(101) })).await;
    assert!(message(&reply).contains("101 items") && !message(&reply).contains("record"), "{}", reply.text);
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

/// Each element has values of its own: the version that it goes by, if it names one, and what is appended, added, removed.
async fn own_values(world: &World) {
    let acme = world.tenant("acme");
    add_products(&acme, 3).await;
    let changes = json!([{ "sku": "p0", "stock": 1, "rev": 1 }, { "sku": "p1", "stock": 2 }]);
    let counted = acme.with(COUNT, json!({ "c": changes })).await.ok();
    assert_eq!(counted["count"], json!([{ "stock": 1, "rev": 2 }, { "stock": 2, "rev": 2 }]));
    let late = json!([{ "sku": "p2", "stock": 9, "rev": 1 }, { "sku": "p0", "stock": 9, "rev": 1 }]);
    let error = acme.with(COUNT, json!({ "c": late })).await.json()["errors"][0].clone();
    let reasons =
        json!([{ "step": "counted", "index": 1, "reason": "CONFLICT", "current": { "stock": 1, "rev": 2 } }]);
    assert_eq!(error["extensions"]["reasons"], reasons);
    let kept = acme.query("{ product(sku: \"p2\") { stock rev } }").await.ok();
    assert_eq!(kept["product"], json!({ "stock": 5, "rev": 1 }));
    // What is made from what is there, of each element.
    let marked =
        json!([{ "sku": "p0", "mark": "a", "on": ["x", "y"] }, { "sku": "p1", "mark": "b", "on": ["z"] }]);
    let marking = "mutation($on: [Marked!]!, $off: [Marked!]!) \
        { mark(marked: $on) { marks labels } unmark(marked: $off) { marks labels } }";
    let off = json!([{ "sku": "p0", "mark": "c", "on": ["x"] }]);
    let data = acme.with(marking, json!({ "on": marked, "off": off })).await.ok();
    let on = json!([{ "marks": ["a"], "labels": ["x", "y"] }, { "marks": ["b"], "labels": ["z"] }]);
    assert_eq!(data, json!({ "mark": on, "unmark": [{ "marks": ["a", "c"], "labels": ["y"] }] }));
    // No list is an empty one: the order is placed without lines.
    let without = json!({ "i": { "customer": "c" }, "r": "r" });
    assert_eq!(acme.with(PLACE, without).await.ok()["placeOrder"]["lines"], json!([]));
}

/// Everybody wants the last of two products, in one order or the other: who gets one of them gets both.
async fn many_at_once(world: &World) {
    let acme = world.tenant("acme");
    add_products(&acme, 2).await;
    let one = |at: usize| json!({ "sku": format!("p{at}"), "quantity": 1 });
    let buying = (0..12).map(|at| {
        let (acme, lines) = (acme.clone(), json!([one(at % 2), one((at + 1) % 2)]));
        async move {
            // Who is told to try again does, under the same request.
            for _ in 0..50 {
                let reply = buy(&acme, lines.clone(), &format!("m{at}")).await;
                match reply.codes().first().map(String::as_str) {
                    None => return true,
                    Some("THROTTLED") => {}
                    Some(code) => {
                        assert_eq!(code, "CONFLICT", "{}", reply.text);
                        return false;
                    }
                }
            }
            panic!("m{at} is told to try again for ever");
        }
    });
    let bought = join_all(buying).await.into_iter().filter(|bought| *bought).count();
    assert_eq!(bought, 5);
    let left =
        acme.query("{ a: product(sku: \"p0\") { stock } b: product(sku: \"p1\") { stock } }").await.ok();
    assert_eq!(left, json!({ "a": { "stock": 0 }, "b": { "stock": 0 } }));
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
async fn each_element_has_a_version_and_changes_of_its_own() {
    own_values(&builder().start().await).await;
}

#[tokio::test]
async fn each_element_has_a_version_and_changes_of_its_own_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    own_values(&builder().engine(Engine::DynamoDbLocal).start().await).await;
}

#[tokio::test]
async fn many_clients_who_name_the_same_items_at_once_get_all_or_none() {
    many_at_once(&builder().start().await).await;
}

#[tokio::test]
async fn many_clients_who_name_the_same_items_at_once_get_all_or_none_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    many_at_once(&builder().engine(Engine::DynamoDbLocal).start().await).await;
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
    let world = builder().engine(engine).faults(lose(|it| matches!(it, 2..=4 | 7 | 8))).start().await;
    let acme = world.tenant("acme");
    add_products(&acme, 3).await;
    let once = |stock: i32| json!([{ "sku": "p0", "stock": stock, "rev": 2 }]);
    // Both answers of the first request are lost: its client asks again, and the next answer is lost once.
    buy(&acme, lines(1), "r1").await.assert_unknown();
    assert_eq!(buy(&acme, lines(1), "r1").await.ok()["buy"], once(3));
    assert_eq!(buy(&acme, lines(1), "r1").await.ok()["buy"], once(3));
    // So it is with what is put: the lines are there once, and their ids are the first request's.
    let lost = json!({ "l": lines(3), "r": "r2" });
    assert_eq!(acme.with(ADD_LINES, lost.clone()).await.code(), "UNAVAILABLE");
    assert_eq!(count(&world).await, 3 + 1 + 3 + 1);
    let again = acme.with(ADD_LINES, lost.clone()).await.ok();
    assert_eq!(again["addLines"].as_array().unwrap().len(), 3);
    assert!(again["addLines"].as_array().unwrap().iter().all(|line| line["sku"].is_string()));
    assert_eq!(acme.with(ADD_LINES, lost).await.ok(), again);
    assert_eq!(count(&world).await, 3 + 1 + 3 + 1);
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
