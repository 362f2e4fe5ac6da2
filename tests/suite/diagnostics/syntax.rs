//! What is no SDL. A syntax error is reported alone: nothing can be known of the rest.

use super::{AROUND, Case, beside, compiled, each_compiles, each_has_one_mistake, query, snapshot};

/// A type with a field, written wrongly.
fn field(text: &str) -> String {
    beside(&format!("type Odd {{\n  {text}\n}}"))
}

/// A field of the query root with a directive, written wrongly.
fn directive(text: &str) -> String {
    query(&format!("note(id: ID!): Note {text}"))
}

#[test]
fn mistakes_in_brackets() {
    let cases: Vec<Case> = vec![
        ("syntax_brace_missing", beside("type Odd {\n  a: Int")),
        ("syntax_brace_missing_in_an_enum", beside("enum Odd {\n  A\n  B\n\ntype Other { a: Int }")),
        (
            "syntax_brace_missing_before_a_description",
            beside("type Odd {\n  a: Int\n\n\"Another.\"\ntype Other { a: Int }"),
        ),
        ("syntax_brace_missing_on_the_line", beside("type Odd { a: Int  type Other { a: Int }")),
        ("syntax_brace_missing_at_the_end", format!("{AROUND}type Query {{\n  note(id: ID!): Note @get\n")),
        ("syntax_brace_missing_without_line_feed", "type Odd {\n  a: Int".to_owned()),
        ("syntax_brace_unopened", beside("type Odd\n  a: Int\n}")),
        ("syntax_brace_twice", beside("type Odd {\n  a: Int\n}}")),
        ("syntax_parenthesis_missing", directive("@get(bind: {id: \"args.id\"}\n}\n")),
        ("syntax_parenthesis_missing_in_arguments", beside("type Odd {\n  note(id: ID!: Note\n}")),
        ("syntax_parenthesis_for_a_brace", directive("@get(bind: {id: \"args.id\")")),
        ("syntax_bracket_missing", directive("@query(filter: [\"a\")")),
        ("syntax_bracket_missing_in_a_type", field("notes: [Note!")),
        ("syntax_braces_empty", beside("type Odd {}")),
        ("syntax_parentheses_empty", directive("@get()")),
        ("syntax_arguments_empty", field("note(): Note")),
        ("syntax_too_deep", beside(&format!("input Odd {{ a: Int = {}1 }}", "[".repeat(64)))),
        ("syntax_far_too_deep", "{".repeat(100_000)),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_what_follows_what() {
    let cases: Vec<Case> = vec![
        ("syntax_colon_missing", field("name String")),
        ("syntax_colon_missing_after_arguments", field("note(id: ID!) Note")),
        ("syntax_colon_missing_in_a_directive", directive("@get(bind {id: \"args.id\"})")),
        ("syntax_colon_missing_in_an_object", directive("@get(bind: {id \"args.id\"})")),
        ("syntax_equals_for_colon", directive("@get(consistent = true)")),
        ("syntax_argument_without_name", directive("@get(true)")),
        ("syntax_argument_without_value", directive("@get(consistent: )")),
        ("syntax_variable_as_value", directive("@get(consistent: $now)")),
        ("syntax_directive_without_name", directive("@")),
        ("syntax_type_missing", field("name:")),
        ("syntax_type_quoted", field("name: \"String\"")),
        ("syntax_type_with_blanks", field("notes: [ Note! ]!")),
        ("syntax_type_twice_non_null", field("name: String!!")),
        ("syntax_type_of_two", field("name: String | Int")),
        ("syntax_name_missing", field("[Int!]!")),
        ("syntax_name_of_a_digit", field("2nd: String")),
        ("syntax_two_names_of_one_type", field("first, last: String")),
        ("syntax_default_on_a_field", field("count: Int = 1")),
        ("syntax_default_missing", beside("input Odd { a: Int = }")),
        ("syntax_arguments_on_an_input", beside("input Odd { a(b: Int): Int }")),
        ("syntax_description_of_nothing", field("\"What was that?\"")),
        ("syntax_selection", directive("@get { title }")),
        ("syntax_enum_with_values", beside("enum Odd { A = 1 }")),
        ("syntax_enum_of_strings", beside("enum Odd { \"a\", \"b\" }")),
        ("syntax_enum_of_constant", beside("enum Odd { nullable }")),
        ("syntax_value_like_a_constant", directive("@query(filter: [truee])")),
        ("syntax_implements_nothing", beside("type Odd implements { a: Int }")),
        ("syntax_implements_two", beside("type Odd implements One, Two { a: Int }")),
        ("syntax_extends", beside("type Odd extends Other { a: Int }")),
        ("syntax_extended_by_nothing", beside("extend type Note")),
        ("syntax_root_unknown", "schema { query: Query, querries: Query }".to_owned()),
        ("syntax_schema_without_roots", "schema @table(name: \"main\", pk: \"pk\")\n".to_owned()),
        ("syntax_schema_described", beside("\"Notes.\"\nextend schema { query: Query }")),
        ("syntax_directive_definition_without_sign", beside("directive item on OBJECT")),
        ("syntax_directive_definition_nowhere", beside("directive @item on TYPE")),
        ("syntax_union_of_nothing", beside("union Odd = @get")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_definitions() {
    let cases: Vec<Case> = vec![
        ("syntax_keyword_near", beside("types Odd { a: Int }")),
        ("syntax_keyword_near_after_a_scalar", beside("scalar Date\ntypes Odd { a: Int }")),
        ("syntax_keyword_capital", beside("Type Odd { a: Int }")),
        ("syntax_keyword_of_typescript", beside("export type Odd = { a: Int }")),
        ("syntax_keyword_joined", beside("typeOdd { a: Int }")),
        ("syntax_definition_without_name", beside("type { a: Int }")),
        ("syntax_definition_without_keyword", beside("@item type Odd { a: Int }")),
        ("syntax_definition_with_equals", beside("type Odd = { a: Int }")),
        ("syntax_query_document", "query Notes { note(id: \"n1\") { title } }\n".to_owned()),
        ("syntax_query_short", "{\n  note(id: \"n1\") { title }\n}\n".to_owned()),
        ("syntax_json", "[{\"name\": \"Note\"}]\n".to_owned()),
        ("syntax_toml", "[server]\nlisten = \"127.0.0.1:4000\"\n".to_owned()),
        ("syntax_markup", "<!doctype html>\n<html></html>\n".to_owned()),
        ("syntax_zeros", "\0\0\0\0".to_owned()),
        ("syntax_empty", String::new()),
        ("syntax_blank", "\n \t\n".to_owned()),
        ("syntax_comments_alone", "# The schema of the notes.\n# It comes later.\n".to_owned()),
        ("syntax_byte_order_mark_alone", "\u{feff}".to_owned()),
        ("syntax_breaks_off", format!("{AROUND}type Query") + " @"),
        ("syntax_at_the_end", format!("{AROUND}type Query {{ note(id: ID!): Note @get }}\nend")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_strings_and_numbers() {
    let cases: Vec<Case> = vec![
        ("syntax_string_unclosed", beside("type Odd @item(table: \"main, pk: 1) { a: Int }")),
        (
            "syntax_string_closed_by_the_next",
            beside(r#"type Odd @item(table: "main, pk: "O#${tenant}", sk: "META") { a: Int }"#),
        ),
        ("syntax_string_unclosed_at_the_end", "type Odd @item(table: \"main".to_owned()),
        ("syntax_string_with_quotes", directive(r#"@update(when: "title = "a"")"#)),
        ("syntax_string_in_single_quotes", directive("@get(bind: {id: 'args.id'})")),
        ("syntax_string_in_curly_quotes", directive("@get(bind: {id: “args.id”})")),
        ("syntax_string_over_lines", directive("@update(when: \"title = 'a'\n    and count = 1\")")),
        ("syntax_block_unclosed", beside("\"\"\"\nWhat it is.\ntype Odd { a: Int }")),
        ("syntax_escape_unknown", directive(r#"@get(bind: {id: "args\.id"})"#)),
        ("syntax_escape_short", directive(r#"@update(when: "title = '\u00E'")"#)),
        ("syntax_escape_with_braces", directive(r#"@update(when: "title = '\u{1F600}'")"#)),
        ("syntax_escape_of_half", directive(r#"@update(when: "title = '\uD83D\uDE00'")"#)),
        ("syntax_number_grouped", field("count: Int @attribute(pad: 1_0)")),
        ("syntax_number_with_zero", field("count: Int @attribute(pad: 010)")),
        ("syntax_number_signed", field("count: Int @attribute(pad: +10)")),
        ("syntax_number_without_whole", field("count: Int @attribute(pad: .5)")),
        ("syntax_number_with_unit", field("count: Int @attribute(pad: 10px)")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_single_characters() {
    let cases: Vec<Case> = vec![
        ("syntax_semicolon", field("name: String;")),
        ("syntax_question_mark", field("name?: String")),
        ("syntax_dash_in_a_name", field("first-name: String")),
        ("syntax_angle_brackets", field("notes: List<Note>")),
        ("syntax_letter_beyond_ascii", field("größe: Int")),
        ("syntax_letter_that_looks_like_another", field("nаme: String")),
        ("syntax_emoji", field("🦀: Int")),
        ("syntax_blank_that_does_not_break", field("name:\u{a0}String")),
        ("syntax_blank_without_width", field("name\u{200b}: String")),
        ("syntax_comment_of_two_slashes", beside("// Notes.\ntype Odd { a: Int }")),
        ("syntax_comment_of_two_dashes", beside("type Odd { a: Int } -- notes")),
        ("syntax_carriage_return_alone", field("name: String\r  more: Int")),
        ("syntax_carriage_return_at_the_end", format!("{}\r", beside(""))),
        (
            "syntax_after_a_byte_order_mark",
            "\u{feff}type Odd {\r\n  # An odd type.\r\n  name String\r\n}\r\n".to_owned(),
        ),
        ("syntax_on_the_line_of_a_byte_order_mark", "\u{feff}type Odd { name String }\r\n".to_owned()),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn a_syntax_error_is_reported_alone() {
    let text =
        beside("type Odd @itme(tabel: \"mian\") {\n  a: Nit\n  b Int\n  c Int\n}\ntype Note { again: Int }");
    let problems = compiled(&text).unwrap_err();
    assert_eq!(problems.iter().count(), 1, "{problems}");
    snapshot("syntax_alone", &problems);
}

#[test]
fn what_a_text_may_be() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let cases: Vec<Case> = vec![
        ("Windows' line ends and byte order mark", windows(&beside(""))),
        ("a comment without line feed at the end", format!("{}# The end.", beside(""))),
        ("brackets and quotes in comments", beside("# \" ( [ { \"\"\" '\ntype Odd { a: Int }")),
        (
            "brackets and quotes in strings",
            beside("\"( [ { \\\" '\" type Odd { \"\"\"\" ( { \\\"\"\" ''\"\"\" a: Int }"),
        ),
        (
            "keywords as names",
            beside(
                "type Odd { type: String input: Int schema: Int\n  query: [enum!]! }\nenum enum { type scalar on }",
            ),
        ),
        (
            "keywords as values that look like definitions",
            beside("enum Odd {\ntype\nNote\n\"What is added.\"\nextend\nschema @deprecated\n}"),
        ),
        ("commas everywhere", beside("type Odd {,, a: Int,, b: [Int]!,, },,")),
        (
            "nothing where nothing is needed",
            beside("type Odd{a:Int,b:[Int!]!,\"c\"c:Int@deprecated(reason:\"\")}"),
        ),
        ("blanks where they may be", beside("type Odd { a : Int @ deprecated ( reason : \"b\" ) }")),
        (
            "brackets as deep as may be",
            beside(&format!("input Odd {{ a: JSON = {}1{} }}", "[".repeat(60), "]".repeat(60))),
        ),
    ];
    each_compiles(&cases);
}
