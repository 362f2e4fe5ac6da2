//! A read asks for what its answer needs, and for nothing else: what nobody selected, what is hidden and what the caller
//! may not see never leaves DynamoDB. Held against the requests themselves, on both engines.

use innkeeper::dev::{Outcome, Service};
use innkeeper::policy::{Rule, Severity};
use innkeeper::problem::Problems;
use serde_json::{Value, json};

use crate::harness::process::{innkeeper, run};
use crate::harness::{Engine, Tenant, World, dynamodb_local, skip};

const SCHEMA: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk")
  { query: Query mutation: Mutation }
type Note @item(table: "main", pk: "TENANT#${tenant}#NOTE#${id}", sk: "META", version: "rev", ttl: "gone")
  @index(name: "gsi1", as: "byBook", pk: "TENANT#${tenant}#BOOK#${book}", sk: "${id}") {
  id: ID!
  book: ID!
  title: String! @attribute(name: "t")
  text: String
  rev: Int!
  gone: Int @attribute(hidden: true)
  owner: ID @attribute(hidden: true)
  margin: Int @requiresScopes(scopes: [["finance:read"]])
  plain: Plain
  place: Place
  secrets: Secrets
  places: [Place!]
  labels: [String!]! @attribute(as: SET)
  next: Note @get(bind: {id: "parent.owner"})
}
type Plain { a: String b: String }
type Place { street: String! city: String code: Int @attribute(hidden: true) rent: Int @requiresScopes(scopes: [["finance:read"]]) }
type Secrets { maybe: String rent: Int @requiresScopes(scopes: [["finance:read"]]) }
type Mark @item(table: "main", pk: "TENANT#${tenant}#MARK#${id}", sk: "${at}", type: "kind") { id: ID! at: String! text: String }
type Query {
  note(id: ID!): Note @get
  list(book: ID!): [Note!]! @query(index: "byBook")
  notes(book: ID!, text: String, first: Int, after: String): NoteConnection! @query(index: "byBook", filter: ["text"])
  marks(id: ID!, first: Int, after: String): MarkConnection! @query
}
type Mutation {
  add(input: NewNote!): Note! @put
  rename(id: ID!, title: String!): Note @update
  mark(id: ID!, at: String!, text: String): Mark! @put
}
input NewNote { id: ID! book: ID! title: String! text: String owner: ID margin: Int labels: [String!]! = [] plain: PlainIn
  place: PlaceIn secrets: SecretsIn places: [PlaceIn!] }
input PlainIn { a: String b: String }
input PlaceIn { street: String! city: String rent: Int }
input SecretsIn { maybe: String rent: Int }
"#;

const NOTE: &str = r#"mutation { add(input: {id: "1", book: "b", title: "T", text: "x", owner: "2", margin: 3, labels: ["l"],
    plain: {a: "A"}, place: {street: "S", rent: 9}, secrets: {rent: 9}, places: [{street: "P", rent: 9}]}) { id } }"#;

