//! `merge`: members of nested objects that an update writes one by one; with maps that are there and maps that are not,
//! with others who write at the same time, and with answers that get lost.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::harness::fault::{Call, Fault};
use crate::harness::{Engine, Tenant, World, dynamodb_local, skip};

const SCHEMA: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk")
  { query: Query mutation: Mutation }
type Customer @item(table: "main", pk: "TENANT#${tenant}#CUSTOMER#${id}", sk: "META", version: "rev")
  @index(name: "gsi1", as: "byLabel", pk: "TENANT#${tenant}#LABEL#${label}", sk: "${rank}#${id}") {
  id: ID!
  label: String
  rank: String
  address: Address @attribute(name: "adr")
  home: Address
  rev: Int!
}
type Address {
  street: String!
  city: String! @attribute(name: "rev")
  zip: String
  tags: [String!]! @attribute(as: SET)
  lines: [Line!]
  geo: Geo
}
type Line { text: String! by: String }
type Geo { lat: Float! lon: Float! site: Site }
type Site { name: String floor: Int }
type Pot @item(table: "main", pk: "TENANT#${tenant}#POT#${id}", sk: "META") { id: ID! members: Members }
type Members { a: Int b: Int c: Int d: Int e: Int f: Int g: Int h: Int deep: Members }
input Amounts { a: Int b: Int c: Int d: Int e: Int f: Int g: Int h: Int deep: Amounts }
input NewCustomer { id: ID! label: String rank: String address: NewAddress }
input NewAddress { street: String! city: String! zip: String tags: [String!]! lines: [LineInput!] geo: NewGeo }
input NewGeo { lat: Float! lon: Float! site: SiteInput }
input Patch { label: String address: AddressPatch }
input AddressPatch {
  street: String @constraint(minLength: 2) city: String zip: String tags: [String!] lines: [LineInput!] geo: GeoPatch
}
input LineInput { text: String! by: String }
input GeoPatch { lat: Float lon: Float site: SiteInput }
input SiteInput { name: String floor: Int }
type Query {
  customer(id: ID!): Customer @get(consistent: true)
  labelled(label: String!): [Customer!]! @query(index: "byLabel")
  pot(id: ID!): Pot @get(consistent: true)
}
type Mutation {
  make(input: NewCustomer!): Customer! @put
  patch(id: ID!, input: Patch!, rev: Int): Customer! @update(merge: ["address"], expect: "args.rev")
  patchIf(id: ID!, input: Patch!, label: String!): Customer @update(merge: ["address"], bind: {label: "args.input.label"}, when: "label = args.label")
  move(id: ID!, address: AddressPatch, home: AddressPatch): Customer @update(merge: ["address", "home"])
  makePot(id: ID!): Pot! @put
  fill(id: ID!, members: Amounts): Pot! @update(merge: ["members"])
}
"#;

const ADDRESS: &str =
    "address { street city zip tags lines { text by } geo { lat lon site { name floor } } } rev";

fn builder() -> crate::harness::Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().any_index().unseeded()
}

/// Runs a test on the embedded engine, and on DynamoDB Local where it can be had.
async fn on_both(test: impl AsyncFn(&World)) {
    test(&builder().engine(Engine::Embedded).start().await).await;
    match dynamodb_local::endpoint().await {
        Ok(_) => test(&builder().engine(Engine::DynamoDbLocal).start().await).await,
        Err(why) => skip("DYNAMODB_LOCAL", &why),
    }
}

