//! What has expired is gone wherever items are many: in lists, below lists, in counts, in collections and in transactions.

use std::time::Duration;

use serde_json::{Value, json};

use super::{NOW, YEAR, at, engines};
use crate::harness::{Engine, World};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Offer @item(table: "main", pk: "TENANT#${tenant}#SHOP#${shop}", sk: "OFFER#${id}", type: "kind", version: "rev", ttl: "until") {
  shop: ID!
  id: ID!
  taken: Int
  until: Int
  rev: Int!
  twin: Offer @get(bind: {shop: "parent.shop", id: "parent.id"})
}
type Sign @item(table: "main", pk: "TENANT#${tenant}#SHOP#${shop}", sk: "SIGN#${id}", type: "kind") { shop: ID! id: ID! }
union Thing = Offer | Sign
type Log @item(table: "main", pk: "TENANT#${tenant}#LOG#${id}", sk: "LOG") { id: ID! }
type Query {
  offers(shop: ID!, ids: [ID!]!): [Offer]! @get(bind: {id: "args.ids"})
  all(shop: ID!, first: Int): OfferConnection! @query(count: true)
  things(shop: ID!): [Thing!]! @query
}
type Mutation {
  hang(shop: ID!, id: ID!): Sign! @put
  renew(shop: ID!, id: ID!, until: Int!): Offer! @transact(do: [{put: "Offer"}])
  take(shop: ID!, id: ID!, log: ID!): Offer! @transact(do: [
    {as: "offer", update: "Offer", add: {taken: "1"}}, {as: "log", put: "Log", bind: {id: "args.log"}}])
  look(shop: ID!, id: ID!, log: ID!): Log! @transact(do: [
    {as: "offer", check: "Offer"}, {as: "log", put: "Log", bind: {id: "args.log"}}])
  drop(shop: ID!, id: ID!, log: ID!): Log! @transact(do: [
    {as: "offer", delete: "Offer"}, {as: "log", put: "Log", bind: {id: "args.log"}}])
}
"#;

/// When the good offer ends: long after today, since DynamoDB Local clears away what has expired by a clock of its own.
const LATER: i64 = NOW + 4 * YEAR;

/// A world with an offer that stands and one that is over.
async fn world(engine: Engine) -> World {
    let world =
        World::builder().file("schema.graphql", SCHEMA).derived().unseeded().engine(engine).start().await;
    for (id, until) in [("good", LATER), ("over", NOW - 1)] {
        let item = json!({
            "pk": { "S": "TENANT#acme#SHOP#s" }, "sk": { "S": format!("OFFER#{id}") }, "kind": { "S": "Offer" },
            "shop": { "S": "s" }, "id": { "S": id }, "until": at(until), "rev": { "N": "7" },
        });
        let reply = world.behind("PutItem", json!({ "TableName": "innkeeper-shops", "Item": item })).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    world.tenant("acme").query(r#"mutation { hang(shop: "s", id: "x") { id } }"#).await.ok();
    world.calls();
    world
}

#[tokio::test]
async fn lists_relations_counts_and_collections_are_without_what_has_expired() {
    for engine in engines().await {
        let world = world(engine).await;
        let acme = world.tenant("acme");
        let listed = r#"{ offers(shop: "s", ids: ["over", "good", "over"]) { id twin { id } } }"#;
        let expected = json!({ "offers": [null, { "id": "good", "twin": { "id": "good" } }, null] });
        assert_eq!(acme.query(listed).await.ok(), expected, "{engine:?}");
        let counted = r#"{ all(shop: "s", first: 0) { totalCount nodes { id } } }"#;
        let expected = json!({ "all": { "totalCount": 1, "nodes": [] } });
        assert_eq!(acme.query(counted).await.ok(), expected, "{engine:?}");
        let things = r#"{ things(shop: "s") { __typename ... on Offer { id } } }"#;
        let expected =
            json!({ "things": [{ "__typename": "Offer", "id": "good" }, { "__typename": "Sign" }] });
        assert_eq!(acme.query(things).await.ok(), expected, "{engine:?}");
        // It expires, and is gone from the list, though it is stored as before.
        world.advance(Duration::from_secs(u64::try_from(LATER - NOW).unwrap()));
        let expected = json!({ "offers": [null, null, null] });
        assert_eq!(world.tenant("acme").query(listed).await.ok(), expected, "{engine:?}");
    }
}

#[tokio::test]
async fn a_transaction_takes_what_has_expired_for_missing_and_its_place_for_free() {
    for engine in engines().await {
        let world = world(engine).await;
        let acme = world.tenant("acme");
        for (field, selection) in [("take", "taken"), ("look", "id"), ("drop", "id")] {
            let ask = |id: &str| {
                format!(
                    r#"mutation {{ {field}(shop: "s", id: "{id}", log: "{field}-{id}") {{ {selection} }} }}"#
                )
            };
            let reply = acme.query(&ask("over")).await;
            assert_eq!(reply.codes(), ["NOT_FOUND"], "{field}, {engine:?}: {}", reply.text);
            let reasons = &reply.json()["errors"][0]["extensions"]["reasons"];
            assert_eq!(*reasons, json!([{ "step": "offer", "reason": "NOT_FOUND" }]), "{field}, {engine:?}");
            assert_ne!(acme.query(&ask("good")).await.ok()[field], Value::Null, "{field}, {engine:?}");
        }
        let renew = format!(r#"mutation {{ renew(shop: "s", id: "over", until: {}) {{ rev }} }}"#, LATER);
        assert_eq!(acme.query(&renew).await.ok(), json!({ "renew": { "rev": 1 } }), "{engine:?}");
        let again = acme.query(&renew).await;
        assert_eq!(again.codes(), ["CONFLICT"], "{engine:?}: {}", again.text);
    }
}
