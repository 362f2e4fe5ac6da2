//! What a mistake is answered with: for each directive, each of its arguments and each place within, a small schema
//! that makes one mistake, and a snapshot of the one problem that comes of it. The snapshots are there to be read: the
//! caret stands under the wrong word, the message says what is wrong, the hint what to do.

mod attributes;
mod collections;
mod constraints;
mod costs;
mod definitions;
mod filters;
mod gets;
mod guards;
mod items;
mod lists;
mod meetings;
mod merges;
mod odd_texts;
mod pages;
mod queries;
mod syntax;
mod tables;
mod templates;
mod transactions;
mod when;
mod writes;

use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::problem::{Problems, Source};
use innkeeper::schema::{Plan, compile};

/// What a case is called, and a schema.
type Case<'a> = (&'a str, String);

/// Compiles a text, with some claims configured.
fn compiled(text: &str) -> Result<Plan, Problems> {
    let claims = ClaimKinds::from([
        ("sub".to_owned(), ClaimKind::String),
        ("level".to_owned(), ClaimKind::Integer),
        ("groups".to_owned(), ClaimKind::Strings),
    ]);
    compile(&Source::new("schema.graphql", text), &claims)
}

/// Each schema makes exactly one mistake.
#[track_caller]
fn each_has_one_mistake(cases: &[Case<'_>]) {
    let mut wrong = Vec::new();
    for (name, text) in cases {
        match compiled(text) {
            Ok(_) => wrong.push(format!("{name}: nothing is wrong")),
            Err(problems) if problems.iter().count() == 1 => snapshot(name, &problems),
            Err(problems) => wrong.push(format!("{name}: more than one problem\n{problems}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Each schema is fine: the nearest thing to a mistake that is none.
#[track_caller]
fn each_compiles(cases: &[Case<'_>]) {
    for (name, text) in cases {
        if let Err(problems) = compiled(text) {
            panic!("{name}: {problems}");
        }
    }
}

fn snapshot(name: &str, problems: &Problems) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, problems.to_string()));
}

/// A table with two indexes, an enum, and a type with every kind of field. What is under test stands before it.
const AROUND: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk")
  @tableIndex(table: "main", name: "gsi2", pk: "gsi2pk", sk: "gsi2sk", projection: INCLUDE, include: ["title"]) {
  query: Query
  mutation: Mutation
}
type Note
  @item(table: "main", pk: "T#${tenant}#NOTE#${id}", sk: "META", version: "rev")
  @index(name: "gsi1", as: "byAuthor", pk: "T#${tenant}#AUTHOR#${author}", sk: "${state}#${at}#${id}")
  @index(name: "gsi2", as: "byTitle", pk: "T#${tenant}#TITLE#${title}", sk: "${count}") {
  id: ID!
  author: ID!
  state: State!
  at: DateTime!
  title: String
  count: Int
  score: Float
  price: Decimal
  day: Date
  done: Boolean
  tags: [String!]
  place: Place
  more: JSON
  photo: Base64
  rev: Int
  self: Note @get(bind: {id: "parent.id"})
}
type Line
  @item(table: "main", pk: "T#${tenant}#BOOK#${book}", sk: "LINE#${page}#${id}") {
  book: ID!
  page: Int!
  id: ID! @attribute(generate: ULID)
  text: String
}
type Place { street: String! city: String! }
enum State { DRAFT PUBLISHED }
"#;

const A_QUERY: &str = "type Query { any(id: ID!): Note @get }\n";
const A_MUTATION: &str = "type Mutation { anyDelete(id: ID!): Note @delete }\n";

/// A field of the query root, in a schema that is fine otherwise.
fn query(field: &str) -> String {
    format!("type Query {{\n  {field}\n}}\n{AROUND}{A_MUTATION}")
}

/// A field of the query root, and definitions that it needs.
fn query_with(field: &str, definitions: &str) -> String {
    format!("type Query {{\n  {field}\n}}\n{definitions}\n{AROUND}{A_MUTATION}")
}

/// A field of the mutation root.
fn mutation(field: &str) -> String {
    format!("type Mutation {{\n  {field}\n}}\n{AROUND}{A_QUERY}")
}

/// A field of the mutation root, and definitions that it needs.
fn mutation_with(field: &str, definitions: &str) -> String {
    format!("type Mutation {{\n  {field}\n}}\n{definitions}\n{AROUND}{A_QUERY}")
}

/// Definitions beside those that are fine.
fn beside(definitions: &str) -> String {
    format!("{definitions}\n{AROUND}{A_QUERY}{A_MUTATION}")
}

/// A type with items: its directives and its fields, `id: ID!` among them. Nothing else is in its tables.
fn item(directives: &str, fields: &str) -> String {
    format!("type Note\n  {directives} {{\n  id: ID!\n  {fields}\n}}\n{TABLES}")
}

/// Tables of each kind, and a query that needs nothing of them.
const TABLES: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @table(name: "flat", pk: "pk")
  @table(name: "numbers", pk: "pk", sk: "sk: N")
  @table(name: "bytes", pk: "pk", sk: "sk: B")
  @table(name: "own", pk: "pk", sk: "sk", layout: SILO)
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk")
  @tableIndex(table: "main", name: "gsi2", pk: "gsi2pk", sk: "gsi2sk") {
  query: Query
}
type Query { other: Other @get }
type Other @item(table: "flat", pk: "O#${tenant}") { text: String }
type Nested { text: String }
enum State { DRAFT PUBLISHED }
"#;
