//! `merge`: which fields can be written member by member, and what an input for a part may lack.

use super::{Case, each_compiles, each_has_one_mistake, mutation_with};

const INPUTS: &str = r"input Patch { place: PlacePatch tags: [String!] title: String }
input PlacePatch { street: String city: String }
input Elsewhere { street: String country: String }
input Wrong { street: Int }
";

fn update(arguments: &str, directive: &str) -> String {
    mutation_with(&format!("change(id: ID!, {arguments}): Note @update({directive})"), INPUTS)
}

#[test]
fn mistakes_in_a_merge() {
    let place = "place: PlacePatch!";
    let cases: Vec<Case> = vec![
        ("merge_field_unknown", update("title: String!", r#"merge: ["plaice"]"#)),
        ("merge_of_a_list", update("input: Patch!", r#"merge: ["place", "tags"]"#)),
        ("merge_of_a_text", update("input: Patch!", r#"merge: ["title", "place"]"#)),
        ("merge_of_json", update("place: PlacePatch!, more: JSON", r#"merge: ["place", "more"]"#)),
        ("merge_twice", update(place, r#"merge: ["place", "place"]"#)),
        ("merge_no_list", update("title: String!", "merge: true")),
        ("merge_given_by_nothing", update("title: String!", r#"merge: ["place"]"#)),
        ("merge_member_unknown", update("place: Elsewhere!", r#"merge: ["place"]"#)),
        ("merge_member_of_another_type", update("place: Wrong!", r#"merge: ["place"]"#)),
        ("merge_into_what_is_made", {
            mutation_with(
                "change(id: ID!, place: PlacePatch!): Place2 @update(if: ANY, merge: [\"place\"])",
                &format!(
                    "{INPUTS}type Place2 @item(table: \"main\", pk: \"T#${{tenant}}#P2#${{id}}\", sk: \"META\") {{ id: ID! place: Place }}\n"
                ),
            )
        }),
        (
            "merge_in_a_step",
            mutation_with(
                r#"change(id: ID!, place: PlacePatch!): Note @transact(do: [{update: "Note", bind: {id: "args.id", place: "args.place"}, merge: ["place"]}])"#,
                INPUTS,
            ),
        ),
        ("merge_in_a_delete", mutation_with(r#"drop(id: ID!): Note @delete(merge: ["place"])"#, INPUTS)),
        (
            "whole_with_a_part_deep_within",
            mutation_with(
                "change(id: ID!, home: HomePatch!): Home @update",
                &format!(
                    "{INPUTS}type Home @item(table: \"main\", pk: \"T#${{tenant}}#H#${{id}}\", sk: \"META\") {{ id: ID! home: Inner }}\n\
                     type Inner {{ place: Place! }}\ninput HomePatch {{ place: PlacePatch }}\n"
                ),
            ),
        ),
        (
            "a_part_in_a_step",
            mutation_with(
                r#"change(id: ID!, place: PlacePatch!): Note @transact(do: [{update: "Note", bind: {id: "args.id", place: "args.place"}}])"#,
                INPUTS,
            ),
        ),
        ("whole_with_a_part", mutation_with("change(id: ID!, place: PlacePatch!): Note @update", INPUTS)),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_can_be_merged() {
    let cases: Vec<Case> = vec![
        ("of an argument", update("place: PlacePatch", r#"merge: "place""#)),
        (
            "of a bound path",
            update("input: Patch!", r#"merge: ["place"], bind: {place: "args.input.place"}"#),
        ),
        ("of an input", update("input: Patch!", r#"merge: ["place"]"#)),
    ];
    each_compiles(&cases);
}
