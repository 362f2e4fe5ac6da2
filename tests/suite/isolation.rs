//! Tenants are kept apart by IAM, and it is shown: by a gateway that forges, by credentials in the wrong hands, and
//! by roles that are asked for wrongly.

use std::fmt::Write as _;

#[cfg(debug_assertions)]
use innkeeper::dev::{Outcome, Service};
use serde_json::Value;

#[cfg(debug_assertions)]
use crate::harness::Reply;
use crate::harness::{World, raw, root};

/// The six tenants: two in each mode.
const TENANTS: [&str; 6] = ["acme", "acme2", "acme-2", "acme_2", "globex", "globex2"];

/// Every operation of the schema, asked for items of the victim's. `{customer}` and `{order}` are the victim's ids.
const OPERATIONS: [(&str, &str); 28] = [
    ("Query.product", "{ product(sku: \"COF-001\") { sku } }"),
    ("Query.products", "{ products(category: COFFEE) { items { sku } } }"),
    ("Query.customer", "{ customer(id: \"{customer}\") { id } }"),
    ("Customer.orders", "{ customer(id: \"{customer}\") { orders { nodes { id } } } }"),
    ("Query.customerByEmail", "{ customerByEmail(email: \"{email}\") { id } }"),
    ("Query.order", "{ order(id: \"{order}\") { id } }"),
    ("Query.ordersById", "{ ordersById(ids: [\"{order}\", \"{cancelled}\"]) { id } }"),
    ("Order.customer", "{ order(id: \"{order}\") { customer { id } } }"),
    ("Order.events", "{ order(id: \"{order}\") { events { id } } }"),
    ("Query.orders", "{ orders(customerId: \"{customer}\") { nodes { id } } }"),
    ("Query.ordersByStatus", "{ ordersByStatus(status: SHIPPED) { nodes { id } } }"),
    ("Query.orderEvents", "{ orderEvents(orderId: \"{order}\") { id } }"),
    ("Query.tracking", "{ tracking(orderId: \"{order}\") { at } }"),
    (
        "Mutation.createProduct",
        "mutation { createProduct(input: {sku: \"{unique}\", name: \"x\", category: TEA, price: \"1\"}) { sku } }",
    ),
    ("Mutation.updateProduct", "mutation { updateProduct(sku: \"COF-001\", input: {name: \"x\"}) { sku } }"),
    ("Mutation.setStock", "mutation { setStock(sku: \"COF-001\", stock: 1) { sku } }"),
    ("Mutation.deleteProduct", "mutation { deleteProduct(sku: \"BOO-001\") { sku } }"),
    (
        "Mutation.createCustomer",
        "mutation { createCustomer(input: {name: \"x\", email: \"x@example.com\"}) { id } }",
    ),
    (
        "Mutation.updateCustomer",
        "mutation { updateCustomer(id: \"{customer}\", input: {name: \"x\"}) { id } }",
    ),
    (
        "Mutation.createOrder",
        "mutation { createOrder(input: {customerId: \"{customer}\", total: \"1\", lines: []}) { id } }",
    ),
    (
        "Mutation.placeOrder",
        "mutation { placeOrder(input: {customerId: \"{customer}\", total: \"1\", lines: []}, requestId: \"{unique}\") \
         { id } }",
    ),
    ("Mutation.updateOrder", "mutation { updateOrder(id: \"{order}\", input: {status: PAID}) { id } }"),
    ("Mutation.deleteOrder", "mutation { deleteOrder(id: \"{cancelled}\") { id } }"),
    ("Mutation.addOrderEvent", "mutation { addOrderEvent(orderId: \"{order}\", text: \"x\") { id } }"),
    (
        "Mutation.addOrderEvents",
        "mutation { addOrderEvents(orderId: \"{order}\", events: [{text: \"x\"}, {text: \"y\"}]) { id } }",
    ),
    (
        "Mutation.deleteOrderEvents",
        "mutation { deleteOrderEvents(orderId: \"{order}\", events: [{at: \"2026-01-01T00:00:00Z\", id: \"x\"}]) }",
    ),
    (
        "Mutation.addParcel",
        "mutation { addParcel(orderId: \"{order}\", parcelId: \"{unique}\", carrier: \"x\") { at } }",
    ),
    (
        "Mutation.scanParcel",
        "mutation { scanParcel(orderId: \"{order}\", parcelId: \"{unique}\", place: \"x\", text: \"y\") { at } }",
    ),
];

