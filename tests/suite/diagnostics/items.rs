//! `@item` and `@index`.

use super::{Case, each_compiles, each_has_one_mistake, item};

const ITEM: &str = r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: "META")"#;

/// A type in the pooled table, with more arguments of its `@item`, and more fields.
fn with(arguments: &str, fields: &str) -> String {
    item(&ITEM.replace(')', &format!(", {arguments})")), fields)
}

/// A type in the pooled table, with an index.
fn indexed(index: &str) -> String {
    item(&format!("{ITEM}\n  {index}"), "name: String!")
}

#[test]
fn mistakes_in_an_item() {
    let cases: Vec<Case> = vec![
        ("item_without_table", item(r#"@item(pk: "N#${tenant}#${id}", sk: "META")"#, "")),
        ("item_in_unknown_table", item(r#"@item(table: "mian", pk: "N#${tenant}#${id}", sk: "META")"#, "")),
        ("item_table_no_string", item(r#"@item(table: main, pk: "N#${tenant}#${id}", sk: "META")"#, "")),
        ("item_without_pk", item(r#"@item(table: "main", sk: "META")"#, "")),
        ("item_without_sk", item(r#"@item(table: "main", pk: "N#${tenant}#${id}")"#, "")),
        ("item_with_needless_sk", item(r#"@item(table: "flat", pk: "N#${tenant}#${id}", sk: "META")"#, "")),
        ("item_type_empty", with(r#"type: """#, "")),
        ("item_type_no_string", with("type: __typename", "")),
        ("item_type_is_a_key", with(r#"type: "gsi1pk""#, "")),
        ("item_type_is_a_field", with(r#"type: "kind""#, "kind: String")),
        ("item_version_unknown", with(r#"version: "rve""#, "rev: Int")),
        ("item_version_no_int", with(r#"version: "rev""#, "rev: String")),
        ("item_version_big", with(r#"version: "rev""#, "rev: BigInt")),
        (
            "item_version_in_its_key",
            item(
                r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: "${rev}", version: "rev")"#,
                "rev: Int!",
            ),
        ),
        (
            "item_version_in_an_index",
            item(
                r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: "META", version: "rev")
  @index(name: "gsi1", pk: "N#${tenant}", sk: "${rev}")"#,
                "rev: Int!",
            ),
        ),
        ("item_ttl_unknown", with(r#"ttl: "expires""#, "gone: Int")),
        ("item_ttl_no_int", with(r#"ttl: "expires""#, "expires: DateTime")),
        (
            "item_ttl_another",
            format!(
                "{}type Second @item(table: \"main\", pk: \"S#${{tenant}}\", sk: \"META\", ttl: \"until\") {{ until: Int }}\n",
                with(r#"ttl: "expires""#, "expires: Int"),
            ),
        ),
        ("item_twice", item(&format!("{ITEM} {ITEM}"), "")),
        ("item_argument_near", with(r#"verison: "rev""#, "rev: Int")),
        (
            "item_on_a_root",
            item(ITEM, "").replace("type Query", "type Query @item(table: \"flat\", pk: \"Q#${tenant}\")"),
        ),
        ("item_on_a_field", item(ITEM, r#"name: String @item(table: "flat", pk: "X#${tenant}")"#)),
        (
            "item_misspelt",
            item(r#"@itme(table: "main", pk: "N#${tenant}#${id}", sk: "META")"#, "")
                .replace("type Query {", "type Query { note(id: ID!): Note @get "),
        ),
        ("field_where_the_key_is", item(ITEM, "pk: String")),
        ("field_where_a_key_is_by_name", item(ITEM, r#"name: String @attribute(name: "gsi2sk")"#)),
        (
            "field_where_a_key_of_another_type_is",
            item(
                r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: "${count}")"#,
                r#"count: Int! @attribute(name: "sk")"#,
            ),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_an_index() {
    let cases: Vec<Case> = vec![
        ("index_of_no_item", item(r#"@index(name: "gsi1", pk: "N#${tenant}", sk: "${id}")"#, "")),
        ("index_without_its_name", indexed(r#"@index(as: "byName", pk: "N#${tenant}", sk: "${name}")"#)),
        ("index_unknown", indexed(r#"@index(name: "gsi3", as: "byName", pk: "N#${tenant}", sk: "${name}")"#)),
        (
            "index_of_another_table",
            item(
                r#"@item(table: "flat", pk: "N#${tenant}#${id}") @index(name: "gsi1", pk: "N#${tenant}", sk: "${id}")"#,
                "",
            ),
        ),
        (
            "index_named_twice",
            indexed(
                r#"@index(name: "gsi1", as: "byName", pk: "N#${tenant}", sk: "${name}")
  @index(name: "gsi1", as: "byId", pk: "N#${tenant}", sk: "${id}")"#,
            ),
        ),
        (
            "index_alias_twice",
            indexed(
                r#"@index(name: "gsi1", as: "byName", pk: "N#${tenant}", sk: "${name}")
  @index(name: "gsi2", as: "byName", pk: "N#${tenant}", sk: "${id}")"#,
            ),
        ),
        ("index_alias_empty", indexed(r#"@index(name: "gsi1", as: "", pk: "N#${tenant}", sk: "${name}")"#)),
        (
            "index_alias_no_string",
            indexed(r#"@index(name: "gsi1", as: byName, pk: "N#${tenant}", sk: "${name}")"#),
        ),
        ("index_pk_missing", indexed(r#"@index(name: "gsi1", sk: "${name}")"#)),
        ("index_sk_missing", indexed(r#"@index(name: "gsi1", pk: "N#${tenant}")"#)),
        ("index_sk_unknown_field", indexed(r#"@index(name: "gsi1", pk: "N#${tenant}", sk: "A#${nam}")"#)),
        (
            "index_argument_unclear",
            indexed(r#"@index(name: "gsi1", alias: "byName", pk: "N#${tenant}", sk: "${name}")"#),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_an_item_may_be() {
    let cases: Vec<Case> = vec![
        (
            "a field that is the key",
            item(
                r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: "${name}")"#,
                r#"name: String! @attribute(name: "sk")"#,
            ),
        ),
        (
            "a number that is the key",
            item(r#"@item(table: "numbers", pk: "N#${tenant}#${id}", sk: "${sk}")"#, "sk: Decimal!"),
        ),
        (
            "one time to live in two types",
            format!(
                "{}type Second @item(table: \"main\", pk: \"S#${{tenant}}\", sk: \"META\", ttl: \"until\") \
             {{ until: BigInt @attribute(name: \"expires\") }}\n",
                with(r#"ttl: "expires""#, "expires: Int"),
            ),
        ),
        ("an index under its own name", indexed(r#"@index(name: "gsi1", pk: "N#${tenant}", sk: "${name}")"#)),
        (
            "what changes, in an index",
            item(
                &format!(r#"{ITEM} @index(name: "gsi1", pk: "N#${{tenant}}", sk: "${{at}}")"#),
                "at: DateTime! @attribute(generate: UPDATED_AT)",
            ),
        ),
    ];
    each_compiles(&cases);
}
