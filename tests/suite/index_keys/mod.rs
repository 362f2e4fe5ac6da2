//! Indexes whose key attributes hold fields of the type, as they do in tables that were there before the gateway; and
//! what a parent asks for that lacks a field of the key.

use serde_json::{Value, json};

use crate::harness::{Tenant, World};

/// A world with a schema of its own, and no items.
async fn world() -> World {
    World::builder()
        .file("schema.graphql", include_str!("schema.graphql"))
        .any_index()
        .unseeded()
        .start()
        .await
}

const FIELDS: &str = "customer placedAt seq digest kind rev";

async fn put(acme: &Tenant<'_>, input: Value) {
    acme.with("mutation ($i: ParcelInput!) { putParcel(input: $i) { id } }", json!({ "i": input }))
        .await
        .ok();
}

/// Updates the parcel `1`, and gives what the update answers; a read gives the same.
async fn update(acme: &Tenant<'_>, input: Value) -> Value {
    let document =
        format!("mutation ($i: ParcelPatch!) {{ updateParcel(id: \"1\", input: $i) {{ {FIELDS} }} }}");
    let data = acme.with(&document, json!({ "i": input })).await.ok();
    let read = acme.query(&format!("{{ parcel(id: \"1\") {{ {FIELDS} }} }}")).await.ok();
    assert_eq!(data["updateParcel"], read["parcel"]);
    read["parcel"].clone()
}

