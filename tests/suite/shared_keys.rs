//! Types whose keys can meet, told apart by a discriminator.

use serde_json::{Value, json};

use crate::harness::World;

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Cat @item(table: "main", pk: "TENANT#${tenant}#PET#${id}", sk: "META", type: "__typename") { id: ID! name: String }
type Dog @item(table: "main", pk: "TENANT#${tenant}#PET#${id}", sk: "META", type: "__typename") { id: ID! name: String }
type Query { cat(id: ID!): Cat @get dog(id: ID!): Dog @get }
type Mutation {
  putDog(id: ID!, name: String): Dog! @put
  updateCat(id: ID!, name: String): Cat @update
  upsertCat(id: ID!, name: String): Cat! @update(if: ANY)
  removeCat(id: ID!): Cat @delete(if: ANY)
}
"#;

#[tokio::test]
async fn an_upsert_that_meets_another_types_item_is_a_conflict_and_shows_nothing() {
    let world = World::builder().file("schema.graphql", SCHEMA).unseeded().start().await;
    let acme = world.tenant("acme");
    acme.query("mutation { putDog(id: \"1\", name: \"Rex\") { id } }").await.ok();
    let reply = acme.query("mutation { upsertCat(id: \"1\", name: \"Tom\") { id name } }").await;
    assert_eq!(reply.code(), "CONFLICT", "{}", reply.text);
    assert_eq!(reply.json()["errors"][0]["extensions"].get("current"), None);
    // To everybody else there is no such cat.
    for field in ["updateCat(id: \"1\", name: \"Tom\")", "removeCat(id: \"1\")"] {
        let data = acme.query(&format!("mutation {{ it: {field} {{ id }} }}")).await.ok();
        assert_eq!(data["it"], Value::Null, "{field}");
    }
    assert_eq!(
        acme.query("{ dog(id: \"1\") { name } cat(id: \"1\") { name } }").await.ok(),
        json!({ "dog": { "name": "Rex" }, "cat": null })
    );
    let data = acme.query("mutation { upsertCat(id: \"2\", name: \"Tom\") { id name } }").await.ok();
    assert_eq!(data["upsertCat"], json!({ "id": "2", "name": "Tom" }));
}
