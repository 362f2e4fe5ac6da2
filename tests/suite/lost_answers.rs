//! A write whose answer is lost and whose repetition fails: nobody knows whether the first one took place, and a client
//! that heard anything else would do it again.

use serde_json::json;

use crate::harness::World;
use crate::harness::fault::{Call, Fault};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Page @item(table: "main", pk: "TENANT#${tenant}#PAGE#${id}", sk: "PAGE", version: "rev") {
  id: ID! @attribute(generate: ULID)
  title: String
  views: Int
  rev: Int!
}
type Query { page(id: ID!): Page @get(consistent: true) }
type Mutation {
  makePage(title: String): Page! @put
  rename(id: ID!, title: String, rev: Int): Page! @update(expect: "args.rev")
  view(id: ID!, rev: Int!): Page! @update(add: {views: "1"}, expect: "args.rev")
}
"#;

fn builder() -> crate::harness::Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded()
}

fn error(kind: &'static str) -> impl Fn() -> Fault + Send {
    move || {
        Fault::Answer(
            400,
            json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "no" }),
        )
    }
}

/// The first answer to an operation is lost, and what is sent after it is answered otherwise.
fn lost_and_then(
    operation: &'static str,
    then: impl Fn() -> Fault + Send,
) -> impl FnMut(&Call) -> Fault + Send {
    move |call| match call.number {
        _ if call.operation != operation => Fault::Pass,
        1 => Fault::DropResponse,
        _ => then(),
    }
}

const KINDS: [&str; 3] =
    ["ProvisionedThroughputExceededException", "AccessDeniedException", "ValidationException"];

#[tokio::test]
async fn a_creation_that_is_lost_and_then_refused_is_not_known() {
    for kind in KINDS {
        let world = builder().faults(lost_and_then("PutItem", error(kind))).start().await;
        world.tenant("acme").query("mutation { makePage(title: \"t\") { id } }").await.assert_unknown();
    }
}

#[tokio::test]
async fn an_update_that_is_lost_and_then_refused_is_not_known() {
    for kind in KINDS {
        for update in ["rename(id: $id, title: \"b\", rev: 1)", "view(id: $id, rev: 1)"] {
            let world = builder().faults(lost_and_then("UpdateItem", error(kind))).start().await;
            let acme = world.tenant("acme");
            let made = acme.query("mutation { makePage(title: \"t\") { id } }").await.ok();
            let id = json!({ "id": made["makePage"]["id"] });
            let reply = acme.with(&format!("mutation ($id: ID!) {{ {update} {{ rev }} }}"), id.clone()).await;
            reply.assert_unknown();
            let page = acme.with("query ($id: ID!) { page(id: $id) { rev } }", id).await.ok();
            assert_eq!(page["page"]["rev"], 2);
        }
    }
}

#[tokio::test]
async fn an_update_that_only_counts_its_write_is_no_conflict_with_itself() {
    let world = builder().faults(lost_and_then("UpdateItem", || Fault::Pass)).start().await;
    let acme = world.tenant("acme");
    let made = acme.query("mutation { makePage(title: \"t\") { id } }").await.ok();
    let id = json!({ "id": made["makePage"]["id"] });
    let reply = acme.with("mutation ($id: ID!) { rename(id: $id, rev: 1) { rev } }", id.clone()).await;
    reply.assert_unknown();
    let page = acme.with("query ($id: ID!) { page(id: $id) { rev title } }", id).await.ok();
    assert_eq!(page["page"], json!({ "rev": 2, "title": "t" }));
}
