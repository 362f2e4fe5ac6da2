//! Nested types that contain themselves, with members that not everybody sees.

use serde_json::json;

use crate::harness::World;

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
type Post @item(table: "main", pk: "TENANT#${tenant}#POST#${id}", sk: "POST", version: "rev") {
  id: ID!
  note: Note
  rev: Int!
}
type Note {
  text: String!
  author: String @requiresScopes(scopes: [["audit"]])
  secret: String @attribute(hidden: true)
  reply: Note
  others: [Note!]
  aside: Aside
}
type Aside { text: String! of: Note }
input NoteInput { text: String! author: String secret: String reply: NoteInput others: [NoteInput!] aside: AsideInput }
input AsideInput { text: String! of: NoteInput }
type Query { post(id: ID!): Post @get posts(ids: [ID!]!): [Post]! @get(bind: {id: "args.ids"}) }
type Mutation {
  makePost(id: ID!, note: NoteInput): Post! @put
  patch(id: ID!, note: NoteInput, rev: Int): Post! @update(merge: ["note"], expect: "args.rev")
}
"#;

#[tokio::test]
async fn an_object_within_itself_is_read_to_any_depth_without_what_is_hidden() {
    let world = World::builder().file("schema.graphql", SCHEMA).derived().unseeded().start().await;
    let acme = world.tenant("acme");
    let note = json!({
        "text": "a", "author": "ann", "secret": "s1",
        "reply": { "text": "b", "secret": "s2", "reply": { "text": "c" } },
        "others": [{ "text": "d", "author": "dan", "secret": "s3" }],
        "aside": { "text": "e", "of": { "text": "f", "author": "fay", "secret": "s4" } },
    });
    let make = "mutation ($note: NoteInput) { makePost(id: \"p\", note: $note) { id } }";
    acme.with(make, json!({ "note": note })).await.ok();
    let selection = "note { text author reply { text reply { text author } } others { text author } aside { text of { text author } } }";
    let reply = acme.query(&format!("{{ post(id: \"p\") {{ {selection} }} }}")).await;
    let expected = json!({
        "text": "a", "author": null,
        "reply": { "text": "b", "reply": { "text": "c", "author": null } },
        "others": [{ "text": "d", "author": null }],
        "aside": { "text": "e", "of": { "text": "f", "author": null } },
    });
    assert_eq!(reply.json()["data"]["post"]["note"], expected);
    let reply = acme.query(&format!("{{ posts(ids: [\"p\", \"q\"]) {{ {selection} }} }}")).await;
    assert_eq!(reply.json()["data"]["posts"][0]["note"], expected);
    let patch = "mutation { patch(id: \"p\", note: {text: \"z\", reply: {text: \"y\", reply: {text: \"x\", reply: {text: \"w\"}}}}) { note { reply { reply { reply { text } } } } } }";
    let patched = acme.query(patch).await.ok();
    assert_eq!(patched["patch"]["note"]["reply"]["reply"]["reply"]["text"], "w");
}

#[tokio::test]
async fn types_that_all_contain_each_other_are_no_labyrinth() {
    let all = (0..10).map(|at| {
        let members = (0..10).map(|to| format!("t{to}: T{to}")).collect::<Vec<_>>().join(" ");
        format!("type T{at} {{ text: String! secret: String @attribute(hidden: true) {members} }}\n")
    });
    let schema = format!(
        "schema @table(name: \"main\", pk: \"pk\", sk: \"sk\") {{ query: Query }}
         type Post @item(table: \"main\", pk: \"TENANT#${{tenant}}#POST#${{id}}\", sk: \"POST\") {{ id: ID! t0: T0 }}
         type Query {{ post(id: ID!): Post @get }}\n{}",
        all.collect::<String>()
    );
    let world = World::builder().file("schema.graphql", schema).derived().unseeded().start().await;
    let post = |at| format!("p{at}: post(id: \"p\") {{ t0 {{ t1 {{ t2 {{ text }} }} }} }} ");
    let query = format!("{{ {} }}", (0..100).map(post).collect::<String>());
    // By every way it would take hours, and the test would be ended.
    let answer = world.tenant("acme").query(&query).await.ok();
    assert_eq!(answer["p99"], serde_json::Value::Null);
}
