//! Tables that were there before the gateway: as Amplify makes them, and as somebody wrote them by hand. Their items are put
//! there raw, as those programs store them, and are read and written without a migration. On both engines.

use serde_json::{Value, json};

use crate::harness::{Engine, Tenant, World, dynamodb_local, skip};

/// Two tenants with tables of their own.
const TENANTS: &str = r#"
[defaults]
region = "eu-central-1"

[tenants.globex]
mode = "role"
role = "arn:aws:iam::111122223333:role/innkeeper/innkeeper-globex"
external-id = "3f0c7c1e-6f0e-4c52-9f5d-2a4f0e7f6a11"
tables = { main = "innkeeper-shops-globex" }

[tenants.globex2]
mode = "role"
role = "arn:aws:iam::111122223333:role/innkeeper/innkeeper-globex2"
external-id = "b8f3a1d0-5f0b-4d0b-8d51-6f3c0a9f7e22"
tables = { main = "innkeeper-shops-globex2" }
"#;

async fn engines() -> Vec<Engine> {
    match dynamodb_local::endpoint().await {
        Ok(_) => vec![Engine::Embedded, Engine::DynamoDbLocal],
        Err(why) => {
            skip("DYNAMODB_LOCAL", &why);
            vec![Engine::Embedded]
        }
    }
}

