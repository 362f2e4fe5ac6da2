//! What is read for an answer is bounded in bytes too: an item may be 400 KB, and a request reads a thousand.

use serde_json::{Value, json};

use crate::harness::World;

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Sheet @item(table: "main", pk: "TENANT#${tenant}#BOOK#${book}", sk: "SHEET#${n}") {
  book: ID!
  n: ID!
  cells: Cells
  again: Sheet @get(bind: {book: "parent.book", n: "parent.n"})
}
type Cells { first: String more: JSON }
input CellsInput { first: String more: JSON }
type Query {
  sheets(book: ID!): [Sheet!]! @query
  pages(book: ID!, first: Int, after: String): SheetConnection! @query
  some(book: ID!, ns: [ID!]!): [Sheet]! @get(bind: {n: "args.ns"})
  set(book: ID!, ns: [ID!]!): [Sheet]! @get(bind: {n: "args.ns"}, snapshot: true)
}
type Mutation { write(book: ID!, n: ID!, cells: CellsInput): Sheet! @put(if: ANY) }
"#;

/// Five hundred values count 32 bytes each and more: a sheet is some 19 KB, and 200 KB may be read.
async fn world(sheets: usize) -> World {
    let builder = World::builder().file("schema.graphql", SCHEMA).derived().unseeded();
    let world = builder
        .configure(|config| {
            config.graphql.max_answer = 50_000;
            // Megabytes go through a debug build here, on a machine that does other things too.
            let minute = std::time::Duration::from_mins(1);
            (config.credentials.attempt_timeout, config.credentials.call_timeout) = (minute, minute);
            config.server.deadline = minute * 2;
        })
        .start()
        .await;
    let cells = json!({ "first": "x", "more": vec![true; 500] });
    let numbers: Vec<usize> = (0..sheets).collect();
    for some in numbers.chunks(20) {
        let write = |n: &usize| format!("s{n}: write(book: \"b\", n: \"{n:03}\", cells: $cells) {{ n }} ");
        let write = some.iter().map(write).collect::<String>();
        let document = format!("mutation ($cells: CellsInput) {{ {write} }}");
        world.tenant("acme").with(&document, json!({ "cells": cells })).await.ok();
    }
    world.calls();
    world
}

fn operations(world: &World) -> Vec<String> {
    world.calls().into_iter().map(|call| call.operation).collect()
}

/// What the answer shows is little.
const CELLS: &str = "cells { first }";

#[tokio::test]
async fn a_list_that_would_be_too_large_in_memory_is_an_error() {
    let world = world(120).await;
    let acme = world.tenant("acme");
    let reply = acme.query(&format!("{{ sheets(book: \"b\") {{ {CELLS} }} }}")).await;
    assert_eq!((reply.code(), operations(&world)), ("BUDGET_EXCEEDED".to_owned(), vec!["Query".to_owned()]));
    // What is not selected is not read, and weighs nothing.
    let answer = acme.query("{ sheets(book: \"b\") { n } }").await.ok();
    assert_eq!(answer["sheets"].as_array().unwrap().len(), 120);
}

#[tokio::test]
async fn what_was_read_together_counts_and_nothing_is_read_after_it() {
    let world = world(15).await;
    let acme = world.tenant("acme");
    let numbers = |sheets: usize| -> Vec<String> { (0..sheets).map(|n| format!("{n:03}")).collect() };
    for (field, read) in [("sheets", "Query"), ("some", "BatchGetItem"), ("set", "TransactGetItems")] {
        let arguments = if field == "sheets" { "" } else { ", ns: $ns" };
        let variables = if field == "sheets" { "" } else { "($ns: [ID!]!)" };
        let query = format!(
            "query {variables} {{ {field}(book: \"b\"{arguments}) {{ {CELLS} again {{ {CELLS} }} }} }}"
        );
        let reply = acme.with(&query, json!({ "ns": numbers(15) })).await;
        assert_eq!(operations(&world), [read]);
        assert_eq!(reply.codes(), ["BUDGET_EXCEEDED"; 15]);
        assert_eq!(reply.json()["data"][field][14], json!({ "cells": { "first": "x" }, "again": null }));
        if field != "sheets" {
            acme.with(&query, json!({ "ns": numbers(5) })).await.ok();
            assert_eq!(operations(&world), [read, "BatchGetItem"]);
        }
    }
}

#[tokio::test]
async fn a_page_that_would_be_too_large_in_memory_is_partial_and_goes_on() {
    let world = world(30).await;
    let acme = world.tenant("acme");
    let page = "query ($after: String) { pages(book: \"b\", first: 6, after: $after) { nodes { n cells { first } } pageInfo { hasNextPage endCursor } } }";
    let (mut after, mut found) = (Value::Null, Vec::new());
    loop {
        let answer = acme.with(page, json!({ "after": after })).await.ok()["pages"].clone();
        found.extend(answer["nodes"].as_array().unwrap().iter().map(|it| it["n"].clone()));
        after = answer["pageInfo"]["endCursor"].clone();
        if answer["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(found.len(), 30);
    // As many as are under way at one time are answered, and the others say where to go on.
    let page = format!("pages(book: \"b\", first: 6) {{ nodes {{ n {CELLS} }} }} ");
    let many = (0..40).map(|at| format!("p{at}: {page}")).collect::<String>();
    let reply = acme.query(&format!("{{ {many} }}")).await.json();
    let partial = reply["extensions"]["partial"].as_array().unwrap().len();
    assert!((1..=8).contains(&partial), "{partial}");
}
