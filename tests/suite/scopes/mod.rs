//! Who may see: a field is answered to whom the schema lets see it, and to others it is null with `FORBIDDEN`. Nothing is
//! written that could not be answered.

mod reads;
mod writes;

use innkeeper::dev::Service;
use serde_json::Value;

use crate::harness::{Reply, Tenant, World};

const SCHEMA: &str = include_str!("schema.graphql");

/// An order with everything that anybody might not be to see.
const ORDER: &str = r#"{id: "1", shop: "s", total: "9", customerId: "c", margin: "4", cost: "5", level: "l", unbanned: "u",
    seen: "s", both: "b", lines: [{sku: "a", price: "1", discount: "0.5", secret: "x"}], payment: {card: "4242"},
    payments: [{card: "1"}]}"#;

/// Everything that a caller needs to see all.
const ALL: &str = "finance:read cost:read payments:read crm audit admin orders:delete";

pub(crate) async fn empty() -> World {
    World::builder()
        .file("schema.graphql", SCHEMA)
        .edit("innkeeper.toml", |text| {
            text.replace(
                "sub = \"string\"",
                "sub = \"string\"\nrole = \"string\"\nlevel = \"integer\"\ngroups = \"strings\"",
            )
        })
        .unseeded()
        .start()
        .await
}

/// A world with an order, its customer and an invoice.
async fn filled() -> World {
    let world = empty().await;
    let all = world.tenant_with("acme", ALL);
    let documents = [
        format!("mutation {{ createOrder(input: {ORDER}) {{ id }} }}"),
        r#"mutation { createCustomer(id: "c", name: "Ada", notes: "n") { id } }"#.to_owned(),
        r#"mutation { createInvoice(id: "1", shop: "s", amount: "9") { id } }"#.to_owned(),
    ];
    for document in documents {
        all.query(&document).await.ok();
    }
    world.calls();
    world
}

/// The names of the DynamoDB calls since they were last asked for.
#[track_caller]
fn calls(world: &World) -> Vec<String> {
    let mut calls = world.calls();
    calls.retain(|call| call.service == Service::DynamoDb);
    calls.into_iter().map(|call| call.operation).collect()
}

/// The paths of the errors, all of which must be refusals.
#[track_caller]
fn forbidden(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let errors = body["errors"].as_array().unwrap_or_else(|| panic!("nothing is refused: {}", reply.text));
    let path = |error: &Value| {
        assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{}", reply.text);
        let step = |step: &Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
        error["path"].as_array().unwrap().iter().map(step).collect::<Vec<_>>().join(".")
    };
    errors.iter().map(path).collect()
}

async fn read(caller: &Tenant<'_>, selection: &str) -> Reply {
    caller.query(&format!("{{ order(id: \"1\") {{ {selection} }} }}")).await
}