async fn store(world: &World, table: &str, items: Vec<Value>) {
    for item in items {
        let reply = world.behind("PutItem", json!({ "TableName": table, "Item": item })).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

async fn stored(world: &World, table: &str, key: Value) -> Value {
    let reply = world.behind("GetItem", json!({ "TableName": table, "Key": key })).await;
    serde_json::from_str::<Value>(&reply.body).unwrap()["Item"].clone()
}

/// What a page's field answers, page by page, by the names of its parts.
async fn pages(
    tenant: &Tenant<'_>,
    field: &str,
    (items, next, after): (&str, &str, &str),
    of: &str,
) -> Vec<String> {
    let (mut pages, mut token) = (Vec::new(), Value::Null);
    loop {
        let given = if token.is_null() { String::new() } else { format!(", {after}: {token}") };
        let data = tenant
            .query(&format!(
                "{{ page: {} {{ {items} {{ {of} }} {next} }} }}",
                field.replace(')', &format!("{given})"))
            ))
            .await
            .ok();
        let found = data["page"][items].as_array().unwrap();
        pages.push(found.iter().map(|it| it[of].to_string().replace('"', "")).collect::<Vec<_>>().join(" "));
        token = data["page"][next].clone();
        if token.is_null() {
            return pages;
        }
    }
}

const POSTS: &str = "innkeeper-shops-globex";

fn post(id: &str, author: &str, at: &str, more: &[(&str, Value)]) -> Value {
    let mut post = json!({
        "id": { "S": id }, "__typename": { "S": "Post" }, "title": { "S": format!("Post {id}") },
        "authorId": { "S": author }, "createdAt": { "S": at }, "updatedAt": { "S": at },
        "_version": { "N": "3" }, "_lastChangedAt": { "N": "1682935200000" },
    });
    post.as_object_mut()
        .unwrap()
        .extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    post
}

async fn amplify(engine: Engine) -> World {
    let schema = include_str!("../schemas/brought/amplify.graphql");
    let builder = World::builder().file("schema.graphql", schema).file("tenants.toml", TENANTS).derived();
    let world = builder.unseeded().engine(engine).start().await;
    let settings =
        json!({ "M": { "theme": { "S": "dark" }, "sizes": { "L": [{ "N": "1" }, { "NULL": true }] } } });
    let gone = [("_deleted", json!({ "BOOL": true })), ("_ttl", json!({ "N": "1795435100" }))];
    store(
        &world,
        POSTS,
        vec![
            post(
                "p1",
                "ada",
                "2023-05-01T10:00:00.000Z",
                &[("rating", json!({ "N": "4.5" })), ("settings", settings)],
            ),
            post("p2", "ada", "2023-05-02T10:00:00.123Z", &[("content", json!({ "NULL": true }))]),
            post("p3", "ada", "2023-05-03T10:00:00Z", &[]),
            post("p4", "ada", "2023-05-04T10:00:00.000Z", &gone),
            post("p5", "bob", "2023-05-05T10:00:00.000Z", &[]),
            // Another model's item, should somebody have put it here.
            json!({ "id": { "S": "c1" }, "__typename": { "S": "Comment" }, "authorId": { "S": "ada" },
            "createdAt": { "S": "2023-05-01T11:00:00.000Z" } }),
        ],
    )
    .await;
    world
}

#[tokio::test]
async fn amplifys_items_are_read_as_they_are() {
    for engine in engines().await {
        let world = amplify(engine).await;
        let globex = world.tenant("globex");
        let fields = "id title content rating settings createdAt updatedAt _version _deleted _lastChangedAt __typename";
        let data = globex
            .query(&format!("{{ getPost(id: \"p1\") {{ {fields} }} other: getPost(id: \"c1\") {{ id }} }}"))
            .await
            .ok();
        let expected = json!({ "id": "p1", "title": "Post p1", "content": null, "rating": 4.5,
            "settings": { "sizes": [1, null], "theme": "dark" }, "createdAt": "2023-05-01T10:00:00.000Z",
            "updatedAt": "2023-05-01T10:00:00.000Z", "_version": 3, "_deleted": null,
            "_lastChangedAt": "1682935200000", "__typename": "Post" });
        assert_eq!(data, json!({ "getPost": expected, "other": null }));
        let parts = ("items", "nextToken", "nextToken");
        let by_ada = pages(&globex, "postsByAuthor(authorId: \"ada\", limit: 2)", parts, "id").await;
        assert_eq!(by_ada, ["p1 p2", "p3"]);
        let latest = pages(&globex, "latestPostsByAuthor(authorId: \"ada\", limit: 2)", parts, "id").await;
        assert_eq!(latest, ["p3 p2", "p1"]);
        let ranged =
            "postsByAuthor(authorId: \"ada\", from: \"2023-05-02T00:00:00Z\", to: \"2023-05-02T23:00:00Z\")";
        assert_eq!(pages(&globex, ranged, parts, "id").await, ["p2"]);
        let foreign = world.tenant("globex2").query("{ getPost(id: \"p1\") { id } }").await.ok();
        assert_eq!(foreign["getPost"], Value::Null);
    }
}

#[tokio::test]
async fn what_is_written_is_what_amplifys_clients_would_have_written() {
    for engine in engines().await {
        let world = amplify(engine).await;
        let globex = world.tenant("globex");
        let create =
            "mutation ($input: CreatePostInput!) { createPost(input: $input) { id createdAt _version } }";
        let input = json!({ "id": "n1", "title": "New", "authorId": "ada", "settings": { "a": 1 } });
        let created = globex.with(create, json!({ "input": input })).await.ok();
        assert_eq!(created["createPost"]["_version"], 1);
        let mut item = stored(&world, POSTS, json!({ "id": { "S": "n1" } })).await;
        item.as_object_mut().unwrap().sort_keys();
        let now = json!({ "S": "2026-11-23T12:00:00.000Z" });
        assert_eq!(
            item,
            json!({ "__typename": { "S": "Post" }, "_version": { "N": "1" }, "authorId": { "S": "ada" },
            "createdAt": now, "id": { "S": "n1" }, "settings": { "M": { "a": { "N": "1" } } }, "title": { "S": "New" },
            "updatedAt": now })
        );
        let update =
            "mutation ($input: UpdatePostInput!) { updatePost(input: $input) { title _version updatedAt } }";
        let stale =
            globex.with(update, json!({ "input": { "id": "p1", "title": "x", "_version": 2 } })).await;
        assert_eq!(stale.code(), "CONFLICT");
        let input = json!({ "id": "p1", "title": "Edited", "content": null, "_version": 3 });
        let updated = globex.with(update, json!({ "input": input })).await.ok();
        let expected = json!({ "title": "Edited", "_version": 4, "updatedAt": "2026-11-23T12:00:00.000Z" });
        assert_eq!(updated["updatePost"], expected);
        // What the schema does not name stays as it was.
        let item = stored(&world, POSTS, json!({ "id": { "S": "p1" } })).await;
        assert_eq!(item["_lastChangedAt"], json!({ "N": "1682935200000" }));
        let delete = "mutation { deletePost(input: {id: \"p1\", _version: 4}) { title } }";
        assert_eq!(globex.query(delete).await.ok()["deletePost"]["title"], "Edited");
    }
}

async fn readings(engine: Engine) -> World {
    let schema = include_str!("../schemas/brought/readings.graphql");
    let world =
        World::builder().file("schema.graphql", schema).derived().unseeded().engine(engine).start().await;
    let reading = |tenant: &str, at: i64, sensor: &str| json!({ "t": { "S": tenant }, "n": { "N": at.to_string() }, "c": { "N": format!("{at}.5") }, "s": { "S": sensor } });
    let items: Vec<_> = [-3, 2, 10, 100, 1000]
        .into_iter()
        .map(|at| reading("acme", at, if at > 5 { "roof" } else { "door" }))
        .collect();
    store(&world, "innkeeper-shops", items).await;
    store(&world, "innkeeper-shops", vec![reading("acme2", 7, "door")]).await;
    world
}

#[tokio::test]
async fn keys_without_literals_and_sort_keys_that_are_numbers() {
    for engine in engines().await {
        let world = readings(engine).await;
        let acme = world.tenant("acme");
        let data = acme
            .query("{ reading(seq: 10) { seq celsius sensor flags } other: reading(seq: 7) { seq } }")
            .await
            .ok();
        let expected = json!({ "seq": 10, "celsius": "10.5", "sensor": "roof", "flags": [] });
        assert_eq!(data, json!({ "reading": expected, "other": null }));
        let parts = ("results", "continue", "start");
        for (field, expected) in [
            // Numbers sort by value, not as text.
            ("readings(limit: 2)", &["-3 2", "10 100", "1000"][..]),
            ("readings(from: 2, to: 100, limit: 2)", &["2 10", "100"]),
            ("readings(from: 3, limit: 9)", &["10 100 1000"]),
            ("readings(to: -3, limit: 9)", &["-3"]),
            ("readings(sensor: \"roof\", limit: 2)", &["10 100", "1000"]),
            ("latest(limit: 3)", &["1000 100 10", "2 -3"]),
        ] {
            assert_eq!(pages(&acme, field, parts, "seq").await, expected, "{field} on {engine:?}");
        }
        let theirs = pages(&world.tenant("acme2"), "readings(limit: 2)", parts, "seq").await;
        assert_eq!(theirs, ["7"]);
    }
}

#[tokio::test]
async fn attributes_have_the_names_that_they_had() {
    for engine in engines().await {
        let world = readings(engine).await;
        let acme = world.tenant("acme");
        let record = "mutation { record(seq: 5, celsius: \"20.50\", sensor: \"door\", flags: [\"a\"], \
            place: {room: \"hall\", floor: 0}) { place { room floor } flags } }";
        let recorded = acme.query(record).await.ok();
        assert_eq!(recorded["record"], json!({ "place": { "room": "hall", "floor": 0 }, "flags": ["a"] }));
        let key = json!({ "t": { "S": "acme" }, "n": { "N": "5" } });
        let mut item = stored(&world, "innkeeper-shops", key).await;
        item.as_object_mut().unwrap().sort_keys();
        assert_eq!(
            item,
            json!({ "c": { "N": "20.5" }, "f": { "SS": ["a"] }, "n": { "N": "5" },
            "p": { "M": { "fl": { "N": "0" }, "r": { "S": "hall" } } }, "s": { "S": "door" }, "t": { "S": "acme" } })
        );
        let corrected =
            acme.query("mutation { correct(seq: 5, celsius: \"21\") { celsius place { room } } }").await.ok();
        assert_eq!(corrected["correct"], json!({ "celsius": "21", "place": { "room": "hall" } }));
        assert_eq!(acme.query("mutation { forget(seq: 5) { seq } }").await.ok()["forget"]["seq"], 5);
        assert_eq!(acme.query("{ reading(seq: 5) { seq } }").await.ok()["reading"], Value::Null);
    }
}
