//! `@transact`, and what an update makes from what is there.

use super::{Case, each_compiles, each_has_one_mistake, mutation, mutation_with, query};

/// A customer, its orders and their lines, in a table whose time to live is `TTL`.
const SHOP: &str = r#"type Customer
  @item(table: "main", pk: "T#${tenant}#CUSTOMER#${id}", sk: "META", version: "rev")
  @index(name: "gsi1", as: "byCity", pk: "T#${tenant}#CITY#${city}", sk: "${status}#${id}") {
  id: ID!
  city: String!
  status: String
  orders: Int
  owed: Decimal
  tags: [String!] @attribute(as: SET)
  notes: [String!]
  changed: DateTime @attribute(generate: UPDATED_AT)
  rev: Int
}
type Order @item(table: "main", pk: "T#${tenant}#ORDER#${id}", sk: "META"TTL) {
  id: ID! @attribute(generate: ULID)
  customerId: ID!
  note: String
  until: BigInt @attribute(hidden: true)
}
input NewOrder { customerId: ID! note: String }
"#;

fn shop(field: &str) -> String {
    mutation_with(field, &SHOP.replace("TTL", ", ttl: \"until\""))
}

/// A transaction of these steps, that returns an order and uses all its arguments.
fn steps(steps: &str) -> String {
    shop(&format!(
        "place(input: NewOrder!, a: ID!, r: ID!): Order @transact(token: \"args.r\", do: [{steps}])"
    ))
}

const PUT: &str = r#"{as: "order", put: "Order", spread: "args.input"}"#;
const COUNT: &str = r#"{update: "Customer", bind: {id: "args.a"}, add: {orders: "1"}}"#;

