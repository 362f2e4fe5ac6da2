//! Paging backwards, and counts: on the embedded engine and on DynamoDB Local.

use serde_json::{Value, json};

use super::on_both;
use crate::harness::{Tenant, World};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Line @item(table: "main", pk: "TENANT#${tenant}#BOOK#${book}", sk: "LINE#${number}") {
  book: ID!
  number: Int! @attribute(pad: 4)
  odd: Boolean
}
type Lines { edges: [Edge!]! nodes: [Line!]! pageInfo: PageInfo! howMany: Int! @count }
type Edge { node: Line! cursor: String! }
type Page { items: [Line!]! nextToken: String total: Int @count }
type Query {
  lines(book: ID!, odd: Boolean, first: Int, after: String, last: Int, before: String): Lines! @query(filter: ["odd"])
  down(book: ID!, first: Int, after: String, last: Int, before: String): LineConnection! @query(order: DESC)
  pages(book: ID!, limit: Int, nextToken: String): Page! @query
}
type Mutation { put(book: ID!, number: Int!, odd: Boolean): Line @put }
"#;

async fn filled(lines: usize, budget: u32) -> World {
    let configure = move |config: &mut innkeeper::config::Config| config.operation.read_budget = budget;
    let world = World::builder().file("schema.graphql", SCHEMA).unseeded().configure(configure).start().await;
    fill(&world.tenant("acme"), lines).await;
    world
}

async fn fill(acme: &Tenant<'_>, lines: usize) {
    for at in 1..=lines {
        let document =
            format!("mutation {{ put(book: \"B\", number: {at}, odd: {}) {{ number }} }}", at % 2 == 1);
        acme.query(&document).await.ok();
    }
}

