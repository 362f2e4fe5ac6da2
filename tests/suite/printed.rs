//! `innkeeper schema`: what it prints is what introspection answers, graphql-codegen builds types from it, and the printed
//! directives make a whole with the schema that uses them.

use std::sync::Arc;

use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::problem::Source;
use innkeeper::schema::{Plan, compile, directives, sdl};
use serde_json::{Value, json};

use crate::harness::{World, npm, root, skip};

fn claims() -> ClaimKinds {
    let claims = [("sub", ClaimKind::String), ("level", ClaimKind::Integer), ("groups", ClaimKind::Strings)];
    claims.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect()
}

fn source(text: &str) -> Arc<Source> {
    Source::new("schema.graphql", text)
}

fn plan(text: &str) -> Plan {
    compile(&source(text), &claims()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn example() -> String {
    std::fs::read_to_string(root().join("schema.graphql")).unwrap()
}

/// The project tracker, on the example's table: unions, filters, counts, scopes and transactions in one schema.
fn tracker() -> String {
    include_str!("../schemas/tracker/schema.graphql").replace("\"tracker\"", "\"main\"")
}

/// Everything that a schema can say to clients, in forms that are easily lost.
const TALKATIVE: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Root mutation: Writes }
"""
Two lines,

  the second "indented", with a \""" and a \ in it.
"""
type Note @item(table: "main", pk: "TENANT#${tenant}#NOTE#${id}", sk: "META") {
  id: ID!
  " leads with a blank\u0007 and ends with a quote \""
  text: String @deprecated(reason: "say \"title\"\nor nothing")
  secret: JSON @attribute(hidden: true)
  old: Int @deprecated
  kind: Kind
  "Where an argument is described, each has a line."
  twins(
    "Whose?"
    of: ID = "a \"b\" \\ c\té"
    title: Title! = {text: "here", at: [1, 2], kind: OLD}
    first: Int = 3 @deprecated(reason: "no")
  ): NoteConnection! @query(bind: {id: "args.of", text: "args.title.text", kind: "args.title.kind"}, filter: ["text", "kind"])
}
"Kinds."
enum Kind { "not old" NEW OLD @deprecated(reason: "new is better") }
"Of a note."
input Title {
  "How it is called."
  text: String = "x"
  kind: Kind
  at: [Int!]
  gone: Date @deprecated(reason: "gone")
}
type Root { note(id: ID!): Note @get notes(id: ID!): NoteConnection! @query }
type Writes { add(id: ID!, text: String): Note @put }
"#;

#[test]
fn the_examples_schema_is_printed_for_clients() {
    insta::assert_snapshot!("sdl", sdl::print(&plan(&example())));
}

#[test]
fn the_directives_are_printed_for_editors() {
    insta::assert_snapshot!("directives", directives(None, &claims()));
}

/// What is printed is again a schema, and every directive and every argument of it has a row in the manual.
#[test]
fn every_directive_is_in_the_manual() {
    let manual = std::fs::read_to_string(root().join("docs/schema.md")).unwrap();
    let printed = directives(None, &claims());
    let mut missing = Vec::new();
    let mut inside = false;
    for line in printed.lines() {
        if let Some(rest) = line.strip_prefix("directive @") {
            let end = rest.find(['(', ' ']).unwrap();
            inside = rest[end..].starts_with('(');
            if !manual.contains(&format!("`@{}", &rest[..end])) {
                missing.push(format!("@{}", &rest[..end]));
            }
        } else if line.starts_with(')') {
            inside = false;
        } else if inside && !line.trim_start().starts_with('"') {
            let name = line.trim().split(':').next().unwrap();
            if !manual.contains(&format!("`{name}`")) && !manual.contains(&format!("{name}: ")) {
                missing.push(name.to_owned());
            }
        }
    }
    assert_eq!(missing, [""; 0], "docs/schema.md does not tell of these");
}

#[test]
fn a_schema_with_mistakes_gives_its_editors_what_can_be_known() {
    let broken = directives(Some(&source("type Query { note: Note @got }\nscalar JSON")), &claims());
    assert!(broken.contains("directive @get("));
    assert!(!broken.contains("scalar JSON"), "it is defined already");
    let torn = directives(Some(&source("type Query {")), &claims());
    assert_eq!(torn, directives(None, &claims()));
}

/// Asks GraphQL's own tools.
async fn ask(schema: String, broken: &[&str]) -> Option<Value> {
    let packages = match npm::packages(&["graphql@16.15.0"]).await {
        Ok(packages) => packages,
        Err(why) => {
            skip("NODE", &why);
            return None;
        }
    };
    let world = World::builder().file("schema.graphql", schema.clone()).unseeded().start().await;
    let broken: Vec<_> = broken.iter().map(|field| format!("{schema}\n{field}")).collect();
    let options = json!({
        "url": format!("{}/graphql", world.url),
        "token": world.token("acme"),
        "sdl": sdl::print(&plan(&schema)),
        "directives": directives(Some(&source(&schema)), &claims()),
        "schema": schema,
        "broken": broken,
    });
    Some(npm::script("sdl.mjs", &packages, options).await.unwrap())
}

#[tokio::test]
async fn what_is_printed_is_what_is_introspected_and_the_directives_make_the_schema_whole() {
    let schemas = [
        example(),
        TALKATIVE.to_owned(),
        include_str!("index_keys/schema.graphql").to_owned(),
        include_str!("collections/schema.graphql").to_owned(),
        include_str!("filters/schema.graphql").to_owned(),
        tracker(),
    ];
    for schema in schemas {
        let Some(told) = ask(schema, &[]).await else { return };
        assert_eq!(told["differences"], json!([]));
        assert_eq!(told["same"], json!(true));
        assert!(told["lines"].as_u64().unwrap() > 20);
        assert_eq!(told["whole"], json!([]));
    }
}

#[tokio::test]
async fn graphqls_own_tools_find_a_misspelt_directive_with_them() {
    let broken = [
        "type A { a: String @attribute(hiden: true) }",
        "type A @item(table: \"main\") { a: String }",
        "input A { a: String @attribute(hidden: true) }",
        "type A { a: String @got }",
    ];
    let Some(told) = ask(example(), &broken).await else { return };
    insta::assert_json_snapshot!(told["broken"]);
}

const DOCUMENT: &str = r"
query Orders($customer: ID!, $status: OrderStatus) {
  orders(customerId: $customer, status: $status) {
    edges { cursor node { id total placedAt weight customer { name } } }
    pageInfo { hasNextPage endCursor }
  }
}
mutation Create($input: NewProduct!) { createProduct(input: $input) { sku price details } }
";

/// A program that uses the types as they are meant, and programs that do not.
const PROGRAMS: [&str; 4] = [
    r#"import type { CreateMutationVariables, OrdersQuery } from "./operations";
import type { Product } from "./types";
export const isDear = (product: Product): boolean => Number(product.price) > 100 && product.photo?.length === 4;
const input: CreateMutationVariables["input"] = { sku: "T-1", name: "Tea", category: "TEA", price: 12, stock: 1, tags: [] };
export function first(data: OrdersQuery): string | null {
  const node = data.orders.edges[0]?.node;
  const name: string | undefined = node?.customer?.name;
  const weight: number | null | undefined = node?.weight;
  return node ? `${node.total} ${name} ${weight} ${input.sku}` : null;
}
"#,
    r#"import type { OrdersQuery } from "./operations";
export const total = (data: OrdersQuery): number => data.orders.edges[0]!.node.total;
"#,
    r#"import type { CreateMutationVariables } from "./operations";
export const input: CreateMutationVariables["input"] = { sku: "T-1" };
"#,
    r#"import type { OrdersQuery } from "./operations";
export const name = (data: OrdersQuery): string => data.orders.edges[0]!.node.customer.name;
"#,
];

const TRACKER_DOCUMENT: &str = r"
query Tasks($project: ID!, $where: TaskFilter) {
  tasks(projectId: $project, state: TODO, where: $where) {
    totalCount
    edges { node { id state points } }
  }
}
query Parts($id: ID!) {
  organisationParts(id: $id) { __typename ... on Member { email role } ... on Project { budget labels } }
}
mutation Say($task: ID!, $org: ID!, $author: ID!, $text: String!, $request: ID!) {
  say(taskId: $task, orgId: $org, authorId: $author, text: $text, requestId: $request) { at }
}
";

/// A program that tells the members of a union apart and filters, and programs that do it wrongly.
const TRACKER_PROGRAMS: [&str; 4] = [
    r#"import type { PartsQuery, TasksQuery, TasksQueryVariables } from "./operations";
export const wanted: TasksQueryVariables = {
  project: "p",
  where: { or: [{ points: { ge: 3 } }, { not: { title: { contains: "x" } } }] },
};
export const count = (data: TasksQuery): number | null => data.tasks.totalCount;
export function told(part: PartsQuery["organisationParts"][number]): string {
  switch (part.__typename) {
    case "Member": return `${part.email} ${part.role}`;
    case "Project": return `${part.budget ?? "?"} ${part.labels.join()}`;
    case "Organisation": return part.__typename;
  }
}
"#,
    r#"import type { PartsQuery } from "./operations";
export const email = (part: PartsQuery["organisationParts"][number]): string => part.email;
"#,
    r#"import type { TasksQueryVariables } from "./operations";
export const wanted: TasksQueryVariables = { project: "p", where: { points: { contains: "x" } } };
"#,
    r#"import type { SayMutationVariables } from "./operations";
export const said: SayMutationVariables = { task: "t", org: "o", author: "a" };
"#,
];

#[tokio::test]
async fn graphql_codegen_builds_types_that_typescript_holds_programs_to() {
    let Some(checked) = codegen(&example(), DOCUMENT, &PROGRAMS).await else { return };
    insta::assert_json_snapshot!("codegen", checked);
}

#[tokio::test]
async fn unions_and_filters_have_types_too() {
    let Some(checked) = codegen(&tracker(), TRACKER_DOCUMENT, &TRACKER_PROGRAMS).await else { return };
    insta::assert_json_snapshot!("codegen_tracker", checked);
}

/// What TypeScript says of programs that use what graphql-codegen builds; null of those that it takes.
async fn codegen(schema: &str, document: &str, programs: &[&str]) -> Option<Value> {
    let packages = [
        "graphql@16.15.0",
        "@graphql-codegen/core@6.2.1",
        "@graphql-codegen/typescript@6.1.0",
        "@graphql-codegen/typescript-operations@6.1.9",
        "typescript@5.9.3",
    ];
    let packages = match npm::packages(&packages).await {
        Ok(packages) => packages,
        Err(why) => {
            skip("NODE", &why);
            return None;
        }
    };
    let options = json!({ "sdl": sdl::print(&plan(schema)), "document": document, "programs": programs });
    let mut told = npm::script("codegen.mjs", &packages, options).await.unwrap();
    Some(told["checked"].take())
}
