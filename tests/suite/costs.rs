//! What a document is estimated to cost: `@cost`, `@listSize`, `first` and the configuration's `max-page`.

use serde_json::{Value, json};

use crate::harness::World;

const SCHEMA: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk")
  { query: Query mutation: Mutation }
type Note @item(table: "main", pk: "TENANT#${tenant}#NOTE#${id}", sk: "META")
  @index(name: "gsi1", as: "byOwner", pk: "TENANT#${tenant}#OWNER#${owner}", sk: "NOTE#${id}") {
  id: ID!
  owner: ID!
  text: String
  summary: String @cost(weight: 7)
  place: Place
  lines: [Line!] @listSize(assumedSize: 3)
  marks: [Line!]
  grid: [[Line!]!] @listSize(assumedSize: 5)
  relatedIds: [ID!]
  related: [Note]! @get(bind: {id: "parent.relatedIds"}) @listSize(assumedSize: 4)
  others: [Note]! @get(bind: {id: "parent.relatedIds"})
}
type Place { name: String }
type Line @cost(weight: "2") { text: String noteId: ID note: Note @get(bind: {id: "parent.noteId"}) }
type Page @cost(weight: 30) { items: [Note!]! @cost(weight: 2) nextToken: String }
type Query {
  note(id: ID!): Note @get
  notes(ids: [ID!]!): [Note]! @get(bind: {id: "args.ids"})
  owned(owner: ID!, first: Int, after: String): NoteConnection!
    @query(index: "byOwner", count: true)
    @listSize(assumedSize: 30, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)
  sized(owner: ID!, first: Int, after: String, last: Int, before: String): NoteConnection!
    @query(index: "byOwner", count: true) @listSize(slicingArguments: ["first", "last"])
  defaulted(owner: ID!, first: Int = 10, after: String): NoteConnection!
    @query(index: "byOwner", count: true) @listSize(slicingArguments: ["first"])
  page(owner: ID!, limit: Int, nextToken: String): Page! @query(index: "byOwner")
  all(owner: ID!): [Note!]! @query(index: "byOwner") @listSize(assumedSize: 20)
  some(owner: ID!): [Note!]! @query(index: "byOwner")
  dear(id: ID!): Note @get @cost(weight: 40)
  free(id: ID!): Note @get @cost(weight: 0)
}
type Mutation {
  deleteNotes(ids: [ID!]!): [Boolean!]! @delete(of: "Note", if: ANY, bind: {id: "args.ids"})
  addNote(id: ID!, owner: ID!): Note! @put
}
"#;

async fn world(most: usize) -> World {
    let configure = move |config: &mut innkeeper::config::Config| {
        (config.graphql.max_cost, config.graphql.max_operations) = (most, 100_000);
    };
    let world = World::builder()
        .file("schema.graphql", SCHEMA)
        .derived()
        .unseeded()
        .configure(configure)
        .start()
        .await;
    world.tenant("acme").query("{ __typename }").await.ok();
    world.calls();
    world
}

