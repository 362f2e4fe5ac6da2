//! Pages: exact, honest about where they stop, and continued only where they belong.

use serde_json::{Value, json};

use crate::harness::{Tenant, World};

/// A seed in which `acme` has a customer with many orders, an hour apart, every third one cancelled.
pub(crate) fn seed(orders: usize) -> String {
    let customer = json!({ "id": "C1", "name": "N", "email": "n@example.com", "newsletter": false, "points": "0",
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z" });
    let order = |at: usize| {
        json!({ "id": format!("O{at:03}"), "customerId": "C1", "total": "1", "lines": [],
            "status": if at.is_multiple_of(3) { "CANCELLED" } else { "PAID" },
            "placedAt": format!("2026-01-{:02}T{:02}:00:00Z", 1 + at / 24, at % 24) })
    };
    let orders: Vec<_> = (0..orders).map(order).collect();
    json!({ "acme": { "Customer": [customer], "Order": orders }, "acme2": { "Customer": [customer] } })
        .to_string()
}

async fn world(orders: usize) -> World {
    World::builder().file("seed.json", seed(orders)).start().await
}

/// A world with 40 orders in which a request may read only so many items.
pub(crate) async fn budgeted(budget: u32) -> World {
    let configure = move |config: &mut innkeeper::config::Config| config.operation.read_budget = budget;
    World::builder().file("seed.json", seed(40)).configure(configure).start().await
}

const PAGE: &str = "query ($after: String, $first: Int, $status: OrderStatus) { \
    orders(customerId: \"C1\", first: $first, after: $after, status: $status) { \
    nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn page(tenant: &Tenant<'_>, variables: Value) -> (Vec<String>, Value) {
    let data = tenant.with(PAGE, variables).await.ok();
    let ids =
        data["orders"]["nodes"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
    (ids.collect(), data["orders"].clone())
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let world = world(25).await;
    let acme = world.tenant("acme");
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let (ids, orders) = page(&acme, json!({ "first": 10, "after": after })).await;
        assert_eq!(orders["pageInfo"]["hasPreviousPage"], json!(!seen.is_empty()));
        seen.extend(ids);
        after = orders["pageInfo"]["endCursor"].clone();
        if orders["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    let expected: Vec<_> = (0..25).rev().map(|at| format!("O{at:03}")).collect();
    assert_eq!(seen, expected);
    // 10, 10, 5: three queries, each of which asks for one item more than the page has.
    assert_eq!(world.count("acme").1, 3);
}

#[tokio::test]
async fn a_page_that_ends_with_the_last_item_says_that_there_is_no_next() {
    let world = world(10).await;
    let (ids, orders) = page(&world.tenant("acme"), json!({ "first": 10 })).await;
    assert_eq!((ids.len(), &orders["pageInfo"]["hasNextPage"]), (10, &json!(false)));
}

#[tokio::test]
async fn every_edge_has_a_cursor_that_continues_after_it() {
    let world = world(6).await;
    let acme = world.tenant("acme");
    let (ids, orders) = page(&acme, json!({ "first": 6 })).await;
    for (at, edge) in orders["edges"].as_array().unwrap().iter().enumerate() {
        let (rest, _) = page(&acme, json!({ "first": 10, "after": edge["cursor"] })).await;
        assert_eq!(rest, ids[at + 1..]);
    }
}

#[tokio::test]
async fn a_filtered_page_is_full_although_many_items_are_passed_over() {
    let world = world(60).await;
    let acme = world.tenant("acme");
    let (ids, orders) = page(&acme, json!({ "first": 15, "status": "CANCELLED" })).await;
    assert_eq!((ids.len(), &orders["pageInfo"]["hasNextPage"]), (15, &json!(true)));
    let after = &orders["pageInfo"]["endCursor"];
    let (rest, orders) = page(&acme, json!({ "first": 15, "status": "CANCELLED", "after": after })).await;
    assert_eq!((rest.len(), &orders["pageInfo"]["hasNextPage"]), (5, &json!(false)));
}

#[tokio::test]
async fn a_cursor_of_another_tenant_field_parent_or_filter_is_refused_before_any_call() {
    let world = world(5).await;
    let (acme, acme2) = (world.tenant("acme"), world.tenant("acme2"));
    let (_, orders) = page(&acme, json!({ "first": 2 })).await;
    let cursor = orders["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    acme2.query("{ __typename }").await.ok();
    world.calls();
    let page =
        |arguments: &str| format!("{{ orders({arguments}, after: \"{cursor}\") {{ nodes {{ id }} }} }}");
    let replies = [
        acme2.query(&page("customerId: \"C1\"")).await,
        acme.query(&page("customerId: \"C2\"")).await,
        acme.query(&page("customerId: \"C1\", status: PAID")).await,
        acme.query(&format!("{{ ordersByStatus(status: PAID, after: \"{cursor}\") {{ nodes {{ id }} }} }}"))
            .await,
        acme.query(&format!("{{ products(category: TEA, nextToken: \"{cursor}\") {{ nextToken }} }}")).await,
        acme.query("{ orders(customerId: \"C1\", after: \"nonsense\") { nodes { id } } }").await,
        acme.query("{ orders(customerId: \"C1\", after: \"\") { nodes { id } } }").await,
    ];
    for reply in &replies {
        assert_eq!(reply.code(), "BAD_REQUEST", "{}", reply.text);
    }
    assert_eq!(world.calls(), []);
    // The parent's own field has cursors of its own.
    let nested = format!("{{ customer(id: \"C1\") {{ orders(after: \"{cursor}\") {{ nodes {{ id }} }} }} }}");
    assert_eq!(acme.query(&nested).await.code(), "BAD_REQUEST");
}

#[tokio::test]
async fn the_size_of_a_page_is_bounded_and_not_bound_to_the_cursor() {
    let world = world(30).await;
    let acme = world.tenant("acme");
    for first in ["-1", "501", "2147483647"] {
        let reply = acme
            .query(&format!("{{ orders(customerId: \"C1\", first: {first}) {{ nodes {{ id }} }} }}"))
            .await;
        assert_eq!(reply.code(), "BAD_REQUEST");
    }
    let (none, orders) = page(&acme, json!({ "first": 0 })).await;
    assert_eq!((none.len(), &orders["pageInfo"]["hasNextPage"]), (0, &json!(true)));
    let (_, orders) = page(&acme, json!({ "first": 3 })).await;
    let (more, _) = page(&acme, json!({ "first": 20, "after": orders["pageInfo"]["endCursor"] })).await;
    assert_eq!((more.len(), more[0].as_str()), (20, "O026"));
}

#[tokio::test]
async fn a_connection_that_exhausts_the_read_budget_is_partial_and_goes_on() {
    let world = budgeted(10).await;
    let acme = world.tenant("acme");
    let reply = acme.with(PAGE, json!({ "first": 20, "status": "CANCELLED" })).await;
    let body = reply.json();
    assert_eq!(body["extensions"]["partial"], json!([["orders"]]));
    let orders = &body["data"]["orders"];
    assert_eq!(orders["pageInfo"]["hasNextPage"], json!(true));
    let first = orders["nodes"].as_array().unwrap().len();
    assert!((1..10).contains(&first), "{first}");
    // The end cursor is where the reading stopped, so that the next page goes on from there.
    let (rest, _) = page_of(&acme, &orders["pageInfo"]["endCursor"]).await;
    assert!(!rest.is_empty());
}

#[tokio::test]
async fn a_list_that_exhausts_the_read_budget_is_an_error_and_never_short() {
    let world = budgeted(2).await;
    let acme = world.tenant("acme");
    for _ in 0..3 {
        acme.query("mutation { addOrderEvent(orderId: \"O001\", text: \"x\") { id } }").await.ok();
    }
    let reply = acme.query("{ orderEvents(orderId: \"O001\") { text } }").await;
    assert_eq!(reply.code(), "BUDGET_EXCEEDED");
}

#[tokio::test]
async fn the_read_budget_is_shared_by_all_fields_of_a_request() {
    let world = budgeted(12).await;
    let acme = world.tenant("acme");
    let one = "orders(customerId: \"C1\", first: 8) { nodes { id } }";
    acme.query(&format!("{{ {one} }}")).await.ok();
    let reply = acme.query(&format!("{{ a: {one} b: {one} }}")).await;
    assert_eq!(reply.json()["extensions"]["partial"].as_array().unwrap().len(), 1);
}

async fn page_of(tenant: &Tenant<'_>, after: &Value) -> (Vec<String>, Value) {
    let reply = tenant.with(PAGE, json!({ "first": 20, "status": "CANCELLED", "after": after })).await;
    let orders = reply.json()["data"]["orders"].clone();
    let ids =
        orders["nodes"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    (ids, orders)
}

#[tokio::test]
async fn a_range_includes_both_its_ends() {
    let world = world(30).await;
    let acme = world.tenant("acme");
    let within = |from: &str, to: &str| {
        format!("{{ ordersByStatus(status: PAID, from: {from}, to: {to}, first: 100) {{ nodes {{ id }} }} }}")
    };
    let count = async |from: &str, to: &str| {
        let data = acme.query(&within(from, to)).await.ok();
        data["ordersByStatus"]["nodes"].as_array().unwrap().len()
    };
    let (one, five) = ("\"2026-01-01T01:00:00Z\"", "\"2026-01-01T05:00:00Z\"");
    // 1, 2, 4 and 5 are paid; 3 is cancelled.
    assert_eq!(count(one, five).await, 4);
    assert_eq!(count(one, one).await, 1);
    assert_eq!(count(five, one).await, 0, "a range whose end lies before its beginning is empty");
    assert_eq!(count("null", five).await, 4);
    assert_eq!(count(five, "null").await, 17);
    assert_eq!(count("null", "null").await, 20);
    assert_eq!(count("\"2026-01-01T03:00:00+02:00\"", five).await, 4, "an offset is brought to UTC");
}

#[tokio::test]
async fn a_page_that_is_cut_short_before_its_first_item_can_be_continued() {
    let world = budgeted(9).await;
    let acme = world.tenant("acme");
    let product = "{sku: \"T-1\", name: \"n\", category: TEA, price: \"1\"}";
    acme.query(&format!("mutation {{ createProduct(input: {product}) {{ sku }} }}")).await.ok();
    let one = "orders(customerId: \"C1\", first: 8) { nodes { id } pageInfo { hasNextPage endCursor } }";
    let tokens = "products(category: TEA, limit: 8) { items { sku } nextToken }";
    let reply = acme.query(&format!("{{ a: {one} b: {one} c: {tokens} }}")).await;
    let data = reply.json()["data"].clone();
    let (b, c) = (&data["b"], &data["c"]);
    assert_eq!((&b["nodes"], &b["pageInfo"]["hasNextPage"]), (&json!([]), &json!(true)), "{}", reply.text);
    assert_eq!(c["items"], json!([]), "{}", reply.text);
    assert_eq!(reply.json()["extensions"]["partial"], json!([["b"], ["c"]]));
    let (ids, orders) = page(&acme, json!({ "first": 8, "after": b["pageInfo"]["endCursor"] })).await;
    assert_eq!((ids.len(), ids[0].as_str()), (8, "O039"));
    assert_eq!(orders["pageInfo"]["hasPreviousPage"], json!(false));
    let query = "query ($t: String!) { products(category: TEA, nextToken: $t) { items { sku } } }";
    let data = acme.with(query, json!({ "t": c["nextToken"] })).await.ok();
    assert_eq!(data["products"]["items"], json!([{ "sku": "T-1" }]));
}

#[tokio::test]
async fn a_page_of_no_items_ends_where_it_began() {
    let world = world(10).await;
    let acme = world.tenant("acme");
    let (none, orders) = page(&acme, json!({ "first": 0 })).await;
    assert_eq!((none.len(), &orders["pageInfo"]["hasNextPage"]), (0, &json!(true)));
    let (ids, orders) = page(&acme, json!({ "first": 4, "after": orders["pageInfo"]["endCursor"] })).await;
    assert_eq!(ids[0], "O009");
    let (_, orders) = page(&acme, json!({ "first": 0, "after": orders["pageInfo"]["endCursor"] })).await;
    let (ids, orders) = page(&acme, json!({ "first": 4, "after": orders["pageInfo"]["endCursor"] })).await;
    assert_eq!(ids[0], "O005");
    let (_, orders) = page(&acme, json!({ "first": 4, "after": orders["pageInfo"]["endCursor"] })).await;
    assert_eq!(orders["pageInfo"]["hasNextPage"], json!(false));
    // Nothing comes after the last item, so there is nowhere to go on.
    let (_, orders) = page(&acme, json!({ "first": 0, "after": orders["pageInfo"]["endCursor"] })).await;
    assert_eq!(orders["pageInfo"]["hasNextPage"], json!(false));
    let world = World::start().await;
    let data = world
        .tenant("acme")
        .query("{ products(category: TEA, limit: 0) { items { sku } nextToken } }")
        .await
        .ok();
    assert!(data["products"]["nextToken"].is_string());
}
