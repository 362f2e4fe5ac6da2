//! Filters: what each operator means, what the key says of them, and what is refused. That nothing of it changes an
//! answer is held against an evaluation of the tests' own (`law`).

mod law;

use serde_json::{Value, json};

use crate::harness::{Engine, Tenant, World, dynamodb_local, skip};

async fn world(engine: Engine) -> World {
    World::builder()
        .file("schema.graphql", include_str!("schema.graphql"))
        .any_index()
        .unseeded()
        .engine(engine)
        .start()
        .await
}

async fn put(acme: &Tenant<'_>, thing: &Value) {
    acme.with("mutation ($i: NewThing!) { put(input: $i) { name } }", json!({ "i": thing })).await.ok();
}

fn few() -> [Value; 4] {
    [
        json!({ "box": "X", "kind": "A", "rank": 1, "name": "ant", "price": "10", "tags": ["red", "blue"],
            "list": [1, 2], "ok": true, "moment": "2026-01-01T00:00:00Z", "note": "n", "label": "l1" }),
        json!({ "box": "X", "kind": "A", "rank": 2, "name": "antler", "price": "9.5", "ok": false, "label": "l2",
            "place": { "city": "Rome" }, "more": { "a": 1 } }),
        json!({ "box": "X", "kind": "B", "rank": 1, "name": "bee", "price": "100", "moment": "2026-02-01T00:00:00Z",
            "note": "o", "bytes": "AAE=" }),
        json!({ "box": "X", "kind": "C", "rank": 12, "name": "cat" }),
    ]
}

const FIND: &str = "query ($w: ThingFilter) { things(box: \"X\", where: $w) { nodes { name } totalCount } }";

async fn names(acme: &Tenant<'_>, filter: &Value) -> Vec<String> {
    let reply = acme.with(FIND, json!({ "w": filter })).await;
    let data = reply.ok();
    let names =
        data["things"]["nodes"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned());
    let names: Vec<_> = names.collect();
    assert_eq!(data["things"]["totalCount"], json!(names.len()));
    names
}

async fn on_both(test: impl AsyncFn(&World)) {
    test(&world(Engine::Embedded).await).await;
    match dynamodb_local::endpoint().await {
        Ok(_) => test(&world(Engine::DynamoDbLocal).await).await,
        Err(why) => skip("DYNAMODB_LOCAL", &why),
    }
}

#[tokio::test]
async fn every_operator_finds_what_it_says() {
    let cases = [
        (json!(null), "ant antler bee cat"),
        (json!({}), "ant antler bee cat"),
        (json!({ "name": { "eq": "ant" } }), "ant"),
        (json!({ "name": { "ne": "ant" } }), "antler bee cat"),
        (json!({ "name": { "beginsWith": "ant" } }), "ant antler"),
        (json!({ "name": { "beginsWith": "" } }), "ant antler bee cat"),
        (json!({ "name": { "contains": "nt" } }), "ant antler"),
        (json!({ "name": { "in": ["bee", "cat", "dog"] } }), "bee cat"),
        (json!({ "name": { "in": [] } }), ""),
        (json!({ "price": { "lt": "10" } }), "antler"),
        (json!({ "price": { "le": 10 } }), "ant antler"),
        (json!({ "price": { "gt": "9.50" } }), "ant bee"),
        (json!({ "price": { "ge": "100.0" } }), "bee"),
        (json!({ "price": { "between": ["9.5", "10"] } }), "ant antler"),
        (json!({ "price": { "between": ["10", "9.5"] } }), ""),
        // Two operators of a field hold together.
        (json!({ "price": { "gt": "9", "lt": "50", "ne": "10" } }), "antler"),
        // What is not there equals null, and is neither less nor greater.
        (json!({ "price": { "eq": null } }), "cat"),
        (json!({ "price": { "ne": null } }), "ant antler bee"),
        (json!({ "price": { "exists": true } }), "ant antler bee"),
        (json!({ "price": { "exists": false } }), "cat"),
        (json!({ "price": { "ne": "10" } }), "antler bee cat"),
        (json!({ "not": { "price": { "lt": "50" } } }), "bee cat"),
        (json!({ "ok": { "eq": true } }), "ant"),
        (json!({ "ok": { "ne": true } }), "antler bee cat"),
        (json!({ "tags": { "contains": "red" } }), "ant"),
        (json!({ "list": { "contains": 2 } }), "ant"),
        (json!({ "place": { "exists": true } }), "antler"),
        (json!({ "more": { "exists": false } }), "ant bee cat"),
        (json!({ "bytes": { "eq": "AAE=" } }), "bee"),
        (json!({ "moment": { "ge": "2026-01-01T01:00:00+01:00" } }), "ant bee"),
        (json!({ "kind": { "in": ["B", "C"] } }), "bee cat"),
        (json!({ "and": [] }), "ant antler bee cat"),
        (json!({ "or": [] }), ""),
        (json!({ "not": {} }), ""),
        (json!({ "not": { "or": [] } }), "ant antler bee cat"),
        (json!({ "or": [{ "kind": { "eq": "C" } }, { "price": { "gt": "50" } }] }), "bee cat"),
        (
            json!({ "and": [{ "kind": { "eq": "A" } }, { "not": { "or": [{ "rank": { "eq": 1 } }, { "ok": { "eq": true } }] } }] }),
            "antler",
        ),
        (json!({ "not": { "and": [{ "kind": { "eq": "A" } }, { "rank": { "eq": 1 } }] } }), "antler bee cat"),
        (
            json!({ "kind": { "eq": "A" }, "or": [{ "rank": { "eq": 2 } }, { "rank": { "eq": 12 } }] }),
            "antler",
        ),
    ];
    on_both(async |world| {
        let acme = world.tenant("acme");
        for thing in &few() {
            put(&acme, thing).await;
        }
        for (filter, expected) in &cases {
            assert_eq!(names(&acme, filter).await.join(" "), *expected, "{filter}");
        }
    })
    .await;
}

