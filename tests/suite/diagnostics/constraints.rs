//! `@constraint` and `@default`.

use super::{Case, each_compiles, each_has_one_mistake, item, query};

const ITEM: &str = r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: "META", version: "rev")"#;

fn on(ty: &str, constraint: &str) -> String {
    query(&format!(
        "notes(author: ID!, title: {ty} @constraint{constraint}): [Note!] @query(index: \"byAuthor\", filter: [\"title\"])"
    ))
}

fn number(ty: &str, field: &str, constraint: &str) -> String {
    on("String", "(minLength: 1)")
        .replace("title: String @constraint(minLength: 1)", &format!("{field}: {ty} @constraint{constraint}"))
        .replace("filter: [\"title\"]", &format!("filter: [\"{field}\"]"))
}

fn default(field: &str) -> String {
    item(ITEM, &format!("{field}\n  rev: Int"))
}

#[test]
fn mistakes_in_a_constraint() {
    let cases: Vec<Case> = vec![
        ("constraint_of_nothing", on("String", "")),
        ("constraint_near", on("String", "(maxLenght: 3)")),
        ("constraint_twice", on("String", "(minLength: 1) @constraint(maxLength: 2)")),
        ("constraint_negative", on("String", "(minLength: -1)")),
        ("constraint_crossed_lengths", on("String", "(minLength: 3, maxLength: 2)")),
        ("constraint_number_of_text", on("String", "(min: 3)")),
        ("constraint_items_of_one", on("String", "(minItems: 3)")),
        ("constraint_length_of_a_number", number("Int", "count", "(maxLength: 3)")),
        ("constraint_pattern_of_a_day", number("Date", "day", "(pattern: \"^2\")")),
        ("constraint_crossed_numbers", number("Decimal", "price", "(min: \"0.11\", max: 0.1)")),
        ("constraint_no_number", number("Decimal", "price", "(min: \"1,5\")")),
        (
            "constraint_too_many_digits",
            number("Decimal", "price", "(max: \"123456789012345678901234567890123456789\")"),
        ),
        ("constraint_pattern_open", on("String", "(pattern: \"^a(b\")")),
        ("constraint_pattern_look", on("String", "(pattern: \"^a(?=b)\")")),
        ("constraint_pattern_back", on("String", r#"(pattern: "(a)\\1")"#)),
        ("constraint_pattern_class", on("String", r#"(pattern: "x\\p{Foo}")"#)),
        ("constraint_pattern_large", on("String", "(pattern: \"(a{1000}){1000}\")")),
        (
            "constraint_breaks_default",
            on("String", "(maxLength: 2)").replace("String @", "String = \"abc\" @"),
        ),
        ("constraint_on_a_field", default("name: String @constraint(maxLength: 3)")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_default() {
    let cases: Vec<Case> = vec![
        ("default_without_value", default("name: String @default")),
        ("default_null", default("name: String @default(value: null)")),
        ("default_near", default("name: String @default(valu: \"a\")")),
        ("default_of_another_type", default("name: String @default(value: 3)")),
        ("default_of_no_such_word", default("state: State @default(value: DRAFTED)")),
        ("default_of_an_item_of_a_list", default("tags: [String!] @default(value: [\"a\", 2])")),
        ("default_of_an_object", default("nested: Nested @default(value: {text: \"a\"})")),
        (
            "default_of_a_generated_field",
            default(
                "at: DateTime @attribute(generate: CREATED_AT) @default(value: \"2026-01-01T00:00:00Z\")",
            ),
        ),
        ("default_of_the_version", default("x: Int").replace("rev: Int", "rev: Int @default(value: 1)")),
        (
            "default_without_item",
            default("nested: Nested")
                .replace("Nested { text: String", "Nested { text: String @default(value: \"a\")"),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_constraint_and_a_default_may_be() {
    let cases: Vec<Case> = vec![
        ("everything of a text", on("String", r#"(minLength: 0, maxLength: 0, pattern: "^[\\p{L} ]*$")"#)),
        ("a number as text", number("Decimal", "price", "(min: \"0.1\", max: 0.10)")),
        ("a float", number("Float", "score", "(min: -1.5e3)")),
        ("a default at the edge", on("String", "(maxLength: 3)").replace("String @", "String = \"abc\" @")),
        (
            "defaults",
            default(
                "a: Float @default(value: 1) b: [State!] @default(value: [DRAFT]) c: JSON @default(value: {a: null})",
            ),
        ),
    ];
    each_compiles(&cases);
}