async fn world(engine: Engine) -> World {
    let world = World::builder().file("schema.graphql", SCHEMA).engine(engine).unseeded().start().await;
    let acme = world.tenant("acme");
    acme.query(NOTE).await.ok();
    acme.query(r#"mutation { add(input: {id: "2", book: "b", title: "U"}) { id } }"#).await.ok();
    for at in ["1", "2", "3"] {
        acme.query(&format!("mutation {{ mark(id: \"1\", at: \"{at}\") {{ id }} }}")).await.ok();
    }
    world.calls();
    world
}

/// What the reads of a document asked for, each as the paths of its projection with their names in place.
async fn asked_for(world: &World, caller: &Tenant<'_>, document: &str) -> (Value, Vec<String>) {
    world.calls();
    let data = caller.query(document).await.json()["data"].clone();
    let calls = world.calls().into_iter().filter(|call| call.service == Service::DynamoDb);
    let asked = calls.map(|call| {
        assert_eq!(call.outcome, Outcome::Answered, "{document}");
        let request: Value = serde_json::from_slice(&call.request).unwrap();
        let names = &request["ExpressionAttributeNames"];
        let Some(paths) = request["ProjectionExpression"].as_str() else { return "everything".to_owned() };
        let path = |path: &str| {
            let steps: Vec<_> = path.split('.').map(|step| names[step].as_str().unwrap()).collect();
            steps.join(".")
        };
        let mut paths: Vec<_> = paths.split(", ").map(path).collect();
        paths.sort_unstable();
        paths.join(" ")
    });
    (data, asked.collect())
}

/// What is asked, what comes back, and what of it was asked for: the same on both engines.
async fn what_is_asked_for(engine: Engine) {
    let world = world(engine).await;
    let (nobody, finance) = (world.tenant("acme"), world.tenant_with("acme", "finance:read"));
    let note = |selection: &str| format!("{{ note(id: \"1\") {{ {selection} }} }}");
    let mut text = String::new();
    for (caller, who) in [(&nobody, "nobody"), (&finance, "finance")] {
        for document in [
            note("__typename"),
            note("title a: title"),
            note("rev labels margin"),
            note("plain { a }"),
            note("place { street city }"),
            note("place { rent }"),
            note("places { street }"),
            note("secrets { maybe rent }"),
            note("next { text }"),
            note("... on Note { text } next { next { id } }"),
            "{ list(book: \"b\") { title } }".to_owned(),
            "{ notes(book: \"b\", text: \"x\") { nodes { id } pageInfo { hasNextPage } } }".to_owned(),
            "{ notes(book: \"b\") { edges { node { margin } } } }".to_owned(),
            "{ marks(id: \"1\") { nodes { text } } }".to_owned(),
        ] {
            let (data, asked) = asked_for(&world, caller, &document).await;
            text += &format!("{who}: {document}\n  {data}\n");
            for asked in asked {
                text += &format!("  asks for {asked}\n");
            }
        }
    }
    insta::assert_snapshot!("asked_for", text);
}

#[tokio::test]
async fn what_is_asked_for_on_the_embedded_engine() {
    what_is_asked_for(Engine::Embedded).await;
}

#[tokio::test]
async fn what_is_asked_for_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    what_is_asked_for(Engine::DynamoDbLocal).await;
}

#[tokio::test]
async fn a_cursor_asks_for_the_place_of_its_item_and_goes_on_from_there() {
    let world = world(Engine::Embedded).await;
    let acme = world.tenant("acme");
    for (field, key, place) in
        [("notes", "book: \"b\"", "gone gsi1pk gsi1sk pk sk"), ("marks", "id: \"1\"", "kind pk sk")]
    {
        let page =
            |selection: &str, after: &str| format!("{{ {field}({key}, first: 1{after}) {{ {selection} }} }}");
        for selection in ["pageInfo { endCursor }", "pageInfo { startCursor }", "edges { cursor }"] {
            let (_, asked) = asked_for(&world, &acme, &page(selection, "")).await;
            assert_eq!(asked, [place], "{field} {selection}");
        }
        // From each cursor on comes what is behind it.
        let mut ids = Vec::new();
        let mut after = String::new();
        while ids.len() < 5 {
            let (data, _) = asked_for(
                &world,
                &acme,
                &page("edges { cursor node { __typename } } pageInfo { hasNextPage }", &after),
            )
            .await;
            let edge = data[field]["edges"][0].clone();
            ids.push(edge["node"]["__typename"].clone());
            if data[field]["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = format!(", after: {}", edge["cursor"]);
        }
        assert_eq!(ids.len(), if field == "notes" { 2 } else { 3 });
    }
}

#[tokio::test]
async fn a_write_gives_back_the_whole_item_and_is_answered_in_part() {
    let world = world(Engine::Embedded).await;
    let document =
        r#"mutation { rename(id: "1", title: "V") { title margin place { street } next { title } } }"#;
    let (data, asked) = asked_for(&world, &world.tenant("acme"), document).await;
    let place = json!({ "street": "S" });
    assert_eq!(
        data["rename"],
        json!({ "title": "V", "margin": null, "place": place, "next": { "title": "U" } })
    );
    assert_eq!(asked, ["everything", "gone pk sk t"]);
}

/// Reads of a role that lets a session name some attributes, and nothing but them: `dynamodb:Attributes` (*Using IAM
/// policy conditions for fine-grained access control*).
fn only(attributes: &[&str]) -> String {
    let keys = json!({
        "ForAllValues:StringLike": { "dynamodb:LeadingKeys": "TENANT#{{tenant}}#*" },
        "Null": { "dynamodb:LeadingKeys": "false" },
    });
    let mut narrow = keys.clone();
    narrow["ForAllValues:StringEquals"] = json!({ "dynamodb:Attributes": attributes });
    narrow["StringEquals"] = json!({ "dynamodb:Select": "SPECIFIC_ATTRIBUTES" });
    let table = "arn:{{partition}}:dynamodb:{{region}}:{{account}}:table/{{table.main}}";
    let statement = |sid: &str, actions: &[&str], condition: &Value| {
        json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": [table, format!("{table}/index/gsi1")],
            "Condition": condition })
    };
    let statements = [
        statement("Writes", &["dynamodb:PutItem", "dynamodb:UpdateItem"], &keys),
        statement("Reads", &["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"], &narrow),
    ];
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

