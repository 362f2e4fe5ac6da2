//! Values over HTTP: what is stored in any of DynamoDB's types is answered by the field's type, and what is sent is
//! stored as it should be. Items are put and looked at behind the front, so that one half never hides a mistake of
//! the other's.

mod reading;
mod writing;

use innkeeper::dev::Outcome;
use serde_json::{Value, json};

use crate::harness::{Reply, World};

/// The fields of `Thing`, and how each is selected.
const FIELDS: [(&str, &str); 21] = [
    ("int", ""),
    ("float", ""),
    ("string", ""),
    ("boolean", ""),
    ("other", ""),
    ("decimal", ""),
    ("bigInt", ""),
    ("dateTime", ""),
    ("date", ""),
    ("json", ""),
    ("base64", ""),
    ("colour", ""),
    ("ints", ""),
    ("words", ""),
    ("grid", ""),
    ("texts", ""),
    ("numbers", ""),
    ("blobs", ""),
    ("colours", ""),
    ("inner", INNER),
    ("inners", INNER),
];
const INNER: &str = "{ text count price deeper { at colours } }";

/// A world with a schema of its own, and no items.
async fn world() -> World {
    World::builder().file("schema.graphql", include_str!("schema.graphql")).unseeded().start().await
}

/// How a field is selected.
fn selection(field: &str) -> String {
    let (_, inner) = FIELDS.into_iter().find(|(name, _)| *name == field).unwrap();
    format!("{field} {inner}")
}

/// Puts an item of acme's behind the front, with these attributes.
async fn put(world: &World, kind: &str, id: &str, attributes: Value) {
    let mut item = attributes;
    item["pk"] = json!({ "S": format!("TENANT#acme#{kind}#{id}") });
    item["sk"] = json!({ "S": "META" });
    item["id"] = json!({ "S": id });
    let reply = world.behind("PutItem", json!({ "TableName": "innkeeper-shops", "Item": item })).await;
    assert!(reply.status.is_success(), "{item}: {}", reply.body);
}

/// What `thing` answers of one field.
async fn read(world: &World, id: &str, field: &str) -> Reply {
    let document = format!("{{ thing(id: \"{id}\") {{ id {} }} }}", selection(field));
    world.tenant("acme").query(&document).await
}

/// An attribute of a `Thing` of acme's as it is stored; none if it is not there.
async fn stored(world: &World, id: &str, attribute: &str) -> Option<Value> {
    world.stored(&format!("TENANT#acme#THING#{id}"), "META").await.get(attribute).cloned()
}

/// How many calls to DynamoDB changed something since it was last asked.
#[track_caller]
fn writes(world: &World) -> usize {
    let is_write = |call: &innkeeper::dev::Observed| {
        ["PutItem", "UpdateItem"].contains(&call.operation.as_str()) && call.outcome == Outcome::Answered
    };
    world.calls().iter().filter(|call| is_write(call)).count()
}
