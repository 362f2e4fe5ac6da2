//! A projection is never seen in an answer. An update gives back the whole item, a read what its selections need: the
//! same selections, made on the same item, must answer the same, whatever is stored, lacks, or is of another type. Objects
//! alone have what must not be null: by that a projection sees them.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::harness::{Engine, World, dynamodb_local, skip};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk") { query: Query mutation: Mutation }
type Thing @item(table: "main", pk: "TENANT#${tenant}#THING#${box}", sk: "THING#${id}", type: "kind", version: "rev", ttl: "gone")
  @index(name: "gsi1", as: "byLabel", pk: "TENANT#${tenant}#LABEL#${label}", sk: "${moment}") {
  box: ID!
  id: ID!
  rev: Int!
  label: ID!
  moment: String! @attribute(name: "gsi1sk")
  touched: Int
  size: Int @attribute(name: "size")
  dotted: String @attribute(name: "a.b")
  indexed: String @attribute(name: "list[0]")
  text: String @attribute(name: ":t #v é")
  gone: Int @attribute(hidden: true)
  other: ID @attribute(hidden: true)
  margin: Int @requiresScopes(scopes: [["finance"]])
  tags: [String!]! @attribute(as: SET)
  maybe: [Int!] @attribute(as: SET)
  more: JSON
  plain: Plain
  place: Place
  deep: Deep
  loose: Loose
  places: [Place]
  next: Thing @get(bind: {box: "parent.box", id: "parent.other"})
}
type Plain { a: String b: Int }
type Place { street: String! city: String @attribute(name: "city.name") code: Int @attribute(hidden: true) rent: Int @requiresScopes(scopes: [["finance"]]) }
type Deep { name: String! place: Place all: [Place!] rent: Int! @requiresScopes(scopes: [["finance"]]) set: [String!]! @attribute(as: SET) }
type Loose { a: String rent: Int @requiresScopes(scopes: [["finance"]]) plain: Plain }
type Query {
  thing(box: ID!, id: ID!): Thing @get
  things(box: ID!): [Thing!]! @query
  page(box: ID!, first: Int, after: String, last: Int, before: String): ThingConnection! @query(count: true)
  labelled(label: ID!): [Thing!]! @query(index: "byLabel")
}
type Mutation { touch(box: ID!, id: ID!, touched: Int): Thing @update }
"#;

/// A stored value of each attribute: as it should be, of another type, or null.
fn stored() -> impl Strategy<Value = Value> {
    let place = || {
        let member = |value: Value| {
            prop::option::of(prop_oneof![3 => Just(value), 1 => Just(json!({ "NULL": true }))])
        };
        (
            Just(Some(json!({ "S": "street" }))),
            member(json!({ "S": "city" })),
            member(json!({ "N": "7" })),
            member(json!({ "N": "8" })),
        )
            .prop_map(|(street, city, code, rent)| {
                let members = [("street", street), ("city.name", city), ("code", code), ("rent", rent)];
                let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
                json!({ "M": members.collect::<serde_json::Map<_, _>>() })
            })
    };
    let odd =
        || prop::sample::select(vec![json!({ "NULL": true }), json!({ "S": "odd" }), json!({ "L": [] })]);
    let any = |value: BoxedStrategy<Value>| prop::option::weighted(0.85, prop_oneof![5 => value, 1 => odd()]);
    let just = |value: Value| any(Just(value).boxed());
    let deep = (place(), Just(Some(json!({ "S": "deep" }))), prop::collection::vec(place(), 0..3)).prop_map(
        |(place, name, all)| {
            let mut members =
                json!({ "place": place, "all": { "L": all }, "rent": { "N": "1" }, "set": { "SS": ["x"] } });
            if let Some(name) = name {
                members["name"] = name;
            }
            json!({ "M": members })
        },
    );
    let scalars = (
        just(json!({ "N": "5" })),
        just(json!({ "S": "dotted" })),
        just(json!({ "S": "indexed" })),
        just(json!({ "S": "text" })),
        just(json!({ "N": "3" })),
        just(json!({ "SS": ["x", "y"] })),
        just(json!({ "NS": ["1"] })),
    );
    let objects = (
        just(json!({ "M": { "k": { "L": [{ "N": "1" }] } } })),
        just(json!({ "M": { "a": { "S": "A" } } })),
        any(place().boxed()),
        any(deep.boxed()),
        just(json!({ "M": { "rent": { "N": "1" } } })),
        any(prop::collection::vec(place(), 0..3).prop_map(|all| json!({ "L": all })).boxed()),
    );
    let rest = (just(json!({ "S": "2" })), prop::option::of(Just(json!({ "N": "4" }))));
    (scalars, objects, rest).prop_map(|(scalars, objects, rest)| {
        let attributes = [
            ("size", scalars.0),
            ("a.b", scalars.1),
            ("list[0]", scalars.2),
            (":t #v é", scalars.3),
            ("margin", scalars.4),
            ("tags", scalars.5),
            ("maybe", scalars.6),
            ("more", objects.0),
            ("plain", objects.1),
            ("place", objects.2),
            ("deep", objects.3),
            ("loose", objects.4),
            ("places", objects.5),
            ("other", rest.0),
            ("rev", rest.1),
        ];
        let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(attributes.collect())
    })
}

const LEAVES: [&str; 20] = [
    "id",
    "box",
    "rev",
    "label",
    "moment",
    "size",
    "dotted",
    "indexed",
    "text",
    "margin",
    "tags",
    "maybe",
    "more",
    "__typename",
    "plain { a }",
    "plain { b a }",
    "next { id text rev }",
    "loose { a rent }",
    "loose { rent }",
    "loose { plain { a } }",
];
const OBJECTS: [&str; 4] = ["place", "deep { place", "deep { all", "places"];
const MEMBERS: [&str; 4] = ["street", "city", "rent", "__typename"];
const DEEP: [&str; 4] = ["deep { name }", "deep { set }", "deep { rent }", "deep { __typename }"];