/// What the gateway says that a document costs, where it may cost nothing.
async fn cost(world: &World, query: &str) -> usize {
    let reply = world.tenant("acme").query(query).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "BAD_REQUEST"), "{}", reply.text);
    let error = reply.json()["errors"][0].clone();
    let limit = &error["extensions"]["limit"];
    assert_eq!((&limit["name"], &limit["most"]), (&json!("max-cost"), &json!(0)), "{error}");
    usize::try_from(limit["found"].as_u64().unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_run_and_answered_costs_as_often_as_lists_are_long() {
    let world = world(0).await;
    for (query, expected) in [
        // An operation, and its item. Leaves cost nothing that is not said.
        ("{ note(id: 1) { id text owner } }", 1 + 1),
        ("{ note(id: 1) { summary place { name } } }", 1 + 1 + 7 + 1),
        ("{ dear(id: 1) { id } free(id: 1) { id } }", 40 + 1 + 1),
        // The same field under one name is one; under two it is two.
        ("{ note(id: 1) { summary summary } ... { note(id: 1) { summary } } }", 1 + 1 + 7),
        ("{ note(id: 1) { summary again: summary } }", 1 + 1 + 7 + 7),
        ("{ note(id: 1) @skip(if: true) { id } free(id: 1) { id } }", 1),
        // Lists within an item: as the schema says, or ten.
        ("{ note(id: 1) { lines { text } } }", 1 + 1 + 3 * 2),
        ("{ note(id: 1) { marks { text } } }", 1 + 1 + 10 * 2),
        ("{ note(id: 1) { grid { text } } }", 1 + 1 + 25 * 2),
        ("{ note(id: 1) { lines { note { id } } } }", 1 + 1 + 3 * (2 + 1 + 1)),
        // Lists of relations, and lists that are asked for.
        ("{ note(id: 1) { related { id } } }", 1 + 1 + 1 + 4),
        ("{ note(id: 1) { others { id } } }", 1 + 1 + 1 + 50),
        ("{ notes(ids: [1, 2, 3]) { id } }", 1 + 3),
        ("{ notes(ids: []) { id } }", 1),
        // Pages: by `first`, by the schema, or fifty; never more than a page may have.
        ("{ owned(owner: 1, first: 10) { nodes { id } } }", 1 + 10),
        ("{ owned(owner: 1, first: 10) { edges { node { id } cursor } pageInfo { hasNextPage } } }", 1 + 10),
        ("{ owned(owner: 1, first: 10) { edges { node { id } } nodes { id } } }", 1 + 10 + 10),
        ("{ owned(owner: 1) { nodes { id } } }", 1 + 30),
        ("{ owned(owner: 1, first: null) { nodes { id } } }", 1 + 30),
        ("{ owned(owner: 1, first: 2000000000) { nodes { id } } }", 1 + 500),
        ("{ owned(owner: 1, first: 10) { totalCount } }", 1 + 1),
        ("{ defaulted(owner: 1) { nodes { id } } }", 1 + 10),
        ("{ sized(owner: 1, last: 3) { nodes { id } } }", 1 + 3),
        ("{ page(owner: 1, limit: 4) { items { id } } }", 1 + 30 + 2 + 4),
        ("{ page(owner: 1) { items { id } } }", 1 + 30 + 2 + 50),
        ("{ all(owner: 1) { id } }", 1 + 20),
        ("{ some(owner: 1) { id } }", 1 + 50),
        // Lists in lists multiply.
        (
            "{ owned(owner: 1, first: 10) { nodes { related { lines { text } } } } }",
            1 + 10 * (1 + 1 + 4 * (1 + 3 * 2)),
        ),
        (
            "{ all(owner: 1) { others { others { others { id } } } } }",
            1 + 20 * (1 + 1 + 50 * (1 + 1 + 50 * (1 + 1 + 50))),
        ),
        // A list that is deleted costs by its length, as one that is written and answered does.
        ("mutation { deleteNotes(ids: [1, 2, 3]) }", 3),
        ("mutation { addNote(id: 1, owner: 1) { id } }", 1 + 1),
    ] {
        assert_eq!(cost(&world, query).await, expected, "{query}");
    }
    // What asks the schema alone costs nothing.
    world.tenant("acme").query("{ __typename }").await.ok();
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn a_document_costs_as_much_as_it_may() {
    let world = world(12).await;
    let acme = world.tenant("acme");
    let query = |first: usize| format!("{{ owned(owner: 1, first: {first}) {{ nodes {{ id }} }} }}");
    acme.query(&query(11)).await.ok();
    assert_eq!(world.count("acme").1, 1);
    let reply = acme.query(&query(12)).await;
    let error = &reply.json()["errors"][0];
    assert_eq!(error["message"], "The document has 13 points of cost, and may have 12.");
    assert_eq!(error["extensions"]["limit"], json!({ "name": "max-cost", "most": 12, "found": 13 }));
    // The size may stand in a variable: its value counts.
    let query = "query ($n: Int!) { owned(owner: 1, first: $n) { nodes { id } } }";
    acme.with(query, json!({ "n": 11 })).await.ok();
    assert_eq!(acme.with(query, json!({ "n": 12 })).await.status, 400);
    assert_eq!(world.count("acme").1, 1);
}

#[tokio::test]
async fn a_list_that_the_schema_sizes_counts_among_the_operations() {
    let configure = |config: &mut innkeeper::config::Config| config.graphql.max_operations = 3;
    let world = World::builder()
        .file("schema.graphql", SCHEMA)
        .derived()
        .unseeded()
        .configure(configure)
        .start()
        .await;
    let reply = world.tenant("acme").query("{ note(id: 1) { lines { note { id } } } }").await;
    let expected = json!({ "name": "max-operations", "most": 3, "found": 4 });
    assert_eq!(reply.json()["errors"][0]["extensions"]["limit"], expected, "{}", reply.text);
    // Of one that it does not size, what is run counts as it is run.
    world.tenant("acme").query("{ note(id: 1) { marks { note { id } } } }").await.ok();
}

#[tokio::test]
async fn exactly_one_slicing_argument_is_given_where_one_is_required() {
    let world = world(1_000).await;
    let acme = world.tenant("acme");
    for arguments in [", first: 3", ", last: 3", ", first: 3, last: null"] {
        let reply = acme.query(&format!("{{ sized(owner: 1{arguments}) {{ nodes {{ id }} }} }}")).await;
        let message = reply.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(!message.contains("exactly one"), "{arguments}: {message}");
    }
    acme.query("{ defaulted(owner: 1) { nodes { id } } }").await.ok();
    world.calls();
    for arguments in ["", ", first: 3, last: 3", ", first: null, last: null", ", first: null"] {
        let reply = acme.query(&format!("{{ sized(owner: 1{arguments}) {{ nodes {{ id }} }} }}")).await;
        assert_eq!(
            reply.json()["errors"][0]["message"],
            "`sized` needs exactly one of `first`, `last`.",
            "{arguments}"
        );
        assert_eq!(reply.json().get("data"), None::<&Value>);
    }
    assert_eq!(world.calls(), []);
}
