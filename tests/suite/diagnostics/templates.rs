//! The templates of keys.

use super::{Case, each_compiles, each_has_one_mistake, item};

/// A template of the partition key in the pooled table.
fn partition(template: &str) -> String {
    item(&format!(r#"@item(table: "main", pk: "{template}", sk: "META")"#), FIELDS)
}

/// A template of the sort key.
fn sort(template: &str) -> String {
    sort_in("main", template)
}

fn sort_in(table: &str, template: &str) -> String {
    item(&format!(r#"@item(table: "{table}", pk: "N#${{tenant}}#${{id}}", sk: "{template}")"#), FIELDS)
}

const FIELDS: &str = "name: String! count: Int! padded: Int! @attribute(pad: 5) big: BigInt! score: Float! \
    price: Decimal! at: DateTime! day: Date! done: Boolean! state: State! tags: [String!]! nested: Nested \
    more: JSON photo: Base64! changed: DateTime! @attribute(generate: UPDATED_AT) \
    other: Other @get";

#[test]
fn mistakes_in_a_template() {
    let long = "x".repeat(1025);
    let cases: Vec<Case> = vec![
        ("template_empty", sort("")),
        ("template_no_string", item(r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: META)"#, "")),
        ("template_unclosed", sort("A#${name")),
        ("template_unclosed_before_another", sort("A#${name#${id}")),
        ("template_variable_empty", sort("A#${}")),
        ("template_variable_with_blank", sort("A#${ name }")),
        ("template_variable_unknown", sort("A#${nmae}")),
        ("template_variable_with_path", sort("A#${args.name}")),
        ("template_variable_with_operation", sort("A#${other}")),
        ("template_variables_adjacent", sort("A#${name}${id}")),
        ("template_variables_adjacent_tenant", partition("N#${tenant}${id}")),
        ("template_stray_dollar", sort("A#$name")),
        ("template_stray_brace", sort("A#{name}")),
        ("template_closing_brace", sort("A#${name}}")),
        ("template_of_a_policy", partition("N#{{tenant}}#${id}")),
        ("template_escaped", sort(r"\u0041#\\${nmae}")),
        ("template_too_long", sort(&long)),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn mistakes_with_the_tenant() {
    let cases: Vec<Case> = vec![
        ("tenant_missing", partition("N#NOTE")),
        ("tenant_not_first", partition("N#${id}#${tenant}")),
        ("tenant_not_first_without_literal", partition("${id}#${tenant}")),
        ("tenant_ended_by_dash", partition("N#${tenant}-${id}")),
        ("tenant_ended_by_letter", partition("${tenant}NOTE#${id}")),
        ("tenant_with_wildcard", partition("N#${tenant}#*#${id}")),
        ("tenant_after_wildcard", partition("N?${tenant}#${id}")),
        (
            "tenant_missing_in_index",
            item(
                r#"@item(table: "main", pk: "N#${tenant}#${id}", sk: "META") @index(name: "gsi1", pk: "${name}", sk: "${id}")"#,
                "name: String!",
            ),
        ),
        (
            "tenants_id_as_a_field",
            item(r#"@item(table: "main", pk: "N#${tenantId}#${id}", sk: "META")"#, "tenantId: ID!"),
        ),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn values_that_cannot_stand_in_a_key() {
    let cases: Vec<Case> = vec![
        ("key_of_float", sort("A#${score}")),
        ("key_of_decimal", sort("A#${price}")),
        ("key_of_json", sort("A#${more}")),
        ("key_of_bytes", sort("A#${photo}")),
        ("key_of_list", sort("A#${tags}")),
        ("key_of_object", sort("A#${nested}")),
        ("key_that_changes", sort("A#${changed}")),
        ("delimiter_in_int", sort("${count}-${id}")),
        ("delimiter_in_padded", sort("${padded}0${id}")),
        ("delimiter_in_date", sort("${day}-${id}")),
        ("delimiter_in_datetime", sort("${at}:${id}")),
        ("delimiter_in_boolean", sort("${done}e${id}")),
        ("delimiter_in_enum", sort("${state}_${id}")),
        ("number_with_literal", sort_in("numbers", "1${count}")),
        ("number_of_literal", sort_in("numbers", "1")),
        ("number_of_text", sort_in("numbers", "${name}")),
        ("number_of_float", sort_in("numbers", "${score}")),
        ("bytes_with_literal", sort_in("bytes", "a${photo}")),
        ("bytes_of_text", sort_in("bytes", "${name}")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_a_template_may_be() {
    let silo =
        |template: &str| item(&format!(r#"@item(table: "own", pk: "{template}", sk: "META")"#), FIELDS);
    let cases: Vec<Case> = vec![
        ("the tenant alone", partition("${tenant}")),
        ("the tenant at the end", partition("N#${tenant}")),
        ("the tenant before a sign", partition("${tenant}|${id}")),
        ("signs that are no variables", sort("A#*?#ü#${name}")),
        ("a padded number before a sign", sort("${padded}-${id}")),
        ("every kind of text", sort("${name}#${count}#${big}#${at}#${day}#${done}#${state}")),
        ("a number", sort_in("numbers", "${price}")),
        ("a big number", sort_in("numbers", "${big}")),
        ("bytes", sort_in("bytes", "${photo}")),
        ("a silo without tenant", silo("N#${id}")),
        ("a silo with the tenant anywhere", silo("N#${id}#${tenant}-x")),
    ];
    each_compiles(&cases);
}
