//! Null for an argument that a key is made of. The compiler sees to it that there is always a value; a client can send
//! null in the place of a default all the same.

use innkeeper::dev::Service;
use serde_json::json;

use crate::harness::World;

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Note @item(table: "main", pk: "TENANT#${tenant}#NOTE#${id}", sk: "N#${at}") { id: ID! at: Int! text: String }
type Query {
  note(id: ID = "a", at: Int! = 1): Note @get
  notes(id: ID = "a", at: Int): [Note!]! @query
}
type Mutation {
  edit(id: ID = "a", at: Int! = 1, text: String): Note @update
  drop(id: ID = "a", at: Int! = 1): Note @delete
  add(id: ID! = "a", at: Int! = 1): Note @put
}
"#;

#[tokio::test]
async fn a_null_in_a_key_is_a_bad_request_and_nothing_is_asked() {
    let world = World::builder().file("schema.graphql", SCHEMA).unseeded().start().await;
    let acme = world.tenant("acme");
    acme.query("mutation { add { id } }").await.ok();
    // The default stands where nothing is sent, and an argument that only narrows may be null.
    let data = acme.query("{ note { id } notes(at: null) { id } }").await.ok();
    assert_eq!(data, json!({ "note": { "id": "a" }, "notes": [{ "id": "a" }] }));
    world.calls();
    for document in [
        "{ note(id: null) { id } }",
        "{ notes(id: null) { id } }",
        "mutation { edit(id: null, text: \"x\") { id } }",
        "mutation { drop(id: null) { id } }",
    ] {
        let reply = acme.query(document).await;
        assert_eq!(reply.codes(), ["BAD_REQUEST"], "{document}: {}", reply.text);
        assert!(reply.text.contains("the key is made of `id`, which must not be null"), "{}", reply.text);
    }
    let asked = world.calls().into_iter().filter(|call| call.service == Service::DynamoDb);
    assert_eq!(asked.count(), 0);
}
