//! Documents on interfaces and unions: which fragments apply, which fields merge, what is counted, what is introspected.

use serde_json::json;

use super::world;
use crate::harness::{Engine, Reply, World};

async fn ask(document: &str) -> Reply {
    world(Engine::Embedded).await.tenant("acme").query(document).await
}

#[tokio::test]
async fn fragments_apply_by_the_type_of_the_item_whatever_they_are_on() {
    let document =
        "{ everything(id: \"F\") { items { ...A ... on Entry { ...B } ... on Anything { t: __typename } \
        ... @skip(if: true) { u: __typename } } } }
        fragment A on Note { text ... on Entry { number } ... on Note { size } }
        fragment B on Entry { ... on Link { url } title }";
    let data = ask(document).await.ok();
    let expected = json!([
        { "text": "first", "number": 1, "size": 5, "title": "One", "t": "Note" },
        { "url": "G", "title": "Two", "t": "Link" },
        { "text": "third", "number": 12, "size": null, "title": null, "t": "Note" },
        { "url": "nowhere", "title": "One", "t": "Link" },
        { "t": "Folder" },
    ]);
    assert_eq!(data["everything"]["items"], expected);
}

/// GraphQL, section 5.3.2, each case with what becomes of it.
#[tokio::test]
async fn fields_of_one_name_merge_where_they_answer_alike() {
    let world = world(Engine::Embedded).await;
    let acme = world.tenant("acme");
    let cases = [
        // Different fields of different types, of one type.
        ("... on Note { same: text } ... on Link { same: url }", true),
        ("... on Folder { same: name } ... on Note { same: text }", true),
        // A value that may be null and one that may not.
        ("... on Note { same: title } ... on Link { same: url }", false),
        // Values of different types.
        ("... on Note { size } ... on Link { size }", false),
        ("... on Note { same: number } ... on Link { same: url }", false),
        // The name of the type is a string that is never null.
        ("... on Note { same: __typename } ... on Link { same: url }", true),
        ("... on Note { same: __typename } ... on Link { same: number }", false),
        // An object and a leaf; a list and none.
        ("... on Link { same: target { id } } ... on Note { same: text }", false),
        ("... on Link { same: target { id } } ... on Folder { same: entries { nodes { number } } }", false),
        // What is selected within, on types that are not the same.
        ("... on Link { siblings { same: number } } ... on Note { siblings { same: title } }", false),
        (
            "... on Link { siblings { ... on Note { x: text } } } ... on Note { siblings { ... on Note { x: size } } }",
            false,
        ),
        (
            "... on Link { siblings { ... on Note { x: text } } } ... on Note { siblings { ... on Link { x: url } } }",
            true,
        ),
        // On one type they must be one field, also where one is selected on the interface.
        ("... on Entry { same: number } ... on Note { same: size }", false),
        ("... on Entry { same: number } ... on Note { same: number }", true),
        (
            "... on Entry { siblings(first: 1) { number } } ... on Link { siblings(first: 2) { number } }",
            false,
        ),
        ("... on Note { siblings(first: 1) { number } } ... on Link { siblings(first: 2) { number } }", true),
    ];
    for (selections, merges) in cases {
        let reply = acme.query(&format!("{{ everything(id: \"F\") {{ items {{ {selections} }} }} }}")).await;
        assert_eq!(reply.json().get("errors").is_none(), merges, "{selections}: {}", reply.text);
        if !merges {
            assert_eq!(
                (reply.status.as_u16(), reply.code().as_str()),
                (400, "BAD_REQUEST"),
                "{}",
                reply.text
            );
        }
    }
}

#[tokio::test]
async fn what_no_item_can_be_is_refused() {
    for selections in [
        "... on AnyPage { nextToken }",
        "... on Query { folder(id: \"F\") { id } }",
        "number",
        "... on Entry { text }",
        "... on Nobody { id }",
        "",
    ] {
        let reply = ask(&format!("{{ everything(id: \"F\") {{ items {{ {selections} }} }} }}")).await;
        assert_eq!(reply.code(), "BAD_REQUEST", "{selections}: {}", reply.text);
    }
    // A folder is no entry.
    let reply = ask("{ entries(folder: \"F\") { ... on Folder { id } } }").await;
    assert_eq!(reply.code(), "BAD_REQUEST", "{}", reply.text);
}

#[tokio::test]
async fn a_document_that_grows_by_the_types_of_each_level_is_refused_before_it_grows() {
    let nested = |levels: usize| {
        let (open, close) = ("siblings(first: 1) { ".repeat(levels), " }".repeat(levels));
        format!("{{ entries(folder: \"F\") {{ {open} number {close} }} }}")
    };
    ask(&nested(3)).await.ok();
    let reply = ask(&nested(12)).await;
    assert_eq!(reply.code(), "BAD_REQUEST", "{}", reply.text);
    assert!(reply.text.contains("selections for each type"), "{}", reply.text);
}

/// Each item is of one type: what one of them may run is not counted for the others.
#[tokio::test]
async fn operations_are_counted_by_the_type_that_runs_most() {
    let configure = |config: &mut innkeeper::config::Config| config.graphql.max_operations = 102;
    let world = World::builder()
        .file("schema.graphql", include_str!("schema.graphql"))
        .any_index()
        .unseeded()
        .configure(configure)
        .start()
        .await;
    let acme = world.tenant("acme");
    // A page of 50, each a link that gets one and asks for its siblings, or a note that asks for its siblings.
    let document = "{ everything(id: \"F\", limit: 50) { items { ... on Link { target { id } siblings { number } } \
        ... on Note { siblings { number } } } } }";
    acme.query(document).await.ok();
    let document = document.replace("siblings", "a: siblings { number } siblings");
    assert_eq!(acme.query(&document).await.code(), "BAD_REQUEST");
}

#[tokio::test]
async fn interfaces_and_unions_are_introspected() {
    let world = World::builder()
        .file("schema.graphql", include_str!("schema.graphql"))
        .configure(|config| config.graphql.introspection = true)
        .any_index()
        .unseeded()
        .start()
        .await;
    let document = "{ entry: __type(name: \"Entry\") { kind description possibleTypes { name } \
        fields { name description args { name type { name } } type { kind } } } \
        any: __type(name: \"Anything\") { kind description possibleTypes { name } } \
        note: __type(name: \"Note\") { interfaces { name } } }";
    let data = world.tenant("acme").query(document).await.ok();
    let expected = json!({
        "entry": {
            "kind": "INTERFACE",
            "description": "What lies in a folder.",
            "possibleTypes": [{ "name": "Link" }, { "name": "Note" }],
            "fields": [
                { "name": "number", "description": "Its number within the folder.", "args": [],
                  "type": { "kind": "NON_NULL" } },
                { "name": "title", "description": null, "args": [], "type": { "kind": "SCALAR" } },
                { "name": "siblings", "description": "The folder's own.",
                  "args": [{ "name": "first", "type": { "name": "Int" } }], "type": { "kind": "NON_NULL" } },
            ],
        },
        "any": {
            "kind": "UNION",
            "description": "Everything under a folder's key.",
            "possibleTypes": [{ "name": "Folder" }, { "name": "Note" }, { "name": "Link" }],
        },
        "note": { "interfaces": [{ "name": "Entry" }] },
    });
    let sorted = |mut data: serde_json::Value| {
        for ty in ["entry", "any"] {
            data[ty]["possibleTypes"].as_array_mut().unwrap().sort_by_key(|it| it["name"].to_string());
        }
        data
    };
    assert_eq!(sorted(data), sorted(expected));
}