#[test]
fn mistakes_in_a_transaction() {
    let with = |step: &str| steps(&format!("{PUT}, {step}"));
    let counted = |step: &str| steps(&format!("{PUT}, {COUNT}, {step}"));
    let cases: Vec<Case> = vec![
        ("transact_without_do", shop("place(r: ID!): Order @transact(token: \"args.r\")")),
        ("transact_no_steps", shop("place(r: ID!): Order @transact(token: \"args.r\", do: [])")),
        ("transact_do_no_list", shop("place(r: ID!): Order @transact(do: \"Order\")")),
        ("transact_step_no_object", counted("\"Order\"")),
        ("transact_step_of_nothing", counted(r#"{as: "x", when: "orders > 1"}"#)),
        (
            "transact_step_of_two_kinds",
            with(r#"{update: "Customer", delete: "Customer", bind: {id: "args.a"}}"#),
        ),
        ("transact_step_type_unknown", counted(r#"{put: "Ordr", spread: "args.input"}"#)),
        ("transact_step_type_without_items", counted(r#"{check: "Place", bind: {id: "args.a"}}"#)),
        (
            "transact_step_argument_unknown",
            with(r#"{update: "Customer", bind: {id: "args.a"}, ad: {orders: "1"}}"#),
        ),
        (
            "transact_step_argument_of_another",
            counted(r#"{check: "Note", bind: {id: "args.a"}, add: {count: 1}}"#),
        ),
        (
            "transact_step_key_unbound",
            with(r#"{update: "Customer", add: {orders: "1"}}"#).replace("a: ID!, ", ""),
        ),
        (
            "transact_step_path_unknown",
            with(r#"{update: "Customer", bind: {id: "args.b"}, add: {orders: "1"}}"#),
        ),
        (
            "transact_step_when_field_unknown",
            with(
                r#"{update: "Customer", bind: {id: "args.a"}, add: {orders: "1"}, when: "status = 'A' and order < 3"}"#,
            ),
        ),
        (
            "transact_check_when_of_wrong_type",
            counted(r#"{check: "Note", bind: {id: "args.a"}, when: "count = 'x'"}"#),
        ),
        ("transact_step_twice_on_an_item", counted(r#"{check: "Customer", bind: {id: "args.a"}}"#)),
        ("transact_step_name_twice", counted(r#"{as: "order", check: "Note", bind: {id: "args.a"}}"#)),
        ("transact_step_name_of_a_root", counted(r#"{as: "args", check: "Note", bind: {id: "args.a"}}"#)),
        ("transact_step_name_odd", counted(r#"{as: "the note", check: "Note", bind: {id: "args.a"}}"#)),
        (
            "transact_step_later_than_named",
            steps(&format!(r#"{COUNT}, {{check: "Note", bind: {{id: "order.id"}}}}, {PUT}"#)),
        ),
        ("transact_step_field_unknown", counted(r#"{check: "Note", bind: {id: "order.ident"}}"#)),
        ("transact_step_field_nullable", counted(r#"{check: "Note", bind: {id: "order.note"}}"#)),
        ("transact_step_field_missing", counted(r#"{check: "Note", bind: {id: "order"}}"#)),
        (
            "transact_step_field_of_wrong_type",
            counted(r#"{update: "Note", bind: {id: "args.a", count: "order.id"}}"#),
        ),
        ("transact_step_incomplete_put", with(COUNT).replace("customerId: ID! note", "note")),
        (
            "transact_step_needs_a_read",
            shop(
                r#"move(a: ID!, city: String!): Customer @transact(do: [{update: "Customer", bind: {id: "args.a"}}])"#,
            )
            .replace(", version: \"rev\"", ""),
        ),
        (
            "transact_returns_no_step",
            steps(&format!("{COUNT}, {{check: \"Note\", bind: {{id: \"args.a\"}}}}"))
                .replace("input: NewOrder!, ", ""),
        ),
        (
            "transact_returns_several",
            shop(
                r#"two(a: ID!, b: ID!): Customer @transact(do: [{check: "Customer", bind: {id: "args.a"}}, {update: "Customer", bind: {id: "args.b"}, add: {orders: 1}}])"#,
            ),
        ),
        (
            "transact_returns_unknown",
            steps(&format!("{PUT}, {COUNT}")).replace("do:", "returns: \"ordr\", do:"),
        ),
        (
            "transact_returns_another_type",
            steps(&format!("{PUT}, {COUNT}")).replace("do:", "returns: \"2:Customer\", do:"),
        ),
        ("transact_returns_a_list", steps(&format!("{PUT}, {COUNT}")).replace("): Order @", "): [Order] @")),
        (
            "transact_returns_what_is_deleted",
            shop(r#"gone(id: ID!): Order @transact(do: [{delete: "Order"}])"#),
        ),
        ("transact_token_unknown", steps(&format!("{PUT}, {COUNT}")).replace("args.r\"", "args.s\"")),
        ("transact_token_nullable", steps(&format!("{PUT}, {COUNT}")).replace("r: ID!", "r: ID")),
        ("transact_token_no_text", steps(&format!("{PUT}, {COUNT}")).replace("r: ID!", "r: Int!")),
        ("transact_token_without_ttl", steps(&format!("{PUT}, {COUNT}")).replace(", ttl: \"until\"", "")),
        (
            "transact_token_for_a_look",
            shop(
                r#"look(a: ID!, r: ID!): Note @transact(token: "args.r", do: [{check: "Note", bind: {id: "args.a"}}])"#,
            ),
        ),
        (
            "transact_token_met",
            format!(
                "{}type Odd @item(table: \"main\", pk: \"T#${{tenant}}#INNKEEPER#${{kind}}\", sk: \"${{kind}}\") {{ kind: ID! }}\n",
                steps(&format!("{PUT}, {COUNT}"))
            ),
        ),
        ("transact_argument_unused", steps(PUT)),
        (
            "transact_in_a_query",
            query(r#"gone(id: ID!): Note @transact(do: [{update: "Note", add: {price: "1"}}])"#),
        ),
        ("transact_too_many_steps", steps(&format!("{PUT}, {}", format!("{COUNT}, ").repeat(100)))),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_in_a_step_for_each_element() {
    // A transaction with these lines, whose last step is for each of them.
    let of = |lines: &str, step: &str| {
        shop(&format!(
            "place(input: NewOrder!, lines: {lines}, a: ID!): Order @transact(do: [{PUT}, {COUNT}, {step}])"
        ))
        .replace(
            "input NewOrder",
            "input Piece { id: ID! pieces: Int! of: Of! }\ninput Of { id: ID! }\ninput NewOrder",
        )
    };
    let each = |step: &str| of("[Piece!]!", &format!("{{each: \"args.lines\", {step}}}"));
    let noted = r#"check: "Note", bind: {id: "each.id"}"#;
    let cases: Vec<Case> = vec![
        ("transact_each_no_list", of("Piece!", &format!("{{each: \"args.lines\", {noted}}}"))),
        ("transact_each_list_of_lists", of("[[Piece!]!]!", &format!("{{each: \"args.lines\", {noted}}}"))),
        ("transact_each_nullable_elements", of("[Piece]!", &format!("{{each: \"args.lines\", {noted}}}"))),
        ("transact_each_unknown", of("[Piece!]!", &format!("{{each: \"args.line\", {noted}}}"))),
        ("transact_each_of_claims", of("[Piece!]!", &format!("{{each: \"claims.groups\", {noted}}}"))),
        ("transact_each_no_text", of("[Piece!]!", &format!("{{each: [\"args.lines\"], {noted}}}"))),
        ("transact_each_field_unknown", each(r#"check: "Note", bind: {id: "each.ident"}"#)),
        ("transact_each_field_of_a_value", of("[ID!]!", &format!("{{each: \"args.lines\", {noted}}}"))),
        ("transact_each_of_wrong_type", each(r#"check: "Note", bind: {id: "each"}"#)),
        ("transact_each_condition_field_unknown", each(&format!("{noted}, when: \"count > each.piece\""))),
        ("transact_each_condition_of_wrong_type", each(&format!("{noted}, when: \"count > each.id\""))),
        ("transact_each_elsewhere", of("[Piece!]!", r#"{check: "Note", bind: {id: "each.id"}}"#)),
        (
            "transact_each_elsewhere_in_a_condition",
            mutation(r#"gone(id: ID!): Note @delete(when: "count > each.pieces")"#),
        ),
        ("transact_each_one_item_for_all", each(r#"check: "Note", bind: {id: "args.a"}"#)),
        ("transact_each_of_another_list", each(r#"check: "Note", bind: {id: "args.others.id"}"#).replace("a: ID!):", "a: ID!, others: [Of!]!):")),
        ("transact_each_within_elements", each(noted).replace("args.lines", "args.lines.more").replace("of: Of!", "more: [Of!]! of: Of!")),
        ("transact_each_alone_of_a_list", of("[ID!]!", r#"{check: "Note", bind: {id: "args.lines"}}"#)),
        ("transact_each_without_a_key", each(r#"update: "Note", bind: {count: "each.pieces"}"#)),
        ("transact_each_misspelt", each(r#"check: "Note", bind: {id: "ech.id"}"#)),
        ("transact_each_empty", each(r#"check: "Note", bind: {id: "each."}"#)),
        ("transact_each_as_a_token", each(noted).replace("transact(do", "transact(token: \"each.id\", do")),
        ("transact_each_spreads_a_list", each(r#"put: "Customer", spread: "args.lines""#)),
        (
            "transact_each_is_drawn_on",
            of(
                "[Piece!]!",
                r#"{as: "more", each: "args.lines", put: "Order", bind: {id: "each.id", customerId: "args.a"}}, {check: "Note", bind: {id: "more.id"}}"#,
            )
            .replace("transact(do", "transact(returns: \"order\", do"),
        ),
        (
            "transact_each_twice_on_an_item",
            of(
                "[Piece!]!",
                &format!("{{each: \"args.lines\", {noted}}}, {{each: \"args.lines\", {noted}}}"),
            ),
        ),
        (
            "transact_each_returns_one",
            each(noted).replace("a: ID!): Order", "a: ID!): Note"),
        ),
        (
            "transact_each_returns_named",
            each(&format!("as: \"note\", {noted}"))
                .replace("a: ID!): Order @transact(", "a: ID!): Note @transact(returns: \"note\", "),
        ),
        (
            "transact_each_returns_a_list_of_one",
            each(noted).replace("a: ID!): Order", "a: ID!): [Order!]!"),
        ),
        ("transact_each_is_no_name", of("[ID!]!", r#"{as: "each", each: "args.lines", check: "Note", bind: {id: "each"}}"#)),
    ];
    each_has_one_mistake(&cases);
    let fine: Vec<Case> = vec![
        (
            "an optional list",
            of("[Piece!]", &format!("{{each: \"args.lines\", {noted}, when: \"count > each.pieces\"}}")),
        ),
        ("values", of("[ID!]!", r#"{each: "args.lines", check: "Note", bind: {id: "each"}}"#)),
        ("a field within", each(r#"check: "Note", bind: {id: "each.of.id"}"#)),
        ("a list that is answered", each(noted).replace("a: ID!): Order", "a: ID!): [Note]!")),
    ];
    each_compiles(&fine);
}

#[test]
fn transactions_that_are_fine() {
    let cases: Vec<Case> = vec![
        ("all kinds", steps(&format!("{PUT}, {COUNT}, {{delete: \"Note\", bind: {{id: \"order.id\"}}}}, {{check: \"Note\", bind: {{id: \"args.a\"}}, when: \"exists(title) or count > 3\"}}"))),
        ("a table names its time to live", steps(&format!("{PUT}, {COUNT}")).replace(", ttl: \"until\"", "").replace("name: \"main\", pk: \"pk\", sk: \"sk\"", "name: \"main\", pk: \"pk\", sk: \"sk\", ttl: \"gone\"")),
        ("an input field for another step", steps(&format!("{PUT}, {{update: \"Customer\", bind: {{id: \"args.a\"}}, add: {{orders: \"args.input.pieces\"}}}}")).replace("note: String }", "note: String pieces: Int }")),
        ("the same type twice", shop(r#"two(a: ID!, b: ID!): Customer @transact(returns: "1:Customer", do: [{check: "Customer", bind: {id: "args.a"}}, {update: "Customer", bind: {id: "args.b"}, add: {orders: 1}}])"#)),
        ("an index key at hand", shop(r#"move(a: ID!, city: String!, status: String!): Customer @transact(do: [{update: "Customer", bind: {id: "args.a"}}])"#)),
    ];
    each_compiles(&cases);
}

#[test]
fn mistakes_in_what_is_made_from_what_is_there() {
    let update = |actions: &str| {
        shop(&format!("change(id: ID!, n: Int!, t: [String!]!, s: String!): Customer @update({actions})"))
    };
    let all = r#"add: {orders: "args.n", tags: "args.t"}, append: {notes: "args.s"}"#;
    let cases: Vec<Case> = vec![
        ("add_no_object", shop("change(id: ID!): Customer @update(add: \"orders\")")),
        ("add_unknown_field", update(&format!("{all}, remove: {{tag: \"args.s\"}}"))),
        ("add_to_a_list", shop(r#"change(id: ID!, s: String!): Customer @update(add: {notes: "args.s"})"#)),
        ("add_to_a_text", shop(r#"change(id: ID!, s: String!): Customer @update(add: {status: "args.s"})"#)),
        (
            "append_to_a_set",
            shop(r#"change(id: ID!, s: String!): Customer @update(append: {tags: "args.s"})"#),
        ),
        (
            "remove_from_a_list",
            shop(r#"change(id: ID!, s: String!): Customer @update(remove: {notes: "args.s"})"#),
        ),
        ("add_to_the_version", shop(r#"change(id: ID!): Customer @update(add: {rev: "1"})"#)),
        ("add_to_a_key", mutation(r#"change(id: ID!, n: Int!): Note @update(add: {count: "args.n"})"#)),
        ("add_and_remove", update(r#"add: {orders: "args.n", tags: "args.t"}, remove: {tags: "args.s"}"#)),
        ("add_no_number", shop(r#"change(id: ID!): Customer @update(add: {orders: "1.5"})"#)),
        ("add_number_to_a_set", shop("change(id: ID!): Customer @update(add: {tags: 1})")),
        ("add_true", shop("change(id: ID!): Customer @update(add: {orders: true})")),
        (
            "add_of_wrong_type",
            shop(r#"change(id: ID!, s: String!): Customer @update(add: {orders: "args.s"})"#),
        ),
        ("add_path_unknown", shop(r#"change(id: ID!): Customer @update(add: {orders: "args.n"})"#)),
        (
            "add_and_bind",
            shop(
                r#"change(id: ID!, n: Int!): Customer @update(add: {orders: "1"}, bind: {orders: "args.n"})"#,
            ),
        ),
        (
            "add_to_the_time_of_change",
            shop(r#"change(id: ID!, s: DateTime!): Customer @update(add: {changed: "args.s"})"#),
        ),
        (
            "table_ttl_is_a_key",
            steps(&format!("{PUT}, {COUNT}")).replace(", ttl: \"until\"", "").replace(
                "name: \"main\", pk: \"pk\", sk: \"sk\"",
                "name: \"main\", pk: \"pk\", sk: \"sk\", ttl: \"sk\"",
            ),
        ),
        (
            "table_ttl_is_another",
            steps(&format!("{PUT}, {COUNT}")).replace(
                "name: \"main\", pk: \"pk\", sk: \"sk\"",
                "name: \"main\", pk: \"pk\", sk: \"sk\", ttl: \"gone\"",
            ),
        ),
    ];
    each_has_one_mistake(&cases);
}
