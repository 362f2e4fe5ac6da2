//! `@put`, `@update` and `@delete`: values, spread, version, index keys.

use super::{Case, each_compiles, each_has_one_mistake, mutation, mutation_with, query_with};

/// A type that is written: one index, a version, a time of change.
const PAGE: &str = r#"type Leaf
  @item(table: "main", pk: "T#${tenant}#LEAF#${id}", sk: "META"VERSION)
  @index(name: "gsi1", as: "byShelf", pk: "T#${tenant}#SHELF#${shelf}", sk: "${row}#${id}") {
  id: ID!
  shelf: ID!
  row: Int
  text: String!
  place: Place
  tags: [String!]! @attribute(as: SET)
  made: DateTime! @attribute(generate: CREATED_AT)
  rev: Int
}
"#;

/// A mutation that writes leaves, and the input that it takes.
fn write(field: &str, input: &str) -> String {
    mutation_with(field, &format!("{input}\n{}", PAGE.replace("VERSION", "")))
}

/// The same, with a version.
fn versioned(field: &str, input: &str) -> String {
    mutation_with(field, &format!("{input}\n{}", PAGE.replace("VERSION", ", version: \"rev\"")))
}

const NEW: &str = "input New { id: ID! shelf: ID! row: Int text: String! tags: [String!]! }";
const PATCH: &str = "input Patch { text: String tags: [String!] }";

