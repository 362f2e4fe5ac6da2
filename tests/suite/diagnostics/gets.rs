//! `@get`, `bind`, and how keys are bound.

use super::{Case, each_compiles, each_has_one_mistake, query, query_with};

/// A field of the type `Note`, which is a relation then.
fn relation(field: &str) -> String {
    query("note(id: ID!): Note @get").replace("  rev: Int\n", &format!("  rev: Int\n  {field}\n"))
}

const INPUT: &str = "input Where { id: ID! inner: Inner maybe: ID }\ninput Inner { id: ID! = \"x\" }";

#[test]
fn mistakes_in_a_get() {
    let cases: Vec<Case> = vec![
        ("get_unbound", query("note: Note @get")),
        ("get_unbound_by_another_name", query("note(note: ID!): Note @get")),
        ("get_nullable_key", query("note(id: ID): Note @get")),
        ("get_key_of_wrong_type", query("note(id: Int!): Note @get")),
        ("get_key_of_list", query("note(id: [ID!]!): Note @get")),
        ("get_key_of_unknown_type", query("note(id: Uuid!): Note @get")),
        ("get_list", query("notes(id: ID!): [Note]! @get")),
        ("get_scalar", query("note(id: ID!): String @get")),
        ("get_enum", query("note(id: ID!): State @get")),
        ("get_value_type", query("place(id: ID!): Place @get")),
        ("get_unknown_type", query("note(id: ID!): Nte @get")),
        ("get_root", query("query: Query @get")),
        (
            "get_connection",
            query("notes(id: ID!): NoteConnection! @query  note(id: ID!): NoteConnection @get"),
        ),
        ("get_unused_argument", query("note(id: ID!, lang: String): Note @get")),
        ("get_argument_near", query("note(id: ID!): Note @get(consistant: true)")),
        ("get_consistent_no_boolean", query("note(id: ID!): Note @get(consistent: STRONG)")),
        ("get_twice", query("note(id: ID!): Note @get @get")),
        ("get_and_query", query("note(id: ID!): Note @get @query")),
        ("get_on_a_type", query("note(id: ID!): Note @get").replace("type Place", "type Place @get")),
        ("get_on_an_argument", query("note(id: ID! @get): Note @get")),
        ("get_misspelt", query("note(id: ID!): Note @gett")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_bind() {
    let cases: Vec<Case> = vec![
        ("bind_no_object", query(r#"note(x: ID!): Note @get(bind: "args.x")"#)),
        ("bind_list", query(r#"note(x: ID!): Note @get(bind: [{id: "args.x"}])"#)),
        ("bind_name_unknown", query(r#"note(x: ID!): Note @get(bind: {di: "args.x"})"#)),
        ("bind_name_of_operation", query(r#"note(id: ID!, x: ID!): Note @get(bind: {self: "args.x"})"#)),
        ("bind_name_twice", query(r#"note(x: ID!, y: ID!): Note @get(bind: {id: "args.x", id: "args.y"})"#)),
        ("bind_name_no_key", query(r#"note(id: ID!, x: ID!): Note @get(bind: {author: "args.x"})"#)),
        ("bind_value_no_string", query("note(x: ID!): Note @get(bind: {id: x})")),
        ("bind_value_number", query("note: Note @get(bind: {id: 5})")),
        ("bind_value_empty", query(r#"note(x: ID!): Note @get(bind: {id: ""})"#)),
        ("bind_root_unknown", query(r#"note(x: ID!): Note @get(bind: {id: "arg.x"})"#)),
        ("bind_root_missing", query(r#"note(x: ID!): Note @get(bind: {id: "x"})"#)),
        ("bind_args_alone", query(r#"note(x: ID!): Note @get(bind: {id: "args"})"#)),
        ("bind_args_dot", query(r#"note(x: ID!): Note @get(bind: {id: "args."})"#)),
        ("bind_argument_unknown", query(r#"note(noteId: ID!): Note @get(bind: {id: "args.noteid"})"#)),
        ("bind_argument_has_no_fields", query(r#"note(x: ID!): Note @get(bind: {id: "args.x.id"})"#)),
        (
            "bind_into_input_unknown",
            query_with(r#"note(at: Where!): Note @get(bind: {id: "args.at.ids"})"#, INPUT),
        ),
        (
            "bind_into_inner_unknown",
            query_with(r#"note(at: Where!): Note @get(bind: {id: "args.at.inner.di"})"#, INPUT),
        ),
        (
            "bind_into_nullable_input",
            query_with(r#"note(at: Where): Note @get(bind: {id: "args.at.id"})"#, INPUT),
        ),
        (
            "bind_into_nullable_inner",
            query_with(r#"note(at: Where!): Note @get(bind: {id: "args.at.inner.id"})"#, INPUT),
        ),
        (
            "bind_into_nullable_field",
            query_with(r#"note(at: Where!): Note @get(bind: {id: "args.at.maybe"})"#, INPUT),
        ),
        ("bind_into_list", query_with(r#"note(at: [Where!]!): Note @get(bind: {id: "args.at.id"})"#, INPUT)),
        ("bind_to_whole_input", query_with(r#"note(at: Where!): Note @get(bind: {id: "args.at"})"#, INPUT)),
        ("bind_trailing_dot", query_with(r#"note(at: Where!): Note @get(bind: {id: "args.at."})"#, INPUT)),
        ("bind_argument_of_wrong_type", query(r#"note(x: Int!): Note @get(bind: {id: "args.x"})"#)),
        ("bind_parent_of_a_root", query(r#"note: Note @get(bind: {id: "parent.id"})"#)),
        ("bind_parent_alone", relation(r#"other: Note @get(bind: {id: "parent"})"#)),
        ("bind_parent_unknown", relation(r#"other: Note @get(bind: {id: "parent.auhtor"})"#)),
        ("bind_parent_operation", relation(r#"other: Note @get(bind: {id: "parent.self"})"#)),
        ("bind_parent_of_wrong_type", relation(r#"other: Note @get(bind: {id: "parent.count"})"#)),
        ("bind_claim_unknown", query(r#"note: Note @get(bind: {id: "claims.email"})"#)),
        ("bind_claim_of_wrong_kind", query(r#"note: Note @get(bind: {id: "claims.level"})"#)),
        ("bind_claim_list", query(r#"note: Note @get(bind: {id: "claims.groups"})"#)),
        ("snapshot_of_one", query("note(id: ID!): Note @get(snapshot: true)")),
        (
            "snapshot_consistent",
            query(
                r#"notes(ids: [ID!]!): [Note]! @get(bind: {id: "args.ids"}, snapshot: true, consistent: true)"#,
            ),
        ),
        ("bind_tenant", query(r#"note: Note @get(bind: {id: "tenant"})"#)),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_get_may_be() {
    let cases: Vec<Case> = vec![
        ("a default", query(r#"note(id: ID = "first"): Note @get"#)),
        ("text for an id", query("note(id: String!): Note @get(consistent: false)")),
        (
            "a field within an input",
            query_with(r#"note(at: Where!): Note @get(bind: {id: "args.at.id"})"#, INPUT),
        ),
        ("a claim", query(r#"mine: Note @get(bind: {id: "claims.sub"})"#)),
        ("a parent that may be null", relation(r#"other: Note @get(bind: {id: "parent.title"})"#)),
        ("a relation with an argument", relation("other(id: ID!): Note @get")),
        ("null is absent", query("note(id: ID!): Note @get(bind: null, consistent: null)")),
    ];
    each_compiles(&cases);
}
