//! `@transact`: all or nothing, what a step that fails says, and that a token makes a request happen once.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::fault::{Call, Fault};
use crate::harness::{Builder, Tenant, World};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk", ttl: "expiresAt") { query: Query mutation: Mutation }
type Customer @item(table: "main", pk: "TENANT#${tenant}#CUSTOMER#${id}", sk: "CUSTOMER", version: "rev") {
  id: ID!
  status: Status!
  orders: Int
  rev: Int!
}
enum Status { ACTIVE BLOCKED }
type Order @item(table: "main", pk: "TENANT#${tenant}#ORDER#${id}", sk: "ORDER", version: "rev") {
  id: ID! @attribute(generate: ULID)
  customerId: ID!
  note: String
  at: DateTime! @attribute(generate: CREATED_AT)
  rev: Int!
}
type Line @item(table: "main", pk: "TENANT#${tenant}#ORDER#${orderId}", sk: "LINE#${sku}") {
  orderId: ID!
  sku: ID!
}
type Query {
  customer(id: ID!): Customer @get(consistent: true)
  order(id: ID!): Order @get(consistent: true)
  line(orderId: ID!, sku: ID!): Line @get(consistent: true)
}
input NewOrder { customerId: ID! note: String }
type Mutation {
  addCustomer(id: ID!, status: Status! = ACTIVE): Customer! @put
  placeOrder(input: NewOrder!, sku: ID!, requestId: ID!): Order! @transact(token: "args.requestId", do: [
    {as: "order", put: "Order", spread: "args.input"},
    {put: "Line", bind: {orderId: "order.id"}},
    {update: "Customer", bind: {id: "args.input.customerId"}, add: {orders: "1"}, when: "status = 'ACTIVE'"}])
  orderOnce(input: NewOrder!): Order! @transact(do: [
    {put: "Order", spread: "args.input"},
    {as: "buyer", update: "Customer", bind: {id: "args.input.customerId"}, add: {orders: "1"}}])
  swap(one: ID!, other: ID!, status: Status!, expectedRev: Int): Customer @transact(returns: "one", do: [
    {as: "one", update: "Customer", bind: {id: "args.one"}, expect: "args.expectedRev"},
    {check: "Customer", bind: {id: "args.other"}, when: "status = 'ACTIVE'"}])
  removeOrder(orderId: ID!, sku: ID!, customerId: ID!, requestId: ID!): Customer! @transact(token: "args.requestId", do: [
    {delete: "Order", bind: {id: "args.orderId"}},
    {delete: "Line"},
    {update: "Customer", bind: {id: "args.customerId"}, add: {orders: -1}}])
}
"#;

const PLACE: &str = "mutation($c: ID!, $r: ID!, $n: String) { placeOrder(input: {customerId: $c, note: $n}, sku: \"s\", requestId: $r) { id note at rev } }";

fn builder() -> Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded()
}

async fn place(tenant: &Tenant<'_>, request: &str, note: &str) -> crate::harness::Reply {
    tenant.with(PLACE, json!({ "c": "c1", "r": request, "n": note })).await
}

async fn orders(tenant: &Tenant<'_>) -> Value {
    tenant.query("{ customer(id: \"c1\") { orders rev } }").await.ok()["customer"].clone()
}

async fn customer(tenant: &Tenant<'_>, id: &str, status: &str) {
    tenant.query(&format!("mutation {{ addCustomer(id: \"{id}\", status: {status}) {{ id }} }}")).await.ok();
}

#[tokio::test]
async fn all_steps_take_place_in_one_call_and_the_item_that_was_put_is_answered() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    world.calls();
    let placed = place(&acme, "r1", "first").await.ok()["placeOrder"].clone();
    assert_eq!((&placed["note"], &placed["rev"]), (&json!("first"), &json!(1)));
    let calls: Vec<_> = world.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["TransactWriteItems"]);
    assert_eq!(orders(&acme).await, json!({ "orders": 1, "rev": 2 }));
    let id = placed["id"].as_str().unwrap();
    let line = acme.query(&format!("{{ line(orderId: \"{id}\", sku: \"s\") {{ sku }} }}")).await.ok();
    assert_eq!(line["line"]["sku"], "s");
}