/// The calls of a document, each by how many items it read over: what the key says is not read.
#[tokio::test]
async fn what_the_key_can_say_is_not_read() {
    let configure = |config: &mut innkeeper::config::Config| config.operation.read_budget = 4;
    let world = World::builder()
        .file("schema.graphql", include_str!("schema.graphql"))
        .any_index()
        .unseeded()
        .configure(configure)
        .start()
        .await;
    let acme = world.tenant("acme");
    for rank in 0..60 {
        let kind = ["A", "B", "C"][rank % 3];
        let thing = json!({ "box": "X", "kind": kind, "rank": rank, "name": format!("n{rank}"), "label": format!("l{rank:02}"),
            "note": "n", "moment": format!("2026-01-01T00:00:{rank:02}Z"), "price": rank.to_string() });
        put(&acme, &thing).await;
    }
    // Each finds few items among many, and could not if it read more than four.
    let lists = [
        ("byLabel", json!({ "label": { "eq": "l07" } }), 1),
        ("byLabel", json!({ "label": { "between": ["l07", "l08"] } }), 2),
        ("byLabel", json!({ "label": { "lt": "l02" } }), 2),
        ("byLabel", json!({ "label": { "gt": "l57" } }), 2),
        ("byLabel", json!({ "label": { "beginsWith": "l1" }, "and": [{ "label": { "le": "l10" } }] }), -1),
        ("byMoment", json!({ "note": { "eq": "n" }, "moment": { "ge": "2026-01-01T00:00:57Z" } }), 3),
        ("byMoment", json!({ "note": { "eq": "n" }, "moment": { "gt": "2026-01-01T00:00:57Z" } }), 2),
        (
            "byMoment",
            json!({ "and": [{ "moment": { "le": "2026-01-01T00:00:01.000Z" } }, { "note": { "eq": "n" } }] }),
            2,
        ),
    ];
    for (field, filter, found) in lists {
        let document = format!("query ($w: ThingFilter) {{ {field}(box: \"X\", where: $w) {{ name }} }}");
        let reply = acme.with(&document, json!({ "w": filter })).await;
        match usize::try_from(found) {
            Ok(found) => assert_eq!(reply.ok()[field].as_array().unwrap().len(), found, "{filter}"),
            Err(_) => assert_eq!(reply.code(), "BAD_REQUEST", "{}", reply.text),
        }
    }
    // The table's key: kind, rank, name.
    for (filter, found) in [
        (json!({ "kind": { "eq": "A" }, "rank": { "eq": 3 } }), 1),
        (json!({ "kind": { "eq": "A" }, "rank": { "between": [3, 6] } }), 2),
        (json!({ "kind": { "eq": "B" }, "rank": { "ge": 55 } }), 2),
        (json!({ "kind": { "eq": "A" }, "rank": { "eq": 3 }, "name": { "beginsWith": "n" } }), 1),
    ] {
        let reply = acme.with(FIND, json!({ "w": filter })).await;
        let data = reply.ok();
        assert_eq!(data["things"]["nodes"].as_array().unwrap().len(), found, "{filter}");
        assert_eq!(reply.json().get("extensions"), None, "{filter}");
    }
    // What the key cannot say is read and passed over, within the budget.
    let reply = acme.with(FIND, json!({ "w": { "price": { "eq": "59" } } })).await;
    assert!(reply.text.contains("partial"), "{}", reply.text);
}

