//! `@constraint` and `@default`: what a client may send, and what stands for what it does not send.

use serde_json::{Value, json};

use crate::harness::{Tenant, World};

async fn world() -> World {
    World::builder().file("schema.graphql", include_str!("schema.graphql")).unseeded().start().await
}

const JOIN: &str = "mutation ($name: String, $tags: [String!], $fee: Decimal) \
    { join(id: \"a\", name: $name, tags: $tags, fee: $fee) { name tags fee } }";

/// The message of a request that is refused as a whole, before anything is asked of DynamoDB.
async fn refused(world: &World, acme: &Tenant<'_>, document: &str, variables: Value) -> String {
    acme.query("{ __typename }").await.ok();
    world.calls();
    let reply = acme.with(document, variables).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
    assert_eq!(world.count("acme"), (0, 0));
    let body = reply.json();
    assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    assert_eq!(body.get("data"), None);
    body["errors"][0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_value_that_breaks_a_constraint_refuses_the_whole_request() {
    let world = world().await;
    let acme = world.tenant("acme");
    let mut told = Vec::new();
    for variables in [
        json!({ "name": "a" }),
        // Characters are counted, not bytes and not code units.
        json!({ "name": "ééééé" }),
        json!({ "name": "👩👩👩👩👩" }),
        json!({ "tags": [] }),
        json!({ "tags": ["a", "b", "c"] }),
        json!({ "tags": ["a", "long"] }),
        json!({ "fee": "0" }),
        json!({ "fee": "-1" }),
    ] {
        told.push(refused(&world, &acme, JOIN, variables).await);
    }
    for document in [
        "{ member(id: \"A1\") { id } }",
        "{ a: member(id: \"ok\") { id } b: member(id: \"no!\") { id } }",
        "mutation { join(id: \"a\", name: \"ab\") { id } pack(id: \"1\", input: {inner: {text: \"x\"}}) { id } }",
        "mutation { pack(id: \"1\", input: {inner: {}, rest: {level: 8}}) { id } }",
        "mutation { pack(id: \"1\", input: {inner: {}, rest: {level: -3}}) { id } }",
    ] {
        told.push(refused(&world, &acme, document, json!({})).await);
    }
    let document = "mutation ($input: Contents!) { pack(id: \"1\", input: $input) { id } }";
    let input = json!({ "input": { "inner": { "text": "x" } } });
    told.push(refused(&world, &acme, document, input).await);
    insta::assert_json_snapshot!("broken", told);
}

#[tokio::test]
async fn a_value_at_the_very_edge_is_taken_and_null_is_no_value() {
    let world = world().await;
    let acme = world.tenant("acme");
    for (id, variables) in [
        ("a", json!({ "name": "ab", "tags": ["abc"], "fee": "0.00000000000000000000000000000000000001" })),
        (
            "b",
            json!({ "name": "👩👩👩👩", "tags": ["a", "b"], "fee": "99999999999999999999999999999999999999" }),
        ),
        ("c", json!({ "tags": null, "name": "ab" })),
    ] {
        let document = JOIN.replace("\"a\"", &format!("\"{id}\""));
        acme.with(&document, variables).await.ok();
    }
    acme.query("{ member(id: \"a1\") { id } }").await.ok();
    acme.query("mutation { pack(id: \"1\", input: {inner: {text: \"abc\"}, rest: {level: -2}}) { id } }")
        .await
        .ok();
}

#[tokio::test]
async fn a_new_item_has_the_defaults_of_what_nobody_gave() {
    let world = world().await;
    let acme = world.tenant("acme");
    let fields = "role name nick tags fee more rev";
    let joined = acme.query(&format!("mutation {{ join(id: \"a\") {{ {fields} }} }}")).await.ok();
    let expected = json!({ "role": "GUEST", "name": "nobody", "nick": "—", "tags": ["new"], "fee": "12.5",
        "more": { "seen": [1, true, null] }, "rev": 1 });
    assert_eq!(joined["join"], expected);
    // The default is stored, and of the key.
    let stored = world.stored("TENANT#acme#MEMBER#a", "GUEST").await;
    assert_eq!((&stored["name"], &stored["fee"]), (&json!({ "S": "nobody" }), &json!({ "N": "12.5" })));
    // Null is a value: whoever sends it wants no default.
    let bare =
        acme.query("mutation { join(id: \"b\", nick: null, tags: null) { nick tags name } }").await.ok();
    assert_eq!(bare["join"], json!({ "nick": null, "tags": [], "name": "nobody" }));
    let without = acme.query("mutation { join(id: \"c\", name: null) { id } }").await;
    assert_eq!(without.code(), "BAD_REQUEST");
    assert!(without.text.contains("`name` must be there, and not null"), "{}", without.text);
}

#[tokio::test]
async fn an_update_that_makes_an_item_gives_it_the_defaults_of_what_every_item_has() {
    let world = world().await;
    let acme = world.tenant("acme");
    let pack = |rest: &str| {
        format!("mutation {{ pack(id: \"1\", input: {{inner: {{}}, rest: {{{rest}}}}}) {{ level label }} }}")
    };
    let made = acme.query(&pack("")).await.ok();
    assert_eq!(made["pack"], json!({ "level": 3, "label": null }));
    acme.query(&pack("level: 5")).await.ok();
    let again = acme.query(&pack("label: \"x\"")).await.ok();
    assert_eq!(again["pack"], json!({ "level": 5, "label": "x" }));
}