/// The ids that a query of one customer's parcels answers.
async fn ids(acme: &Tenant<'_>, field: &str) -> Value {
    let data = acme.query(&format!("{{ found: {field} {{ id }} }}")).await.ok();
    data["found"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect()
}

fn parcel() -> Value {
    json!({ "id": "1", "customer": "C", "placedAt": "2026-01-01T00:00:00Z", "seq": 7, "digest": "AAE=", "kind": "k" })
}

#[tokio::test]
async fn an_item_that_leaves_an_index_keeps_the_fields_that_were_its_keys() {
    let world = world().await;
    let acme = world.tenant("acme");
    put(&acme, parcel()).await;
    let kept = json!({ "customer": null, "placedAt": "2026-01-01T00:00:00.000Z", "seq": 7, "digest": "AAE=",
        "kind": "k", "rev": 2 });
    assert_eq!(update(&acme, json!({ "customer": null })).await, kept);
    let indexes = ["byCustomer(customer: \"C\")", "bySeq(customer: \"C\")", "byDigest(customer: \"C\")"];
    for index in indexes {
        assert_eq!(ids(&acme, index).await, json!([]), "{index}");
    }
    let stored = world.stored("TENANT#acme#PARCEL#1", "META").await;
    for key in ["gsi1pk", "gsi2pk", "gsi3pk", "gsi5pk", "gsi5sk"] {
        assert_eq!(stored.get(key), None, "{key}");
    }
    update(&acme, json!({ "customer": "C" })).await;
    for index in indexes {
        assert_eq!(ids(&acme, index).await, json!(["1"]), "{index}");
    }
}

#[tokio::test]
async fn a_field_that_is_a_key_is_set_and_removed_like_any_other() {
    let world = world().await;
    let acme = world.tenant("acme");
    put(&acme, parcel()).await;
    let changes = [
        ("placedAt", json!("2026-02-01T00:00:00.000Z"), "byCustomer"),
        ("seq", json!(-12), "bySeq"),
        ("digest", json!("/wAB"), "byDigest"),
    ];
    for (field, value, index) in changes {
        assert_eq!(update(&acme, json!({ field: value })).await[field], value);
        assert_eq!(ids(&acme, &format!("{index}(customer: \"C\")")).await, json!(["1"]), "{field}");
        assert_eq!(update(&acme, json!({ field: null })).await[field], Value::Null);
        assert_eq!(ids(&acme, &format!("{index}(customer: \"C\")")).await, json!([]), "{field}");
        assert_eq!(update(&acme, json!({ field: value })).await[field], value);
        assert_eq!(ids(&acme, &format!("{index}(customer: \"C\")")).await, json!(["1"]), "{field}");
    }
}

#[tokio::test]
async fn a_key_that_is_renewed_with_every_update_is_written_once() {
    let world = world().await;
    let acme = world.tenant("acme");
    acme.query("mutation { putNote(id: \"1\", text: \"a\") { up } }").await.ok();
    world.calls();
    world.advance(std::time::Duration::from_mins(1));
    let data = acme.query("mutation { updateNote(id: \"1\", text: \"b\") { text up } }").await.ok();
    assert_eq!(data["updateNote"], json!({ "text": "b", "up": "2026-11-23T12:01:00.000Z" }));
    assert_eq!(world.count("acme").1, 1);
    let data = acme.query("{ notes { text up } }").await.ok();
    assert_eq!(data["notes"], json!([{ "text": "b", "up": "2026-11-23T12:01:00.000Z" }]));
}

#[tokio::test]
async fn a_plain_type_is_made_where_it_is_missing_and_deleted_where_it_is_not_there() {
    let world = world().await;
    let acme = world.tenant("acme");
    for text in ["a", "b"] {
        let data = acme
            .query(&format!("mutation {{ upsertNote(id: \"1\", text: \"{text}\") {{ id text up }} }}"))
            .await
            .ok();
        assert_eq!(data["upsertNote"], json!({ "id": "1", "text": text, "up": "2026-11-23T12:00:00.000Z" }));
    }
    assert_eq!(acme.query("{ notes { id text } }").await.ok()["notes"], json!([{ "id": "1", "text": "b" }]));
    let remove = "mutation { removeNote(id: \"1\") { text } }";
    assert_eq!(acme.query(remove).await.ok(), json!({ "removeNote": { "text": "b" } }));
    assert_eq!(acme.query(remove).await.ok(), json!({ "removeNote": null }));
}

#[tokio::test]
async fn a_parent_that_lacks_what_is_drawn_from_it_has_no_such_items() {
    let world = world().await;
    let acme = world.tenant("acme");
    put(&acme, parcel()).await;
    let placed = "2026-01-02T00:00:00Z";
    put(&acme, json!({ "id": "2", "customer": "C", "placedAt": placed, "other": "" })).await;
    put(&acme, json!({ "id": "3", "customer": "C" })).await;
    put(&acme, json!({ "id": "4" })).await;
    world.calls();
    let one = async |id: &str| {
        let nested = "alike { id } ofKind { id } since { id } note { id }";
        let data = acme.query(&format!("{{ parcel(id: \"{id}\") {{ {nested} }} }}")).await.ok();
        (data["parcel"].clone(), world.count("acme").1)
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| json!({ "id": id })).collect::<Value>();
    let found = |alike: &[&str], since: &[&str]| json!({ "alike": ids(alike), "ofKind": ids(alike), "since": ids(since), "note": null });
    assert_eq!(one("1").await, (found(&["1"], &["1", "2"]), 4));
    // No key holds an empty text, so there is no such note. Nothing is asked for in vain.
    assert_eq!(one("2").await, (found(&[], &["2"]), 2));
    assert_eq!(one("3").await, (found(&[], &[]), 1));
    assert_eq!(one("4").await, (found(&[], &[]), 1));
}

#[tokio::test]
async fn a_range_goes_by_the_order_of_the_key_and_not_of_its_text() {
    let world = world().await;
    let acme = world.tenant("acme");
    for (id, digest, seq) in [("1", "AAE=", 9), ("2", "+/8=", 10), ("3", "/w==", -10)] {
        let placed = "2026-01-01T00:00:00Z";
        put(&acme, json!({ "id": id, "customer": "C", "digest": digest, "seq": seq, "placedAt": placed }))
            .await;
    }
    let cases = [
        // 0001, fbff and ff are in this order; their base 64 is not.
        ("byDigest(customer: \"C\", from: \"AAE=\", to: \"+/8=\")", json!(["1", "2"])),
        ("byDigest(customer: \"C\", from: \"AAE=\", to: \"/w==\")", json!(["1", "2", "3"])),
        ("byDigest(customer: \"C\", from: \"/w==\", to: \"AAE=\")", json!([])),
        ("bySeq(customer: \"C\", from: 9, to: 10)", json!(["1", "2"])),
        ("bySeq(customer: \"C\", from: 10, to: 9)", json!([])),
    ];
    for (field, expected) in cases {
        assert_eq!(ids(&acme, field).await, expected, "{field}");
    }
}

#[tokio::test]
async fn a_range_whose_ends_are_not_sent_asks_for_nothing_before_it() {
    let world = world().await;
    let acme = world.tenant("acme");
    put(&acme, parcel()).await;
    for arguments in ["", ", kind: \"k\"", ", from: null", ", kind: \"k\", from: \"2026-01-01T00:00:00Z\""] {
        let field = format!("byKind(customer: \"C\"{arguments})");
        assert_eq!(ids(&acme, &field).await, json!(["1"]), "{field}");
    }
    let reply = acme.query("{ byKind(customer: \"C\", from: \"2026-01-01T00:00:00Z\") { id } }").await;
    assert_eq!(reply.code(), "BAD_REQUEST");
    assert!(reply.text.contains("the range needs `kind` too"), "{}", reply.text);
}

#[tokio::test]
async fn what_no_sort_key_is_long_enough_for_is_refused_before_any_call() {
    let world = world().await;
    let acme = world.tenant("acme");
    acme.query("{ __typename }").await.ok();
    world.calls();
    let long = "x".repeat(1_030);
    let reply = acme.query(&format!("{{ byKind(customer: \"C\", kind: \"{long}\") {{ id }} }}")).await;
    assert_eq!(reply.code(), "BAD_REQUEST");
    assert!(reply.text.contains("a key that is too long"), "{}", reply.text);
    assert_eq!(world.calls(), []);
    // Bytes are measured as bytes: 1,020 of them are 1,360 characters of base 64.
    let digest = "AAAA".repeat(340);
    put(&acme, json!({ "id": "1", "customer": "C", "digest": digest })).await;
    assert_eq!(ids(&acme, &format!("byDigest(customer: \"C\", from: \"{digest}\")")).await, json!(["1"]));
}