#[tokio::test]
async fn a_filter_that_cannot_be_carried_out_is_refused_before_any_call() {
    let world = world(Engine::Embedded).await;
    let acme = world.tenant("acme");
    acme.query("{ __typename }").await.ok();
    world.calls();
    let deep = |levels: usize| {
        (0..levels).fold(
            json!({ "rank": { "gt": 1 } }),
            |inner, _| json!({ "not": { "or": [inner, { "ok": { "eq": true } }] } }),
        )
    };
    let many = |count: usize| json!({ "or": (0..count).map(|at| json!({ "rank": { "eq": at } })).collect::<Vec<_>>() });
    for filter in [
        json!({ "name": null }),
        json!({ "name": { "lt": null } }),
        json!({ "name": { "in": null } }),
        json!({ "and": null }),
        json!({ "not": null }),
        json!({ "price": { "between": ["1"] } }),
        json!({ "price": { "between": ["1", "2", "3"] } }),
        json!({ "rank": { "in": (0..101).collect::<Vec<_>>() } }),
        many(140),
        deep(6),
        json!({ "price": { "eq": "x" } }),
        json!({ "kind": { "eq": "D" } }),
        json!({ "margin": { "eq": 1 } }),
        json!({ "inner": { "eq": "x" } }),
        json!({ "ok": { "lt": true } }),
        json!({ "more": { "eq": 1 } }),
        json!({ "name": { "like": "x" } }),
    ] {
        let reply = acme.with(FIND, json!({ "w": filter })).await;
        assert_eq!(reply.code(), "BAD_REQUEST", "{filter}: {}", reply.text);
    }
    let by_label = "query ($w: ThingFilter) { byLabel(box: \"X\", where: $w) { name } }";
    for filter in [
        json!({ "label": { "ne": "x" } }),
        json!({ "or": [{ "label": { "eq": "x" } }, { "rank": { "eq": 1 } }] }),
        json!({ "label": { "gt": "a", "lt": "b" } }),
        json!({ "label": { "contains": "b" } }),
    ] {
        let reply = acme.with(by_label, json!({ "w": filter })).await;
        assert!(reply.text.contains("is a key here"), "{filter}: {}", reply.text);
    }
    assert_eq!(world.calls(), []);
    acme.with(FIND, json!({ "w": many(120) })).await.ok();
    acme.with(FIND, json!({ "w": deep(4) })).await.ok();
}

#[tokio::test]
async fn a_filter_of_some_fields_has_these_and_may_lie_within_an_input() {
    let world = world(Engine::Embedded).await;
    let acme = world.tenant("acme");
    for thing in &few() {
        put(&acme, thing).await;
    }
    let document = "query ($i: Few!) { few(box: \"X\", input: $i) { name } }";
    let found = acme
        .with(document, json!({ "i": { "where": { "kind": { "eq": "A" }, "price": { "lt": "10" } } } }))
        .await
        .ok();
    assert_eq!(found["few"], json!([{ "name": "antler" }]));
    let all = acme.with(document, json!({ "i": {} })).await.ok();
    assert_eq!(all["few"].as_array().unwrap().len(), 4);
    let reply = acme.with(document, json!({ "i": { "where": { "name": { "eq": "ant" } } } })).await;
    assert_eq!(reply.code(), "BAD_REQUEST");
}

#[tokio::test]
async fn a_cursor_belongs_to_its_filter() {
    let world = world(Engine::Embedded).await;
    let acme = world.tenant("acme");
    for thing in &few() {
        put(&acme, thing).await;
    }
    let document = "query ($w: ThingFilter, $a: String) { things(box: \"X\", where: $w, first: 1, after: $a) { \
        nodes { name } pageInfo { endCursor hasNextPage } totalCount } }";
    let filter = json!({ "price": { "exists": true } });
    let first = acme.with(document, json!({ "w": filter })).await.ok();
    assert_eq!(first["things"]["totalCount"], json!(3));
    let cursor = &first["things"]["pageInfo"]["endCursor"];
    let next = acme.with(document, json!({ "w": filter, "a": cursor })).await.ok();
    assert_eq!(next["things"]["nodes"], json!([{ "name": "antler" }]));
    assert_eq!(next["things"]["totalCount"], json!(3), "the whole is counted, wherever the page begins");
    for other in [json!({ "price": { "exists": false } }), json!(null), json!({ "kind": { "eq": "A" } })] {
        let reply = acme.with(document, json!({ "w": other, "a": cursor })).await;
        assert_eq!(reply.code(), "BAD_REQUEST", "{}", reply.text);
    }
}
