//! `@query`: index, sort key, range, filter, paging arguments.

use super::{Case, each_compiles, each_has_one_mistake, query, query_with};

/// A query over the lines of a book, by their keys.
fn lines(arguments: &str, directive: &str) -> String {
    query(&format!("lines(book: ID!, {arguments}): [Line!]! @query{directive}"))
}

/// A query over an author's notes, by the index.
fn by_author(arguments: &str, rest: &str) -> String {
    query(&format!("notes(author: ID!, {arguments}): [Note!]! @query(index: \"byAuthor\", {rest})"))
}

#[test]
fn mistakes_in_a_query() {
    let cases: Vec<Case> = vec![
        ("query_one_item", query("note(id: ID!): Note @query")),
        ("query_list_of_lists", query("notes(id: ID!): [[Note!]!]! @query")),
        ("query_scalar", query("notes(id: ID!): [String!]! @query")),
        ("query_value_type", query("places(id: ID!): [Place!]! @query")),
        ("query_unknown_type", query("notes(id: ID!): [Nte!]! @query")),
        ("query_unknown_connection", query("notes(id: ID!): NotConnection! @query")),
        (
            "query_list_of_connections",
            query("all(id: ID!): NoteConnection! @query  notes(id: ID!): [NoteConnection!]! @query"),
        ),
        ("query_edge", query("all(id: ID!): NoteConnection! @query  note(id: ID!): NoteEdge @query")),
        ("query_index_unknown", query(r#"notes(author: ID!): [Note!]! @query(index: "byAutor")"#)),
        ("query_index_by_physical_name", query(r#"notes(author: ID!): [Note!]! @query(index: "gsi1")"#)),
        ("query_index_no_string", query("notes(author: ID!): [Note!]! @query(index: byAuthor)")),
        ("query_index_does_not_hold", query(r#"notes(title: String!): [Note!]! @query(index: "byTitle")"#)),
        ("query_order_unknown", query("notes(id: ID!): [Note!]! @query(order: DOWN)")),
        ("query_order_string", query(r#"notes(id: ID!): [Note!]! @query(order: "DESC")"#)),
        ("query_consistent_index", by_author("", "consistent: true")),
        ("query_consistent_no_boolean", query("notes(id: ID!): [Note!]! @query(consistent: 1)")),
        ("query_argument_near", query("notes(id: ID!): [Note!]! @query(filtr: [])")),
        ("query_unbound", query("notes: [Note!]! @query")),
        ("query_partition_nullable", query("notes(id: ID): [Note!]! @query")),
        ("query_unused_argument", query("notes(id: ID!, words: String): [Note!]! @query")),
        (
            "query_bind_left_over",
            query(r#"notes(id: ID!, x: String): [Note!]! @query(bind: {title: "args.x"})"#),
        ),
        ("query_sort_key_gap", lines("id: ID", "")),
        ("query_sort_key_gap_by_bind", lines("x: ID", r#"(bind: {id: "args.x"})"#)),
        ("query_sort_key_of_wrong_type", lines("page: String", "")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_range() {
    let range = |arguments: &str, range: &str| {
        by_author(&format!("state: State!, {arguments}"), &format!("range: {range}"))
    };
    let cases: Vec<Case> = vec![
        ("range_no_object", range("from: DateTime", r#""at""#)),
        ("range_without_of", range("from: DateTime", r#"{from: "args.from"}"#)),
        (
            "range_member_unknown",
            range("from: DateTime", r#"{of: "at", form: "args.from", to: "args.from"}"#),
        ),
        ("range_without_ends", range("x: DateTime", r#"{of: "at"}"#)),
        ("range_of_no_string", range("from: DateTime", r#"{of: at, from: "args.from"}"#)),
        ("range_of_unknown", range("from: DateTime", r#"{of: "att", from: "args.from"}"#)),
        ("range_of_a_later_field", range("from: ID", r#"{of: "id", from: "args.from"}"#)),
        ("range_of_a_bound_field", range("at: DateTime, from: State", r#"{of: "state", from: "args.from"}"#)),
        ("range_of_no_key", range("from: String", r#"{of: "title", from: "args.from"}"#)),
        (
            "range_of_nothing_left",
            query(
                r#"notes(id: ID!, from: String): [Note!]! @query(range: {of: "title", from: "args.from"})"#,
            ),
        ),
        ("range_from_no_string", range("from: DateTime", "{of: \"at\", from: from}")),
        ("range_from_unknown", range("from: DateTime", r#"{of: "at", from: "args.since"}"#)),
        ("range_from_of_wrong_type", range("from: Date", r#"{of: "at", from: "args.from"}"#)),
        (
            "range_to_of_wrong_type",
            range("from: DateTime, to: Int", r#"{of: "at", from: "args.from", to: "args.to"}"#),
        ),
        ("range_to_root", range("from: DateTime", r#"{of: "at", to: "argument.from"}"#)),
        ("range_of_unpadded_int", lines("from: Int", r#"(range: {of: "page", from: "args.from"})"#)),
        ("range_of_enum", by_author("from: State", r#"range: {of: "state", from: "args.from"}"#)),
        (
            "range_of_text_before_more",
            query_with(
                r#"words(id: ID!, from: String): [Word!]! @query(range: {of: "word", from: "args.from"})"#,
                r#"type Word @item(table: "main", pk: "T#${tenant}#WORD#${id}", sk: "${word}#${number}") { id: ID! word: String! number: Int! }"#,
            ),
        ),
        (
            "range_of_int_that_is_text",
            query_with(
                r#"words(id: ID!, from: Int): [Word!]! @query(range: {of: "number", from: "args.from"})"#,
                r#"type Word @item(table: "main", pk: "T#${tenant}#WORD#${id}", sk: "${number}") { id: ID! number: Int! }"#,
            ),
        ),
        (
            "range_of_boolean",
            query_with(
                r#"words(id: ID!, from: Boolean): [Word!]! @query(range: {of: "done", from: "args.from"})"#,
                r#"type Word @item(table: "main", pk: "T#${tenant}#WORD#${id}", sk: "${done}") { id: ID! done: Boolean! }"#,
            ),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_filter_and_in_paging() {
    let filter = |arguments: &str, filter: &str| by_author(arguments, &format!("filter: {filter}"));
    let connection = |arguments: &str| query(&format!("notes(id: ID!, {arguments}): NoteConnection! @query"));
    let cases: Vec<Case> = vec![
        ("filter_unknown", filter("titel: String", r#"["titel"]"#)),
        ("filter_of_operation", filter("self: ID", r#"["self"]"#)),
        (
            "filter_of_key",
            query_with(
                r#"words(id: ID!, word: String): [Word!]! @query(filter: ["word"])"#,
                r#"type Word @item(table: "main", pk: "T#${tenant}#WORD#${id}", sk: "${word}") { id: ID! word: String! }"#,
            ),
        ),
        ("filter_of_object", filter("done: Boolean, place: String", r#"["done", "place"]"#)),
        ("filter_of_list", filter("tags: [String!]", r#"["tags"]"#)),
        ("filter_of_json", filter("more: JSON", r#"["more"]"#)),
        (
            "filter_without_argument",
            filter("x: Int = 1", r#"["title"]"#).replace("author: ID!, x: Int = 1", "author: ID!"),
        ),
        ("filter_of_wrong_type", filter("title: Int", r#"["title"]"#)),
        ("filter_no_strings", filter("title: String", "[title]")),
        ("filter_no_list", filter("title: String", "{title: true}")),
        ("first_of_wrong_type", connection("first: String")),
        ("after_of_wrong_type", connection("after: Int")),
        ("after_on_a_list", query("notes(id: ID!, after: String): [Note!]! @query")),
        ("limit_beside_first", connection("first: Int, limit: Int")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_query_may_be() {
    let cases: Vec<Case> = vec![
        ("a sort key bound in part", by_author("state: State, at: DateTime", "order: DESC")),
        ("a sort key bound whole", lines("page: Int!, id: ID!", "")),
        (
            "a range over what is next",
            by_author(
                "state: State, from: DateTime, to: DateTime",
                r#"range: {of: "at", from: "args.from", to: "args.to"}"#,
            ),
        ),
        (
            "a range over text at the end",
            by_author("state: State!, at: DateTime!, from: ID", r#"range: {of: "id", from: "args.from"}"#),
        ),
        (
            "a filter by bind and by name",
            by_author("x: String, done: Boolean", r#"bind: {title: "args.x"}, filter: ["title", "done"]"#),
        ),
        (
            "a filter by what the key binds too",
            by_author("x: State", r#"bind: {state: "args.x"}, filter: ["state"]"#),
        ),
        ("one filter", by_author("title: String", r#"filter: "title""#)),
        (
            "a page",
            query("notes(id: ID!, first: Int = 10, after: String): NoteConnection! @query(consistent: true)"),
        ),
    ];
    each_compiles(&cases);
}
