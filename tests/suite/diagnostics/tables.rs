//! `@table` and `@tableIndex`.

use super::{Case, each_compiles, each_has_one_mistake};

/// The directives of the schema, a type in the table `main`, and a query.
fn schema(directives: &str) -> String {
    format!(
        "schema\n  {directives} {{\n  query: Query\n}}\n\
         type Query {{ note(id: ID!): Note @get }}\n\
         type Note @item(table: \"main\", pk: \"T#${{tenant}}#${{id}}\", sk: \"META\") {{ id: ID! }}\n"
    )
}

/// An index of the table `main`.
fn index(directive: &str) -> String {
    schema(&format!("@table(name: \"main\", pk: \"pk\", sk: \"sk\")\n  {directive}"))
}

#[test]
fn mistakes_in_a_table() {
    let cases: Vec<Case> = vec![
        ("table_missing", schema("")),
        ("table_without_name", schema(r#"@table(pk: "pk", sk: "sk")"#)),
        ("table_name_no_string", schema(r#"@table(name: main, pk: "pk", sk: "sk")"#)),
        (
            "table_name_with_sign",
            schema(r#"@table(name: "main", pk: "pk", sk: "sk") @table(name: "my-main", pk: "pk")"#),
        ),
        (
            "table_name_empty",
            schema(r#"@table(name: "main", pk: "pk", sk: "sk") @table(name: "", pk: "pk")"#),
        ),
        ("table_twice", schema(r#"@table(name: "main", pk: "pk", sk: "sk") @table(name: "main", pk: "id")"#)),
        ("table_without_pk", schema(r#"@table(name: "main", sk: "sk")"#)),
        ("table_pk_empty", schema(r#"@table(name: "main", pk: "", sk: "sk")"#)),
        ("table_pk_no_string", schema(r#"@table(name: "main", pk: 1, sk: "sk")"#)),
        ("table_pk_of_no_kind", schema(r#"@table(name: "main", pk: "pk: X", sk: "sk")"#)),
        ("table_sk_of_no_kind", schema(r#"@table(name: "main", pk: "pk", sk: "sk: Number")"#)),
        ("table_sk_is_pk", schema(r#"@table(name: "main", pk: "key", sk: "key")"#)),
        (
            "table_pooled_by_number",
            schema(r#"@table(name: "main", pk: "pk", sk: "sk") @table(name: "second", pk: "n: N")"#),
        ),
        ("table_layout_unknown", schema(r#"@table(name: "main", pk: "pk", sk: "sk", layout: POLED)"#)),
        ("table_layout_string", schema(r#"@table(name: "main", pk: "pk", sk: "sk", layout: "POOLED")"#)),
        ("table_argument_unknown", schema(r#"@table(name: "main", pk: "pk", sk: "sk", billing: ON_DEMAND)"#)),
        ("table_argument_near", schema(r#"@table(name: "main", pk: "pk", sk: "sk", layuot: SILO)"#)),
        ("table_argument_twice", schema(r#"@table(name: "main", pk: "pk", sk: "sk", sk: "sort")"#)),
        (
            "table_on_a_type",
            schema(r#"@table(name: "main", pk: "pk", sk: "sk")"#)
                .replace("type Query", "type Query @table(name: \"other\", pk: \"pk\")"),
        ),
        ("table_misspelt", schema(r#"@tabel(name: "main", pk: "pk", sk: "sk")"#)),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_an_index_of_a_table() {
    let cases: Vec<Case> = vec![
        ("index_without_table", index(r#"@tableIndex(name: "gsi1", pk: "gsi1pk")"#)),
        ("index_of_unknown_table", index(r#"@tableIndex(table: "mian", name: "gsi1", pk: "gsi1pk")"#)),
        ("index_without_name", index(r#"@tableIndex(table: "main", pk: "gsi1pk")"#)),
        ("index_name_too_short", index(r#"@tableIndex(table: "main", name: "g1", pk: "gsi1pk")"#)),
        (
            "index_twice",
            index(
                r#"@tableIndex(table: "main", name: "gsi1", pk: "a") @tableIndex(table: "main", name: "gsi1", pk: "b")"#,
            ),
        ),
        ("index_without_pk", index(r#"@tableIndex(table: "main", name: "gsi1", sk: "gsi1sk")"#)),
        (
            "index_sk_of_no_kind",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "n:I")"#),
        ),
        (
            "index_pk_is_the_tables",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "pk", sk: "gsi1sk")"#),
        ),
        (
            "index_sk_is_the_tables",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "sk")"#),
        ),
        (
            "index_pk_is_anothers",
            index(
                r#"@tableIndex(table: "main", name: "gsi1", pk: "a", sk: "b") @tableIndex(table: "main", name: "gsi2", pk: "a", sk: "c")"#,
            ),
        ),
        ("index_pooled_by_number", index(r#"@tableIndex(table: "main", name: "gsi1", pk: "n: N")"#)),
        (
            "index_projection_unknown",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", projection: KEYS)"#),
        ),
        (
            "index_projection_string",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", projection: "ALL")"#),
        ),
        (
            "index_include_missing",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", projection: INCLUDE)"#),
        ),
        (
            "index_include_superfluous",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", include: ["a"])"#),
        ),
        (
            "index_include_no_strings",
            index(
                r#"@tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", projection: INCLUDE, include: ["a", 2])"#,
            ),
        ),
        (
            "index_argument_unknown",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", project: ALL)"#),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_table_may_be() {
    let cases: Vec<Case> = vec![
        (
            "kinds",
            schema(
                r#"@table(name: "main", pk: "pk", sk: "sk") @table(name: "m2", pk: "n:N", sk: " b : B ", layout: SILO)"#,
            ),
        ),
        (
            "an index",
            index(
                r#"@tableIndex(table: "main", name: "gsi1", pk: "a", sk: "b: N", projection: INCLUDE, include: "c")"#,
            ),
        ),
        (
            "null is absent",
            index(r#"@tableIndex(table: "main", name: "gsi1", pk: "a", sk: null, include: null)"#),
        ),
    ];
    each_compiles(&cases);
}
