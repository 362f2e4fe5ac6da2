//! `when`: the language of conditions.

use super::{Case, each_compiles, each_has_one_mistake, mutation, mutation_with};

/// A deletion under a condition. The arguments are there for the condition to name.
fn when(condition: &str) -> String {
    mutation(&format!(r#"delete(id: ID!): Note @delete(when: "{condition}")"#))
}

/// A condition that names arguments.
fn with(arguments: &str, condition: &str) -> String {
    let field = format!(r#"delete(id: ID!, {arguments}): Note @delete(when: "{condition}")"#);
    mutation_with(&field, "input In { limits: Limits! state: State } input Limits { least: Int! most: Int }")
}

#[test]
fn mistakes_in_a_condition() {
    let cases: Vec<Case> = vec![
        ("when_no_string", mutation("delete(id: ID!): Note @delete(when: true)")),
        ("when_empty", when("")),
        ("when_blank", when("  ")),
        ("when_field_unknown", when("stat = 'DRAFT'")),
        ("when_field_of_operation", when("exists(self)")),
        ("when_field_missing", when("= 'DRAFT'")),
        ("when_field_quoted", when("'state' = 'DRAFT'")),
        ("when_number_first", when("3 < count")),
        ("when_operator_missing", when("state 'DRAFT'")),
        ("when_operator_at_the_end", when("state =")),
        ("when_field_alone", when("done")),
        ("when_operator_double", when("count == 3")),
        ("when_operator_not_equal", when("count != 3")),
        ("when_operator_word", when("count is 3")),
        ("when_operator_and_sign", when("count = 3 && done = true")),
        ("when_order_of_enum", when("state < 'PUBLISHED'")),
        ("when_order_of_boolean", when("done >= true")),
        ("when_order_of_bytes", when("photo > 'AAE='")),
        ("when_compares_list", when("tags = 'a'")),
        ("when_compares_object", when("place = 'a'")),
        ("when_compares_json", when("more <> 'a'")),
        ("when_enum_unknown", when("state <> 'DRAFTED'")),
        ("when_enum_unquoted", when("state = DRAFT")),
        ("when_enum_number", when("state = 1")),
        ("when_text_for_number", when("count = '3'")),
        ("when_number_for_text", when("title = 3")),
        ("when_text_for_boolean", when("done = 'true'")),
        ("when_fraction_for_int", when("count = 1.5")),
        ("when_int_too_large", when("count < 2147483648")),
        ("when_number_malformed", when("score = 1-2")),
        ("when_float_too_large", when("score < 1e126")),
        ("when_decimal_malformed", when("price < 1.2.3")),
        ("when_decimal_text_malformed", when("price < '1,5'")),
        ("when_date_malformed", when("day = '2026-02-30'")),
        ("when_moment_without_offset", when("at < '2026-01-01T00:00:00'")),
        ("when_bytes_malformed", when("photo = 'AAE'")),
        ("when_field_on_both_sides", when("author = id")),
        ("when_text_unclosed", when("title = 'a")),
        ("when_text_unclosed_before_more", when("title = 'a and done = true")),
        ("when_double_quotes", when(r#"title = \"a\""#)),
        ("when_parenthesis_unclosed", when("(count = 3")),
        ("when_parenthesis_unclosed_before_more", when("(count = 3 done = true)")),
        ("when_parenthesis_unopened", when("count = 3)")),
        ("when_parentheses_empty", when("()")),
        ("when_parenthesis_as_value", when("count = (3)")),
        ("when_nested", when("not (count > 1 and (done = true or (titel = 'a' and count < 5)))")),
        ("when_and_at_the_end", when("count = 3 and")),
        ("when_or_at_the_beginning", when("or count = 3")),
        ("when_and_twice", when("count = 3 and and done = true")),
        ("when_not_alone", when("not")),
        ("when_words_missing_between", when("count = 3 done = true")),
        ("when_too_deep", when(&format!("{}count = 3", "not ".repeat(33)))),
        ("when_exists_unknown", when("exists(titel)")),
        ("when_exists_empty", when("exists()")),
        ("when_exists_unclosed", when("exists(title")),
        ("when_exists_of_text", when("exists('title')")),
        ("when_exists_of_two", when("exists(title, count)")),
        ("when_exists_without_parentheses", when("exists title")),
        ("when_function", when("begins_with(title, 'a')")),
        ("when_sign_unknown", when("count = 3; done = true")),
        ("when_sign_of_another_script", when("título = 'é'")),
        ("when_after_another_script", when("title = 'é' and titel = 'a'")),
        ("when_after_escapes", when(r"title = '\u00e9\t' and titel = 'a'")),
        (
            "when_in_a_block",
            mutation(
                "delete(id: ID!): Note\n    @delete(when: \"\"\"\n      state = 'DRAFT'\n      and titel = 'a'\n    \"\"\")",
            ),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_with_an_argument() {
    let cases: Vec<Case> = vec![
        ("when_args_alone", with("least: Int!", "count >= args")),
        ("when_args_dot", with("least: Int!", "count >= args.")),
        ("when_argument_unknown", with("least: Int!", "count >= args.laest")),
        ("when_argument_nullable", with("least: Int", "count >= args.least")),
        ("when_argument_of_wrong_type", with("least: String!", "count >= args.least")),
        ("when_argument_has_no_fields", with("least: Int!", "count >= args.least.value")),
        ("when_argument_of_list", with("least: [Int!]!", "count >= args.least")),
        ("when_argument_of_unknown_type", with("least: Itn!", "count >= args.least")),
        ("when_input_field_unknown", with("in: In!", "count >= args.in.limit")),
        ("when_inner_field_unknown", with("in: In!", "done = true or count >= args.in.limits.laest")),
        ("when_inner_field_nullable", with("in: In!", "count <= args.in.limits.most")),
        ("when_input_nullable", with("in: In", "count >= args.in.limits.least")),
        ("when_input_whole", with("in: In!", "count >= args.in")),
        ("when_argument_of_another_enum", with("state: String!", "state = args.state")),
        ("when_parent", with("least: Int! = 1", "count >= parent.count and count >= args.least")),
        ("when_argument_on_the_left", with("least: Int!", "args.least <= count")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_condition_may_be() {
    let cases: Vec<Case> = vec![
        (
            "every operator",
            when("count = 1 and count <> 2 and count < 3 and count <= 4 and count > 5 or count >= -6"),
        ),
        (
            "every kind of value",
            when(
                "state = 'DRAFT' and at < '2026-01-01T00:00:00+02:00' and title = 'é' and count = 1 and score = 1.5e3 \
            and price = '19.90' and price > 1 and day = '2026-01-01' and done = true and photo = 'AAE=' and id <> ''",
            ),
        ),
        ("keywords in any case", when("NOT Exists(title) AND (count = 1 Or count = 2)")),
        ("blanks anywhere", when(r"count=1\n\tand( not not count<>2 )")),
        ("as deep as may be", when(&format!("{}count = 3", "not ".repeat(32)))),
        ("an argument with a default", with("least: Int = 1", "count >= args.least")),
        ("a field within an input", with("in: In!", "count >= args.in.limits.least")),
    ];
    each_compiles(&cases);
}