/// A customer with an address, and one without.
async fn customers(acme: &Tenant<'_>) {
    let make = "mutation {
        a: make(input: {id: \"a\", label: \"L\", rank: \"1\", address: {street: \"Hauptgasse 1\", city: \"Thun\",
          tags: [\"old\"], lines: [{text: \"one\", by: \"x\"}], geo: {lat: 1.5, lon: 2, site: {name: \"s\"}}}}) { id }
        b: make(input: {id: \"b\"}) { id }
    }";
    acme.query(make).await.ok();
}

async fn patch(acme: &Tenant<'_>, id: &str, address: &str) -> Value {
    let document =
        format!("mutation {{ patch(id: \"{id}\", input: {{address: {address}}}) {{ {ADDRESS} }} }}");
    let data = acme.query(&document).await.ok();
    let read = acme.query(&format!("{{ customer(id: \"{id}\") {{ {ADDRESS} }} }}")).await.ok();
    assert_eq!(data["patch"], read["customer"]);
    data["patch"]["address"].clone()
}

/// The code and the message of a patch that is refused.
async fn refused(acme: &Tenant<'_>, id: &str, address: &str) -> (String, String) {
    let document = format!("mutation {{ patch(id: \"{id}\", input: {{address: {address}}}) {{ id }} }}");
    let reply = acme.query(&document).await;
    (reply.code(), reply.json()["errors"][0]["message"].as_str().unwrap().to_owned())
}

fn operations(world: &World) -> Vec<String> {
    world.calls().into_iter().map(|call| call.operation).collect()
}

#[tokio::test]
async fn members_are_written_one_by_one_and_the_others_stay() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        customers(&acme).await;
        world.calls();
        let mut expected = json!({ "street": "Hauptgasse 1", "city": "Bern", "zip": null, "tags": ["old"],
            "lines": [{ "text": "one", "by": "x" }], "geo": { "lat": 1.5, "lon": 2.0, "site": { "name": "s", "floor": null } } });
        assert_eq!(patch(&acme, "a", "{city: \"Bern\"}").await, expected);
        assert_eq!(operations(world), ["UpdateItem", "GetItem"]);
        // Deeper maps too; a list and a set are written whole, and null removes.
        expected["zip"] = "3000".into();
        expected["geo"] = json!({ "lat": 1.5, "lon": 3.0, "site": { "name": null, "floor": 4 } });
        expected["tags"] = json!([]);
        expected["lines"] = json!([{ "text": "two", "by": null }]);
        let deep = "{zip: \"3000\", tags: [], lines: [{text: \"two\"}], geo: {lon: 3, site: {name: null, floor: 4}}}";
        assert_eq!(patch(&acme, "a", deep).await, expected);
        expected["geo"]["site"] = Value::Null;
        expected["lines"] = Value::Null;
        assert_eq!(patch(&acme, "a", "{lines: null, geo: {site: null}}").await, expected);
        // What names no member changes nothing; the write counts.
        assert_eq!(patch(&acme, "a", "{geo: {}}").await, expected);
        assert_eq!(patch(&acme, "a", "{}").await, expected);
        let stored = world.stored("TENANT#acme#CUSTOMER#a", "META").await;
        assert_eq!(stored["rev"], json!({ "N": "6" }));
        assert_eq!(stored["adr"]["M"]["rev"], json!({ "S": "Bern" }));
        assert_eq!(stored["adr"]["M"].as_object().unwrap().len(), 4);
        assert_eq!(patch(&acme, "a", "null").await, Value::Null);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_sent() {
    let world = builder().start().await;
    let acme = world.tenant("acme");
    customers(&acme).await;
    world.calls();
    for (address, message) in [
        ("{street: null}", "`address.street` must be not null"),
        ("{geo: {lat: null}}", "`address.geo.lat` must be not null"),
        ("{street: \"x\"}", "minLength"),
    ] {
        let (code, found) = refused(&acme, "a", address).await;
        assert_eq!(code, "BAD_REQUEST");
        assert!(found.contains(message) || message == "minLength", "{found}");
    }
    assert_eq!(operations(&world), Vec::<String>::new());
    // A patch of an item that is not there finds nothing.
    assert_eq!(refused(&acme, "none", "{city: \"Bern\"}").await.0, "NOT_FOUND");
}

#[tokio::test]
async fn a_map_that_is_missing_is_made_whole_or_not_at_all() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        customers(&acme).await;
        world.calls();
        let (code, message) = refused(&acme, "b", "{city: \"Bern\"}").await;
        assert_eq!(code, "BAD_REQUEST");
        assert_eq!(
            message,
            "The request cannot be carried out: `address.street` must be there, and not null: the object is not there yet, and made of what is given."
        );
        assert_eq!(operations(world), ["UpdateItem"]);
        // Nothing can be removed from it.
        assert_eq!(patch(&acme, "b", "{zip: null}").await, Value::Null);
        assert_eq!(operations(world), ["UpdateItem", "UpdateItem", "GetItem"]);
        let whole =
            json!({ "street": "Weg 2", "city": "Bern", "zip": null, "tags": [], "lines": null, "geo": null });
        assert_eq!(patch(&acme, "b", "{street: \"Weg 2\", city: \"Bern\", zip: null}").await, whole);
        assert_eq!(operations(world), ["UpdateItem", "UpdateItem", "GetItem"]);
        // The map is there now, and a deeper one is not.
        let (code, message) = refused(&acme, "b", "{zip: \"1\", geo: {lat: 1}}").await;
        assert_eq!(code, "BAD_REQUEST");
        assert!(message.contains("`address.geo.lon` must be there, and not null: the object"), "{message}");
        world.calls();
        let mut deeper = whole;
        deeper["zip"] = "1".into();
        deeper["geo"] = json!({ "lat": 1.0, "lon": 2.0, "site": null });
        assert_eq!(patch(&acme, "b", "{zip: \"1\", geo: {lat: 1, lon: 2}}").await, deeper);
        assert_eq!(operations(world), ["UpdateItem", "UpdateItem", "GetItem"]);
        deeper["geo"]["site"] = json!({ "name": "n", "floor": null });
        assert_eq!(patch(&acme, "b", "{geo: {site: {name: \"n\"}}}").await, deeper);
    })
    .await;
}

#[tokio::test]
async fn a_null_and_what_is_no_map_are_overwritten_as_if_nothing_were_there() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        for address in [json!({ "NULL": true }), json!({ "S": "Weg 2, Bern" })] {
            let item = json!({ "pk": { "S": "TENANT#acme#CUSTOMER#n" }, "sk": { "S": "META" },
                "id": { "S": "n" }, "adr": address });
            let reply =
                world.behind("PutItem", json!({ "TableName": "innkeeper-shops", "Item": item })).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let made = patch(&acme, "n", "{street: \"Weg 2\", city: \"Bern\"}").await;
            assert_eq!(made["city"], "Bern");
        }
    })
    .await;
}

