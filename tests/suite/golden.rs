//! The golden scenarios: every field of the example, what it answers, and the calls that it costs. The same
//! scenarios run on the embedded engine and on the official DynamoDB Local, against one snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{OperationType, Selection, SelectionSet};
use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::dev::Observed;
use innkeeper::problem::Source;
use innkeeper::schema::{Attribute, Object, Plan, Resolve, compile};
use serde_json::{Value, json};

use crate::harness::{Engine, Scene, Script, World, dynamodb_local, root, skip};

/// What the scenarios do, in this order: later ones see what earlier ones wrote. `{customer}`, `{order}`, `{other}`,
/// `{paid}` and `{cancelled}` are ids of the seed.
const SCENARIOS: &[Scene] = &[
    Scene::new(
        "a product with every field",
        "{ product(sku: \"COF-001\") { sku name category price stock tags details photo rev } }",
    ),
    Scene::new("what a product cost, to whom it is not for", "{ product(sku: \"COF-001\") { sku cost } }"),
    Scene::new("a product with a photo", "{ product(sku: \"KIT-001\") { photo details } }"),
    Scene::new("a product that is missing", "{ product(sku: \"NONE\") { sku } }"),
    Scene::new("a category, page by page", "{ products(category: COFFEE, limit: 1) { items { sku } nextToken } }"),
    Scene::new("a whole category", "{ products(category: COFFEE) { items { sku } nextToken } }"),
    Scene::new(
        "a customer with every field",
        "{ customer(id: \"{customer}\") { id name email address { street city postcode country } birthday newsletter \
         points orderCount createdAt updatedAt rev } }",
    ),
    Scene::new(
        "a customer's orders, nested, with what happened to them",
        "{ customer(id: \"{customer}\") { orders(first: 1) { edges { cursor node { id placedAt \
         events { orderId id at text by } } } nodes { status } \
         pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }",
    ),
    Scene::new("customers by e-mail", "{ customerByEmail(email: \"ada.marino@example.com\") { id name } }"),
    Scene::new("nobody by e-mail", "{ customerByEmail(email: \"nobody@example.com\") { id } }"),
    Scene::new(
        "an order with every field and its customer",
        "{ order(id: \"{order}\") { id customerId status placedAt total lines { sku name quantity price } note weight \
         rev customer { name } } }",
    ),
    Scene::new("orders of a customer", "{ orders(customerId: \"{customer}\") { nodes { id status placedAt } } }"),
    Scene::new(
        "orders of a customer, filtered",
        "{ orders(customerId: \"{customer}\", status: SHIPPED) { nodes { id status } pageInfo { hasNextPage } } }",
    ),
    Scene::new(
        "orders of a status within a span of time",
        "{ ordersByStatus(status: SHIPPED, from: \"2026-09-28T00:00:00Z\", to: \"2026-12-31T00:00:00Z\") \
         { nodes { id placedAt } } }",
    ),
    Scene::new(
        "orders of a customer that a filter lets through, since a day",
        "{ orders(customerId: \"{customer}\", where: {placedAt: {ge: \"2026-10-01T00:00:00Z\"}, \
         or: [{total: {lt: \"50\"}}, {weight: {gt: 1.5}}]}) { totalCount nodes { id placedAt total weight } } }",
    ),
    Scene::new(
        "the latest orders of a status, and how many there are",
        "{ ordersByStatus(status: SHIPPED, last: 1) { totalCount nodes { id placedAt } \
         pageInfo { hasNextPage hasPreviousPage startCursor } } }",
    )
    .takes(&[("latest", "/ordersByStatus/pageInfo/startCursor")]),
    Scene::new(
        "the orders before them",
        "{ ordersByStatus(status: SHIPPED, last: 1, before: \"{latest}\") { nodes { id placedAt } \
         pageInfo { hasNextPage hasPreviousPage } } }",
    ),
    Scene::new(
        "both ways at once",
        "{ ordersByStatus(status: SHIPPED, first: 1, before: \"{latest}\") { nodes { id } } }",
    ),
    Scene::new(
        "where an order's parcels are, in one read",
        "{ tracking(orderId: \"{order}\") { __typename orderId parcelId at ... on Parcel { carrier } \
         ... on ParcelScan { place text } } }",
    ),
    Scene::new("nothing of an order that is not there", "{ tracking(orderId: \"NONE\") { at } }"),
    Scene::new(
        "what happened to an order since a moment",
        "{ orderEvents(orderId: \"{order}\", since: \"2026-09-26T16:00:00Z\") { text at } }",
    ),
    Scene::new(
        "a product is created",
        "mutation { createProduct(input: {sku: \"NEW-1\", name: \"New\", category: TEA, price: \"1.25\", \
         details: {a: [1, null, {b: 2.5}]}}) { sku price stock tags details photo rev } }",
    ),
    Scene::new(
        "a product is created twice",
        "mutation { createProduct(input: {sku: \"NEW-1\", name: \"Other\", category: TEA, price: \"2\"}) { sku } }",
    ),
    Scene::new(
        "a product is updated under its version",
        "mutation { updateProduct(sku: \"NEW-1\", input: {category: BOOKS, details: null, tags: [\"b\", \"a\", \"b\"]}, \
         expectedRev: 1) { category details tags rev name } }",
    ),
    Scene::new(
        "a product has changed meanwhile",
        "mutation { updateProduct(sku: \"NEW-1\", input: {name: \"Late\"}, expectedRev: 1) { name rev } }",
    ),
    Scene::new(
        "stock is set under a condition",
        "mutation { setStock(sku: \"COF-001\", stock: 5, atLeast: 1) { stock rev } }",
    ),
    Scene::new(
        "stock is not what it has to be",
        "mutation { setStock(sku: \"COF-001\", stock: 4, atLeast: 6) { stock } }",
    ),
    Scene::new("a product is deleted", "mutation { deleteProduct(sku: \"NEW-1\") { sku category } }"),
    Scene::new(
        "a customer is created and changed",
        "mutation { createCustomer(input: {name: \"Zoë\", email: \"zoe@example.com\"}) { name points newsletter \
         address { city } createdAt rev } \
         updateCustomer(id: \"{customer}\", input: {email: \"ada@example.org\", birthday: null}) \
         { email birthday updatedAt rev } }",
    ),
    Scene::new(
        "an order is placed, paid and noted",
        "mutation { createOrder(input: {customerId: \"{customer}\", total: \"19.90\", lines: [{sku: \"COF-001\", \
         name: \"Coffee\", quantity: 2, price: 10}]}) { status placedAt total lines { price quantity } } \
         updateOrder(id: \"{order}\", input: {status: CANCELLED, note: \"Sorry.\"}) { status note rev placedAt } \
         addOrderEvent(orderId: \"{order}\", text: \"Cancelled.\") { text by at } }",
    ),
    Scene::new(
        "an order is placed and counted, once, though it is asked for twice",
        "mutation { placeOrder(input: {customerId: \"{customer}\", total: \"11.90\", lines: []}, requestId: \"r-1\") \
         { status total rev } again: placeOrder(input: {customerId: \"{customer}\", total: \"11.90\", lines: []}, \
         requestId: \"r-1\") { status total rev } }",
    ),
    Scene::new("what was counted", "{ customer(id: \"{customer}\") { orderCount rev } }"),
    Scene::new(
        "an order of nobody's is not placed",
        "mutation { placeOrder(input: {customerId: \"NONE\", total: \"1\", lines: []}, requestId: \"r-2\") { id } }",
    ),
    Scene::new(
        "an order that is cancelled stays so",
        "mutation { updateOrder(id: \"{order}\", input: {status: PAID}) { status rev } }",
    ),
    Scene::new(
        "an order is not everybody's to delete",
        "mutation { deleteOrder(id: \"{cancelled}\") { id status } }",
    ),
    Scene::new(
        "an order is deleted, once",
        "mutation { deleteOrder(id: \"{cancelled}\") { id status } again: deleteOrder(id: \"{cancelled}\") { id } }",
    )
    .with_scope("orders:delete"),
    Scene::new(
        "an order that nobody cancelled is not deleted",
        "mutation { deleteOrder(id: \"{other}\") { id status } }",
    )
    .with_scope("orders:delete"),
    Scene::new(
        "a parcel is packed and seen",
        "mutation { addParcel(orderId: \"{paid}\", parcelId: \"P-1\", carrier: \"DHL\") { orderId parcelId at carrier } \
         scanParcel(orderId: \"{paid}\", parcelId: \"P-1\", place: \"Leipzig\", text: \"Sorted.\") \
         { orderId parcelId at place text } }",
    ),
    Scene::new("and can be followed", "{ tracking(orderId: \"{paid}\") { __typename parcelId at } }"),
    Scene::new(
        "orders by their ids, and their customers",
        "{ ordersById(ids: [\"{other}\", \"NONE\", \"{order}\", \"{other}\"]) { id customer { id name } } }",
    ),
    Scene::new(
        "what happened to an order is noted at once",
        "mutation { addOrderEvents(orderId: \"{order}\", events: [{text: \"One.\"}, {text: \"Two.\"}]) \
         { text by at } }",
    ),
    Scene::new(
        "notes that are not there are deleted as well, each once",
        "mutation { deleteOrderEvents(orderId: \"{order}\", events: [{at: \"2026-01-01T00:00:00Z\", id: \"a\"}, \
         {at: \"2026-01-01T00:00:00Z\", id: \"b\"}]) again: deleteOrderEvents(orderId: \"{order}\", \
         events: [{at: \"2026-01-01T00:00:00Z\", id: \"a\"}, {at: \"2026-01-01T00:00:00.000Z\", id: \"a\"}]) }",
    ),
    Scene::new("an update of nothing", "mutation { updateOrder(id: \"NONE\", input: {note: \"x\"}) { id } }"),
];

