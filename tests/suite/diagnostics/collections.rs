//! Interfaces and unions: who belongs to them, what an interface promises, and what one query can find.

use super::{Case, beside, each_compiles, each_has_one_mistake, query_with};

/// Two types beside each other, with a field that differs, and what they are called together.
fn parts(about: &str) -> String {
    format!(
        r#"{about}
type Head implements Part @item(table: "main", pk: "T#${{tenant}}#DOC#${{id}}", sk: "HEAD", type: "__typename") {{
  id: ID!
  title: String
}}
type Page implements Part @item(table: "main", pk: "T#${{tenant}}#DOC#${{doc}}", sk: "PAGE#${{number}}", type: "__typename") {{
  doc: ID!
  number: Int! @attribute(pad: 4)
  title: String
}}
interface Part {{ title: String }}
union Any = Head | Page"#
    )
}

/// A query of them, with a change.
fn queried(field: &str, change: (&str, &str)) -> String {
    let text = query_with(field, &parts(""));
    let changed = text.replacen(change.0, change.1, 1);
    assert!(text != changed || change.0 == change.1, "the change of {} changes nothing", change.0);
    changed
}

const QUERY: &str = "parts(id: ID!): [Part!]! @query";

#[test]
fn mistakes_in_an_interface_or_a_union() {
    let with = |text: &str| beside(&parts(text));
    let changed = |from: &str, to: &str| {
        let text = beside(&parts(""));
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed);
        changed
    };
    let cases: Vec<Case> = vec![
        ("interface_unknown", changed("implements Part", "implements Prt")),
        ("interface_implemented_is_a_type", changed("implements Part", "implements Place")),
        ("interface_twice", changed("implements Part", "implements Part & Part")),
        ("interface_of_an_interface", with("interface More implements Part { title: String }")),
        ("interface_field_missing", changed("interface Part {", "interface Part { doc: ID!")),
        (
            "interface_field_of_another_type",
            changed(
                "  title: String
}
type Page",
                "  title: ID
}
type Page",
            ),
        ),
        (
            "interface_field_promises_more",
            changed(
                "  title: String
}
type Page",
                "  title: String!
}
type Page",
            ),
        ),
        (
            "interface_field_hidden",
            changed(
                "  title: String\n}\ntype Page",
                "  title: String @attribute(hidden: true)\n}\ntype Page",
            ),
        ),
        ("interface_field_twice", with("interface Odd { a: Int a: Int }")),
        ("interface_field_reserved", with("interface Odd { __a: Int }")),
        ("interface_field_unknown_type", with("interface Odd { a: Strng }")),
        ("interface_field_with_operation", with("interface Odd { a: [Part!]! @query }")),
        ("interface_with_item", with("interface Odd @item(table: \"main\", pk: \"T#${tenant}\") { a: Int }")),
        ("interface_empty", with("interface Odd")),
        ("union_empty", with("union Odd")),
        ("union_member_unknown", with("union Odd = Hed")),
        ("union_member_twice", with("union Odd = Head | Page | Head")),
        ("union_member_scalar", with("union Odd = Head | State")),
        ("union_member_root", with("union Odd = Head | Query")),
        ("union_with_item", with("union Odd @item(table: \"main\", pk: \"T#${tenant}\") = Head")),
        ("union_sent", query_with("any(id: Any): Note @get(bind: {id: \"args.id\"})", &parts(""))),
        ("abstract_attribute", with("type Odd { part: Part }")),
        ("abstract_got", query_with("part(id: ID!): Part @get", &parts(""))),
        (
            "interface_argument_missing",
            beside(
                "interface Odd { self(id: ID): Note }\ntype Even implements Odd { self: Note @get(bind: {id: \"parent.id\"}) id: ID! }",
            ),
        ),
        (
            "interface_argument_of_another_type",
            beside(
                "interface Odd { self(id: String!): Note }\ntype Even implements Odd { self(id: ID!): Note @get }",
            ),
        ),
        (
            "interface_argument_required_alone",
            beside("interface Odd { self: Note }\ntype Even implements Odd { self(id: ID!): Note @get }"),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_query_of_several_types() {
    let same = ("", "");
    let head = r#"sk: "HEAD", type: "__typename""#;
    let index = |name: &str, alias: &str, pk: &str| {
        format!(
            "type: \"__typename\")\n  @index(name: \"{name}\", as: \"{alias}\", pk: \"T#${{tenant}}#{pk}#${{title}}\", sk: \"X\")"
        )
    };
    let indexed = |one: &str, two: &str| {
        let text = query_with("parts(title: String!): [Part!]! @query(index: \"byTitle\")", &parts(""));
        text.replacen("type: \"__typename\")", one, 1).replacen(
            "type: \"__typename\") {\n  doc",
            &format!("{two} {{\n  doc"),
            1,
        )
    };
    let cases: Vec<Case> = vec![
        ("collection_without_discriminator", queried(QUERY, (head, r#"sk: "HEAD""#))),
        ("collection_of_two_discriminators", queried(QUERY, (head, r#"sk: "HEAD", type: "kind""#))),
        ("collection_under_two_keys", queried(QUERY, ("DOC#${id}", "HEAD#${id}"))),
        (
            "collection_of_two_tables",
            queried(
                QUERY,
                (
                    "@item(table: \"main\", pk: \"T#${tenant}#DOC#${id}\"",
                    "@item(table: \"other\", pk: \"T#${tenant}#DOC#${id}\"",
                ),
            )
            .replace("schema\n", "schema\n  @table(name: \"other\", pk: \"pk\", sk: \"sk\")\n"),
        ),
        (
            "collection_of_nobody",
            queried("odd(id: ID!): [Odd!]! @query", same)
                .replace("union Any", "interface Odd { a: Int }\nunion Any"),
        ),
        (
            "collection_of_no_items",
            queried("odd(id: ID!): [Odd!]! @query", same)
                .replace("union Any", "union Odd = Head | Place\nunion Any"),
        ),
        ("collection_bound_wrongly", queried("parts(doc: ID!): [Part!]! @query", same)),
        (
            "collection_bound_after_the_parting",
            queried("parts(id: ID!, number: Int!): [Part!]! @query", same),
        ),
        (
            "collection_ranged_after_the_parting",
            queried(
                "parts(id: ID!, from: Int): [Part!]! @query(range: {of: \"title\", from: \"args.from\"})",
                same,
            ),
        ),
        (
            "collection_filtered_by_one_types_field",
            queried("parts(id: ID!, number: Int): [Part!]! @query(filter: [\"number\"])", same),
        ),
        (
            "collection_filtered_by_two_attributes",
            queried(
                "parts(id: ID!, title: String): [Part!]! @query(filter: [\"title\"])",
                ("  title: String\n}\ntype Page", "  title: String @attribute(name: \"t\")\n}\ntype Page"),
            ),
        ),
        (
            "collection_filtered_by_a_guarded_field",
            queried(
                "parts(id: ID!, title: String): [Part!]! @query(filter: [\"title\"])",
                (
                    "  title: String\n}\ntype Page",
                    "  title: String @requiresScopes(scopes: [[\"a\"]])\n}\ntype Page",
                ),
            ),
        ),
        (
            "collection_filtered_by_a_guarded_types_field",
            queried(
                "parts(id: ID!, title: String): [Part!]! @query(filter: [\"title\"])",
                ("type Page implements Part", "type Page implements Part @requiresScopes(scopes: [[\"a\"]])"),
            ),
        ),
        ("collection_index_of_one", indexed(&index("gsi1", "byTitle", "TITLE"), "type: \"__typename\")")),
        (
            "collection_index_of_two_names",
            indexed(&index("gsi1", "byTitle", "TITLE"), &index("gsi2", "byTitle", "TITLE")),
        ),
        (
            "collection_under_two_index_keys",
            indexed(&index("gsi1", "byTitle", "TITLE"), &index("gsi1", "byTitle", "T")),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_several_types_may_be() {
    let same = ("", "");
    each_compiles(&[
        ("a list", queried(QUERY, same)),
        ("a union", queried("parts(id: ID!): [Any!]! @query", same)),
        (
            "a connection that is made",
            queried("parts(id: ID!, first: Int, after: String): PartConnection! @query", same),
        ),
        (
            "a page",
            queried("parts(id: ID!): Parts! @query", same)
                .replace("union Any", "type Parts { items: [Part!]! nextToken: String }\nunion Any"),
        ),
        ("a filter", queried("parts(id: ID!, title: String): [Part!]! @query(filter: [\"title\"])", same)),
        ("an interface that nobody asks for", beside("interface Node { id: ID! }")),
        (
            "an interface of a nested object",
            beside("interface Odd { a: Int }\ntype Even implements Odd { a: Int }"),
        ),
        ("a union that nobody asks for", beside("union Any = Note | Line")),
        ("a deprecated field", beside("interface Odd { a: Int @deprecated }")),
    ]);
}