#[tokio::test]
async fn the_same_request_is_answered_alike_and_happens_once() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    let first = place(&acme, "r1", "first").await.ok();
    assert_eq!(place(&acme, "r1", "first").await.ok(), first);
    // DynamoDB has forgotten its own token by now.
    world.hand.advance(Duration::from_mins(11));
    assert_eq!(place(&acme, "r1", "first").await.ok(), first);
    assert_eq!(orders(&acme).await, json!({ "orders": 1, "rev": 2 }));
    // Even where the request would not be possible any more.
    let key = json!({ "pk": { "S": "TENANT#acme#CUSTOMER#c1" }, "sk": { "S": "CUSTOMER" } });
    let block = json!({
        "TableName": "innkeeper-shops", "Key": key, "UpdateExpression": "SET #s = :b",
        "ExpressionAttributeNames": { "#s": "status" }, "ExpressionAttributeValues": { ":b": { "S": "BLOCKED" } },
    });
    world.behind("UpdateItem", block).await;
    assert_eq!(place(&acme, "r1", "first").await.ok(), first);
    let reply = place(&acme, "r1", "second").await;
    assert_eq!(reply.code(), "CONFLICT");
    assert!(reply.text.contains("other arguments"), "{}", reply.text);
    assert_eq!(place(&acme, "r2", "second").await.code(), "CONFLICT");
}

#[tokio::test]
async fn a_token_is_the_callers_and_the_tenants_own_and_good_for_a_day() {
    let world = builder().start().await;
    let (acme, globex) = (world.tenant("acme"), world.tenant("globex"));
    customer(&acme, "c1", "ACTIVE").await;
    customer(&globex, "c1", "ACTIVE").await;
    let first = place(&acme, "r1", "n").await.ok();
    assert_ne!(place(&globex, "r1", "n").await.ok(), first);
    world.hand.advance(Duration::from_hours(23));
    let acme = world.tenant("acme");
    assert_eq!(place(&acme, "r1", "n").await.ok(), first);
    world.hand.advance(Duration::from_hours(1));
    let acme = world.tenant("acme");
    assert_ne!(place(&acme, "r1", "n").await.ok(), first);
    assert_eq!(orders(&acme).await["orders"], 2);
}

#[tokio::test]
async fn of_many_requests_with_one_token_one_happens_and_all_are_answered_alike() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    let replies = futures_util::future::join_all((0..16).map(|_| place(&acme, "r1", "n"))).await;
    let answers: Vec<_> = replies.iter().map(|reply| reply.ok()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(orders(&acme).await["orders"], 1);
}

#[tokio::test]
async fn a_failed_step_is_named_and_nothing_has_happened() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    let reply = place(&acme, "r1", "n").await;
    let error = reply.json()["errors"][0].clone();
    assert_eq!(error["extensions"]["code"], "NOT_FOUND");
    assert_eq!(error["extensions"]["reasons"], json!([{ "step": "3:Customer", "reason": "NOT_FOUND" }]));
    customer(&acme, "c1", "BLOCKED").await;
    let error = place(&acme, "r1", "n").await.json()["errors"][0].clone();
    assert_eq!(error["extensions"]["code"], "CONFLICT");
    // The selections are made on an order: of a customer nothing is shown.
    assert_eq!(error["extensions"]["reasons"], json!([{ "step": "3:Customer", "reason": "CONFLICT" }]));
    assert_eq!(orders(&acme).await, json!({ "orders": null, "rev": 1 }));
    let all = world.behind("Scan", json!({ "TableName": "innkeeper-shops" })).await;
    assert_eq!(serde_json::from_str::<Value>(&all.body).unwrap()["Count"], 1);
}

