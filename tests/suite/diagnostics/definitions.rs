//! Types, fields, arguments, defaults, roots, and directives as such.

use super::{
    A_MUTATION, A_QUERY, AROUND, Case, beside, compiled, each_compiles, each_has_one_mistake, query, snapshot,
};

#[test]
fn mistakes_in_a_directive() {
    let on_field = |directive: &str| query(&format!("note(id: ID!): Note @get {directive}"));
    let cases: Vec<Case> = vec![
        ("directive_unknown", on_field("@memoize")),
        ("directive_near", on_field("@deprectaed")),
        ("directive_of_apollo", on_field("@cacheControl(maxAge: 5)")),
        ("directive_unknown_on_a_type", beside("type Odd @key(fields: \"id\") { id: ID! }")),
        ("directive_unknown_on_an_enum_value", beside("enum Odd { A @odd }")),
        ("directive_unknown_on_an_argument", query("note(id: ID! @odd): Note @get")),
        ("directive_unknown_on_an_input", beside("input Odd @odd { a: Int }")),
        ("directive_unknown_on_an_input_field", beside("input Odd { a: Int @odd }")),
        (
            "directive_unknown_on_the_schema",
            beside("").replace("sk: \"sk\")\n", "sk: \"sk\")\n  @link(url: \"x\")\n"),
        ),
        ("deprecated_on_a_type", beside("type Odd @deprecated { a: Int }")),
        ("deprecated_twice", on_field("@deprecated @deprecated(reason: \"x\")")),
        ("deprecated_reason_no_string", on_field("@deprecated(reason: OLD)")),
        ("deprecated_argument_unknown", on_field("@deprecated(because: \"old\")")),
        ("specified_by_argument_unknown", beside("scalar DateTime @specifiedBy(uri: \"x\")")),
        ("specified_by_on_a_field", on_field("@specifiedBy(url: \"x\")")),
        ("page_on_an_argument", query("note(id: ID! @page): Note @get")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_definition() {
    let cases: Vec<Case> = vec![
        (
            "subscription",
            beside("type Subscription { noted(id: ID!): Note }")
                .replace("  mutation: Mutation", "  mutation: Mutation\n  subscription: Subscription"),
        ),
        ("extend_type", beside("extend type Note { more: Int }")),
        ("extend_schema", beside("extend schema @table(name: \"second\", pk: \"pk\")")),
        ("type_twice", beside("type Place { zip: String }")),
        ("type_as_an_enum_is_called", format!("{}type State {{ a: Int }}\n", beside(""))),
        ("type_called_as_a_scalar", beside("type DateTime { a: Int }")),
        ("type_reserved", beside("type __Odd { a: Int }")),
        ("type_empty", beside("type Odd")),
        ("enum_empty", beside("enum Odd")),
        ("enum_value_twice", beside("enum Odd { A B A }")),
        ("enum_value_reserved", beside("enum Odd { __A }")),
        ("input_empty", beside("input Odd")),
        ("input_field_twice", beside("input Odd { a: Int b: Int a: String }")),
        ("input_field_reserved", beside("input Odd { __a: Int }")),
        ("input_of_a_type", beside("input Odd { place: Place }")),
        ("input_of_unknown_type", beside("input Odd { place: PlaceInput }")),
        ("field_twice", beside("type Odd { a: Int b: Int a: Int }")),
        ("field_twice_with_operation", query("note(id: ID!): Note @get  note(id: ID!): Note @get")),
        ("field_reserved", beside("type Odd { __a: Int }")),
        ("argument_twice", query("note(id: ID!, id: ID!): Note @get")),
        ("argument_reserved", query("note(__id: ID!): Note @get(bind: {id: \"args.__id\"})")),
        ("argument_of_a_type", query("note(id: ID!, place: Place): Note @get")),
        ("scalar_unknown", beside("scalar Money")),
        ("scalar_near", beside("scalar Datetime")),
        ("root_missing", beside("").replace("mutation: Mutation", "mutation: Mutations")),
        (
            "root_no_object",
            beside("enum Mutations { A }").replace("mutation: Mutation", "mutation: Mutations"),
        ),
        ("root_shared", format!("{AROUND}{A_QUERY}").replace("mutation: Mutation", "mutation: Query")),
        ("root_field_runs_nothing", query("version: String")),
        ("root_field_with_attribute", query("version: String @attribute(name: \"v\")")),
        ("schema_twice", beside("").replace("type Note", "schema { query: Query }\ntype Note")),
        ("schema_missing", "type Query { a: Int }".to_owned()),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_default() {
    let input = |field: &str| {
        beside(&format!(
            "input Odd {{ {field} }} input In {{ a: Int! b: [Int!] c: Inner }} input Inner {{ d: Boolean! = true e: Date }}"
        ))
    };
    let cases: Vec<Case> = vec![
        ("default_text_for_int", input("a: Int = \"1\"")),
        ("default_fraction_for_int", input("a: Int = 1.5")),
        ("default_int_too_large", input("a: Int = 2147483648")),
        ("default_number_for_text", input("a: String = 1")),
        ("default_number_for_boolean", input("a: Boolean = 1")),
        ("default_fraction_for_decimal", input("a: Decimal = 1.5")),
        ("default_decimal_malformed", input("a: Decimal = \"1,5\"")),
        ("default_date_malformed", input("a: Date = \"2026-02-30\"")),
        ("default_moment_without_offset", input("a: DateTime = \"2026-01-01T00:00:00\"")),
        ("default_bytes_malformed", input("a: Base64 = \"AAE\"")),
        ("default_null_for_non_null", input("a: Int! = null")),
        ("default_enum_unknown", input("a: State = DONE")),
        ("default_enum_quoted", input("a: State = \"DRAFT\"")),
        ("default_word_for_int", input("a: Int = ONE")),
        ("default_element_wrong", input("a: [Int!] = [1, \"two\", 3]")),
        ("default_element_null", input("a: [Int!] = [1, null]")),
        ("default_list_for_one", input("a: Int = [1]")),
        ("default_object_for_scalar", input("a: Int = {b: 1}")),
        ("default_object_field_missing", input("a: In = {b: [1]}")),
        ("default_object_field_unknown", input("a: In = {a: 1, z: 2}")),
        ("default_object_field_wrong", input("a: In = {a: \"one\"}")),
        ("default_object_inner_wrong", input("a: In = {a: 1, c: {e: \"today\"}}")),
        ("default_of_an_argument", query("note(id: ID = true): Note @get")),
        ("default_with_escapes", input("a: Int = \"\\u0041é\", b: Int")),
        ("default_number_out_of_range", input("a: Float = 1e999")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn inputs_without_an_end() {
    let cases: Vec<Case> = vec![
        ("default_of_itself", beside("input R { r: R = {} x: Int }")),
        ("default_of_each_other", beside("input A { b: B = {x: 1} } input B { x: Int a: [A!] = [{}] }")),
        ("default_within_a_default", beside("input A { b: B } input B { a: A = {b: {}} }")),
        ("input_that_holds_itself", beside("input A { b: B! x: Int } input B { a: A! }")),
    ];
    each_has_one_mistake(&cases);
    each_compiles(&[
        ("a default that says what it leaves to no default", beside("input R { r: R = {r: null} x: Int }")),
        ("a list may be empty", beside("input A { b: [A!]! } input B { a: A = {b: []} }")),
    ]);
}

#[test]
fn all_mistakes_are_said_at_once() {
    let text = r#"schema @table(name: "main", pk: "pk", sk: "sk", layuot: SILO) {
  query: Query
  mutation: Mutation
}
type Note @item(table: "main", pk: "NOTE#${id}", sk: "${nmae}") {
  id: ID!
  name: String! @attribute(generate: UUID)
  size: Flaot
}
type Line @item(table: "main", pk: "L#${tenant}#${id}", sk: "META") {
  id: ID! @attribute(generate: ULID)
  text: String!
}
type Query {
  note(id: ID!): Note @get
  line(line: ID!): Line @get
  lines(id: ID!): [Line!]! @query(filter: ["txet"], order: DOWN)
  version: String
}
type Mutation {
  createLine(text: String): Line! @put(when: "text <> 'a'")
  deleteLine(id: ID!): Line @delete(when: "text = 'a' and (lenght > 3 or text = 'b')") @requiresScopes(scopes: [["a"]])
}
"#;
    snapshot("all_at_once", &compiled(text).unwrap_err());
}

#[test]
fn what_definitions_may_be() {
    let cases: Vec<Case> = vec![
        (
            "a built-in scalar, defined",
            beside("scalar DateTime @specifiedBy(url: \"https://www.rfc-editor.org/rfc/rfc3339\")"),
        ),
        (
            "definitions of directives",
            beside(
                "directive @item(table: String!) on OBJECT\ndirective @get repeatable on FIELD_DEFINITION",
            ),
        ),
        (
            "deprecated",
            query("note(id: ID! @deprecated): Note @get @deprecated(reason: \"\"\"\n  for long\n  \"\"\")"),
        ),
        (
            "deprecated values",
            beside("enum Odd { A @deprecated(reason: \"b\") B } input In { a: Int @deprecated }"),
        ),
        (
            "defaults",
            beside(
                "input In { a: [Int!] = 1 b: ID = 7 c: Decimal = 7 d: BigInt = \"7\" e: JSON = {a: [1, null]} f: Float = 1 g: In = {g: null} h: State = DRAFT i: [[Int]] = [[1], null] }",
            ),
        ),
        ("no mutations", format!("{AROUND}{A_QUERY}").replace("mutation: Mutation", "")),
        ("the schema at the end", format!("{A_QUERY}{A_MUTATION}{AROUND}")),
    ];
    each_compiles(&cases);
}
