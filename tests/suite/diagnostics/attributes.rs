//! `@attribute`, and the fields that are stored.

use super::{Case, each_compiles, each_has_one_mistake, item};

const ITEM: &str = r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: "META")"#;

fn field(field: &str) -> String {
    item(ITEM, field)
}

#[test]
fn mistakes_in_an_attribute() {
    let cases: Vec<Case> = vec![
        ("attribute_argument_near", field("name: String @attribute(hiden: true)")),
        ("attribute_twice", field("name: String @attribute(hidden: true) @attribute(name: \"n\")")),
        ("attribute_name_empty", field(r#"name: String @attribute(name: "")"#)),
        ("attribute_name_no_string", field("name: String @attribute(name: n)")),
        (
            "attribute_name_shared",
            field(r#"name: String @attribute(name: "n") other: String @attribute(name: "n")"#),
        ),
        ("attribute_name_of_another_field", field(r#"name: String title: String @attribute(name: "name")"#)),
        ("generate_unknown", field("name: String @attribute(generate: UUID)")),
        ("generate_near", field("at: DateTime @attribute(generate: CREATEDAT)")),
        ("generate_id_as_int", field("number: Int @attribute(generate: ULID)")),
        ("generate_time_as_text", field("at: String @attribute(generate: CREATED_AT)")),
        ("generate_in_a_list", field("ids: [ID!]! @attribute(generate: ULID)")),
        (
            "generate_without_item",
            field("nested: Nested")
                .replace("Nested { text", "Nested { id: ID! @attribute(generate: ULID) text"),
        ),
        ("hidden_no_boolean", field(r#"name: String @attribute(hidden: "true")"#)),
        ("hidden_number", field("name: String @attribute(hidden: 1)")),
        ("as_unknown", field("tags: [String!] @attribute(as: LIST)")),
        ("as_set_of_one", field("tag: String @attribute(as: SET)")),
        ("as_set_of_objects", field("parts: [Nested!] @attribute(as: SET)")),
        ("as_set_of_booleans", field("flags: [Boolean!] @attribute(as: SET)")),
        ("as_set_of_lists", field("rows: [[Int!]!] @attribute(as: SET)")),
        ("pad_of_text", field("name: String @attribute(pad: 5)")),
        ("pad_of_nothing", field("count: Int @attribute(pad: 0)")),
        ("pad_too_wide", field("count: Int @attribute(pad: 11)")),
        ("pad_too_wide_for_big", field("count: BigInt @attribute(pad: 39)")),
        ("pad_no_number", field(r#"count: Int @attribute(pad: "5")"#)),
        ("pad_negative", field("count: Int @attribute(pad: -5)")),
        ("pad_fraction", field("count: Int @attribute(pad: 2.5)")),
        ("attribute_on_an_operation", field("other: Other @get @attribute(name: \"o\")")),
        ("attribute_on_a_type", item(&format!("{ITEM} @attribute(name: \"n\")"), "")),
        ("attribute_with_arguments", field("name(short: Boolean): String")),
        ("attribute_of_unknown_type", field("name: Sting")),
        ("attribute_of_far_type", field("name: Wombat")),
        ("attribute_of_a_root", field("query: Query")),
        ("attribute_of_an_item", field("second: [Other!]")),
        ("attribute_of_an_input", field("name: In").replace("enum State", "input In { a: Int }\nenum State")),
        (
            "attribute_of_a_connection",
            field("all: NoteConnection")
                .replace("type Query {", "type Query { notes(id: ID!): NoteConnection! @query "),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_an_attribute_may_be() {
    let cases: Vec<Case> = vec![
        ("everything at once", field(r#"name: BigInt @attribute(name: "n.1-x", hidden: true, pad: 38)"#)),
        (
            "sets",
            field(
                "a: [String!] @attribute(as: SET) b: [Decimal!] @attribute(as: SET) c: [Base64!] @attribute(as: SET) d: [State!] @attribute(as: SET)",
            ),
        ),
        (
            "a type within itself",
            field("nested: Nested").replace("text: String }", "text: String more: [Nested!] }"),
        ),
        ("one name in two types", field("nested: Nested text: String")),
    ];
    each_compiles(&cases);
}
