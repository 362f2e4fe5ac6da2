//! Documents that a schema multiplies: what is selected on an interface is selected on each of its types, and within
//! them again. A few kilobytes must be answered or refused at once, whatever they multiply: selections, copies of an
//! argument, or fields that merge into one.

use std::time::Duration;

use serde_json::json;

use crate::harness::World;

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
interface Node { id: ID! text: String tree: ID! near(like: NodeFilter, text: String): [Node!]! }
type A implements Node @item(table: "main", pk: "TENANT#${tenant}#TREE#${tree}", sk: "A#${id}", type: "kind") {
  tree: ID! id: ID! text: String
  near(like: NodeFilter, text: String): [Node!]! @query(bind: {tree: "parent.tree"}, where: "args.like", filter: ["text"])
}
type B implements Node @item(table: "main", pk: "TENANT#${tenant}#TREE#${tree}", sk: "B#${id}", type: "kind") {
  tree: ID! id: ID! text: String
  near(like: NodeFilter, text: String): [Node!]! @query(bind: {tree: "parent.tree"}, where: "args.like", filter: ["text"])
}
type C implements Node @item(table: "main", pk: "TENANT#${tenant}#TREE#${tree}", sk: "C#${id}", type: "kind") {
  tree: ID! id: ID! text: String
  near(like: NodeFilter, text: String): [Node!]! @query(bind: {tree: "parent.tree"}, where: "args.like", filter: ["text"])
}
input NodeFilter @filter(of: "Node")
type Query {
  nodes(tree: ID!, where: NodeFilter, first: Int, after: String): NodeConnection! @query(where: "args.where", count: true)
}
type Mutation { addA(tree: ID!, id: ID!, text: String): A! @put }
"#;

/// How long a document may take. It is some milliseconds where nothing is wrong; tests are built without optimization,
/// and run beside each other.
const MOST: Duration = Duration::from_secs(1);

fn nested(levels: usize, arguments: &str, leaf: &str, definitions: &str) -> String {
    let (open, close) = (format!("near{arguments} {{ ").repeat(levels), " }".repeat(levels));
    format!("query {definitions} {{ nodes(tree: \"T\") {{ nodes {{ {open} {leaf} {close} }} }} }}")
}

#[tokio::test]
async fn what_types_multiply_is_refused_at_once() {
    // What is behind the limit on aliases has to hold by itself.
    let with_aliases = |config: &mut innkeeper::config::Config| config.graphql.max_aliases = 1_000;
    let world =
        World::builder().file("schema.graphql", SCHEMA).unseeded().configure(with_aliases).start().await;
    let acme = world.tenant("acme");
    acme.query("mutation { addA(tree: \"T\", id: \"1\", text: \"x\") { id } }").await.ok();
    let long = json!({ "t": "x".repeat(200_000) });
    let tests: Vec<_> =
        (0..200).map(|at| json!({ "text": { "eq": format!("{at}{}", "y".repeat(800)) } })).collect();
    let filter = json!({ "f": { "or": tests } });
    let merged = "id ".repeat(1_900);
    let fragments = "... on A { id } ... on Node { id } ".repeat(450);
    let aliases: String = (0..600).map(|at| format!("a{at}: id ")).collect();
    let deep = [
        // One argument, copied for each type at each level.
        ("(text: $t)", "id", "($t: String)", long.clone(), "bytes of arguments"),
        ("(like: $f)", "id", "($f: NodeFilter)", filter, "bytes of arguments"),
        // Selections that become one, or none.
        ("", merged.as_str(), "", json!({}), "selections to look at"),
        ("", fragments.as_str(), "", json!({}), "selections to look at"),
        ("", aliases.as_str(), "", json!({}), "selections for each type"),
    ];
    for (arguments, leaf, definitions, variables, limit) in deep {
        for levels in [3, 5, 7, 12] {
            let document = nested(levels, arguments, leaf, definitions);
            let reply = tokio::time::timeout(MOST, acme.with(&document, variables.clone())).await;
            let reply =
                reply.unwrap_or_else(|_| panic!("{levels} of {arguments} {limit}: still not refused"));
            let is_limited = reply.text.contains(limit) || reply.text.contains("levels of selections");
            assert!(is_limited && reply.code() == "BAD_REQUEST", "{levels} of {arguments}: {}", reply.text);
        }
    }
    // What is not multiplied is answered.
    acme.with(&nested(1, "(text: $t)", "id", "($t: String)"), long).await.ok();
    for leaf in [merged, fragments] {
        acme.query(&nested(1, "", &leaf, "")).await.ok();
    }
}
