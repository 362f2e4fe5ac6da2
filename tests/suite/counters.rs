//! `add`, `append` and `remove`: what an update makes from what is there, and what a lost answer leaves of it.

use serde_json::{Value, json};

use crate::harness::World;
use crate::harness::fault::{Call, Fault};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Page @item(table: "main", pk: "TENANT#${tenant}#PAGE#${id}", sk: "PAGE", version: "rev") {
  id: ID!
  views: Int
  earned: Decimal
  tags: [String!] @attribute(as: SET)
  notes: [String!]
  rev: Int!
}
type Query { page(id: ID!): Page @get(consistent: true) }
type Mutation {
  makePage(id: ID!): Page! @put
  view(id: ID!): Page! @update(add: {views: "1"})
  earn(id: ID!, amount: Decimal, expectedRev: Int): Page!
    @update(add: {earned: "args.amount"}, expect: "args.expectedRev")
  undo(id: ID!): Page! @update(add: {views: "-1", earned: -0.5}, when: "views > 0")
  tag(id: ID!, tags: [String!]): Page! @update(add: {tags: "args.tags"}, when: "exists(id)")
  untag(id: ID!, tags: [String!]!): Page! @update(remove: {tags: "args.tags"})
  note(id: ID!, note: String): Page! @update(append: {notes: "args.note"})
  noteAll(id: ID!, more: [String!]!): Page! @update(append: {notes: "args.more"})
  begin(id: ID!): Page! @update(if: ANY, add: {views: "1"})
}
"#;

fn builder() -> crate::harness::Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded()
}

#[tokio::test]
async fn counters_go_up_and_down_from_what_is_there() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    let run = async |document: &str| acme.query(&format!("mutation {{ {document} }}")).await.ok();
    run("makePage(id: \"p\") { id }").await;
    assert_eq!(run("view(id: \"p\") { views rev }").await["view"], json!({ "views": 1, "rev": 2 }));
    run("earn(id: \"p\", amount: \"0.10\") { id }").await;
    assert_eq!(run("earn(id: \"p\", amount: \"0.20\") { earned }").await["earn"]["earned"], "0.3");
    // What is absent or null adds nothing; the write counts.
    assert_eq!(run("earn(id: \"p\") { earned rev }").await["earn"], json!({ "earned": "0.3", "rev": 5 }));
    assert_eq!(run("earn(id: \"p\", amount: null) { rev }").await["earn"]["rev"], 6);
    assert_eq!(
        run("undo(id: \"p\") { views earned }").await["undo"],
        json!({ "views": 0, "earned": "-0.2" })
    );
    let reply = acme.query("mutation { undo(id: \"p\") { views } }").await;
    assert_eq!(reply.json()["errors"][0]["extensions"]["current"], json!({ "views": 0 }));
    // An upsert counts from nothing; an update of nothing finds nothing.
    assert_eq!(run("begin(id: \"q\") { views }").await["begin"]["views"], 1);
    assert_eq!(acme.query("mutation { view(id: \"r\") { id } }").await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn sets_gain_and_lose_members_and_lists_grow() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    let run = async |document: &str| acme.query(&format!("mutation {{ {document} }}")).await.ok();
    run("makePage(id: \"p\") { id }").await;
    run("tag(id: \"p\", tags: [\"a\", \"b\"]) { id }").await;
    assert_eq!(
        run("tag(id: \"p\", tags: [\"b\", \"c\"]) { tags }").await["tag"]["tags"],
        json!(["a", "b", "c"])
    );
    // No members: nothing to add, and nothing to refuse.
    assert_eq!(run("tag(id: \"p\", tags: []) { tags }").await["tag"]["tags"], json!(["a", "b", "c"]));
    assert_eq!(
        run("untag(id: \"p\", tags: [\"a\", \"z\"]) { tags }").await["untag"]["tags"],
        json!(["b", "c"])
    );
    assert_eq!(run("untag(id: \"p\", tags: [\"b\", \"c\"]) { tags }").await["untag"]["tags"], Value::Null);
    run("note(id: \"p\", note: \"one\") { id }").await;
    assert_eq!(
        run("noteAll(id: \"p\", more: [\"two\", \"one\"]) { notes }").await["noteAll"]["notes"],
        json!(["one", "two", "one"])
    );
    assert_eq!(run("note(id: \"p\") { notes }").await["note"]["notes"], json!(["one", "two", "one"]));
}

/// The first answer to an `UpdateItem` gets lost, or what was to be answered.
fn first_update(fault: fn() -> Fault) -> impl FnMut(&Call) -> Fault + Send {
    move |call| if call.operation == "UpdateItem" && call.number == 1 { fault() } else { Fault::Pass }
}

#[tokio::test]
async fn a_count_whose_answer_is_lost_is_not_repeated_and_says_so() {
    for (fault, views) in
        [((|| Fault::DropResponse) as fn() -> Fault, json!(1)), (|| Fault::DropRequest, Value::Null)]
    {
        let world = builder().faults(first_update(fault)).start().await;
        let acme = world.tenant("acme");
        acme.query("mutation { makePage(id: \"p\") { id } }").await.ok();
        world.calls();
        let reply = acme.query("mutation { view(id: \"p\") { views } }").await;
        assert_eq!(reply.code(), "UNAVAILABLE");
        assert_eq!(reply.json()["errors"][0]["extensions"]["applied"], "unknown");
        let page = acme.query("{ page(id: \"p\") { views } }").await.ok();
        assert_eq!(page["page"]["views"], views);
        let updates = world.calls().iter().filter(|call| call.operation == "UpdateItem").count();
        assert_eq!(updates, usize::from(views == json!(1)));
    }
}

#[tokio::test]
async fn a_count_under_a_version_is_repeated_where_it_never_arrived_and_else_is_not_known() {
    for (fault, code) in
        [((|| Fault::DropRequest) as fn() -> Fault, ""), (|| Fault::DropResponse, "UNAVAILABLE")]
    {
        let world = builder().faults(first_update(fault)).start().await;
        let acme = world.tenant("acme");
        acme.query("mutation { makePage(id: \"p\") { id } }").await.ok();
        let reply =
            acme.query("mutation { earn(id: \"p\", amount: \"2\", expectedRev: 1) { earned } }").await;
        assert_eq!(reply.codes().first().map_or("", String::as_str), code, "{}", reply.text);
        // Once, in either case.
        assert_eq!(
            acme.query("{ page(id: \"p\") { earned rev } }").await.ok()["page"],
            json!({ "earned": "2", "rev": 2 })
        );
    }
}