#[tokio::test]
async fn the_item_that_stood_in_the_way_is_shown_in_the_fields_own_selection() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    customer(&acme, "c2", "BLOCKED").await;
    let swap = |one: &str, other: &str| {
        format!(
            "mutation {{ swap(one: \"{one}\", other: \"{other}\", status: BLOCKED, expectedRev: 1) {{ s: status rev }} }}"
        )
    };
    assert_eq!(acme.query(&swap("c2", "c1")).await.ok()["swap"], json!({ "s": "BLOCKED", "rev": 2 }));
    let error = acme.query(&swap("c2", "c3")).await.json()["errors"][0].clone();
    assert_eq!(
        error["extensions"]["reasons"],
        json!([
            { "step": "one", "reason": "CONFLICT", "current": { "s": "BLOCKED", "rev": 2 } },
            { "step": "2:Customer", "reason": "NOT_FOUND" },
        ])
    );
    let error = acme.query(&swap("c1", "c1")).await.json()["errors"][0].clone();
    assert_eq!(error["extensions"]["code"], "BAD_REQUEST");
    assert!(error["message"].as_str().unwrap().contains("`one` and `2:Customer`"), "{error}");
}

#[tokio::test]
async fn items_are_deleted_and_the_counter_follows() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    let id = place(&acme, "r1", "n").await.ok()["placeOrder"]["id"].as_str().unwrap().to_owned();
    let remove = format!(
        "mutation {{ removeOrder(orderId: \"{id}\", sku: \"s\", customerId: \"c1\", requestId: \"r2\") {{ orders rev }} }}"
    );
    let first = acme.query(&remove).await.ok();
    assert_eq!(first["removeOrder"], json!({ "orders": 0, "rev": 3 }));
    assert_eq!(acme.query(&remove).await.ok(), first);
    assert_eq!(acme.query(&format!("{{ order(id: \"{id}\") {{ id }} }}")).await.ok()["order"], Value::Null);
    // The first answer's item is gone: what it wrote is no more.
    assert_eq!(place(&acme, "r1", "n").await.code(), "NOT_FOUND");
    assert_eq!(orders(&acme).await["orders"], 0);
}

/// What happens to the calls of an operation, by their numbers.
fn lose(
    operation: &'static str,
    which: fn(usize) -> bool,
    fault: fn() -> Fault,
) -> impl FnMut(&Call) -> Fault + Send {
    move |call| if call.operation == operation && which(call.number) { fault() } else { Fault::Pass }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_or_without_a_token() {
    for fault in [(|| Fault::DropResponse) as fn() -> Fault, || Fault::DropRequest] {
        let world =
            builder().faults(lose("TransactWriteItems", |it| it == 1 || it == 3, fault)).start().await;
        let acme = world.tenant("acme");
        customer(&acme, "c1", "ACTIVE").await;
        place(&acme, "r1", "n").await.ok();
        acme.query("mutation { orderOnce(input: {customerId: \"c1\"}) { id } }").await.ok();
        assert_eq!(orders(&acme).await, json!({ "orders": 2, "rev": 3 }));
    }
}

#[tokio::test]
async fn where_both_answers_are_lost_the_client_repeats_and_the_token_keeps_it_to_once() {
    let world =
        builder().faults(lose("TransactWriteItems", |it| it <= 2, || Fault::DropResponse)).start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    place(&acme, "r1", "n").await.assert_unknown();
    place(&acme, "r1", "n").await.ok();
    assert_eq!(orders(&acme).await, json!({ "orders": 1, "rev": 2 }));
}

#[tokio::test]
async fn an_item_that_cannot_be_read_after_the_transaction_says_that_it_took_place() {
    let denied = || {
        Fault::Answer(
            400,
            json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no" }),
        )
    };
    let world = builder().faults(lose("GetItem", |it| it == 1, denied)).start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    customer(&acme, "c2", "ACTIVE").await;
    let swap = "mutation { swap(one: \"c1\", other: \"c2\", status: ACTIVE) { rev } }";
    let error = acme.query(swap).await.json()["errors"][0].clone();
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["applied"]),
        (&json!("FORBIDDEN"), &json!("yes"))
    );
    assert_eq!(orders(&acme).await["rev"], 2);
}