const ALLOWED: [&str; 12] =
    ["pk", "sk", "gsi1pk", "gsi1sk", "gone", "kind", "id", "book", "t", "place", "at", "text"];

#[tokio::test]
async fn a_policy_on_attributes_lets_selections_within_it_through_and_no_others() {
    let world = World::builder()
        .file("schema.graphql", SCHEMA)
        .file("policies/shop.json", only(&ALLOWED))
        .unseeded()
        .start()
        .await;
    let acme = world.tenant("acme");
    acme.query(NOTE).await.ok();
    let note = |selection: &str| format!("{{ note(id: \"1\") {{ {selection} }} }}");
    for (selection, is_allowed) in [
        ("__typename", true),
        ("id title text place { street city }", true),
        // The scope keeps the caller from it, and so the call does not name it.
        ("id margin", true),
        ("rev", false),
        ("labels", false),
        // What a relation is bound to is read.
        ("next { id }", false),
    ] {
        let reply = acme.query(&note(selection)).await;
        let is_denied = reply.json()["data"]["note"].is_null();
        assert_eq!(is_denied, !is_allowed, "{selection}: {}", reply.text);
    }
    for (document, is_allowed) in [
        ("{ notes(book: \"b\", text: \"x\") { edges { cursor node { id title } } } }", true),
        ("{ notes(book: \"b\") { nodes { rev } } }", false),
        ("{ list(book: \"b\") { title } }", true),
    ] {
        let reply = acme.query(document).await;
        assert_eq!(reply.codes().is_empty(), is_allowed, "{document}: {}", reply.text);
    }
    // Who has the scope asks for more, and IAM has the last word.
    let reply = world.tenant_with("acme", "finance:read").query(&note("id margin")).await;
    assert_eq!(
        (reply.codes(), &reply.json()["data"]),
        (vec!["FORBIDDEN".to_owned()], &json!({ "note": null }))
    );
}

#[tokio::test]
async fn check_says_which_attributes_a_policy_keeps_back_and_refuses_one_that_keeps_back_all() {
    let findings = async |attributes: &[&str]| {
        let world = World::builder()
            .file("schema.graphql", SCHEMA)
            .file("policies/shop.json", only(attributes))
            .unseeded()
            .start()
            .await;
        let proof = innkeeper::cli::examine(&world.application());
        let of_policy = |it: &innkeeper::policy::Finding| {
            it.rule == Rule::Sufficient
                && Problems::from(it.problem.clone()).to_string().contains("shop.json")
        };
        let all = proof
            .findings
            .into_iter()
            .filter(of_policy)
            .map(|it| (it.severity, Problems::from(it.problem.clone()).to_string()));
        let explained = run(&mut innkeeper(world.folder(), &["explain", "Query.note", "--tenant", "acme"]));
        (all.collect::<Vec<_>>(), explained.stdout)
    };
    let (narrowed, explained) = findings(&ALLOWED).await;
    assert!(narrowed.iter().all(|(severity, _)| *severity == Severity::Warning), "{narrowed:#?}");
    let text = narrowed.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(
        "kept_back",
        text.lines().filter(|line| !line.contains("-->")).collect::<Vec<_>>().join("\n")
    );
    assert!(explained.contains("✔ acme") && explained.contains("not with every attribute"), "{explained}");
    // Without the sort key no item is named at all.
    let (refused, explained) = findings(&["pk", "id"]).await;
    assert!(refused.iter().any(|(severity, _)| *severity == Severity::Error), "{refused:#?}");
    assert!(explained.contains("✘ acme"), "{explained}");
}