#[tokio::test]
async fn conditions_and_versions_hold_beside_it() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        customers(&acme).await;
        let late = |id: &str| {
            let whole = "{street: \"Weg\", city: \"Bern\"}";
            format!("mutation {{ patch(id: \"{id}\", input: {{address: {whole}}}, rev: 9) {{ address {{ city }} rev }} }}")
        };
        world.calls();
        for (id, address) in [("a", json!({ "city": "Thun" })), ("b", Value::Null)] {
            let reply = acme.query(&late(id)).await;
            assert_eq!(reply.code(), "CONFLICT");
            let current = &reply.json()["errors"][0]["extensions"]["current"];
            assert_eq!(*current, json!({ "address": address, "rev": 1 }));
            // Another version is no reason to look at the maps.
            assert_eq!(operations(world), ["UpdateItem"]);
        }
        let patch = "patchIf(id: \"a\", label: \"X\", input: {address: {city: \"Bern\"}}) { id }";
        assert_eq!(acme.query(&format!("mutation {{ {patch} }}")).await.code(), "CONFLICT");
        // An index key that is made of what is read, and a member, in one write.
        world.calls();
        let both = "patch(id: \"a\", input: {label: \"M\", address: {zip: \"7\"}}) { address { city zip } }";
        let data = acme.query(&format!("mutation {{ {both} }}")).await.ok();
        assert_eq!(data["patch"]["address"], json!({ "city": "Thun", "zip": "7" }));
        assert_eq!(operations(world), ["GetItem", "UpdateItem"]);
        let found = acme.query("{ labelled(label: \"M\") { address { zip } } }").await.ok();
        assert_eq!(found["labelled"], json!([{ "address": { "zip": "7" } }]));
        // Two objects, of which one is missing.
        let two = "move(id: \"a\", address: {city: \"Biel\"}, home: {street: \"Weg\", city: \"Olten\"}) { address { city } home { city } }";
        let data = acme.query(&format!("mutation {{ {two} }}")).await.ok();
        assert_eq!(data["move"], json!({ "address": { "city": "Biel" }, "home": { "city": "Olten" } }));
    })
    .await;
}

#[tokio::test]
async fn clients_who_write_different_members_all_succeed() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        acme.query("mutation { makePot(id: \"p\") { id } }").await.ok();
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        // None of the maps is there when they begin.
        let fills = names.iter().flat_map(|name| {
            [format!("{{{name}: 1}}"), format!("{{deep: {{{name}: 2}}}}")].map(async |members| {
                let fill = format!("mutation {{ fill(id: \"p\", members: {members}) {{ id }} }}");
                acme.query(&fill).await.ok();
            })
        });
        join_all(fills).await;
        let all = "a b c d e f g h";
        let pot = acme
            .query(&format!("{{ pot(id: \"p\") {{ members {{ {all} deep {{ {all} }} }} }} }}"))
            .await
            .ok();
        let members = &pot["pot"]["members"];
        for name in names {
            assert_eq!((&members[name], &members["deep"][name]), (&json!(1), &json!(2)), "{name} {members}");
        }
    })
    .await;
}