#[tokio::test]
async fn others_on_the_same_items_are_waited_for_and_then_it_is_busy() {
    let busy = || {
        let reasons = json!([{ "Code": "None" }, { "Code": "TransactionConflict" }]);
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        Fault::Answer(400, json!({ "__type": kind, "Message": "cancelled", "CancellationReasons": reasons }))
    };
    let world = builder().faults(lose("TransactWriteItems", |it| it <= 3, busy)).start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    let order = "mutation { orderOnce(input: {customerId: \"c1\"}) { id } }";
    acme.query(order).await.ok();
    assert_eq!(orders(&acme).await["orders"], 1);
    world.faults().set(lose("TransactWriteItems", |_| true, busy));
    assert_eq!(acme.query(order).await.code(), "THROTTLED");
    assert_eq!(orders(&acme).await["orders"], 1);
}

#[tokio::test]
async fn a_request_that_meets_itself_under_way_is_not_told_of_what_stands_in_its_way() {
    // The first one is being committed: its customer is written, and its record is not there to be read yet.
    let half = || {
        let reasons = json!([{ "Code": "None" }, { "Code": "None" }, { "Code": "ConditionalCheckFailed" }, { "Code": "TransactionConflict" }]);
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        Fault::Answer(400, json!({ "__type": kind, "Message": "cancelled", "CancellationReasons": reasons }))
    };
    let world = builder().faults(lose("TransactWriteItems", |it| it == 1, half)).start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    place(&acme, "r1", "n").await.ok();
    assert_eq!(orders(&acme).await["orders"], 1);
}

/// It has taken place; the repetition is refused for its record, and cannot read it.
#[tokio::test]
async fn where_the_record_cannot_be_read_it_is_not_known_whether_the_transaction_took_place() {
    let kind = |name: &str| json!({ "__type": format!("com.amazon.coral.service#{name}"), "Message": "no" });
    let faults: [(&str, Box<dyn Fn() -> Fault + Send + Sync>); 3] = [
        ("THROTTLED", Box::new(|| Fault::Throttle)),
        ("UNAVAILABLE", Box::new(|| Fault::Fail(503))),
        ("FORBIDDEN", Box::new(move || Fault::Answer(400, kind("AccessDeniedException")))),
    ];
    let world = builder().faults(|_| Fault::Pass).start().await;
    let acme = world.tenant("acme");
    customer(&acme, "c1", "ACTIVE").await;
    let first = place(&acme, "r1", "n").await.ok();
    for (code, fault) in faults {
        // DynamoDB names another member that fails, and not the record.
        let reasons = json!([{ "Code": "None" }, { "Code": "None" }, { "Code": "ConditionalCheckFailed" }, { "Code": "None" }]);
        let exception = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        let cancelled =
            json!({ "__type": exception, "Message": "cancelled", "CancellationReasons": reasons });
        world.faults().set(move |call| match call.operation.as_str() {
            "TransactWriteItems" => Fault::Answer(400, cancelled.clone()),
            "GetItem" => fault(),
            _ => Fault::Pass,
        });
        let error = place(&acme, "r1", "n").await.json()["errors"][0].clone();
        let extensions = &error["extensions"];
        assert_eq!(
            (&extensions["code"], &extensions["applied"]),
            (&json!(code), &json!("unknown")),
            "{error}"
        );
        world.faults().heal();
        assert_eq!(place(&acme, "r1", "n").await.ok(), first, "{code}");
    }
    assert_eq!(orders(&acme).await, json!({ "orders": 1, "rev": 2 }));
}
