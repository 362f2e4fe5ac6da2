//! Operations that are run for the elements of a list: which list, and what cannot be done with many items at once.

use super::{Case, each_compiles, each_has_one_mistake, mutation, mutation_with, query, query_with};

const NEW: &str = "input New { book: ID! page: Int! text: String }";
const KEY: &str = "input Key { book: ID! page: Int! id: ID! }";
const SHARED: &str =
    "type One @item(table: \"main\", pk: \"T#${tenant}#S#${id}\", sk: \"META\", type: \"kind\") { id: ID! }
type Two @item(table: \"main\", pk: \"T#${tenant}#S#${id}\", sk: \"META\", type: \"kind\") { id: ID! }";

/// A field of the type `Note`, which is a relation then.
fn relation(field: &str) -> String {
    query("note(id: ID!): Note @get").replace("  rev: Int\n", &format!("  rev: Int\n  {field}\n"))
}

#[test]
fn mistakes_in_a_get_of_a_list() {
    let cases: Vec<Case> = vec![
        ("list_get_without_a_list", query("notes(id: ID!): [Note]! @get")),
        ("list_get_of_lists", query(r#"notes(ids: [ID!]!): [[Note]!]! @get(bind: {id: "args.ids"})"#)),
        ("list_get_of_one", query(r#"note(ids: [ID!]!): Note @get(bind: {id: "args.ids"})"#)),
        ("list_get_of_a_nullable_list", query(r#"notes(ids: [ID!]): [Note]! @get(bind: {id: "args.ids"})"#)),
        (
            "list_get_of_nullable_elements",
            query(r#"notes(ids: [ID]!): [Note]! @get(bind: {id: "args.ids"})"#),
        ),
        ("list_get_of_wrong_elements", query(r#"notes(ids: [Int!]!): [Note]! @get(bind: {id: "args.ids"})"#)),
        ("list_get_of_two_lists", query("lines(book: [ID!]!, page: [Int!]!, id: ID!): [Line]! @get")),
        (
            "list_get_of_a_list_and_inputs",
            query_with(
                r#"lines(book: [ID!]!, keys: [Key!]!): [Line]! @get(bind: {page: "args.keys.page", id: "args.keys.id"})"#,
                KEY,
            ),
        ),
        (
            "list_get_of_nullable_inputs",
            query_with(
                r#"lines(book: ID!, keys: [Key]!, id: ID!): [Line]! @get(bind: {page: "args.keys.page"})"#,
                KEY,
            ),
        ),
        (
            "list_get_of_wrong_list_of_parents",
            relation(
                r#"others: [Line]! @get(bind: {book: "parent.id", page: "parent.tags", id: "parent.id"})"#,
            ),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_writes_of_a_list() {
    let cases: Vec<Case> = vec![
        ("list_put_of_a_condition", mutation_with("put(inputs: [New!]!): [Line!]! @put", NEW)),
        (
            "list_put_with_when",
            mutation_with(r#"put(inputs: [New!]!): [Line!]! @put(if: ANY, when: "exists(text)")"#, NEW),
        ),
        (
            "list_put_of_a_version",
            mutation(
                "put(ids: [ID!]!, author: ID!, state: State!, at: DateTime!): [Note!]! @put(if: ANY, bind: {id: \"args.ids\"})",
            ),
        ),
        (
            "list_put_of_shared_keys",
            mutation_with(r#"put(ids: [ID!]!): [One!]! @put(if: ANY, bind: {id: "args.ids"})"#, SHARED),
        ),
        ("list_put_without_a_list", mutation_with("put(input: New!): [Line!]! @put(if: ANY)", NEW)),
        ("list_put_of_nullable_inputs", mutation_with("put(inputs: [New]!): [Line!]! @put(if: ANY)", NEW)),
        (
            "list_put_of_two_lists",
            mutation_with(
                "put(book: [ID!]!, inputs: [Rest!]!): [Line!]! @put(if: ANY)",
                "input Rest { page: Int! }",
            ),
        ),
        (
            "list_update",
            mutation("update(ids: [ID!]!, title: String): [Note]! @update(bind: {id: \"args.ids\"})"),
        ),
        (
            "list_delete_of_items",
            mutation(r#"drop(ids: [ID!]!): [Note]! @delete(if: ANY, bind: {id: "args.ids"})"#),
        ),
        (
            "list_delete_of_nothing",
            mutation(r#"drop(ids: [ID!]!): [Boolean!]! @delete(if: ANY, bind: {id: "args.ids"})"#),
        ),
        (
            "list_delete_of_unknown_type",
            mutation(r#"drop(ids: [ID!]!): [Boolean!]! @delete(of: "Nte", if: ANY, bind: {id: "args.ids"})"#),
        ),
        (
            "list_delete_of_a_value",
            mutation(
                r#"drop(ids: [ID!]!): [Boolean!]! @delete(of: "Place", if: ANY, bind: {id: "args.ids"})"#,
            ),
        ),
        (
            "list_delete_of_a_condition",
            mutation(r#"drop(ids: [ID!]!): [Boolean!]! @delete(of: "Note", bind: {id: "args.ids"})"#),
        ),
        (
            "list_delete_with_expect",
            mutation(
                r#"drop(ids: [ID!]!, rev: Int): [Boolean!]! @delete(of: "Note", if: ANY, expect: "args.rev", bind: {id: "args.ids"})"#,
            ),
        ),
        (
            "list_delete_of_shared_keys",
            mutation_with(
                r#"drop(ids: [ID!]!): [Boolean!]! @delete(of: "One", if: ANY, bind: {id: "args.ids"})"#,
                SHARED,
            ),
        ),
        (
            "list_delete_without_a_list",
            mutation(r#"drop(id: ID!): [Boolean!]! @delete(of: "Note", if: ANY)"#),
        ),
        ("delete_of_one_with_of", mutation(r#"drop(id: ID!): Note @delete(of: "Note")"#)),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_may_be_done_with_a_list() {
    let cases: Vec<Case> = vec![
        ("keys", query(r#"notes(ids: [ID!]!): [Note]! @get(bind: {id: "args.ids"})"#)),
        ("keys by name", query("notes(id: [ID!]!): [Note!] @get(consistent: true)")),
        ("keys with a default", query(r#"notes(id: [ID!] = ["a"]): [Note] @get"#)),
        ("one key is a list", query("lines(book: ID!, page: [Int!]!, id: ID!): [Line]! @get")),
        (
            "keys in inputs",
            query_with(
                r#"lines(book: ID!, keys: [Key!]!): [Line]! @get(bind: {page: "args.keys.page", id: "args.keys.id"})"#,
                "input Key { page: Int! id: ID! }",
            ),
        ),
        ("a list of the parent's", relation(r#"others: [Note]! @get(bind: {id: "parent.tags"})"#)),
        ("inputs", mutation_with("put(inputs: [New!]!): [Line]! @put(if: ANY)", NEW)),
        (
            "inputs with what is the same for all",
            mutation_with(
                "put(book: ID!, page: Int!, inputs: [Rest!]!): [Line!]! @put(if: ANY)",
                "input Rest { text: String }",
            ),
        ),
        ("values", mutation("put(book: ID!, page: Int!, text: [String!]!): [Line!]! @put(if: ANY)")),
        (
            "deletions",
            mutation(r#"drop(ids: [ID!]!): [Boolean]! @delete(of: "Note", if: ANY, bind: {id: "args.ids"})"#),
        ),
    ];
    each_compiles(&cases);
}