/// The first answer to an `UpdateItem` gets lost, or what was to be answered.
fn first_update(fault: fn() -> Fault) -> impl FnMut(&Call) -> Fault + Send {
    move |call| if call.operation == "UpdateItem" && call.number == 1 { fault() } else { Fault::Pass }
}

#[tokio::test]
async fn members_under_a_version_are_written_once_more_where_they_never_arrived_and_else_are_not_known() {
    let stored = json!({ "address": { "street": "Hauptgasse 1", "city": "Bern", "geo": { "lat": 7.0, "lon": 2.0 } }, "rev": 2 });
    for (fault, is_known) in
        [((|| Fault::DropResponse) as fn() -> Fault, false), (|| Fault::DropRequest, true)]
    {
        let world = builder().faults(first_update(fault)).start().await;
        let acme = world.tenant("acme");
        customers(&acme).await;
        let members = "address { street city geo { lat lon } } rev";
        let write = format!(
            "mutation {{ patch(id: \"a\", rev: 1, input: {{address: {{city: \"Bern\", zip: null, geo: {{lat: 7}}}}}}) {{ {members} }} }}"
        );
        let reply = acme.query(&write).await;
        if is_known {
            assert_eq!(reply.ok()["patch"], stored);
        } else {
            reply.assert_unknown();
        }
        let read = format!("{{ customer(id: \"a\") {{ {members} }} }}");
        assert_eq!(acme.query(&read).await.ok()["customer"], stored);
    }
}

#[tokio::test]
async fn members_that_are_anothers_are_a_conflict_after_a_lost_attempt() {
    let world = builder().faults(|_| Fault::Pass).start().await;
    let acme = world.tenant("acme");
    customers(&acme).await;
    let city = |city: &str| {
        format!("mutation {{ patch(id: \"a\", rev: 1, input: {{address: {{city: \"{city}\"}}}}) {{ rev }} }}")
    };
    // The first attempt never arrives; before the second another writes the same member.
    let (came, coming) = oneshot::channel();
    let (go, going) = oneshot::channel::<()>();
    let mut second = Some((came, going));
    world.faults().set(move |call| match call.number {
        _ if call.operation != "UpdateItem" => Fault::Pass,
        1 => Fault::DropRequest,
        2 => {
            let (came, going) = second.take().unwrap();
            came.send(()).unwrap();
            Fault::After(Box::pin(async { going.await.unwrap() }))
        }
        _ => Fault::Pass,
    });
    let (bern, biel) = (city("Bern"), city("Biel"));
    let (reply, ()) = tokio::join!(acme.query(&bern), async {
        coming.await.unwrap();
        acme.query(&biel).await.ok();
        go.send(()).unwrap();
    });
    assert_eq!(reply.code(), "CONFLICT");
}

#[tokio::test]
async fn without_a_version_a_lost_answer_is_not_known() {
    let world = builder().faults(first_update(|| Fault::DropResponse)).start().await;
    let acme = world.tenant("acme");
    customers(&acme).await;
    let reply = acme.query("mutation { patch(id: \"a\", input: {address: {city: \"Bern\"}}) { rev } }").await;
    assert_eq!(reply.code(), "UNAVAILABLE");
    assert_eq!(reply.json()["errors"][0]["extensions"]["applied"], "unknown");
}

#[tokio::test]
async fn a_write_after_the_read_is_no_conflict_where_the_condition_still_holds() {
    // What is read is of another moment than what is written to.
    let stale = |call: &Call| match (call.operation.as_str(), call.number) {
        ("GetItem", 1) => Fault::Change(Box::new(|answer| answer["Item"]["rev"] = json!({ "N": "7" }))),
        _ => Fault::Pass,
    };
    let world = builder().faults(stale).start().await;
    let acme = world.tenant("acme");
    customers(&acme).await;
    world.calls();
    let patch = |label: &str| {
        format!(
            "mutation {{ patchIf(id: \"a\", input: {{label: \"M\"}}, label: \"{label}\") {{ label rev }} }}"
        )
    };
    let data = acme.query(&patch("L")).await.ok();
    assert_eq!(data["patchIf"], json!({ "label": "M", "rev": 2 }));
    assert_eq!(operations(&world), ["GetItem", "UpdateItem", "GetItem", "UpdateItem"]);
    // Where it does not hold, one look is enough.
    assert_eq!(acme.query(&patch("L")).await.code(), "CONFLICT");
    assert_eq!(operations(&world), ["GetItem", "UpdateItem"]);
}
