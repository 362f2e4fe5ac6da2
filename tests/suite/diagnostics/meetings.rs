//! Types whose keys meet. Two types that could make one key, in a table or an index, need a discriminator; so does a
//! type whose query could meet another's items. What cannot meet needs none.

use super::{A_MUTATION, A_QUERY, AROUND, Case, TABLES, compiled, each_compiles, each_has_one_mistake};

/// Fields of every kind that can stand in a key.
const FIELDS: &str = "id: ID! name: String! count: Int! padded: Int! @attribute(pad: 5) \
    wide: Int! @attribute(pad: 6) big: BigInt! price: Decimal! at: DateTime! day: Date! done: Boolean! \
    state: State! kind: Kind! photo: Base64!";

/// Two types in a schema with tables of each kind.
fn two(one: &str, other: &str) -> String {
    format!(
        "type One\n  {one} {{\n  {FIELDS}\n}}\ntype Two\n  {other} {{\n  {FIELDS}\n}}\nenum Kind {{ TEXT PICTURE }}\n{TABLES}"
    )
}

/// Two types in one table, by what follows the tenant in the partition key, and by the sort key.
fn by_keys((partition, sort): (&str, &str), (other_partition, other_sort): (&str, &str)) -> String {
    let item = |partition: &str, sort: &str| {
        format!(r#"@item(table: "main", pk: "T#${{tenant}}{partition}", sk: "{sort}")"#)
    };
    two(&item(partition, sort), &item(other_partition, other_sort))
}

/// Two types in one partition, by their sort keys.
fn by_sort(sort: &str, other: &str) -> String {
    by_keys(("#N#${id}", sort), ("#N#${id}", other))
}

/// Two types that are apart in the table, by the sort keys of an index.
fn by_index(sort: &str, other: &str) -> String {
    let type_of = |own: &str, sort: &str| {
        format!(
            "@item(table: \"main\", pk: \"T#${{tenant}}#{own}#${{id}}\", sk: \"META\")\n  \
             @index(name: \"gsi1\", pk: \"T#${{tenant}}#NAME#${{name}}\", sk: \"{sort}\")"
        )
    };
    two(&type_of("A", sort), &type_of("B", other))
}

/// Whether the compiler says that the two can meet.
fn meets(text: &str) -> bool {
    match compiled(text) {
        Ok(_) => false,
        Err(problems) => {
            let text = problems.to_string();
            assert!(
                text.starts_with("error: an item of `Two` can have the same key as one of `One`"),
                "{text}"
            );
            true
        }
    }
}

#[track_caller]
fn check(rows: &[(&str, &str, bool)], schema: fn(&str, &str) -> String) {
    let found = |one: &str, other: &str| meets(&schema(one, other));
    let wrong: Vec<_> = rows
        .iter()
        .filter(|(one, other, expected)| (found(one, other), found(other, one)) != (*expected, *expected))
        .map(|(one, other, expected)| format!("{one} and {other} meet: {expected}"))
        .collect();
    assert!(wrong.is_empty(), "not so:\n{}", wrong.join("\n"));
}

#[test]
fn sort_keys_meet_where_values_make_them_one() {
    check(
        &[
            ("META", "META", true),
            ("META", "META2", false),
            ("META", "meta", false),
            ("META", "${name}", true),
            // A run of what may be anything, up to a sign.
            ("${name}#${id}", "META", false),
            ("${name}#${id}", "#META", false),
            ("${name}#${id}", "LINE#", false),
            ("${name}#${id}", "LINE#META", true),
            ("${name}#${id}", "${name}", true),
            ("${name}|${id}", "A#B|C", true),
            ("LINE#${id}", "LINE2#${id}", false),
            ("LINE#${id}", "LINE#", false),
            ("LINE#${id}", "LINE##", true),
            ("LINE#${id}", "LINE", false),
            ("LINE${name}", "LINE2#${id}", true),
            ("LINE${name}#${id}", "LINE2#${id}", true),
            ("LINE${name}#${id}", "LINE#2", false),
            ("A#${name}#B", "A#${id}", true),
            ("A#${name}#B", "A#X#B", true),
            ("A#${name}#B", "A#X#C", false),
            ("A#${name}#B", "A#X#Y#B", false),
            ("${name}##${id}", "a#b##c", false),
            ("${name}ab${id}", "xaab1", false),
            ("${name}ab${id}", "xab1", true),
            ("ÄRA", "${name}", true),
            ("ÄRA", "${tenant}", false),
            // Any tenant may have the name that the other's literal is.
            ("${tenant}", "META", true),
            ("${tenant}", "META#", false),
            ("${tenant}#${id}", "META#1", true),
            ("${tenant}#${id}", "${state}#${id}", true),
        ],
        by_sort,
    );
}

#[test]
fn values_of_a_known_form_meet_what_has_that_form() {
    check(
        &[
            ("${state}", "DRAFT", true),
            ("${state}", "DRAFT2", false),
            ("${state}", "PART", false),
            ("${state}", "META", false),
            ("${state}", "${state}", true),
            ("${state}", "${kind}", false),
            ("${state}#${id}", "${kind}#${id}", false),
            ("${state}#${id}", "DRAFT#META", true),
            ("${state}#${kind}", "DRAFT#PICTURE", true),
            ("${state}#${kind}", "DRAFT#PUBLISHED", false),
            ("STATE#${state}", "STATE#${name}", true),
            ("${done}", "true", true),
            ("${done}", "false", true),
            ("${done}", "late", false),
            ("${day}", "2026-11-23", true),
            ("${day}", "2026-11", false),
            ("${day}", "2026", false),
            ("${day}", "${at}", false),
            ("${day}#${id}", "${at}#${id}", false),
            ("${day}T${id}", "${at}", true),
            ("${at}", "2026-11-23T17:45:00.000Z", true),
            ("${at}", "2026-11-23", false),
            ("${at}", "${at}#${id}", false),
            ("${count}", "10", true),
            ("${count}", "-10", true),
            ("${count}", "0", true),
            ("${count}", "-0", false),
            ("${count}", "007", false),
            ("${count}", "1.5", false),
            ("${count}", "${day}", false),
            ("${count}", "${big}", true),
            ("${count}", "${padded}", true),
            ("${count}#${id}", "META#1", false),
            ("${padded}", "00012", true),
            ("${padded}", "12", false),
            ("${padded}", "000012", false),
            ("${padded}", "-0012", false),
            ("${padded}", "${wide}", false),
            ("${padded}#${id}", "${wide}#${id}", false),
            ("${padded}-${id}", "2026-${id}", false),
            ("LINE${count}#${id}", "LINE2#${id}", true),
            ("LINE${padded}#${id}", "LINE2#${id}", false),
            ("${padded}", "${name}", true),
        ],
        by_sort,
    );
}

#[test]
fn partition_keys_meet_where_values_make_them_one() {
    let by_partition = |one: &str, other: &str| by_keys((one, "META"), (other, "META"));
    check(
        &[
            ("#N#${id}", "#N#${name}", true),
            ("#N#${id}", "#P#${id}", false),
            ("#N#${id}", "#N2#${id}", false),
            // What stands at the end may hold anything, also what the other has there.
            ("#N#${id}", "#N#${name}#P", true),
            ("#N#${id}#P", "#N#${id}#Q", false),
            ("#N#${id}#P", "#N#${id}", true),
            ("#${id}", "#N#${id}", true),
            ("#${kind}#${id}", "#TEXT#${id}", true),
            ("#${kind}#${id}", "#${state}#${id}", false),
            ("#${day}", "#${count}", false),
            ("#N", "#N#${id}", false),
            ("", "#N", false),
            ("", "#${id}", false),
            ("##${id}", "#${id}", true),
            ("|${id}", "#${id}", false),
        ],
        by_partition,
    );
}

#[test]
fn keys_of_an_index_meet_as_those_of_the_table_do() {
    check(
        &[
            ("${at}", "${at}", true),
            ("A#${at}", "B#${at}", false),
            ("${at}", "${day}", false),
            ("${name}", "META", true),
            ("${count}#${id}", "META", false),
        ],
        by_index,
    );
}

#[test]
fn keys_that_are_numbers_or_bytes_meet_by_value() {
    let in_table = |table: &'static str| {
        move |one: &str, other: &str| {
            let item =
                |sort: &str| format!(r#"@item(table: "{table}", pk: "T#${{tenant}}#${{id}}", sk: "{sort}")"#);
            meets(&two(&item(one), &item(other)))
        }
    };
    let numbers = in_table("numbers");
    assert!(
        numbers("${count}", "${padded}") && numbers("${padded}", "${wide}") && numbers("${price}", "${big}")
    );
    assert!(in_table("bytes")("${photo}", "${photo}"));
}

#[test]
fn meetings_that_need_a_discriminator() {
    let one = r#"@item(table: "main", pk: "T#${tenant}#N#${id}", sk: "NOTE#${name}""#;
    let other = r#"@item(table: "main", pk: "T#${tenant}#N#${id}", sk: "NOTE#${at}""#;
    let flat = |pk: &str| format!(r#"@item(table: "flat", pk: "T#${{tenant}}#{pk}")"#);
    let silo = |pk: &str| format!(r#"@item(table: "own", pk: "{pk}", sk: "META")"#);
    let cases: Vec<Case> = vec![
        ("meeting_in_a_table", by_sort("NOTE#${name}", "NOTE#${at}")),
        ("meeting_in_an_index", by_index("${name}", "${at}")),
        ("meeting_in_a_table_without_sort_key", two(&flat("N#${id}"), &flat("N#${name}"))),
        ("meeting_in_a_silo", two(&silo("N#${id}"), &silo("N#${tenant}"))),
        (
            "meeting_of_one_that_is_told_apart",
            two(&format!("{one}, type: \"__typename\")"), &format!("{other})")),
        ),
        (
            "meeting_of_the_other_that_is_told_apart",
            two(&format!("{one})"), &format!("{other}, type: \"__typename\")")),
        ),
        (
            "meeting_of_two_told_apart_elsewhere",
            two(&format!("{one}, type: \"__typename\")"), &format!("{other}, type: \"what\")")),
        ),
        (
            "meeting_that_a_query_shows_too",
            by_sort("NOTE#${name}", "NOTE#${at}")
                .replace("type Query {", "type Query { ones(id: ID!): [One!]! @query "),
        ),
    ];
    each_has_one_mistake(&cases);
}

/// A query over the items of `One`, by their keys.
fn asking(query: &str, sort: &str, other: &str) -> String {
    by_sort(sort, other).replace("type Query {", &format!("type Query {{\n  {query}\n "))
}

#[test]
fn queries_that_can_meet_another_type() {
    let all = "ones(id: ID!): [One!]! @query";
    let both = |sort: &str| format!(r#"sk: "{sort}", type: "__typename""#);
    let cases: Vec<Case> = vec![
        ("query_meets_a_literal", asking(all, "${day}", "META")),
        ("query_meets_what_begins_alike", asking(all, "NOTE#${day}", "NOTE#${at}")),
        ("query_meets_what_begins_with_it", asking(all, "NOTE${count}", "NOTES#${id}")),
        (
            "query_meets_by_an_argument_that_may_be_null",
            asking("ones(id: ID!, kind: Kind): [One!]! @query", "${kind}#${at}", "META"),
        ),
        (
            "query_meets_by_a_default_that_may_be_null",
            asking("ones(id: ID!, kind: Kind = TEXT): [One!]! @query", "${kind}#${at}", "META"),
        ),
        (
            "query_meets_by_a_field_of_an_input_that_may_be_null",
            asking(
                "ones(id: ID!, by: By!): [One!]! @query(bind: {kind: \"args.by.kind\"})",
                "${kind}#${at}",
                "META",
            ) + "input By { kind: Kind = TEXT }",
        ),
        (
            "query_meets_by_a_parent_that_may_be_null",
            asking("parent: Parent @get", "${kind}#${at}", "META")
                + "type Parent @item(table: \"flat\", pk: \"P#${tenant}\") {\n  of: ID!\n  kind: Kind\n  \
                ones: [One!]! @query(bind: {id: \"parent.of\", kind: \"parent.kind\"})\n}\n",
        ),
        (
            "query_meets_by_its_second_argument",
            asking("ones(id: ID!, kind: Kind!, day: Date): [One!]! @query", "${kind}#${day}", "TEXT#ALL"),
        ),
        (
            "query_meets_by_a_range",
            asking(
                "ones(id: ID!, from: Date!): [One!]! @query(range: {of: \"day\", from: \"args.from\"})",
                "${day}",
                "META",
            ),
        ),
        (
            "query_meets_in_an_index",
            by_index("${day}", "META")
                .replace(
                    "pk: \"T#${tenant}#NAME#${name}\", sk: \"${day}\"",
                    "as: \"byName\", pk: \"T#${tenant}#NAME#${name}\", sk: \"${day}\"",
                )
                .replace(
                    "type Query {",
                    "type Query { ones(name: String!): [One!]! @query(index: \"byName\") ",
                ),
        ),
        (
            "query_meets_one_that_alone_is_told_apart",
            asking(all, "${day}", "META").replacen("sk: \"META\"", &both("META"), 1),
        ),
        (
            "query_meets_from_a_parent",
            format!(
                "{}\ntype Comment @item(table: \"main\", pk: \"T#${{tenant}}#NOTE#${{note}}\", sk: \"${{day}}\") {{ note: ID! day: Date! }}",
                format!("{AROUND}{A_QUERY}{A_MUTATION}").replace(
                    "  self: Note",
                    "  comments: [Comment!]! @query(bind: {note: \"parent.id\"})\n  self: Note"
                ),
            ),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_may_meet_or_cannot() {
    let told_apart = |text: String| text.replace("@item(", "@item(type: \"__typename\", ");
    let apart = |text: String| {
        told_apart(text).replace("@item(type: \"__typename\", table: \"flat\"", "@item(table: \"flat\"")
    };
    let all = "ones(id: ID!): [One!]! @query";
    let item = |table: &str, sort: &str| {
        format!(r#"@item(table: "{table}", pk: "T#${{tenant}}#N#${{id}}", {sort})"#)
    };
    let index = |name: &str| {
        format!("@index(name: \"{name}\", pk: \"T#${{tenant}}#NAME#${{name}}\", sk: \"${{at}}\")")
    };
    let cases: Vec<Case> = vec![
        ("two that are told apart", apart(by_sort("NOTE#${name}", "NOTE#${at}"))),
        ("two that are told apart in an index", apart(by_index("${name}", "${at}"))),
        ("a query of two that are told apart", apart(asking(all, "${day}", "META"))),
        ("two tables", two(&item("main", "sk: \"META\""), &item("own", "sk: \"META\""))),
        (
            "two indexes",
            two(
                &format!("{} {}", item("main", "sk: \"A\""), index("gsi1")),
                &format!("{} {}", item("main", "sk: \"B\""), index("gsi2")),
            ),
        ),
        (
            "an index of one",
            two(&format!("{} {}", item("main", "sk: \"A\""), index("gsi1")), &item("main", "sk: \"B\"")),
        ),
        ("a query by the whole key", asking("ones(id: ID!, day: Date!): [One!]! @query", "${day}", "META")),
        ("a query of a literal", asking(all, "META", "META2")),
        ("a query by a literal before it", asking(all, "NOTE#${day}", "NOTES#${day}")),
        (
            "a query by an argument that is there",
            asking("ones(id: ID!, kind: Kind!): [One!]! @query", "${kind}#${at}", "META"),
        ),
        (
            "a query by an argument with a default",
            asking("ones(id: ID!, kind: Kind! = TEXT): [One!]! @query", "${kind}#${at}", "META"),
        ),
        (
            "a query by a field of an input that is there",
            asking(
                "ones(id: ID!, by: By!): [One!]! @query(bind: {kind: \"args.by.kind\"})",
                "${kind}#${at}",
                "META",
            ) + "input By { kind: Kind! = TEXT }",
        ),
        (
            "a query by a claim",
            asking("ones(id: ID!): [One!]! @query(bind: {name: \"claims.sub\"})", "${name}#${at}", "META"),
        ),
        (
            "a query by text before a sign",
            asking("ones(id: ID!, name: String!): [One!]! @query", "${name}#${at}", "META"),
        ),
        (
            "a range after an argument that is there",
            asking(
                "ones(id: ID!, kind: Kind!, from: DateTime): [One!]! @query(range: {of: \"at\", from: \"args.from\"})",
                "${kind}#${at}",
                "META",
            ),
        ),
        (
            "a query beside another partition",
            by_keys(("#N#${id}", "${day}"), ("#P#${id}", "META"))
                .replace("type Query {", "type Query { ones(id: ID!): [One!]! @query "),
        ),
    ];
    each_compiles(&cases);
}