/// A page: its numbers, and what its `pageInfo` says.
async fn page(acme: &Tenant<'_>, field: &str, arguments: &str) -> (Vec<i64>, Value) {
    let document = format!(
        "{{ page: {field}(book: \"B\"{arguments}) {{ nodes {{ number }} edges {{ cursor }} \
         pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let data = acme.query(&document).await.ok();
    let numbers = data["page"]["nodes"].as_array().unwrap().iter().map(|it| it["number"].as_i64().unwrap());
    (numbers.collect(), data["page"].clone())
}

#[tokio::test]
async fn pages_are_walked_backwards_without_gap_or_overlap_and_in_the_order_of_the_field() {
    for (field, all) in [("lines", (1..=11).collect::<Vec<i64>>()), ("down", (1..=11).rev().collect())] {
        let world = filled(11, 1_000).await;
        let acme = world.tenant("acme");
        let (mut before, mut seen) = (String::new(), Vec::new());
        for at in 0..3 {
            let (numbers, answer) = page(&acme, field, &format!(", last: 4{before}")).await;
            let info = &answer["pageInfo"];
            assert_eq!(info["hasPreviousPage"], json!(at < 2), "{field}");
            assert_eq!(info["hasNextPage"], json!(at > 0), "{field}");
            seen.splice(0..0, numbers);
            before = format!(", before: {}", info["startCursor"]);
        }
        assert_eq!(seen, all, "{field}");
    }
}

#[tokio::test]
async fn a_cursor_serves_both_directions() {
    let world = filled(9, 1_000).await;
    let acme = world.tenant("acme");
    let (numbers, middle) = page(&acme, "lines", ", first: 3, after: null").await;
    assert_eq!(numbers, [1, 2, 3]);
    let (_, next) =
        page(&acme, "lines", &format!(", first: 3, after: {}", middle["pageInfo"]["endCursor"])).await;
    let info = &next["pageInfo"];
    let (before, answer) = page(&acme, "lines", &format!(", last: 2, before: {}", info["startCursor"])).await;
    assert_eq!(before, [2, 3]);
    assert_eq!(
        (&answer["pageInfo"]["hasPreviousPage"], &answer["pageInfo"]["hasNextPage"]),
        (&json!(true), &json!(true))
    );
    let (again, _) =
        page(&acme, "lines", &format!(", first: 3, after: {}", answer["edges"][1]["cursor"])).await;
    assert_eq!(again, [4, 5, 6]);
    // Without a size, as without one forwards.
    let (all, _) = page(&acme, "lines", &format!(", before: {}", info["endCursor"])).await;
    assert_eq!(all, [1, 2, 3, 4, 5]);
    let (odd, answer) = page(&acme, "lines", ", odd: true, last: 2").await;
    assert_eq!((odd, &answer["pageInfo"]["hasPreviousPage"]), (vec![7, 9], &json!(true)));
    let (none, answer) = page(&acme, "lines", ", last: 0").await;
    assert_eq!((none.len(), &answer["pageInfo"]["hasPreviousPage"]), (0, &json!(true)));
    let (last, _) =
        page(&acme, "lines", &format!(", last: 2, before: {}", answer["pageInfo"]["startCursor"])).await;
    assert_eq!(last, [8, 9]);
}

#[tokio::test]
async fn both_directions_at_once_are_refused() {
    let world = filled(1, 1_000).await;
    let acme = world.tenant("acme");
    let (_, one) = page(&acme, "lines", "").await;
    let cursor = &one["pageInfo"]["endCursor"];
    world.calls();
    for arguments in [
        "first: 1, last: 1".to_owned(),
        format!("first: 1, before: {cursor}"),
        format!("last: 1, after: {cursor}"),
        format!("after: {cursor}, before: {cursor}"),
        "last: -1".to_owned(),
        "last: 501".to_owned(),
        "last: 1, before: \"x\"".to_owned(),
    ] {
        let reply =
            acme.query(&format!("{{ lines(book: \"B\", {arguments}) {{ nodes {{ number }} }} }}")).await;
        assert_eq!(reply.code(), "BAD_REQUEST", "{arguments}: {}", reply.text);
    }
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn a_page_that_the_read_budget_cuts_short_goes_on_backwards() {
    let world = filled(30, 10).await;
    let acme = world.tenant("acme");
    let document = "query ($b: String) { lines(book: \"B\", odd: true, last: 20, before: $b) { nodes { number } \
        pageInfo { startCursor hasPreviousPage } } }";
    let (mut before, mut seen) = (Value::Null, Vec::new());
    for _ in 0..5 {
        let reply = acme.with(document, json!({ "b": before })).await.json();
        let page = &reply["data"]["lines"];
        let numbers = page["nodes"].as_array().unwrap().iter().map(|it| it["number"].as_i64().unwrap());
        seen.splice(0..0, numbers);
        before = page["pageInfo"]["startCursor"].clone();
        if page["pageInfo"]["hasPreviousPage"] == json!(false) {
            break;
        }
        assert_eq!(reply["extensions"]["partial"], json!([["lines"]]));
    }
    assert_eq!(seen, (1..=30).filter(|at| at % 2 == 1).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_count_is_of_all_items_whatever_the_page() {
    let world = filled(25, 1_000).await;
    let acme = world.tenant("acme");
    let count = async |arguments: &str| {
        acme.query(&format!("{{ lines(book: \"B\"{arguments}) {{ howMany nodes {{ number }} }} }}"))
            .await
            .ok()["lines"]["howMany"]
            .clone()
    };
    let (_, first) = page(&acme, "lines", ", first: 4").await;
    world.calls();
    assert_eq!(count("").await, json!(25));
    assert_eq!(world.calls().len(), 1, "the page was the whole");
    assert_eq!(count(", first: 4").await, json!(25));
    assert_eq!(world.calls().len(), 2);
    assert_eq!(count(&format!(", first: 4, after: {}", first["pageInfo"]["endCursor"])).await, json!(25));
    assert_eq!(count(", last: 4").await, json!(25));
    assert_eq!(count(", first: 0").await, json!(25));
    assert_eq!(count(", odd: true, first: 2").await, json!(13));
    world.calls();
    acme.query("{ lines(book: \"B\", first: 2) { nodes { number } } }").await.ok();
    assert_eq!(world.calls().len(), 1, "nothing is counted that is not asked for");
    let none = acme.query("{ lines(book: \"NONE\", first: 1) { howMany } pages(book: \"B\", limit: 3) { total nextToken } }").await.ok();
    assert_eq!((&none["lines"]["howMany"], &none["pages"]["total"]), (&json!(0), &json!(25)));
}

#[tokio::test]
async fn a_count_that_the_budget_does_not_reach_is_an_error_and_never_a_smaller_number() {
    let world = filled(30, 20).await;
    let acme = world.tenant("acme");
    let reply = acme.query("{ pages(book: \"B\", limit: 3) { items { number } total } }").await;
    assert_eq!(reply.code(), "BUDGET_EXCEEDED", "{}", reply.text);
    let page = &reply.json()["data"]["pages"];
    assert_eq!((page["items"].as_array().unwrap().len(), &page["total"]), (3, &Value::Null));
    let reply = acme.query("{ lines(book: \"B\", first: 3) { howMany } }").await;
    assert_eq!((reply.code().as_str(), &reply.json()["data"]), ("BUDGET_EXCEEDED", &Value::Null));
}

/// A count asks as the page does: of the tenant's own key alone.
#[tokio::test]
async fn a_forged_count_is_denied() {
    let world = World::builder().file("schema.graphql", SCHEMA).unseeded().forging("acme2").start().await;
    let reply = world.tenant("acme").query("{ lines(book: \"B\", last: 3) { howMany } }").await;
    assert_eq!(reply.code(), "FORBIDDEN", "{}", reply.text);
}

#[tokio::test]
async fn collections_are_counted_and_walked_backwards_too() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        let document = "{ owned(owner: \"ada\", last: 2) { nodes { __typename } totalCount pageInfo { hasPreviousPage } } \
            folder(id: \"F\") { entries(first: 1) { totalCount } } }";
        let data = acme.query(document).await.ok();
        let expected = json!({ "nodes": [{ "__typename": "Link" }, { "__typename": "Folder" }], "totalCount": 5,
            "pageInfo": { "hasPreviousPage": true } });
        assert_eq!(data["owned"], expected);
        // Items of types that nobody knows are not counted.
        assert_eq!(data["folder"]["entries"]["totalCount"], json!(4));
    })
    .await;
}