/// A gateway that is made to render the victim's id for `${tenant}`: each operation, for each pair. What stops it is
/// named: only IAM is left to.
#[cfg(debug_assertions)]
#[tokio::test]
async fn a_gateway_that_forges_another_tenants_keys_is_denied_by_iam() {
    let seed: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("seed.json")).unwrap()).unwrap();
    // outcomes[operation][caller] is a row over the victims.
    let mut outcomes = vec![vec![String::new(); TENANTS.len()]; OPERATIONS.len()];
    for victim in TENANTS {
        let world = World::builder().forging(victim).start().await;
        let id =
            |kind: &str, at: usize, field: &str| seed[victim][kind][at][field].as_str().unwrap().to_owned();
        for (at, caller) in TENANTS.iter().enumerate() {
            // With the scopes that the schema asks for, so that nothing but IAM is left to refuse.
            let tenant = world.tenant_with(caller, "orders:delete");
            for (operation, (_, document)) in OPERATIONS.iter().enumerate() {
                let document = document
                    .replace("{customer}", &id("Customer", 0, "id"))
                    .replace("{email}", &id("Customer", 0, "email"))
                    .replace("{order}", &id("Order", 0, "id"))
                    .replace("{cancelled}", &id("Order", 4, "id"))
                    .replace("{unique}", &format!("NEW-{at}"));
                world.calls();
                let reply = tenant.query(&document).await;
                write!(outcomes[operation][at], "{:14}", verdict(&world, &reply)).unwrap();
            }
        }
    }
    insta::assert_snapshot!(matrix(&outcomes));
}

/// Whether it went through, and if not, which layer refused.
#[cfg(debug_assertions)]
fn verdict(world: &World, reply: &Reply) -> &'static str {
    let mut calls = world.calls();
    calls.retain(|call| call.service == Service::DynamoDb);
    let denied = calls.iter().any(|call| call.outcome == Outcome::Denied);
    let codes = reply.codes();
    match (denied, codes.as_slice()) {
        (false, []) => "✔",
        (true, [code]) if code == "FORBIDDEN" && reply.json()["data"].as_object().is_none_or(is_empty) => {
            assert!(
                calls.iter().all(|call| call.outcome == Outcome::Denied),
                "something went through: {calls:?}"
            );
            "✘ IAM"
        }
        _ => panic!("neither through nor denied: {} {calls:?}", reply.text),
    }
}

#[cfg(debug_assertions)]
fn is_empty(data: &serde_json::Map<String, Value>) -> bool {
    data.values().all(Value::is_null)
}

#[cfg(debug_assertions)]
fn matrix(outcomes: &[Vec<String>]) -> String {
    let columns: String = TENANTS.iter().map(|tenant| format!("→ {tenant:12}")).collect();
    let mut text = String::new();
    for ((name, _), rows) in OPERATIONS.iter().zip(outcomes) {
        writeln!(text, "{name}\n  {:10}{}", "", columns.trim_end()).unwrap();
        for (caller, row) in TENANTS.iter().zip(rows) {
            writeln!(text, "  {caller:10}{}", row.trim_end()).unwrap();
        }
    }
    text
}

/// Every operation stands in the matrix.
#[test]
fn the_matrix_has_every_operation_of_the_schema() {
    let claims = [("sub".to_owned(), innkeeper::claim::ClaimKind::String)].into();
    let source = innkeeper::problem::Source::new("schema.graphql", include_str!("../../schema.graphql"));
    let plan = innkeeper::schema::compile(&source, &claims).unwrap();
    for (object, field, _) in plan.operations() {
        let name = format!("{}.{}", object.name, field.name);
        assert!(OPERATIONS.iter().any(|(known, _)| *known == name), "{name} is not in the matrix");
    }
    assert_eq!(plan.operations().count(), OPERATIONS.len());
}

/// A tenant's raw credentials, sent straight to DynamoDB with every operation there is: for its own keys, and for
/// those of every other tenant.
#[tokio::test]
async fn raw_credentials_reach_nobody_elses_items() {
    let world = World::start().await;
    let mut text = format!("{:32}{}\n", "", "own           another's     both");
    for attack in raw::ATTACKS {
        let mut columns = [String::new(), String::new(), String::new()];
        for thief in TENANTS {
            let client = raw::client(&world, &world.credentials(thief));
            for victim in TENANTS {
                world.calls();
                let denied = raw::attack(&client, attack, (thief, victim)).await;
                let seen = if denied { "✘ IAM" } else { "✔" };
                let column = usize::from(thief != victim);
                assert!(
                    columns[column].is_empty() || columns[column] == seen,
                    "{attack:?}: {thief} and {victim}"
                );
                columns[column] = seen.to_owned();
                if thief != victim {
                    let mixed = raw::attack_both(&client, attack, (thief, victim)).await;
                    columns[2] = match mixed {
                        None => "–".to_owned(),
                        Some(denied) => if denied { "✘ IAM" } else { "✔" }.to_owned(),
                    };
                }
            }
        }
        writeln!(text, "{:32}{:14}{:14}{}", attack.name(), columns[0], columns[1], columns[2]).unwrap();
    }
    insta::assert_snapshot!(text);
}