fn selections() -> impl Strategy<Value = String> {
    let object = (prop::sample::select(OBJECTS.to_vec()), prop::sample::subsequence(MEMBERS.to_vec(), 1..4))
        .prop_map(|(object, members)| {
            let close = if object.contains('{') { " }" } else { "" };
            format!("{object} {{ {} }}{close}", members.join(" "))
        });
    let leaves = prop::sample::subsequence(LEAVES.to_vec(), 1..5).prop_map(|leaves| leaves.join(" "));
    let deep = prop::sample::subsequence(DEEP.to_vec(), 0..2).prop_map(|it| it.join(" "));
    (leaves, prop::collection::vec(object, 0..3), deep)
        .prop_map(|(leaves, objects, deep)| format!("{leaves} {} {deep}", objects.join(" ")))
}

/// The members of the answers that a caller gets, with the codes of the errors.
fn answer(body: &Value, path: &str) -> (Value, Vec<String>) {
    let codes = body["errors"].as_array().into_iter().flatten();
    let mut codes: Vec<_> = codes.map(|it| it["extensions"]["code"].to_string()).collect();
    codes.sort();
    (body["data"].pointer(path).cloned().unwrap_or_default(), codes)
}

fn refusals(codes: &[String]) -> usize {
    codes.iter().filter(|code| *code == "\"FORBIDDEN\"").count()
}

async fn compare(engine: Engine, cases: usize) {
    let world =
        World::builder().file("schema.graphql", SCHEMA).derived().unseeded().engine(engine).start().await;
    let (nobody, finance) = (world.tenant("acme"), world.tenant_with("acme", "finance"));
    let mut runner = TestRunner::deterministic();
    let items = prop::collection::vec(stored(), 3);
    for _ in 0..cases {
        let items = items.new_tree(&mut runner).unwrap().current();
        for (at, item) in items.iter().enumerate() {
            let mut item = item.clone();
            for (name, value) in [
                ("pk", "TENANT#acme#THING#B".to_owned()),
                ("sk", format!("THING#{at}")),
                ("kind", "Thing".to_owned()),
                ("box", "B".to_owned()),
                ("id", at.to_string()),
                ("label", "L".to_owned()),
                ("gsi1pk", "TENANT#acme#LABEL#L".to_owned()),
                ("gsi1sk", format!("{at}")),
            ] {
                item[name] = json!({ "S": value });
            }
            let reply =
                world.behind("PutItem", json!({ "TableName": "innkeeper-shops", "Item": item })).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        for (at, item) in items.iter().enumerate() {
            let selections = selections().new_tree(&mut runner).unwrap().current();
            for caller in [&nobody, &finance] {
                // The version goes up with each write, and so is read after it.
                let document =
                    format!("mutation {{ touch(box: \"B\", id: \"{at}\", touched: 1) {{ {selections} }} }}");
                let written = caller.query(&document).await.json();
                let whole = answer(&written, "/touch");
                if whole.1.iter().any(|code| code == "\"FORBIDDEN\"") && whole.0.is_null() {
                    // Nothing was written, because it could not be answered.
                    continue;
                }
                let document = format!("{{ thing(box: \"B\", id: \"{at}\") {{ {selections} }} }}");
                let read = caller.query(&document).await.json();
                let read_codes = answer(&read, "/thing");
                assert_eq!(read_codes.0, whole.0, "{document}\n{read}\n{written}\n{item}");
                // An object that is asked for in parts, and in whose place something else is stored, is not
                // seen to be there: null, and no error.
                let is_less = |code: &String| whole.1.contains(code);
                assert!(read_codes.1.iter().all(is_less), "{document}\n{read}\n{written}");
                assert_eq!(refusals(&read_codes.1), refusals(&whole.1), "{document}");
                if whole.1.is_empty() {
                    for (field, path) in
                        [("things(box: \"B\")", "/things"), ("labelled(label: \"L\")", "/labelled")]
                    {
                        let document = format!("{{ {field} {{ {selections} }} }}");
                        let read = caller.query(&document).await.json();
                        if read.get("errors").is_none() {
                            let found = read["data"].pointer(&format!("{path}/{at}"));
                            assert_eq!(found, Some(&whole.0), "{document}\n{read}");
                        }
                    }
                }
                // Where pages begin and end does not depend on what is selected of their items.
                let page = |arguments: &str, selections: &str| {
                    format!(
                        "{{ page(box: \"B\", {arguments}) {{ totalCount nodes {{ {selections} }} pageInfo {{ hasNextPage hasPreviousPage endCursor startCursor }} }} }}"
                    )
                };
                let first = caller.query(&page("last: 1", "id")).await.ok();
                assert_eq!(
                    (&first["page"]["totalCount"], &first["page"]["nodes"]),
                    (&json!(3), &json!([{ "id": "2" }]))
                );
                let before =
                    page(&format!("last: 5, before: {}", first["page"]["pageInfo"]["startCursor"]), "id");
                let second = caller.query(&before).await.ok();
                assert_eq!(second["page"]["nodes"], json!([{ "id": "0" }, { "id": "1" }]));
            }
        }
    }
}

#[tokio::test]
async fn a_projection_changes_no_answer_on_the_embedded_engine() {
    compare(Engine::Embedded, 10).await;
}

#[tokio::test]
async fn a_projection_changes_no_answer_on_dynamodb_local() {
    match dynamodb_local::endpoint().await {
        Ok(_) => compare(Engine::DynamoDbLocal, 4).await,
        Err(why) => skip("DYNAMODB_LOCAL", &why),
    }
}
