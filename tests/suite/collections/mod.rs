//! Item collections: interfaces and unions that one Query finds, on the embedded engine and on DynamoDB Local.

mod backwards;
mod documents;
mod members;

use serde_json::{Value, json};

use crate::harness::{Engine, Tenant, World, dynamodb_local, skip};

/// A world with folders, and in the folder `F` two notes and two links, and another's item among them.
async fn world(engine: Engine) -> World {
    let world = World::builder()
        .file("schema.graphql", include_str!("schema.graphql"))
        .any_index()
        .unseeded()
        .engine(engine)
        .start()
        .await;
    let acme = world.tenant("acme");
    let writes = "mutation {
        f: putFolder(id: \"F\", owner: \"ada\", name: \"Papers\") { id }
        g: putFolder(id: \"G\", owner: \"bob\", name: \"Other\") { id }
        a: putNote(folder: \"F\", number: 1, owner: \"ada\", title: \"One\", text: \"first\", size: 5) { number }
        b: putLink(in: \"F\", number: 2, owner: \"ada\", title: \"Two\", url: \"G\", size: \"S\") { number }
        c: putNote(folder: \"F\", number: 12, owner: \"bob\", text: \"third\") { number }
        d: putLink(in: \"F\", number: 20, owner: \"ada\", title: \"One\", url: \"nowhere\") { number }
        e: putNote(folder: \"G\", number: 1, owner: \"ada\", title: \"Far\", text: \"x\") { number }
    }";
    acme.query(writes).await.ok();
    // A later version of the program knows a type more.
    let stranger = json!({ "pk": { "S": "TENANT#acme#FOLDER#F" }, "sk": { "S": "ENTRY#000003#TASK" },
        "kind": { "S": "Task" }, "title": { "S": "One" } });
    let nameless = json!({ "pk": { "S": "TENANT#acme#FOLDER#F" }, "sk": { "S": "ENTRY#000004#NOTE" } });
    for item in [stranger, nameless] {
        let reply = world.behind("PutItem", json!({ "TableName": "innkeeper-shops", "Item": item })).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    world.calls();
    world
}

/// Runs a test on the embedded engine, and on DynamoDB Local where it can be had.
async fn on_both(test: impl AsyncFn(&World)) {
    test(&world(Engine::Embedded).await).await;
    match dynamodb_local::endpoint().await {
        Ok(_) => test(&world(Engine::DynamoDbLocal).await).await,
        Err(why) => skip("DYNAMODB_LOCAL", &why),
    }
}

async fn answer(tenant: &Tenant<'_>, document: &str) -> Value {
    tenant.query(document).await.ok()
}

#[tokio::test]
async fn a_union_is_found_by_one_query_and_each_item_answers_as_its_type() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        let document = "{ everything(id: \"F\") { items { __typename ... on Folder { id name } \
            ... on Note { number text } ... on Link { number url target { name } } } nextToken } }";
        let expected = json!([
            { "__typename": "Note", "number": 1, "text": "first" },
            { "__typename": "Link", "number": 2, "url": "G", "target": { "name": "Other" } },
            { "__typename": "Note", "number": 12, "text": "third" },
            { "__typename": "Link", "number": 20, "url": "nowhere", "target": null },
            { "__typename": "Folder", "id": "F", "name": "Papers" },
        ]);
        let data = answer(&acme, document).await;
        assert_eq!(data["everything"], json!({ "items": expected, "nextToken": null }));
        let calls = world.calls();
        let queries = calls.iter().filter(|call| call.operation == "Query").count();
        assert_eq!(queries, 1, "{calls:?}");
    })
    .await;
}

#[tokio::test]
async fn an_interface_is_asked_for_by_what_the_sort_keys_of_its_types_begin_with() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        let all = answer(&acme, "{ entries(folder: \"F\") { number title } }").await;
        let expected = json!([
            { "number": 1, "title": "One" },
            { "number": 2, "title": "Two" },
            { "number": 12, "title": null },
            { "number": 20, "title": "One" },
        ]);
        assert_eq!(all["entries"], expected);
        // The prefix ends after the literal that all have: `1` is not `12`.
        let one = answer(&acme, "{ entries(folder: \"F\", number: 1) { number __typename } }").await;
        assert_eq!(one["entries"], json!([{ "number": 1, "__typename": "Note" }]));
    })
    .await;
}

#[tokio::test]
async fn a_connection_of_an_interface_is_ranged_and_filtered_by_what_its_types_share() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        let entries = async |arguments: &str| {
            let document = format!(
                "{{ folder(id: \"F\") {{ entries({arguments}) {{ nodes {{ number }} edges {{ node {{ __typename }} }} }} }} }}"
            );
            answer(&acme, &document).await["folder"]["entries"].clone()
        };
        let numbers = |numbers: &[i32]| {
            Value::Array(numbers.iter().map(|number| json!({ "number": number })).collect())
        };
        assert_eq!(entries("from: 2, to: 12").await["nodes"], numbers(&[2, 12]));
        let titled = entries("title: \"One\"").await;
        assert_eq!(titled["nodes"], numbers(&[1, 20]));
        assert_eq!(
            titled["edges"],
            json!([{ "node": { "__typename": "Note" } }, { "node": { "__typename": "Link" } }])
        );
        assert_eq!(entries("from: 2, title: \"One\"").await["nodes"], numbers(&[20]));
    })
    .await;
}

#[tokio::test]
async fn a_collection_of_an_index_is_paged_without_gap_or_overlap() {
    on_both(async |world| {
        let acme = world.tenant("acme");
        let document = "query ($after: String) { owned(owner: \"ada\", first: 2, after: $after) { \
            edges { node { ... on Folder { name } ... on Entry { title number } } cursor } \
            pageInfo { hasNextPage hasPreviousPage endCursor } } }";
        let (mut after, mut seen) = (Value::Null, Vec::new());
        for at in 0..3 {
            let data = acme.with(document, json!({ "after": after })).await.ok();
            let page = &data["owned"];
            seen.extend(page["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()));
            assert_eq!(page["pageInfo"]["hasNextPage"], json!(at < 2));
            after = page["pageInfo"]["endCursor"].clone();
        }
        let expected = [
            json!({ "title": "Far", "number": 1 }),
            json!({ "title": "One", "number": 1 }),
            json!({ "title": "One", "number": 20 }),
            json!({ "title": "Two", "number": 2 }),
            json!({ "name": "Papers" }),
        ];
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test]
async fn a_field_of_an_interface_runs_the_operation_of_the_items_own_type() {
    let world = world(Engine::Embedded).await;
    let document =
        "{ entries(folder: \"F\", number: 2) { siblings(first: 2) { number siblings { __typename } } } }";
    let data = answer(&world.tenant("acme"), document).await;
    let siblings = &data["entries"][0]["siblings"];
    assert_eq!(siblings[0]["number"], json!(1));
    assert_eq!(siblings[1]["siblings"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn another_tenants_collection_is_empty_and_a_forged_one_is_denied() {
    let world = World::builder()
        .file("schema.graphql", include_str!("schema.graphql"))
        .any_index()
        .unseeded()
        .forging("acme2")
        .start()
        .await;
    for tenant in ["acme", "globex", "acme_2"] {
        for document in [
            "{ everything(id: \"F\") { items { __typename } } }",
            "{ entries(folder: \"F\") { number } }",
            "{ owned(owner: \"ada\") { nodes { __typename } } }",
        ] {
            let reply = world.tenant(tenant).query(document).await;
            assert_eq!(reply.code(), "FORBIDDEN", "{tenant}: {}", reply.text);
        }
    }
}
