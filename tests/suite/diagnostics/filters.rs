//! Filters that are made, counts, and paging in two directions.

use super::{Case, beside, each_compiles, each_has_one_mistake, query_with};

/// A query with a filter of its own.
fn filtered(directive: &str) -> String {
    query_with(
        "notes(author: ID!, where: NoteFilter): [Note!]! @query(index: \"byAuthor\", where: \"args.where\")",
        &format!("input NoteFilter @filter({directive})"),
    )
}

/// A query, with a filter of notes and one of lines beside it.
fn asked(field: &str) -> String {
    query_with(
        field,
        "input NoteFilter @filter(of: \"Note\")\ninput LineFilter @filter(of: \"Line\")\ninput Plain { a: Int }",
    )
}

#[test]
fn mistakes_in_a_filter() {
    let cases: Vec<Case> = vec![
        ("filter_without_of", filtered("fields: [\"title\"]")),
        ("filter_of_unknown", filtered("of: \"Nte\"")),
        ("filter_of_no_items", filtered("of: \"Place\"")),
        ("filter_of_another", filtered("of: \"Line\"")),
        ("filter_field_unknown", filtered("of: \"Note\", fields: [\"titel\"]")),
        ("filter_field_that_runs", filtered("of: \"Note\", fields: [\"self\"]")),
        ("filter_field_twice", filtered("of: \"Note\", fields: [\"title\", \"title\"]")),
        ("filter_argument_unknown", filtered("of: \"Note\", field: \"title\"")),
        ("filter_with_fields", beside("input Odd @filter(of: \"Note\") { a: Int }")),
        ("filter_on_a_type", beside("type Odd @filter(of: \"Note\") { a: Int }")),
        ("filter_takes_a_name", beside("input Odd @filter(of: \"Note\")\nenum StringOperators { A }")),
        (
            "filter_joins_by_a_field",
            beside(
                "input Odd @filter(of: \"Logic\")\ntype Logic @item(table: \"main\", pk: \"T#${tenant}#L#${id}\", sk: \"L\") { id: ID! not: Int }",
            ),
        ),
        (
            "filter_field_guarded",
            beside(
                "input Odd @filter(of: \"Kept\", fields: [\"a\"])\ntype Kept @item(table: \"main\", pk: \"T#${tenant}#K#${id}\", sk: \"K\") { id: ID! a: Int @requiresScopes(scopes: [[\"a\"]]) }",
            ),
        ),
        (
            "filter_field_of_a_guarded_type",
            beside(
                "input Odd @filter(of: \"Any\", fields: [\"a\"])\nunion Any = Kept\ntype Kept @item(table: \"main\", pk: \"T#${tenant}#K#${id}\", sk: \"K\", type: \"t\") @requiresScopes(scopes: [[\"a\"]]) { id: ID! a: Int }",
            ),
        ),
        (
            "filter_field_hidden",
            beside(
                "input Odd @filter(of: \"Kept\", fields: [\"a\"])\ntype Kept @item(table: \"main\", pk: \"T#${tenant}#K#${id}\", sk: \"K\") { id: ID! a: Int @attribute(hidden: true) }",
            ),
        ),
        (
            "where_of_another_type",
            asked("notes(id: ID!, where: LineFilter): [Note!]! @query(where: \"args.where\")"),
        ),
        ("where_no_filter", asked("notes(id: ID!, where: Plain): [Note!]! @query(where: \"args.where\")")),
        (
            "where_of_a_list",
            asked("notes(id: ID!, where: [NoteFilter!]): [Note!]! @query(where: \"args.where\")"),
        ),
        ("where_of_a_claim", asked("notes(id: ID!): [Note!]! @query(where: \"claims.sub\")")),
        ("where_unknown", asked("notes(id: ID!, where: NoteFilter): [Note!]! @query(where: \"args.were\")")),
        ("where_no_string", asked("notes(id: ID!, where: NoteFilter): [Note!]! @query(where: true)")),
        ("where_not_said", asked("notes(id: ID!, where: NoteFilter): [Note!]! @query")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_count() {
    const EDGE: &str = "type Edge { node: Note! cursor: String! }";
    let notes = |types: &str| query_with("notes(id: ID!): Notes! @query", types);
    let cases: Vec<Case> = vec![
        ("count_of_a_list", query_with("notes(id: ID!): [Note!]! @query(count: true)", "")),
        ("count_no_boolean", query_with("notes(id: ID!): NoteConnection! @query(count: 1)", "")),
        (
            "count_by_one_query",
            query_with(
                "notes(id: ID!): NoteConnection! @query(count: true)\n  more(id: ID!): NoteConnection! @query",
                "",
            ),
        ),
        (
            "count_of_a_written_connection",
            query_with(
                "notes(id: ID!): Notes! @query(count: true)",
                &format!("type Notes {{ edges: [Edge!]! }}\n{EDGE}"),
            ),
        ),
        ("count_unmarked", notes(&format!("type Notes {{ edges: [Edge!]! totalCount: Int! }}\n{EDGE}"))),
        ("count_no_number", notes(&format!("type Notes {{ edges: [Edge!]! all: String @count }}\n{EDGE}"))),
        (
            "count_of_an_edge",
            notes("type Notes { edges: [Edge!]! }\ntype Edge { node: Note! all: Int @count }"),
        ),
        ("count_of_an_item", beside("type Odd { a: Int @count }")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_paging_backwards() {
    let both = |first: &str, rest: &str| {
        query_with(&format!("notes(id: ID!, first: {first}, {rest}): NoteConnection! @query"), "")
    };
    let cases: Vec<Case> = vec![
        ("last_beside_a_default", both("Int = 20", "after: String, last: Int, before: String")),
        ("last_with_a_default", both("Int", "after: String, last: Int = 20, before: String")),
        ("before_beside_a_default", both("Int! = 20", "before: String")),
        ("last_of_wrong_type", both("Int", "last: String")),
        ("before_of_wrong_type", both("Int", "before: Int")),
        ("last_on_a_list", query_with("notes(id: ID!, last: Int): [Note!]! @query", "")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_filter_a_count_and_a_direction_may_be() {
    each_compiles(&[
        ("a filter", filtered("of: \"Note\"")),
        ("a filter of some fields", filtered("of: \"Note\", fields: [\"title\", \"tags\"]")),
        ("a filter that nobody uses", beside("input Odd @filter(of: \"Note\")")),
        (
            "a filter of a connection",
            asked(
                "notes(id: ID!, where: NoteFilter!, first: Int, after: String): NoteConnection! @query(where: \"args.where\")",
            ),
        ),
        ("a count", query_with("notes(id: ID!): NoteConnection! @query(count: true)", "")),
        (
            "a count of a page",
            query_with(
                "notes(id: ID!): Page! @query",
                "type Page { items: [Note!]! nextToken: String all: Int! @count }",
            ),
        ),
        (
            "both directions",
            query_with(
                "notes(id: ID!, first: Int, after: String, last: Int, before: String): NoteConnection! @query",
                "",
            ),
        ),
        (
            "backwards alone",
            query_with("notes(id: ID!, last: Int = 5, before: String): NoteConnection! @query", ""),
        ),
        (
            "PageInfo beside a connection of one's own",
            query_with(
                "notes(id: ID!): Notes! @query",
                "type Notes { edges: [Edge!]! pageInfo: PageInfo! }\ntype Edge { node: Note! cursor: String! }",
            ),
        ),
    ]);
}
