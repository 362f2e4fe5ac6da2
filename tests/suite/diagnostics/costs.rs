//! `@cost` and `@listSize`: what a document is estimated to cost.

use super::{Case, beside, each_compiles, each_has_one_mistake, mutation, query};

fn weighed(directive: &str) -> String {
    query(&format!("note(id: ID!): Note @get {directive}"))
}

fn paged(directive: &str) -> String {
    query(&format!(
        "notes(author: ID!, first: Int, after: String, last: Int, before: String): NoteConnection! @query(index: \"byAuthor\") {directive}"
    ))
}

fn listed(directive: &str) -> String {
    query(&format!("notes(author: ID!): [Note!]! @query(index: \"byAuthor\") {directive}"))
}

#[test]
fn mistakes_in_a_cost() {
    let cases: Vec<Case> = vec![
        ("cost_missing", weighed("@cost")),
        ("cost_argument_near", weighed("@cost(wieght: 5, weight: 5)")),
        ("cost_no_number", weighed("@cost(weight: HEAVY)")),
        ("cost_of_words", weighed("@cost(weight: \"five\")")),
        ("cost_of_a_part", weighed("@cost(weight: \"0.5\")")),
        ("cost_negative", weighed("@cost(weight: -1)")),
        ("cost_too_large", weighed("@cost(weight: 100001)")),
        ("cost_twice", weighed("@cost(weight: 1) @cost(weight: 2)")),
        ("cost_on_an_enum", beside("enum Odd @cost(weight: \"5\") { A }")),
        ("cost_on_an_argument", query("note(id: ID! @cost(weight: 2)): Note @get")),
        ("list_size_idle", listed("@listSize")),
        ("list_size_of_one", weighed("@listSize(assumedSize: 10)")),
        ("list_size_of_a_place", beside("type Odd { place: Place @listSize(assumedSize: 10) }")),
        ("list_size_none", listed("@listSize(assumedSize: 0)")),
        ("list_size_too_large", listed("@listSize(assumedSize: 10001)")),
        ("list_size_no_number", listed("@listSize(assumedSize: \"10\")")),
        ("list_size_argument_near", listed("@listSize(assumedSize: 5, sizedField: [\"nodes\"])")),
        (
            "list_size_of_an_argument",
            query("notes(ids: [ID!]!): [Note]! @get(bind: {id: \"args.ids\"}) @listSize(assumedSize: 10)"),
        ),
        (
            "list_size_of_a_transaction",
            mutation(
                "addNote(id: ID!, author: ID!, state: State!, at: DateTime!): Note! @transact(do: [{put: \"Note\"}]) @listSize(assumedSize: 10)",
            ),
        ),
        ("list_size_slicing_near", paged("@listSize(slicingArguments: [\"frist\"])")),
        ("list_size_slicing_by_another", paged("@listSize(slicingArguments: [\"author\"])")),
        ("list_size_slicing_a_list", listed("@listSize(assumedSize: 5, slicingArguments: [\"author\"])")),
        ("list_size_slicing_nothing", listed("@listSize(assumedSize: 5, requireOneSlicingArgument: true)")),
        ("list_size_fields_near", paged("@listSize(assumedSize: 5, sizedFields: [\"node\"])")),
        ("list_size_fields_of_a_list", listed("@listSize(assumedSize: 5, sizedFields: [\"nodes\"])")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_costs_may_be() {
    let cases: Vec<Case> = vec![
        ("number", weighed("@cost(weight: 5)")),
        ("text", weighed("@cost(weight: \"5\")")),
        ("nothing", weighed("@cost(weight: 0)")),
        ("on_a_type", beside("type Odd @cost(weight: 5) { a: Int @cost(weight: 100000) }")),
        ("list", listed("@listSize(assumedSize: 10000)")),
        ("within", beside("type Odd { places: [Place!] @listSize(assumedSize: 1) }")),
        (
            "page",
            paged(
                "@listSize(assumedSize: 5, slicingArguments: [\"first\", \"last\"], sizedFields: [\"edges\", \"nodes\"], requireOneSlicingArgument: false)",
            ),
        ),
        ("required", paged("@listSize(slicingArguments: [\"first\", \"last\"])")),
    ];
    each_compiles(&cases);
}
