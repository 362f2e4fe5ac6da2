//! What `explain` tells is what is sent: each field is run with everything given, and the requests that the embedded AWS
//! observed are held against the description.

use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::dev::{Observed, Outcome, Service};
use innkeeper::operation::describe::{Described, Told};
use innkeeper::policy::requests::{self, Asked};
use innkeeper::problem::Source;
use innkeeper::schema::{Operation, Plan, Resolve, TransactPart, compile};
use serde_json::{Map, Value};

use crate::harness::{Tenant, World, root};

/// What the example does not have: types that share keys, writes with `if: ANY`, sort keys that are bound in part, ranges
/// behind a prefix, keys that are fields, numbers.
const SCHEMA: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "n: N")
  @tableIndex(table: "main", name: "gsi2", pk: "gsi2pk")
  { query: Query mutation: Mutation }
type Note @item(table: "main", pk: "TENANT#${tenant}#NOTE#${book}", sk: "${year}#${month}#${id}", type: "kind", version: "rev")
  @index(name: "gsi1", as: "byRank", pk: "TENANT#${tenant}#RANK#${book}", sk: "${rank}")
  @index(name: "gsi2", as: "byLabel", pk: "TENANT#${tenant}#LABEL#${label}") {
  book: ID! year: String! month: Int! @attribute(pad: 2) id: ID! rank: Int! label: String title: String! @attribute(name: "t")
  by: String changedAt: DateTime! @attribute(generate: UPDATED_AT) rev: Int!
  marks: [Mark!]! @query(bind: {book: "parent.book"})
}
type Mark @item(table: "main", pk: "TENANT#${tenant}#MARK#${book}", sk: "${id}") {
  book: ID! id: ID! text: String! at: DateTime @attribute(generate: CREATED_AT) place: Place @attribute(name: "where")
}
type Place { street: String! @attribute(name: "text") city: String geo: Geo }
type Geo { lat: Float! lon: Float! }
type Query {
  note(book: ID!, year: String!, month: Int!, id: ID!): Note @get
  notes(book: ID!, year: String, month: Int, id: ID, label: String, title: String): [Note!]!
    @query(filter: ["label", "title"], consistent: true)
  span(book: ID!, year: String!, from: Int, to: Int): [Note!]!
    @query(range: {of: "month", from: "args.from", to: "args.to"}, order: DESC)
  ranked(book: ID!, least: Int, most: Int): [Note!]!
    @query(index: "byRank", range: {of: "rank", from: "args.least", to: "args.most"})
  labelled(label: String!): [Note!]! @query(index: "byLabel")
}
type Mutation {
  addNote(input: NewNote!): Note! @put(bind: {by: "claims.sub"})
  moveNote(book: ID!, year: String!, month: Int!, id: ID!, input: Changes!, rev: Int): Note
    @update(expect: "args.rev", when: "not (title = 'x' and rank < 0) or exists(by)")
  dropNote(book: ID!, year: String!, month: Int!, id: ID!, rev: Int): Note
    @delete(if: ANY, expect: "args.rev")
  setMark(book: ID!, id: ID!, text: String!): Mark! @update(if: ANY)
  putMark(book: ID!, id: ID!, text: String!, least: String!): Mark! @put(if: ANY, when: "text <= args.least")
  overwriteMark(book: ID!, id: ID!, text: String!): Mark! @put(if: ANY)
  placeMark(book: ID!, id: ID!, place: NewPlace!): Mark @update(when: "text <> 'x'")
  moveMark(book: ID!, id: ID!, text: String, place: PlacePatch): Mark @update(merge: ["place"], when: "text <> 'x'")
  dropMark(book: ID!, id: ID!): Mark @delete(if: ANY)
  swapMarks(book: ID!, marks: [NewMark!]!, gone: [ID!]!, notes: [Ranked!]): [Mark!]! @transact(returns: "new", do: [
    {as: "new", each: "args.marks", put: "Mark", if: ANY, spread: "each", when: "text <> each.old"}
    {each: "args.gone", delete: "Mark", bind: {id: "each"}}
    {each: "args.notes", check: "Note", bind: {year: "each.at.year", month: "each.at.month", id: "each.id"}, when: "rank > each.least"}
  ])
}
input NewMark { id: ID! text: String! place: NewPlace old: String! }
input Ranked { id: ID! at: Month! least: Int! }
input Month { year: String! month: Int! }
input NewPlace { street: String! city: String geo: NewGeo }
input NewGeo { lat: Float! lon: Float! }
input PlacePatch { street: String city: String geo: GeoPatch }
input GeoPatch { lat: Float lon: Float }
input NewNote { book: ID! year: String! month: Int! id: ID! rank: Int! label: String title: String! }
input Changes { rank: Int label: String title: String }
"#;

