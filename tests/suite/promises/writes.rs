//! P14: a write whose answer was lost is applied once, and is either a success or not known, never a conflict with itself.

use serde_json::{Value, json};

use crate::harness::World;
use crate::harness::fault::{Fault, calls};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk", ttl: "expiresAt") { query: Query mutation: Mutation }
type Page @item(table: "main", pk: "TENANT#${tenant}#PAGE#${id}", sk: "PAGE", version: "rev") {
  id: ID!
  title: String
  views: Int
  rev: Int!
}
type Note @item(table: "main", pk: "TENANT#${tenant}#NOTE#${id}", sk: "NOTE", version: "rev") {
  id: ID! @attribute(generate: ULID)
  text: String
  rev: Int!
}
type Line @item(table: "main", pk: "TENANT#${tenant}#PAGE#${page}", sk: "LINE#${id}") { page: ID! id: ID! text: String }
input NewLine { id: ID! text: String }
type Query {
  page(id: ID!): Page @get(consistent: true)
  note(id: ID!): Note @get(consistent: true)
  lines(page: ID!): [Line!]! @query(consistent: true)
}
type Mutation {
  make(id: ID!, title: String): Page! @put
  note(text: String): Note! @put
  replace(page: ID!, id: ID!, text: String): Line! @put(if: ANY)
  rename(id: ID!, title: String, rev: Int): Page! @update(expect: "args.rev")
  view(id: ID!, rev: Int): Page! @update(add: {views: "1"}, expect: "args.rev")
  drop(id: ID!): Page @delete
  makeLines(page: ID!, lines: [NewLine!]!): [Line!]! @put(if: ANY)
  dropLines(page: ID!, ids: [ID!]!): [Boolean!]! @delete(of: "Line", if: ANY, bind: {id: "args.ids"})
  count(id: ID!, requestId: ID!): Page! @transact(token: "args.requestId", do: [
    {as: "page", update: "Page", add: {views: "1"}}])
  countPlainly(id: ID!): Page! @transact(do: [{as: "page", update: "Page", add: {views: "1"}}])
}
"#;

/// What a client hears of a write whose answer was lost.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Done,
    Unknown,
}

/// A write, its call, what its client hears, how often it is sent, and what is stored then: title, views and version of
/// the page, and how many lines.
type Case = (&'static str, &'static str, Told, usize, Value);

fn cases() -> Vec<Case> {
    let page = |title: &str, views: Value, rev: i32, lines: usize| json!([title, views, rev, lines]);
    let null = Value::Null;
    vec![
        (
            "replace(page: \"ID\", id: \"2\") { id }",
            "PutItem",
            Told::Unknown,
            1,
            page("a", null.clone(), 1, 2),
        ),
        (
            "make(id: \"ID-2\", title: \"b\") { id }",
            "PutItem",
            Told::Unknown,
            1,
            page("a", null.clone(), 1, 1),
        ),
        (
            "rename(id: \"ID\", title: \"b\", rev: 1) { id }",
            "UpdateItem",
            Told::Unknown,
            2,
            page("b", null.clone(), 2, 1),
        ),
        (
            "rename(id: \"ID\", title: \"b\") { id }",
            "UpdateItem",
            Told::Unknown,
            1,
            page("b", null.clone(), 2, 1),
        ),
        ("view(id: \"ID\") { id }", "UpdateItem", Told::Unknown, 1, page("a", json!(1), 2, 1)),
        ("view(id: \"ID\", rev: 1) { id }", "UpdateItem", Told::Unknown, 2, page("a", json!(1), 2, 1)),
        ("drop(id: \"ID\") { id }", "DeleteItem", Told::Unknown, 1, json!([null, null, null, 1])),
        (
            "makeLines(page: \"ID\", lines: [{id: \"2\"}, {id: \"3\"}]) { id }",
            "BatchWriteItem",
            Told::Unknown,
            1,
            page("a", null.clone(), 1, 3),
        ),
        ("dropLines(page: \"ID\", ids: [\"1\"])", "BatchWriteItem", Told::Unknown, 1, page("a", null, 1, 0)),
        (
            "count(id: \"ID\", requestId: \"r-ID\") { id }",
            "TransactWriteItems",
            Told::Done,
            2,
            page("a", json!(1), 2, 1),
        ),
        ("countPlainly(id: \"ID\") { id }", "TransactWriteItems", Told::Done, 2, page("a", json!(1), 2, 1)),
    ]
}

#[tokio::test]
async fn p14_a_write_whose_answer_is_lost_is_applied_once_and_is_no_conflict_with_itself() {
    for lost in [|| Fault::DropResponse, || Fault::Truncate, || Fault::Corrupt] {
        let builder = World::builder().file("schema.graphql", SCHEMA).derived().unseeded();
        let world = builder.faults(|_| Fault::Pass).start().await;
        let (acme, faults, name) = (world.tenant("acme"), world.faults(), lost().name());
        // What is created under an id of its own is there once, with its first version: its id tells whose it is.
        faults.set(calls().of("PutItem").first(1).meet(lost));
        let made = acme.query("mutation { note(text: \"a\") { id text rev } }").await.ok();
        assert_eq!(faults.count("PutItem"), 2, "{name}");
        let read = format!("{{ note(id: {}) {{ id text rev }} }}", made["note"]["id"]);
        assert_eq!((&made["note"]["rev"], &acme.query(&read).await.ok()), (&json!(1), &made), "{name}");
        for (at, (write, operation, told, times, stored)) in cases().into_iter().enumerate() {
            faults.heal();
            let id = format!("p{at}");
            let make = format!(
                "mutation {{ make(id: \"{id}\", title: \"a\") {{ id }} makeLines(page: \"{id}\", lines: [{{id: \"1\"}}]) {{ id }} }}"
            );
            acme.query(&make).await.ok();
            faults.take();
            faults.set(calls().of(operation).first(1).meet(lost));
            let reply = acme.query(&format!("mutation {{ {} }}", write.replace("ID", &id))).await;
            assert_eq!(faults.count(operation), times, "{write}, {name}");
            let error = &reply.json()["errors"][0]["extensions"];
            let heard = match (error["code"].as_str(), error["applied"].as_str()) {
                (None, _) => Told::Done,
                (Some("UNAVAILABLE"), Some("unknown")) => Told::Unknown,
                _ => panic!("{write}, {name}: {}", reply.text),
            };
            assert_eq!(heard, told, "{write}, {name}");
            let read =
                format!("{{ page(id: \"{id}\") {{ title views rev }} lines(page: \"{id}\") {{ id }} }}");
            let found = acme.query(&read).await.ok();
            let page = &found["page"];
            let lines = found["lines"].as_array().unwrap().len();
            assert_eq!(json!([page["title"], page["views"], page["rev"], lines]), stored, "{write}, {name}");
        }
    }
}
