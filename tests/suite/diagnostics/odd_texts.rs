//! Texts in which places are easily lost: wide characters, tabs, escapes, block strings, comments, the wrong word
//! twice. The caret stands under the word that is meant.

use super::{Case, beside, each_has_one_mistake, item, mutation, query};

/// A `@delete` with a condition, written as a literal.
fn when(literal: &str) -> String {
    mutation(&format!("delete(id: ID!): Note @delete(when: {literal})"))
}

/// A field of the query root that finds nothing of the name `idd`, after a text.
fn after(text: &str) -> String {
    query(&format!("{text} note(id: ID!): Note @get(bind: {{id: \"args.idd\"}})"))
}

#[test]
fn characters_of_other_widths() {
    let cases: Vec<Case> = vec![
        ("odd_tabs", query("\t\tnote(id: ID!):\tNote\t@get(bind:\t{id:\t\"args.idd\"})")),
        ("odd_tab_in_a_string", query("note(id: ID!): Note @get(bind: {id: \"args\t.idd\"})")),
        ("odd_two_bytes", after("\"Größe\"")),
        ("odd_wide_characters", after("\"注文の一覧\"")),
        ("odd_emoji", after("\"🦀🚀\"")),
        ("odd_emoji_of_several", after("\"👩‍👩‍👧‍👦 🇩🇪 👍🏽\"")),
        ("odd_combining_marks", after("\"e\u{301}n\u{303}\"")),
        ("odd_right_to_left", after("\"שלום עולם\"")),
        ("odd_without_width", after("\"a\u{200b}b\u{feff}c\"")),
        ("odd_control_characters", after("\"a\u{1}b\u{7f}c\"")),
        ("odd_line_separator", after("\"a\u{2028}b\u{85}c\"")),
        ("odd_wide_word", when("\"大きさ = 'x'\"")),
        ("odd_word_of_two_bytes", when("\"title = 'ä' and größe = 'ö'\"")),
        (
            "odd_word_in_a_template",
            item("@item(table: \"main\", pk: \"N#${tenant}#ü#${größe}\", sk: \"META\")", ""),
        ),
        (
            "odd_sign_in_a_template",
            item("@item(table: \"main\", pk: \"N#${tenant}#${id}\", sk: \"🦀#{id}\")", ""),
        ),
        ("odd_name_of_a_table", item("@item(table: \"größe\", pk: \"N#${tenant}#${id}\", sk: \"META\")", "")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn lines() {
    let windows = |text: String| text.replace('\n', "\r\n");
    let long = "x".repeat(400);
    let cases: Vec<Case> = vec![
        ("odd_windows_lines", windows(after(""))),
        ("odd_windows_block", windows(when("\"\"\"\n      title = 'a'\n      and titel = 'b'\n    \"\"\""))),
        ("odd_windows_end_of_a_line", windows(query("note(id: ID!):\n    Nte @get"))),
        ("odd_byte_order_mark", format!("\u{feff}type Odd {{ size: Flaot }} {}", beside(""))),
        ("odd_long_line_at_its_end", after(&format!("\"{long}\""))),
        (
            "odd_long_line_at_its_beginning",
            query(&format!("note(id: ID!): Nte @get(bind: {{id: \"args.id\"}}) # {long}")),
        ),
        ("odd_long_line_in_its_middle", query(&format!("\"{long}\" note(id: ID!): Nte @get # {long}"))),
        ("odd_long_word", query(&format!("note(id: ID!): N{long} @get"))),
        ("odd_long_wide_line", after(&format!("\"{}\"", "注".repeat(200)))),
        ("odd_first_character", "type Query { a: Int }".to_owned()),
        ("odd_last_character", format!("{}type Odd {{ a: Nit}}", beside(""))),
        ("odd_word_over_lines", query("note(id: ID!): Note @get(bind: {id: \"\"\"\nargs.\nidd\n\"\"\"})")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_stands_before_a_directive() {
    let cases: Vec<Case> = vec![
        ("odd_description_with_a_directive", after("\"@get(bind: {id: \\\"args.idd\\\"})\"")),
        (
            "odd_block_with_a_directive",
            after("\"\"\"\n  note(id: ID!): Note @get(bind: {id: \"args.idd\"})\n  \"\"\""),
        ),
        ("odd_block_with_quotes", after("\"\"\" \" '' \\\"\"\" ( [ { # \"\"\"")),
        ("odd_block_that_is_empty", after("\"\"\"\"\"\"")),
        ("odd_description_that_is_empty", after("\"\"")),
        (
            "odd_description_of_an_argument",
            query("note(\"The id, not args.idd.\" id: ID!): Note @get(bind: {id: \"args.idd\"})"),
        ),
        ("odd_comment_with_a_directive", after("# @get(bind: {id: \"args.idd\"})\n")),
        (
            "odd_comment_after_a_directive",
            query("note(id: ID!): Note @get # (consistent: true)\n  (bind: {id: \"args.idd\"})"),
        ),
        (
            "odd_comment_within_a_directive",
            query(
                "note(id: ID!): Note @ # get\n  get( # bind\n  bind # :\n  : # {\n {id # \"args.idd\"\n : # \"\n \"args.idd\" # }\n } )",
            ),
        ),
        ("odd_commas", query("note(,id: ID!,,):,Note,@get,(,,bind:,{,id:,\"args.idd\",},)")),
        ("odd_nothing_between", query("note(id:ID!):Note@get(bind:{id:\"args.idd\"})")),
        ("odd_blanks_between", query("note ( id : ID! ) : Note @ get ( bind : { id : \"args.idd\" } )")),
        (
            "odd_directive_before_another",
            query("note(id: ID!): Note @deprecated(reason: \"use args.idd\") @get(bind: {id: \"args.idd\"})"),
        ),
        (
            "odd_directive_before_a_field_in_parentheses",
            query("note(id: ID!): Note @get @deprecated\n  other(bind: ID!): Note @get"),
        ),
        (
            "odd_default_before_a_directive",
            query("note(id: ID = \"x@get(\", more: [Int!] = [1, 2] ): Note @get(bind: {id: \"args.idd\"})"),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn words_that_stand_there_twice() {
    let cases: Vec<Case> = vec![
        ("odd_twice_field_and_type", query("Nte(id: ID!): Nte @get")),
        ("odd_twice_argument_and_type", query("note(IDD: IDD): Note @get(bind: {id: \"args.IDD\"})")),
        ("odd_twice_list_types", query("note(id: ID!, ids: [Nte!]): Note @get")),
        ("odd_twice_in_bind", query("note(id: ID!): Note @get(bind: {id: \"args.id.id\"})")),
        (
            "odd_twice_name_and_value",
            query("note(idd: ID!): Note @get(bind: {id: \"args.idd\", idd: \"args.idd\"})"),
        ),
        (
            "odd_twice_in_a_filter",
            query(
                "notes(author: ID!, title: String): [Note!]! @query(index: \"byAuthor\", filter: [\"title\", \"titel\", \"title\"])",
            ),
        ),
        ("odd_twice_word_and_text", when("\"titel = 'titel'\"")),
        ("odd_twice_text_and_word", when("\"title = 'titel' and titel = 'titel'\"")),
        ("odd_twice_word_and_longer_word", when("\"title = 'a' and exists(title2)\"")),
        (
            "odd_twice_in_a_template",
            item(
                "@item(table: \"main\", pk: \"N#${tenant}#${id}\", sk: \"nmae#${name}#${nmae}\")",
                "name: String!",
            ),
        ),
        (
            "odd_twice_in_two_templates",
            item("@item(table: \"main\", pk: \"N#${tenant}#${nmae}\", sk: \"nmae\")", "name: String!"),
        ),
        (
            "odd_twice_default_and_value",
            beside("enum Colour { RED } input Odd { red: Colour = BLUE, blue: Colour = RED }"),
        ),
        ("odd_twice_directive", query("note(id: ID!): Note @get @deprecated @deprecated")),
        ("odd_twice_on_a_line", beside("type One { size: Float } type Two { size: Flaot }")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn words_after_escapes() {
    let cases: Vec<Case> = vec![
        ("odd_escaped_quotes", when(r#""title = '\"' and titel = '\"'""#)),
        ("odd_escaped_backslashes", when(r#""title = '\\' and titel = '\\\\'""#)),
        ("odd_escaped_letters", when(r#""title = 'a' and \u0074itel = 'b'""#)),
        ("odd_escaped_wrong_letter", when(r#""title = 'a' \u0026 exists(title)""#)),
        ("odd_escaped_in_a_bind", query(r#"note(id: ID!): Note @get(bind: {id: "\u0061rgs.\u0069dd"})"#)),
        (
            "odd_escaped_in_a_name",
            item(r#"@item(table: "m\u0061in", pk: "N#${tenant}#${id}", sk: "\t${nmae}")"#, "name: String!"),
        ),
        (
            "odd_escaped_in_a_list",
            query(
                r#"notes(author: ID!, title: String): [Note!]! @query(index: "by\u0041uthor", filter: ["\u0074itle\"", "title"])"#,
            ),
        ),
        (
            "odd_literal_after_escapes",
            query(r#"note(id: ID!): Note @get(bind: {id: "args.id"}, consistent: "\"\\\"") "#),
        ),
        (
            "odd_literals_after_escapes",
            mutation(
                r#"delete(id: ID!): Note @delete(bind: {id: "\u0061rgs.id"}, if: "\"", when: "title = 'a'")"#,
            ),
        ),
        ("odd_block_in_an_argument", query("note(id: ID!): Note @get(bind: {id: \"\"\"args.idd\"\"\"})")),
        (
            "odd_block_with_indentation",
            when(
                "\"\"\"\n        title = 'a'\n          and (titel = 'b'\n        or title = 'c')\n  \"\"\"",
            ),
        ),
        ("odd_block_with_tabs", when("\"\"\"\n\t\ttitle = 'é'\n\t\tand titel = 'b'\"\"\"")),
        ("odd_block_with_escaped_quotes", when("\"\"\"title = '\\\"\"\"' and titel = 'b'\"\"\"")),
        ("odd_block_with_backslashes", when("\"\"\"title = '\\n' and titel = '\\u0041'\"\"\"")),
        ("odd_block_with_empty_lines", when("\"\"\"\n\n   \n  title = 'a'\n\n  and titel = 'b'\n\n\"\"\"")),
        ("odd_block_whose_first_line_counts", when("\"\"\"title = 'a'\n    and titel = 'b'\"\"\"")),
        ("odd_block_that_is_blank", when("\"\"\"\n   \n\"\"\"")),
        ("odd_block_with_nothing", when("\"\"\"\"\"\"")),
        (
            "odd_block_with_nothing_in_a_template",
            item("@item(table: \"main\", pk: \"N#${tenant}#${id}\", sk: \"\"\"\"\"\")", ""),
        ),
        ("odd_condition_that_ends_with_a_wide_blank", when("\"title = 'é' and\u{3000}\"")),
        (
            "odd_block_in_a_template",
            item(
                "@item(table: \"main\", pk: \"N#${tenant}#${id}\", sk: \"\"\"\n   A#${nmae}\n   \"\"\")",
                "name: String!",
            ),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn words_of_the_file_itself() {
    let cases: Vec<Case> = vec![
        ("odd_schema_without_blank", beside("").replace("type Note", "schema{query: Query}\ntype Note")),
        (
            "odd_schema_with_directive",
            beside("")
                .replace("type Note", "schema@table(name: \"x\", pk: \"pk\") { query: Query }\ntype Note"),
        ),
        ("odd_extend_before_a_comment", beside("extend#this\ntype Note { more: Int }")),
        ("odd_extend_with_tab", beside("extend\ttype\tNote { more: Int }")),
        ("odd_directive_apart", query("note(id: ID!): Note @ # it comes\n    gett")),
        (
            "odd_description_of_the_second",
            beside("\"One.\"\ntype Odd { a: Int }\n\"Two.\"\ntype Odd { a: Int }"),
        ),
        ("odd_type_in_lists", query("notes(id: ID!): [[[Nte!]!]!]! @query")),
    ];
    each_has_one_mistake(&cases);
}