#[test]
fn mistakes_in_a_put() {
    let put = "put(input: New!): Leaf! @put";
    let new = |fields: &str| format!("input New {{ id: ID! shelf: ID! {fields} tags: [String!]! }}");
    let cases: Vec<Case> = vec![
        ("put_without_value", write(put, &new(""))),
        ("put_without_key", write("put(shelf: ID!, text: String!, tags: [String!]!): Leaf! @put", "")),
        ("put_nullable_value", write(put, &new("text: String"))),
        (
            "put_nullable_argument",
            write("put(id: ID!, shelf: ID!, text: String, tags: [String!]!): Leaf! @put", ""),
        ),
        (
            "put_nullable_bound",
            write(
                r#"put(id: ID!, shelf: ID!, x: String, tags: [String!]!): Leaf! @put(bind: {text: "args.x"})"#,
                "",
            ),
        ),
        ("put_nullable_input", write("put(input: New): Leaf! @put", NEW)),
        ("put_value_of_wrong_type", write(put, &new("text: Int!"))),
        ("put_list_for_one", write(put, &new("text: [String!]!"))),
        ("put_unknown_field", write(put, &new("text: String! txet: String"))),
        ("put_field_of_unknown_type", write(put, &new("text: Strng!"))),
        (
            "put_value_of_wrong_claim",
            write(
                r#"put(id: ID!, shelf: ID!, tags: [String!]!): Leaf! @put(bind: {text: "claims.level"})"#,
                "",
            ),
        ),
        ("put_two_inputs", write("put(input: New!, other: New!): Leaf! @put", NEW)),
        ("put_spread_unknown", write(r#"put(input: New!): Leaf! @put(spread: "args.inptu")"#, NEW)),
        ("put_spread_no_string", write("put(input: New!): Leaf! @put(spread: input)", NEW)),
        ("put_spread_of_scalar", write(r#"put(input: New!, x: ID!): Leaf! @put(spread: "args.x")"#, NEW)),
        ("put_spread_of_list", write(r#"put(input: [New!]!): Leaf! @put(spread: "args.input")"#, NEW)),
        ("put_spread_of_field", write(r#"put(input: New!): Leaf! @put(spread: "args.input.text")"#, NEW)),
        ("put_spread_of_claim", write(r#"put(input: New!): Leaf! @put(spread: "claims.sub")"#, NEW)),
        ("put_version", versioned(put, &new("text: String! rev: Int"))),
        ("put_version_argument", versioned("put(input: New!, rev: Int): Leaf! @put", NEW)),
        ("put_any_with_version", versioned("put(input: New!): Leaf! @put(if: ANY)", NEW)),
        ("put_if_unknown", write("put(input: New!): Leaf! @put(if: ALWAYS)", NEW)),
        ("put_if_string", write(r#"put(input: New!): Leaf! @put(if: "ANY")"#, NEW)),
        ("put_when_without_any", write(r#"put(input: New!): Leaf! @put(when: "row > 1")"#, NEW)),
        ("put_expect", write(r#"put(input: New!, rev: Int): Leaf! @put(expect: "args.rev")"#, NEW)),
        ("put_list", write("put(input: New!): [Leaf!]! @put", NEW)),
        ("put_boolean", write("put(input: New!): Boolean @put", NEW)),
        (
            "put_in_query",
            query_with("put(input: New!): Leaf! @put", &format!("{NEW}\n{}", PAGE.replace("VERSION", ""))),
        ),
        (
            "put_in_a_type",
            write("put(input: New!): Leaf! @put", NEW)
                .replace("  rev: Int\n  self", "  rev: Int\n  leaf(input: New!): Leaf @put\n  self"),
        ),
        ("put_unused_argument", write("put(input: New!, dry: Boolean): Leaf! @put", NEW)),
        ("put_argument_near", write(r#"put(input: New!): Leaf! @put(spraed: "args.input")"#, NEW)),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_nested_inputs() {
    let new = |place: &str| {
        write("put(input: New!): Leaf! @put", &format!("{} {place}", NEW.replace('}', "place: PlaceInput }")))
    };
    let cases: Vec<Case> = vec![
        ("nested_field_missing", new("input PlaceInput { street: String! }")),
        ("nested_field_nullable", new("input PlaceInput { street: String! city: String }")),
        ("nested_field_unknown", new("input PlaceInput { street: String! city: String! zip: String }")),
        ("nested_field_of_wrong_type", new("input PlaceInput { street: String! city: Int! }")),
        ("nested_scalar", new("scalar DateTime").replace("place: PlaceInput", "place: String")),
        (
            "nested_list",
            new("input PlaceInput { street: String! city: String! }")
                .replace("place: PlaceInput", "place: [PlaceInput]"),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_an_update() {
    let update = |arguments: &str| format!("update(id: ID!, {arguments}): Leaf @update");
    let with =
        |arguments: &str, directive: &str| format!("update(id: ID!, {arguments}): Leaf @update({directive})");
    let input = "input: Patch!";
    let all = "input All { shelf: ID! row: Int text: String! tags: [String!]! }";
    let cases: Vec<Case> = vec![
        ("update_unbound", write("update(input: Patch!): Leaf @update", PATCH)),
        ("update_key_nullable", write("update(id: ID, input: Patch!): Leaf @update", PATCH)),
        ("update_sets_nothing", write("update(id: ID!): Leaf @update", "")),
        ("update_sets_the_key", write(&update(input), "input Patch { id: ID text: String }")),
        (
            "update_sets_the_key_by_argument",
            write(r#"update(id: ID!, leaf: ID!, text: String): Leaf @update(bind: {id: "args.leaf"})"#, ""),
        ),
        ("update_sets_the_version", versioned(&update(input), "input Patch { text: String rev: Int }")),
        ("update_touches_an_index", write(&update("shelf: ID!"), "")),
        ("update_touches_with_null", write(&update("shelf: ID, row: Int!"), "")),
        ("update_any_touches", versioned(&with("input: All!", "if: ANY"), &all.replace("row: Int", ""))),
        (
            "update_any_incomplete",
            versioned(&with("input: All!", "if: ANY"), &all.replace("row: Int text: String!", "row: Int!")),
        ),
        (
            "update_any_nullable",
            versioned(
                &with("input: All!", "if: ANY"),
                &all.replace("row: Int text: String!", "row: Int! text: String"),
            ),
        ),
        (
            "update_renewed_touches",
            write(&update("text: String!"), "")
                .replace(
                    "made: DateTime! @attribute(generate: CREATED_AT)",
                    "made: DateTime! @attribute(generate: UPDATED_AT)",
                )
                .replace("${row}#${id}", "${made}"),
        ),
        (
            "update_expect_without_version",
            write(&with("input: Patch!, rev: Int", r#"expect: "args.rev""#), PATCH),
        ),
        (
            "update_expect_text",
            versioned(&with("input: Patch!, rev: String", r#"expect: "args.rev""#), PATCH),
        ),
        (
            "update_expect_unknown",
            versioned(&with("input: Patch!, rev: Int", r#"expect: "args.rve""#), PATCH),
        ),
        ("update_expect_claim", versioned(&with(input, r#"expect: "claims.level""#), PATCH)),
        ("update_expect_no_string", versioned(&with("input: Patch!, rev: Int", "expect: rev"), PATCH)),
        ("update_list", write("update(id: ID!, input: Patch!): [Leaf] @update", PATCH)),
        (
            "update_in_query",
            query_with(
                "update(id: ID!, input: Patch!): Leaf @update",
                &format!("{PATCH}\n{}", PAGE.replace("VERSION", "")),
            ),
        ),
        ("update_argument_near", write(&with(input, r#"whne: "row > 1""#), PATCH)),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_delete() {
    let cases: Vec<Case> = vec![
        ("delete_unbound", mutation("delete: Note @delete")),
        (
            "delete_bind_left_over",
            mutation(r#"delete(id: ID!, x: String): Note @delete(bind: {title: "args.x"})"#),
        ),
        ("delete_unused_argument", mutation("delete(id: ID!, title: String): Note @delete")),
        (
            "delete_expect_of_input",
            mutation_with(
                r#"delete(id: ID!, input: In!): Note @delete(expect: "args.input")"#,
                "input In { rev: Int }",
            ),
        ),
        (
            "delete_spread",
            mutation_with(
                r#"delete(id: ID!, input: In!): Note @delete(spread: "args.input")"#,
                "input In { rev: Int }",
            ),
        ),
        ("delete_if_unknown", mutation("delete(id: ID!): Note @delete(if: NONE)")),
        ("delete_list", mutation("delete(id: ID!): [Note!]! @delete")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_write_may_be() {
    let put = "put(input: New!): Leaf! @put";
    let cases: Vec<Case> = vec![
        ("a put", versioned(put, NEW)),
        (
            "a put that replaces",
            write(
                r#"put(input: New!): Leaf! @put(if: ANY, when: "row < args.input.max")"#,
                &NEW.replace("row", "max: Int! = 5 row"),
            ),
        ),
        (
            "arguments beside the input",
            write("put(id: ID!, input: New!): Leaf! @put", &NEW.replace("id: ID!", "")),
        ),
        (
            "spread named",
            write(
                r#"put(input: New!, other: Other): Leaf! @put(spread: "args.input", bind: {row: "args.other.row"})"#,
                &format!("{} input Other {{ row: Int }}", NEW.replace("row: Int", "")),
            ),
        ),
        (
            "spread within",
            write(
                r#"put(input: Both!): Leaf! @put(spread: "args.input.leaf")"#,
                &format!("{NEW} input Both {{ leaf: New! }}"),
            ),
        ),
        (
            "a field of the input drawn elsewhere",
            write(
                r#"put(input: New!): Leaf! @put(bind: {shelf: "args.input.board"})"#,
                &NEW.replace("shelf: ID!", "board: ID!"),
            ),
        ),
        ("an update by arguments", versioned("update(id: ID!, shelf: ID!): Leaf @update", "")),
        ("an update of a whole index key", write("update(id: ID!, shelf: ID!, row: Int!): Leaf @update", "")),
        (
            "a version expected by its name",
            versioned(r#"update(id: ID!, text: String, rev: Int): Leaf @update(expect: "args.rev")"#, ""),
        ),
        (
            "a version expected in the input",
            versioned(
                r#"update(id: ID!, input: Patch!): Leaf @update(expect: "args.input.rev")"#,
                "input Patch { text: String rev: Int }",
            ),
        ),
        (
            "a key in the input",
            versioned(
                r#"update(input: Patch!): Leaf @update(bind: {id: "args.input.id"})"#,
                "input Patch { id: ID! text: String }",
            ),
        ),
        (
            "an update that may make",
            write(
                "update(id: ID!, input: All!): Leaf! @update(if: ANY)",
                "input All { shelf: ID! row: Int! text: String! tags: [String!]! }",
            ),
        ),
        (
            "a delete of anything",
            mutation(
                r#"delete(id: ID!, rev: Int): Note @delete(if: ANY, expect: "args.rev", when: "not exists(title)")"#,
            ),
        ),
        (
            "inputs that contain themselves",
            write(
                "put(input: New!): Tree! @put",
                r#"input New { id: ID! tree: TreeInput } input TreeInput { name: String! kids: [TreeInput!] }
            type Tree @item(table: "main", pk: "T#${tenant}#TREE#${id}", sk: "META") { id: ID! tree: Node } type Node { name: String! kids: [Node!] }"#,
            ),
        ),
    ];
    each_compiles(&cases);
}