#[tokio::test]
async fn every_scenario_on_the_embedded_engine() {
    let world = World::start().await;
    insta::assert_snapshot!("golden", play(&world).await);
}

#[tokio::test]
async fn every_scenario_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    let world = World::builder().engine(Engine::DynamoDbLocal).start().await;
    insta::assert_snapshot!("golden", play(&world).await);
}

#[test]
fn every_field_has_a_scenario() {
    let claims = ClaimKinds::from([("sub".to_owned(), ClaimKind::String)]);
    let plan =
        compile(&Source::new("schema.graphql", include_str!("../../schema.graphql")), &claims).unwrap();
    let mut covered = BTreeSet::new();
    for scene in SCENARIOS {
        let document = parse_query(scene.document).unwrap();
        for (_, operation) in document.operations.iter() {
            let root = match operation.node.ty {
                OperationType::Mutation => plan.mutation.as_ref().unwrap(),
                OperationType::Query | OperationType::Subscription => &plan.query,
            };
            cover(&plan, root, &operation.node.selection_set.node, &mut covered);
        }
    }
    let all: BTreeSet<String> = plan.objects.values().flat_map(|it| fields(it)).collect();
    let missing: Vec<_> = all.difference(&covered).collect();
    assert!(missing.is_empty(), "no scenario selects {missing:?}");
}