/// The roles trust the gateway for what the gateway does, and for nothing else.
#[tokio::test]
async fn a_role_is_not_assumed_without_the_right_tag_and_external_id() {
    let world = World::start().await;
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/innkeeper/innkeeper-{name}");
    let (globex, pool, tags) = (role("globex"), role("pool"), role("tags"));
    let id = "3f0c7c1e-6f0e-4c52-9f5d-2a4f0e7f6a11";
    let name = ("RoleSessionName", "ik-x");
    let tag = |value| [("Tags.member.1.Key", "tenant"), ("Tags.member.1.Value", value)];
    let with = |role: &str, parameters: &[(&str, &str)]| {
        let all: Vec<_> = [("RoleArn", role), name].iter().chain(parameters).copied().collect();
        match world.assume(&all) {
            Ok(_) => "✔".to_owned(),
            Err(error) => format!("✘ {}", error.split(':').next().unwrap_or_default()),
        }
    };
    let another_tag = [("Tags.member.1.Key", "admin"), ("Tags.member.1.Value", "yes")];
    let two_tags =
        [tag("acme").as_slice(), &[("Tags.member.2.Key", "admin"), ("Tags.member.2.Value", "yes")]].concat();
    let rows = [
        (
            "own role, own tag, own id",
            with(&globex, &[tag("globex").as_slice(), &[("ExternalId", id)]].concat()),
        ),
        (
            "own role, another's tag",
            with(&globex, &[tag("globex2").as_slice(), &[("ExternalId", id)]].concat()),
        ),
        (
            "own role, another's id",
            with(&globex, &[tag("globex").as_slice(), &[("ExternalId", "another")]].concat()),
        ),
        ("own role, no id", with(&globex, &tag("globex"))),
        ("own role, no tag", with(&globex, &[("ExternalId", id)])),
        ("shared role, a tag", with(&pool, &tag("acme"))),
        ("shared role, no tag", with(&pool, &[])),
        ("shared role, an empty tag", with(&pool, &tag(""))),
        ("shared role, another tag", with(&pool, &another_tag)),
        ("shared role, a tag too many", with(&tags, &two_tags)),
        ("a role that does not exist", with(&role("nobody"), &tag("acme"))),
        (
            "a session of two hours",
            with(&pool, &[tag("acme").as_slice(), &[("DurationSeconds", "7200")]].concat()),
        ),
    ];
    let text: String = rows.iter().map(|(what, outcome)| format!("{what:30}{outcome}\n")).collect();
    insta::assert_snapshot!(text);
}

/// The shared roles' own policies look at the tag, so that a session that was not narrowed reaches no more.
#[tokio::test]
async fn a_shared_role_without_its_session_policy_reaches_one_tenant_and_no_more() {
    let world = World::start().await;
    let parameters = [
        ("RoleArn", "arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool"),
        ("RoleSessionName", "ik-acme"),
        ("Tags.member.1.Key", "tenant"),
        ("Tags.member.1.Value", "acme"),
    ];
    let client = raw::client(&world, &world.assume(&parameters).unwrap());
    let reads = |victim| raw::attack(&client, raw::Attack::GetItem, ("acme", victim));
    assert!(!reads("acme").await);
    for victim in ["acme2", "acme-2", "acme_2"] {
        assert!(reads(victim).await, "{victim}");
    }
}

/// Another tenant's item and one that is missing look the same.
#[tokio::test]
async fn another_tenants_item_is_missing() {
    let world = World::start().await;
    let seed: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("seed.json")).unwrap()).unwrap();
    let order = seed["acme2"]["Order"][0]["id"].as_str().unwrap();
    let acme = world.tenant("acme");
    let (theirs, nobodys) = (
        acme.query(&format!("{{ order(id: \"{order}\") {{ id }} }}")).await,
        acme.query("{ order(id: \"01ARZ3NDEKTSV4RRFFQ69G5FAV\") { id } }").await,
    );
    assert_eq!(theirs.text, nobodys.text);
    assert_eq!(theirs.ok()["order"], Value::Null);
}
