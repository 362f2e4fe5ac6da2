//! `@page`, and the types that pages are made of.

use super::{Case, each_compiles, each_has_one_mistake, query_with};

/// A query that returns a page, and the page's types.
fn page(types: &str) -> String {
    query_with("notes(id: ID!, limit: Int, nextToken: String): Page! @query", types)
}

/// The same, with `@page` on the field.
fn page_on_field(directive: &str, types: &str) -> String {
    query_with(&format!("notes(id: ID!, limit: Int, nextToken: String): Page! @query {directive}"), types)
}

fn connection(types: &str) -> String {
    query_with("notes(id: ID!, first: Int, after: String): Notes! @query", types)
}

/// A connection whose pages have a size where nobody says one.
fn sized(size: i32) -> String {
    query_with(&format!("notes(id: ID!, first: Int = {size}, after: String): NoteConnection! @query"), "")
}

const PAGE: &str = "type Page { items: [Note!]! nextToken: String }";

#[test]
fn mistakes_in_a_page() {
    let cases: Vec<Case> = vec![
        ("page_size_called_otherwise", query_with("notes(id: ID!, size: Int): [Note!]! @query", "")),
        ("page_size_negative", sized(-1)),
        ("page_size_too_large", sized(10_001)),
        ("page_without_items", page("type Page { notes: [Note!]! nextToken: String }")),
        ("page_of_no_items", page("type Page { items: [Place!]! nextToken: String }")),
        ("page_of_one_item", page("type Page { items: Note! nextToken: String }")),
        ("page_of_nested_lists", page("type Page { items: [[Note!]!]! nextToken: String }")),
        ("page_with_more", page("type Page { items: [Note!]! nextToken: String total: Int }")),
        ("page_token_near", page("type Page { items: [Note!]! nextTokn: String }")),
        ("page_token_non_null", page("type Page { items: [Note!]! nextToken: String! }")),
        ("page_token_number", page("type Page { items: [Note!]! nextToken: Int }")),
        (
            "page_items_unknown",
            page("type Page @page(items: \"note\") { notes: [Note!]! nextToken: String }"),
        ),
        ("page_items_no_string", page("type Page @page(items: items) { items: [Note!]! nextToken: String }")),
        (
            "page_items_of_no_items",
            page("type Page @page(items: \"places\") { places: [Place!]! nextToken: String }"),
        ),
        (
            "page_next_unknown",
            page("type Page @page(next: \"cursor\") { items: [Note!]! nextToken: String }"),
        ),
        ("page_next_non_null", page("type Page @page(next: \"more\") { items: [Note!]! more: String! }")),
        (
            "page_on_field_items_unknown",
            page_on_field("@page(items: \"note\")", "type Page { notes: [Note!]! nextToken: String }"),
        ),
        ("page_on_field_after_unknown", page_on_field("@page(after: \"token\")", PAGE)),
        ("page_argument_near", page_on_field("@page(item: \"items\")", PAGE)),
        (
            "page_described_twice",
            page_on_field(
                "@page(items: \"nextToken\")",
                "type Page @page(items: \"items\") { items: [Note!]! nextToken: String }",
            ),
        ),
        ("page_idle_on_type", page(&format!("{PAGE}\ntype Idle @page(items: \"a\") {{ a: [Int!] }}"))),
        ("page_idle_on_list", query_with("notes(id: ID!): [Note!]! @query @page(items: \"items\")", "")),
        ("page_idle_on_get", query_with("note(id: ID!): Note @get @page", "")),
        (
            "page_idle_on_connection",
            query_with("notes(id: ID!): NoteConnection! @query @page(items: \"nodes\")", ""),
        ),
        ("page_field_with_arguments", page("type Page { items(first: Int): [Note!]! nextToken: String }")),
        ("page_field_with_operation", page("type Page { items: [Note!]! @query nextToken: String }")),
        (
            "page_field_with_attribute",
            page("type Page { items: [Note!]! @attribute(name: \"i\") nextToken: String }"),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_connection() {
    const EDGE: &str = "type Edge { node: Note! cursor: String! }";
    let with_edge = |connection_type: &str| connection(&format!("{connection_type}\n{EDGE}"));
    let info = "pageInfo: PageInfo!";
    let cases: Vec<Case> = vec![
        (
            "connection_without_edges",
            connection("type Notes { pageInfo: PageInfo! }\ntype PageInfo { hasNextPage: Boolean! }"),
        ),
        (
            "connection_without_node",
            connection(&format!(
                "type Notes {{ edges: [Edge!]! {info} }}\ntype Edge {{ cursor: String! }}\ntype PageInfo {{ hasNextPage: Boolean! }}"
            )),
        ),
        (
            "connection_of_no_items",
            connection("type Notes { edges: [Edge!]! }\ntype Edge { node: Place! cursor: String! }"),
        ),
        ("connection_with_more", with_edge("type Notes { edges: [Edge!]! total: Int! }")),
        ("connection_edges_no_list", with_edge("type Notes { edges: Edge! }")),
        ("connection_nodes_of_another", with_edge("type Notes { edges: [Edge!]! nodes: [Line!]! }")),
        (
            "connection_node_list",
            connection("type Notes { edges: [Edge!]! }\ntype Edge { node: [Note!]! cursor: String! }"),
        ),
        (
            "connection_edge_with_more",
            connection(
                "type Notes { edges: [Edge!]! }\ntype Edge { node: Note! cursor: String! at: DateTime }",
            ),
        ),
        (
            "connection_cursor_number",
            connection("type Notes { edges: [Edge!]! }\ntype Edge { node: Note! cursor: Int! }"),
        ),
        ("connection_page_info_scalar", with_edge("type Notes { edges: [Edge!]! pageInfo: String }")),
        (
            "connection_has_next_text",
            with_edge("type Notes { edges: [Edge!]! pageInfo: Info! }\ntype Info { hasNextPage: String }"),
        ),
        (
            "connection_end_cursor_non_null",
            with_edge("type Notes { edges: [Edge!]! pageInfo: Info! }\ntype Info { endCursor: String! }"),
        ),
        (
            "connection_edge_by_another_kind",
            query_with("notes(id: ID!): NoteConnection! @query", "enum NoteEdge { A }"),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_page_may_be() {
    let cases: Vec<Case> = vec![
        ("the usual names", page(PAGE)),
        (
            "names by the type",
            page(
                "type Page @page(items: \"notes\", next: \"more\", after: \"nextToken\") { notes: [Note] more: String }",
            ),
        ),
        (
            "names by the field",
            page_on_field(
                "@page(items: \"notes\", next: \"more\", after: \"nextToken\")",
                "type Page { notes: [Note!] more: String }",
            ),
        ),
        (
            "said twice alike",
            page_on_field(
                "@page(items: \"items\")",
                &PAGE.replace("Page {", "Page @page(items: \"items\") {"),
            ),
        ),
        (
            "a connection of one's own",
            connection(
                "type Notes { edges: [Edge] nodes: [Note!] pageInfo: Info! }\ntype Edge { node: Note cursor: String! }\ntype Info { hasNextPage: Boolean! endCursor: String }",
            ),
        ),
        (
            "nodes alone",
            connection("type Notes { nodes: [Note!]! pageInfo: Info! }\ntype Info { hasNextPage: Boolean! }"),
        ),
    ];
    each_compiles(&cases);
}
