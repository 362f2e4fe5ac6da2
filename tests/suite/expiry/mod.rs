//! Items whose time to live is over: DynamoDB has them for days more, and nobody is answered with them. Each test runs on
//! the embedded engine and on DynamoDB Local.

mod together;

use serde_json::{Value, json};

use crate::harness::{Engine, Tenant, World, dynamodb_local, skip};

/// The moment at which every world begins.
const NOW: i64 = 1_795_435_200;
const YEAR: i64 = 365 * 24 * 60 * 60;

async fn start(engine: Engine) -> World {
    let schema = include_str!("schema.graphql");
    World::builder().file("schema.graphql", schema).any_index().unseeded().engine(engine).start().await
}

/// The engines that there are.
async fn engines() -> Vec<Engine> {
    match dynamodb_local::endpoint().await {
        Ok(_) => vec![Engine::Embedded, Engine::DynamoDbLocal],
        Err(why) => {
            skip("DYNAMODB_LOCAL", &why);
            vec![Engine::Embedded]
        }
    }
}

/// Stores a session as another program would, with any value for its time to live.
async fn store(world: &World, id: &str, ttl: Value) {
    let mut item = json!({
        "pk": { "S": "TENANT#acme#USER#u" }, "sk": { "S": format!("SESSION#{id}") },
        "user": { "S": "u" }, "id": { "S": id }, "device": { "S": "old" },
    });
    if !ttl.is_null() {
        item["ttl"] = ttl;
    }
    let reply = world.behind("PutItem", json!({ "TableName": "innkeeper-shops", "Item": item })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

fn at(seconds: i64) -> Value {
    json!({ "N": seconds.to_string() })
}

async fn ids(acme: &Tenant<'_>) -> Vec<String> {
    let data = acme.query(r#"{ sessions(user: "u") { nodes { id } } }"#).await.ok();
    let nodes = data["sessions"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_has_expired_is_what_dynamodb_would_delete() {
    for engine in engines().await {
        let world = start(engine).await;
        let acme = world.tenant("acme");
        // Each with its time to live, and whether it is still there. An odd one is named for what it is.
        let cases = [
            ("none", Value::Null, true),
            ("future", at(NOW + 1), true),
            ("now", at(NOW), false),
            ("past", at(NOW - 1), false),
            ("fraction", json!({ "N": "1795435199.5" }), false),
            ("years", at(NOW - 5 * YEAR + 1), false),
            // DynamoDB takes these for mistakes, and keeps the items.
            ("decade", at(NOW - 5 * YEAR - 1), true),
            ("zero", at(0), true),
            ("millis", at(NOW * 1000), true),
            ("huge", json!({ "N": "9".repeat(38) }), true),
            ("text", json!({ "S": (NOW - 1).to_string() }), true),
            ("null", json!({ "NULL": true }), true),
        ];
        for (id, ttl, _) in &cases {
            store(&world, id, ttl.clone()).await;
        }
        for (id, _, there) in &cases {
            let data = acme.query(&format!(r#"{{ session(user: "u", id: "{id}") {{ id }} }}"#)).await.ok();
            assert_eq!(!data["session"].is_null(), *there, "{id} by its key, {engine:?}");
            let touch = format!(r#"mutation {{ touch(user: "u", id: "{id}", device: "new") {{ id }} }}"#);
            assert_eq!(
                !acme.query(&touch).await.ok()["touch"].is_null(),
                *there,
                "update of {id}, {engine:?}"
            );
        }
        let mut expected: Vec<_> = cases.iter().filter(|(.., there)| *there).map(|(id, ..)| *id).collect();
        expected.sort_unstable();
        assert_eq!(ids(&acme).await, expected, "{engine:?}");
        for (id, _, there) in &cases {
            let close = format!(r#"mutation {{ close(user: "u", id: "{id}") {{ id }} }}"#);
            assert_eq!(
                !acme.query(&close).await.ok()["close"].is_null(),
                *there,
                "deletion of {id}, {engine:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_item_expires_while_the_clock_goes_on_and_its_place_is_free() {
    for engine in engines().await {
        let world = start(engine).await;
        let acme = world.tenant("acme");
        let open = |device: &str, until: i64| {
            format!(
                r#"mutation {{ open(user: "u", id: "s", device: "{device}", expiresAt: {until}) {{ device rev }} }}"#
            )
        };
        let until = 2_000_000_000;
        acme.query(&open("first", NOW + 60)).await.ok();
        assert_eq!(acme.query(&open("second", until)).await.code(), "CONFLICT");
        world.advance(std::time::Duration::from_secs(61));
        assert_eq!(ids(&acme).await, [""; 0]);
        // Whatever was there is gone, and the new one counts from the beginning.
        let opened = acme.query(&open("second", until)).await.ok();
        assert_eq!(opened["open"], json!({ "device": "second", "rev": 1 }));
        assert_eq!(ids(&acme).await, ["s"]);
    }
}

#[tokio::test]
async fn an_upsert_over_an_expired_item_conflicts_and_shows_nothing_of_it() {
    for engine in engines().await {
        let world = start(engine).await;
        let acme = world.tenant("acme");
        store(&world, "s", at(NOW - 1)).await;
        let kept = acme.query(r#"mutation { keep(user: "u", id: "s", device: "new") { device } }"#).await;
        assert_eq!(kept.code(), "CONFLICT");
        assert!(!kept.text.contains("old"), "{}", kept.text);
        let ended = acme.query(r#"mutation { end(user: "u", id: "s") { device } }"#).await.ok();
        assert_eq!(ended["end"], Value::Null);
    }
}

#[tokio::test]
async fn where_types_share_keys_only_an_expired_item_of_its_own_type_gives_its_place() {
    for engine in engines().await {
        let world = start(engine).await;
        let acme = world.tenant("acme");
        let hold = |by: &str| {
            let until = NOW + 60;
            format!(r#"mutation {{ hold(id: "1", by: "{by}", heldUntil: "{until}") {{ by }} }}"#)
        };
        acme.query(&hold("ada")).await.ok();
        assert_eq!(acme.query(&hold("bob")).await.code(), "CONFLICT");
        let take = r#"mutation { take(id: "1", by: "bob") { by } }"#;
        assert_eq!(acme.query(take).await.code(), "CONFLICT");
        world.advance(std::time::Duration::from_mins(1));
        assert_eq!(acme.query("{ seats { by } }").await.ok()["seats"], json!([]));
        assert_eq!(acme.query(take).await.ok()["take"]["by"], "bob");
        assert_eq!(acme.query("{ seats { by } }").await.ok()["seats"], json!([{ "by": "bob" }]));
        // A door in the seat's place has no time to live, whatever its attributes say.
        let door = json!({
            "pk": { "S": "TENANT#acme#HALL" }, "sk": { "S": "SEAT#2" }, "kind": { "S": "Door" }, "ttl": at(NOW - 1),
        });
        world.behind("PutItem", json!({ "TableName": "innkeeper-shops", "Item": door })).await;
        let hold = r#"mutation { hold(id: "2", by: "ada") { by } }"#;
        assert_eq!(acme.query(hold).await.code(), "CONFLICT");
    }
}

#[tokio::test]
async fn a_page_has_as_many_items_as_were_asked_for_and_reads_no_more_than_it_needs() {
    let world = start(Engine::Embedded).await;
    let acme = world.tenant("acme");
    for at_second in 0..9 {
        let ttl = if at_second % 3 == 0 { at(NOW - 1) } else { at(NOW + 1) };
        store(&world, &format!("s{at_second}"), ttl).await;
    }
    let page = async |after: &str| {
        let query = format!(
            r#"{{ sessions(user: "u", first: 2{after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"#
        );
        let data = acme.query(&query).await.ok();
        let nodes = data["sessions"]["nodes"].as_array().unwrap().clone();
        let ids: Vec<_> = nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
        (ids, data["sessions"]["pageInfo"].clone())
    };
    let (first, info) = page("").await;
    assert_eq!((first.join(" "), &info["hasNextPage"]), ("s1 s2".to_owned(), &json!(true)));
    let (second, info) = page(&format!(", after: {}", info["endCursor"])).await;
    assert_eq!((second.join(" "), &info["hasNextPage"]), ("s4 s5".to_owned(), &json!(true)));
    let (third, info) = page(&format!(", after: {}", info["endCursor"])).await;
    assert_eq!((third.join(" "), &info["hasNextPage"]), ("s7 s8".to_owned(), &json!(false)));
}

#[tokio::test]
async fn a_condition_of_one_part_or_many_is_an_expression_that_dynamodb_takes() {
    for engine in engines().await {
        let world = start(engine).await;
        let acme = world.tenant("acme");
        for (write, expected) in [
            (r#"chest(id: "1", label: "x", size: 1)"#, None),
            (r#"chest(id: "1", label: "x", size: 2)"#, None),
            (r#"chest(id: "1", label: "x", size: 3)"#, Some("CONFLICT")),
            (r#"label(id: "1", label: "y")"#, None),
            (r#"shut(id: "1")"#, Some("CONFLICT")),
            (r#"lose(id: "1")"#, Some("CONFLICT")),
            (r#"label(id: "1", label: "x")"#, None),
            (r#"lose(id: "1")"#, None),
            (r#"shut(id: "1")"#, None),
        ] {
            let reply = acme.query(&format!("mutation {{ done: {write} {{ id }} }}")).await;
            let code = reply.codes().pop();
            assert_eq!(code.as_deref(), expected, "{write} on {engine:?}: {}", reply.text);
        }
    }
}
