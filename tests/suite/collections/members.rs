//! Types of a collection that not everybody may see, and items whose time is over.

use serde_json::{Value, json};

use crate::harness::{Engine, World, dynamodb_local, skip};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
interface Part { number: Int }
type Open implements Part
  @item(table: "main", pk: "TENANT#${tenant}#DOC#${id}", sk: "OPEN#${number}", type: "kind") { id: ID! number: Int }
type Secret implements Part @requiresScopes(scopes: [["secret"]])
  @item(table: "main", pk: "TENANT#${tenant}#DOC#${id}", sk: "SECRET#${number}", type: "kind") {
  id: ID!
  number: Int
  text: String
}
type Passing implements Part
  @item(table: "main", pk: "TENANT#${tenant}#DOC#${id}", sk: "PASSING#${number}", type: "kind", ttl: "until") {
  id: ID!
  number: Int
  until: Int
}
type Query { parts(id: ID!, first: Int, after: String): PartConnection! @query }
type Mutation {
  open(id: ID!, number: Int!): Open @put
  secret(id: ID!, number: Int!, text: String): Secret @put @requiresScopes(scopes: [["secret"]])
  passing(id: ID!, number: Int!, until: Int): Passing @put
}
"#;

async fn world(engine: Engine) -> World {
    let world = World::builder().file("schema.graphql", SCHEMA).unseeded().engine(engine).start().await;
    // The clock of a world begins at 1795435200. DynamoDB Local has its own, and deletes what is over by that one.
    let writes = "mutation { a: open(id: \"D\", number: 1) { id } b: secret(id: \"D\", number: 2, text: \"s\") { id } \
        c: passing(id: \"D\", number: 3, until: 1795435199) { id } d: passing(id: \"D\", number: 4, until: 2147483647) { id } \
        e: passing(id: \"D\", number: 5) { id } }";
    world.tenant_with("acme", "secret").query(writes).await.ok();
    world
}

#[tokio::test]
async fn the_fields_of_a_type_that_the_caller_may_not_see_are_refused_one_by_one() {
    let world = world(Engine::Embedded).await;
    let document = "{ parts(id: \"D\") { nodes { __typename number ... on Secret { text } } } }";
    let reply = world.tenant("acme").query(document).await;
    let expected = json!([
        { "__typename": "Open", "number": 1 },
        { "__typename": "Passing", "number": 4 },
        { "__typename": "Passing", "number": 5 },
        { "__typename": "Secret", "number": null, "text": null },
    ]);
    assert_eq!(reply.json()["data"]["parts"]["nodes"], expected, "{}", reply.text);
    assert!(reply.codes().iter().all(|code| code == "FORBIDDEN"), "{}", reply.text);
    assert_eq!(reply.codes().len(), 2, "{}", reply.text);
    let seen = world.tenant_with("acme", "secret").query(document).await.ok();
    assert_eq!(seen["parts"]["nodes"][3], json!({ "__typename": "Secret", "number": 2, "text": "s" }));
}

#[tokio::test]
async fn an_item_of_a_collection_whose_time_is_over_is_missing() {
    let check = async |world: &World| {
        let data = world.tenant("acme").query("{ parts(id: \"D\") { nodes { __typename } } }").await.ok();
        let kinds = |data: &Value| data["parts"]["nodes"].as_array().unwrap().len();
        assert_eq!(kinds(&data), 4, "{data}");
    };
    check(&world(Engine::Embedded).await).await;
    match dynamodb_local::endpoint().await {
        Ok(_) => check(&world(Engine::DynamoDbLocal).await).await,
        Err(why) => skip("DYNAMODB_LOCAL", &why),
    }
}