/// Each field of it with everything given; and those whose values may be absent, without them.
const DOCUMENTS: [(&str, &str); 23] = [
    (
        "Mutation.addNote",
        r#"mutation { addNote(input: {book: "b", year: "2026", month: 11, id: "1", rank: 3, label: "l", title: "t"}) { id } }"#,
    ),
    ("Query.note", r#"{ note(book: "b", year: "2026", month: 11, id: "1") { id } }"#),
    (
        "Query.notes",
        r#"{ notes(book: "b", year: "2026", month: 11, id: "1", label: "l", title: "t") { id } }"#,
    ),
    ("Query.notes", r#"{ notes(book: "b", year: "2026", month: 11) { id } }"#),
    ("Query.notes", r#"{ notes(book: "b", year: "2026") { id } }"#),
    ("Query.notes", r#"{ notes(book: "b") { id } }"#),
    ("Query.span", r#"{ span(book: "b", year: "2026", from: 1, to: 12) { id } }"#),
    ("Query.span", r#"{ span(book: "b", year: "2026", from: 1) { id } }"#),
    ("Query.span", r#"{ span(book: "b", year: "2026", to: 12) { id } }"#),
    ("Query.span", r#"{ span(book: "b", year: "2026") { id } }"#),
    ("Query.ranked", r#"{ ranked(book: "b", least: 1, most: 9) { id } }"#),
    ("Query.ranked", r#"{ ranked(book: "b", least: 1) { id } }"#),
    ("Query.labelled", r#"{ labelled(label: "l") { id } }"#),
    ("Note.marks", r#"{ note(book: "b", year: "2026", month: 11, id: "1") { marks { id } } }"#),
    (
        "Mutation.moveNote",
        r#"mutation { moveNote(book: "b", year: "2026", month: 11, id: "1", input: {rank: 4, label: "m", title: "u"}, rev: 1) { id } }"#,
    ),
    (
        "Mutation.dropNote",
        r#"mutation { dropNote(book: "b", year: "2026", month: 11, id: "1", rev: 2) { id } }"#,
    ),
    ("Mutation.setMark", r#"mutation { setMark(book: "b", id: "1", text: "t") { id } }"#),
    ("Mutation.putMark", r#"mutation { putMark(book: "b", id: "1", text: "u", least: "z") { id } }"#),
    ("Mutation.overwriteMark", r#"mutation { overwriteMark(book: "b", id: "1", text: "v") { id } }"#),
    (
        "Mutation.placeMark",
        r#"mutation { placeMark(book: "b", id: "1", place: {street: "s", city: "c", geo: {lat: 1, lon: 2}}) { id } }"#,
    ),
    (
        "Mutation.moveMark",
        r#"mutation { moveMark(book: "b", id: "1", text: "w", place: {street: "t", city: "d", geo: {lat: 3, lon: 4}}) { id } }"#,
    ),
    ("Mutation.dropMark", r#"mutation { dropMark(book: "b", id: "1") { id } }"#),
    (
        "Mutation.swapMarks",
        r#"mutation { swapMarks(book: "b", marks: [{id: "2", text: "t", old: "s", place: {street: "s", city: "c", geo: {lat: 1, lon: 2}}}],
           gone: ["3"], notes: [{id: "1", at: {year: "2026", month: 11}, least: 0}]) { id } }"#,
    ),
];

/// The example's fields with everything given. `{customer}` and `{order}` are ids of the seed.
const EXAMPLE: [(&str, &str); 31] = [
    ("Query.product", r#"{ product(sku: "COF-001") { sku } }"#),
    ("Query.products", "{ products(category: COFFEE) { items { sku } } }"),
    ("Query.customer", r#"{ customer(id: "{customer}") { id } }"#),
    ("Customer.orders", r#"{ customer(id: "{customer}") { orders(status: SHIPPED) { nodes { id } } } }"#),
    ("Query.customerByEmail", r#"{ customerByEmail(email: "ada@example.com") { id } }"#),
    ("Query.order", r#"{ order(id: "{order}") { id } }"#),
    ("Order.customer", r#"{ order(id: "{order}") { customer { id } } }"#),
    ("Order.events", r#"{ order(id: "{order}") { events { id } } }"#),
    ("Query.orders", r#"{ orders(customerId: "{customer}", status: SHIPPED) { nodes { id } } }"#),
    (
        "Query.orders",
        r#"{ orders(customerId: "{customer}", status: SHIPPED, where: {total: {ge: 1}, not: {note: {exists: true}}}) { nodes { id } } }"#,
    ),
    (
        "Query.ordersByStatus",
        r#"{ ordersByStatus(status: SHIPPED, from: "2026-01-01T00:00:00Z", to: "2026-12-01T00:00:00Z") { nodes { id } } }"#,
    ),
    (
        "Query.ordersByStatus",
        r#"{ ordersByStatus(status: SHIPPED, to: "2026-12-01T00:00:00Z") { nodes { id } } }"#,
    ),
    (
        "Query.ordersByStatus",
        r#"{ ordersByStatus(status: SHIPPED, from: "2026-01-01T00:00:00Z", first: 1) { totalCount nodes { id } } }"#,
    ),
    ("Query.tracking", r#"{ tracking(orderId: "{order}") { __typename at ... on ParcelScan { place } } }"#),
    ("Query.orderEvents", r#"{ orderEvents(orderId: "{order}", since: "2026-01-01T00:00:00Z") { id } }"#),
    (
        "Mutation.createProduct",
        r#"mutation { createProduct(input: {sku: "NEW", name: "n", category: TEA, price: "1", cost: "1", stock: 1, tags: ["a"], details: {a: 1}, photo: "AAE="}) { sku } }"#,
    ),
    (
        "Mutation.updateProduct",
        r#"mutation { updateProduct(sku: "NEW", input: {name: "m", category: COFFEE, price: "2", cost: "2", stock: 2, tags: ["b"], details: 1, photo: "AAE="}, expectedRev: 1) { sku } }"#,
    ),
    ("Mutation.setStock", r#"mutation { setStock(sku: "NEW", stock: 1, atLeast: 1) { sku } }"#),
    ("Mutation.deleteProduct", r#"mutation { deleteProduct(sku: "NEW") { sku } }"#),
    (
        "Mutation.createCustomer",
        r#"mutation { createCustomer(input: {name: "n", email: "e", address: {street: "s", city: "c", postcode: "p", country: "d"}, birthday: "2000-01-01", newsletter: true, points: "1"}) { id } }"#,
    ),
    (
        "Mutation.updateCustomer",
        r#"mutation { updateCustomer(id: "{customer}", input: {name: "n", email: "e", address: {street: "s", city: "c", postcode: "p", country: "d"}, birthday: "2000-01-01", newsletter: true, points: "1"}) { id } }"#,
    ),
    (
        "Mutation.createOrder",
        r#"mutation { createOrder(input: {customerId: "{customer}", status: PAID, total: "1", lines: [], note: "n", weight: 1.5}) { id } }"#,
    ),
    (
        "Mutation.updateOrder",
        r#"mutation { updateOrder(id: "{order}", input: {status: PAID, note: "n", weight: 1.5}, expectedRev: 1) { id } }"#,
    ),
    (
        "Mutation.placeOrder",
        r#"mutation { placeOrder(input: {customerId: "{customer}", status: PAID, total: "1", lines: [], note: "n", weight: 1.5}, requestId: "r") { id } }"#,
    ),
    ("Mutation.deleteOrder", r#"mutation { deleteOrder(id: "{order}") { id } }"#),
    ("Query.ordersById", r#"{ ordersById(ids: ["{order}"]) { id } }"#),
    (
        "Mutation.addOrderEvents",
        r#"mutation { addOrderEvents(orderId: "{order}", events: [{text: "t"}]) { id } }"#,
    ),
    (
        "Mutation.deleteOrderEvents",
        r#"mutation { deleteOrderEvents(orderId: "{order}", events: [{at: "2026-01-01T00:00:00Z", id: "x"}]) }"#,
    ),
    ("Mutation.addOrderEvent", r#"mutation { addOrderEvent(orderId: "{order}", text: "t") { id } }"#),
    (
        "Mutation.addParcel",
        r#"mutation { addParcel(orderId: "{order}", parcelId: "P", carrier: "c") { parcelId } }"#,
    ),
    (
        "Mutation.scanParcel",
        r#"mutation { scanParcel(orderId: "{order}", parcelId: "P", place: "p", text: "t") { parcelId } }"#,
    ),
];

fn plan(text: &str) -> Plan {
    let claims = ClaimKinds::from([("sub".to_owned(), ClaimKind::String)]);
    compile(&Source::new("schema.graphql", text), &claims).unwrap_or_else(|problems| panic!("{problems}"))
}

#[tokio::test]
async fn the_examples_fields_send_what_is_told() {
    let plan = plan(include_str!("../../schema.graphql"));
    let world = World::start().await;
    let seed: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("seed.json")).unwrap()).unwrap();
    let id = |kind: &str| seed["acme"][kind][0]["id"].as_str().unwrap().to_owned();
    let documents = EXAMPLE.map(|(name, document)| {
        (name, document.replace("{customer}", &id("Customer")).replace("{order}", &id("Order")))
    });
    run_all(&plan, &world, &documents).await;
}

#[tokio::test]
async fn the_fields_of_a_richer_schema_send_what_is_told() {
    let plan = plan(SCHEMA);
    let world = World::builder().file("schema.graphql", SCHEMA).unseeded().start().await;
    run_all(&plan, &world, &DOCUMENTS.map(|(name, document)| (name, document.to_owned()))).await;
}

async fn run_all(plan: &Plan, world: &World, documents: &[(&str, String)]) {
    let acme = world.tenant_with("acme", "orders:delete");
    acme.query("{ __typename }").await.ok();
    for (object, field, _) in plan.operations() {
        let name = format!("{}.{}", object.name, field.name);
        assert!(documents.iter().any(|(it, _)| *it == name), "{name} is not run");
    }
    for (name, document) in documents {
        let (object, field) = name.split_once('.').unwrap();
        let (object, field) = (&plan.objects[object], &plan.objects[object].fields[field]);
        let Resolve::Operation(operation) = &field.resolve else { panic!("{name} runs nothing") };
        let observed = observed(world, &acme, document).await;
        let told = Told { plan, parent: object, field, tenant: "acme" };
        let asked = requests::of(plan, &object.name, &field.name, operation);
        // A field of an item: its parent was read before it.
        let is_nested = object.item.is_some();
        let own = &observed[usize::from(is_nested)..];
        // An item is read before it is written only where the arguments lack something.
        let reads = own.len() == 2 && asked.iter().any(|asked| asked.is_prelude);
        // What a transaction has put is answered as it was written, and not read; its record is read where it fails.
        let is_later =
            |asked: &Asked<'_>| matches!(asked.part, Some(TransactPart::Answer | TransactPart::RecordRead));
        let counts = document.contains("totalCount");
        let is_sent = |asked: &Asked<'_>| {
            (reads || !asked.is_prelude)
                && (counts || !asked.counts())
                && !asked.is_together
                && !is_later(asked)
        };
        let asked: Vec<_> = asked.into_iter().filter(is_sent).collect();
        assert_eq!(own.len(), asked.len(), "{name} sends {own:#?}");
        for (asked, call) in asked.iter().zip(own) {
            let described = match (operation.as_ref(), asked.part) {
                (Operation::Transact(transact), Some(part)) => told.describe_part(transact, part),
                (Operation::Query(query), _) if asked.counts() => told.describe_count(query),
                _ => told.describe(operation, asked.is_prelude),
            };
            let described = described.unwrap();
            let mut differs = Vec::new();
            let request = member(serde_json::from_slice(&call.request).unwrap());
            compare(asked, &described, reads && !asked.is_prelude, &request, &mut differs);
            assert_eq!(asked.action, format!("dynamodb:{}", call.operation), "{name}");
            assert!(differs.is_empty(), "{name}: {differs:#?}\n{described:#?}\n{request:#}");
        }
    }
}

/// The one member of a batch, as the request for it alone would be.
fn member(request: Value) -> Value {
    let Some(tables) = request["RequestItems"].as_object() else { return request };
    let (table, of_table) = tables.iter().next().unwrap();
    let (put, delete) = (&of_table[0]["PutRequest"], &of_table[0]["DeleteRequest"]);
    let mut member = match (put.as_object(), delete.as_object(), of_table.as_object()) {
        (Some(put), ..) => put.clone(),
        (_, Some(delete), _) => delete.clone(),
        (.., keys) => {
            let mut keys = keys.unwrap().clone();
            let key = keys.shift_remove("Keys").unwrap()[0].clone();
            keys.insert("Key".to_owned(), key);
            keys
        }
    };
    member.insert("TableName".to_owned(), table.as_str().into());
    Value::Object(member)
}

async fn observed(world: &World, tenant: &Tenant<'_>, document: &str) -> Vec<Observed> {
    world.calls();
    let reply = tenant.query(document).await;
    let mut calls = world.calls();
    calls.retain(|call| call.service == Service::DynamoDb);
    let unusable =
        |call: &&Observed| matches!(&call.outcome, Outcome::Failed(code) if code == "ValidationException");
    let refused = calls.iter().find(unusable);
    assert!(refused.is_none(), "{document}: {} {refused:#?}", reply.text);
    calls.into_iter().flat_map(members).collect()
}

/// The members of a transaction, each as the request for it alone would be; any other request as it is.
fn members(call: Observed) -> Vec<Observed> {
    if call.operation != "TransactWriteItems" {
        return vec![call];
    }
    let request: Value = serde_json::from_slice(&call.request).unwrap();
    let member = |member: &Value| {
        let (kind, request) = member.as_object().unwrap().iter().next().unwrap();
        Observed {
            operation: format!("{kind}Item"),
            request: request.to_string().into_bytes().into(),
            ..call.clone()
        }
    };
    request["TransactItems"].as_array().unwrap().iter().map(member).collect()
}

/// What of a request is not as it is told; and what is not told.
fn compare(
    asked: &Asked<'_>,
    told: &Described,
    after_read: bool,
    request: &Value,
    differs: &mut Vec<String>,
) {
    let mut request = request.as_object().unwrap().clone();
    let names = request.shift_remove("ExpressionAttributeNames").unwrap_or_default();
    let values = request.shift_remove("ExpressionAttributeValues").unwrap_or_default();
    // A member of a map, `#m0`, is no attribute.
    let attributes = names.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with("#m"));
    let mut named: std::collections::BTreeSet<String> =
        attributes.map(|(_, it)| it.as_str().unwrap().to_owned()).collect();
    for part in ["Key", "Item"] {
        named.extend(request.get(part).and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned());
    }
    // DynamoDB refuses a name that no expression uses.
    let texts: Vec<_> = request.iter().filter(|(name, _)| name.ends_with("Expression")).collect();
    for (name, _) in names.as_object().into_iter().flatten() {
        let is_used = texts.iter().any(|(_, text)| readable_names(text).contains(&name.as_str()));
        assert!(is_used, "{name} is not used in {request:#?}");
    }
    let mut expression = |name: &str| {
        let text = request.shift_remove(name)?;
        Some(readable(text.as_str().unwrap(), &names, &values))
    };
    let condition = if after_read { &told.condition_after_read } else { &told.condition };
    for (name, told) in [
        ("FilterExpression", &told.filter),
        ("ConditionExpression", condition),
        ("UpdateExpression", &told.update),
    ] {
        let sent = expression(name);
        // A filter is shorter where its values are absent; that is told as such.
        let shortened = name == "FilterExpression"
            && told.as_ref().is_some_and(|told| {
                let is_prefix =
                    |sent: &str| told.match_indices(" AND ").any(|(at, _)| matches(&told[..at], sent));
                sent.as_deref().is_none_or(is_prefix)
            });
        match (told, &sent) {
            (None, None) => {}
            (Some(told), Some(sent)) if matches(told, sent) || shortened => {}
            (Some(_), None) if shortened => {}
            _ => differs.push(format!("{name}: {told:?} and {sent:?}")),
        }
    }
    match (expression("ProjectionExpression"), &told.projection) {
        (None, None) => {}
        (Some(sent), Some(told)) => {
            let sent: Vec<_> = sent.split(", ").map(|path| path.split('.').next().unwrap()).collect();
            let is_told = |name: &&str| told.always.iter().chain(&told.where_selected).any(|it| it == name);
            if !sent.iter().all(is_told) || !told.always.iter().all(|it| sent.contains(&it.as_str())) {
                differs.push(format!("ProjectionExpression: {told:?} and {sent:?}"));
            }
        }
        (sent, told) => differs.push(format!("ProjectionExpression: {told:?} and {sent:?}")),
    }
    match expression("KeyConditionExpression") {
        None => assert!(told.key_conditions.is_empty()),
        Some(sent) => {
            if !told.key_conditions.iter().any(|case| matches(&case.expression, &sent)) {
                differs.push(format!("no key condition is {sent}"));
            }
        }
    }
    let mut differ = |name: &str, told: Option<Value>| {
        let sent = request.shift_remove(name);
        if sent != told {
            differs.push(format!("{name}: {told:?} and {sent:?}"));
        }
    };
    differ("Select", asked.counts().then(|| "COUNT".into()));
    differ("IndexName", asked.index.map(|index| index.as_str().into()));
    differ("ConsistentRead", told.consistent.map(Value::from));
    differ("ScanIndexForward", told.forward.map(Value::from));
    differ("ReturnValues", told.returns.map(Value::from));
    differ("ReturnValuesOnConditionCheckFailure", told.returns_on_failure.map(Value::from));
    for part in ["Key", "Item"] {
        let Some(sent) = request.shift_remove(part) else { continue };
        let keys = told.keys.iter().map(|(name, text)| (name.to_string(), text.clone()));
        let item = told.item.iter().map(|(name, _)| (name.to_string(), "${}".to_owned()));
        let told: std::collections::BTreeMap<String, String> = keys.chain(item).collect();
        let sent: std::collections::BTreeMap<String, String> =
            sent.as_object().unwrap().iter().map(|(name, value)| (name.clone(), plain(value))).collect();
        let same = told.keys().eq(sent.keys()) && told.iter().all(|(name, told)| matches(told, &sent[name]));
        if !same {
            differs.push(format!("{part}: {told:?} and {sent:?}"));
        }
    }
    assert!(request.shift_remove("TableName").is_some());
    request.shift_remove("Limit");
    // Every call says what it cost; a member of a batch or of a transaction does not say it for itself.
    assert!(request.shift_remove("ReturnConsumedCapacity").is_none_or(|asked| asked == "TOTAL"));
    if !request.is_empty() {
        differs.push(format!("nothing tells of {request:?}"));
    }
    // What is left out is not named either: what is named is told.
    if !named.is_subset(&told.attributes) {
        differs.push(format!("attributes: {named:?} and {:?}", told.attributes));
    }
}

/// The placeholders of names in an expression.
fn readable_names(text: &Value) -> Vec<&str> {
    text.as_str().unwrap().split([' ', '(', ')', ',', '.']).filter(|word| word.starts_with('#')).collect()
}

/// An expression with its names and values in their places.
fn readable(text: &str, names: &Value, values: &Value) -> String {
    let mut text = text.to_owned();
    let names =
        names.as_object().into_iter().flatten().map(|(name, it)| (name, it.as_str().unwrap().to_owned()));
    let values = values.as_object().into_iter().flatten().map(|(name, value)| match &value["S"] {
        Value::String(text) => (name, format!("\"{}\"", text.replace('\u{10FFFF}', "\\u{10FFFF}"))),
        _ => (name, plain(value)),
    });
    let mut all: Vec<_> = names.chain(values).collect();
    // `:v10` before `:v1`.
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    for (name, value) in all {
        text = text.replace(name, &value);
    }
    text
}

fn plain(value: &Value) -> String {
    let (kind, inner) = value.as_object().unwrap().iter().next().unwrap();
    match (kind.as_str(), inner) {
        ("S" | "N", Value::String(text)) => text.clone(),
        _ => inner.to_string(),
    }
}

/// What is told in words: numbers, and what a client's filter makes.
const WORDS: [&str; 5] = [
    "the version that was read",
    "five years ago",
    "a day from now",
    "now",
    "what args.where says, where the key does not say it",
];

/// Whether a text is what is told, with some text in the place of each source.
fn matches(told: &str, text: &str) -> bool {
    let mut pieces = vec![String::new()];
    let mut rest = told;
    while !rest.is_empty() {
        let source = ["${", "args.", "each.", "parent.", "claims.", "generated: "]
            .into_iter()
            .chain(WORDS)
            .find(|it| rest.starts_with(it));
        let length = match source {
            Some("${") => rest.find('}').unwrap() + 1,
            Some("generated: ") => rest.find([',', ')']).unwrap_or(rest.len()),
            Some(source) if WORDS.contains(&source) => source.len(),
            Some(_) => rest.find([' ', ',', ')', '"']).unwrap_or(rest.len()),
            None => {
                let first = rest.chars().next().unwrap();
                pieces.last_mut().unwrap().push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
        };
        rest = &rest[length..];
        // An update of another attribute may follow only after a comma that the source is not past.
        pieces.push(String::new());
    }
    glob(&pieces, text)
}

/// The pieces in their order, with something between each two.
fn glob(pieces: &[String], text: &str) -> bool {
    let Some((first, others)) = pieces.split_first() else { return text.is_empty() };
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    if others.is_empty() {
        return rest.is_empty();
    }
    (1..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| glob(others, &rest[at..]))
}

#[test]
fn inputs_that_all_contain_each_other_are_told_as_far_as_anybody_reads() {
    let members = |kind: char| (0..10).map(|to| format!("m{to}: {kind}{to}")).collect::<Vec<_>>().join(" ");
    let all = (0..10).map(|at| {
        format!(
            "type T{at} {{ text: String {} }} input I{at} {{ text: String {} }}\n",
            members('T'),
            members('I')
        )
    });
    let plan = plan(&format!(
        "schema @table(name: \"main\", pk: \"pk\", sk: \"sk\") {{ query: Query mutation: Mutation }}
         type Post @item(table: \"main\", pk: \"TENANT#${{tenant}}#POST#${{id}}\", sk: \"POST\") {{ id: ID! t: T0 }}
         type Query {{ post(id: ID!): Post @get }}
         type Mutation {{ patch(id: ID!, t: I0): Post @update(merge: [\"t\"]) }}\n{}",
        all.collect::<String>()
    ));
    let (object, field) = (&plan.objects["Mutation"], &plan.objects["Mutation"].fields["patch"]);
    let Resolve::Operation(operation) = &field.resolve else { panic!("it runs something") };
    let told = Told { plan: &plan, parent: object, field, tenant: "acme" };
    let update = told.describe(operation, false).unwrap().update.unwrap();
    assert!(update.starts_with("SET t.text = args.t.text, "), "{update}");
    assert!(update.len() < 200_000, "{}", update.len());
}