fn fields(object: &Object) -> Vec<String> {
    let visible = |field: &&Arc<innkeeper::schema::Field>| {
        !matches!(&field.resolve, Resolve::Attribute(Attribute { hidden: true, .. }))
    };
    object.fields.values().filter(visible).map(|field| format!("{}.{}", object.name, field.name)).collect()
}

/// What is selected on a type; on an interface, of each type that it may be.
fn cover(plan: &Plan, ty: &str, set: &SelectionSet, covered: &mut BTreeSet<String>) {
    let members = plan.abstracts.get(ty).map(|it| it.members.iter().map(|member| &**member).collect());
    let members: Vec<&str> = members.unwrap_or_else(|| vec![ty]);
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" => {}
            Selection::Field(field) => {
                for object in members.iter().map(|member| &plan.objects[*member]) {
                    let found = &object.fields[field.node.name.node.as_str()];
                    covered.insert(format!("{}.{}", object.name, found.name));
                    cover(plan, found.ty.base(), &field.node.selection_set.node, covered);
                }
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref().map_or(ty, |it| it.node.on.node.as_str());
                cover(plan, on, &fragment.node.selection_set.node, covered);
            }
            Selection::FragmentSpread(spread) => panic!("a scenario has a named fragment: {spread:?}"),
        }
    }
}

#[tokio::test]
async fn what_the_readme_asks_is_two_queries_and_reads_no_older_order() {
    let world = World::start().await;
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```").find(|block| block.contains("orders(customerId: \"")).unwrap();
    let document = block.trim_start_matches("graphql");
    // The page shows the ids' beginnings.
    let document = ["Customer", "Order"].iter().fold(document.to_owned(), |document, kind| {
        let id = seeded(kind, 0);
        document.replace(&format!("{}…", &id[..6]), &id)
    });
    assert!(!document.contains('…'), "{document}");
    let acme = world.tenant("acme");
    acme.query("{ __typename }").await.ok();
    world.calls();
    let data = acme.query(&document).await.ok();
    assert_eq!(
        data["orders"],
        json!({ "totalCount": 1, "nodes": [{ "id": seeded("Order", 3), "total": "42.6" }] })
    );
    let told =
        |field: &str| data["tracking"].as_array().unwrap().iter().filter(|it| !it[field].is_null()).count();
    assert_eq!((told("carrier"), told("text")), (2, 3));
    let calls = world.calls();
    assert!(calls.iter().all(|call| call.operation == "Query") && calls.len() == 2, "{calls:?}");
    let since = |call: &Observed| {
        let request: Value = serde_json::from_slice(&call.request).unwrap();
        let values = &request["ExpressionAttributeValues"];
        let key = request["KeyConditionExpression"].as_str().unwrap();
        key.split(' ').any(|word| values[word]["S"] == "ORDER#2026-10-01T00:00:00.000Z")
    };
    assert!(calls.iter().any(since), "{calls:?}");
}

/// The id of an item of `acme`'s in the seed.
fn seeded(kind: &str, at: usize) -> String {
    let seed: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("seed.json")).unwrap()).unwrap();
    seed["acme"][kind][at]["id"].as_str().unwrap().to_owned()
}

/// Runs every scenario as `acme`.
pub(crate) async fn play(world: &World) -> String {
    let seed = std::fs::read_to_string(root().join("seed.json")).unwrap();
    let known = BTreeMap::from([
        ("customer", seeded("Customer", 0)),
        ("order", seeded("Order", 0)),
        ("cancelled", seeded("Order", 4)),
        ("other", seeded("Order", 1)),
        ("paid", seeded("Order", 2)),
    ]);
    let script = Script { scenes: SCENARIOS, pace: Duration::ZERO, known, seed };
    script.play(world, "acme").await
}
