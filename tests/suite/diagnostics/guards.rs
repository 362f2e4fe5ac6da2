//! `@authenticated`, `@requiresScopes` and `@auth`: who may see.

use super::{Case, beside, each_compiles, each_has_one_mistake, query, query_with};

fn guarded(directive: &str) -> String {
    query(&format!("note(id: ID!): Note @get {directive}"))
}

fn auth(condition: &str) -> String {
    guarded(&format!("@auth(if: \"{condition}\")"))
}

/// A type with a guarded field, and a query that compares it.
fn compared(operation: &str, field: &str) -> String {
    let definitions = r#"type Offer @item(table: "main", pk: "T#${tenant}#OFFER#${shop}", sk: "O#${margin}") {
  shop: ID! margin: String! @requiresScopes(scopes: [["finance:read"]]) bonus: Int @auth(if: "claims.level > 3") }"#;
    query_with(&format!("offers(shop: ID!{field}): [Offer!]! {operation}"), definitions)
}

#[test]
fn mistakes_in_a_guard() {
    let cases: Vec<Case> = vec![
        ("scopes_missing", guarded("@requiresScopes")),
        ("scopes_empty", guarded("@requiresScopes(scopes: [])")),
        ("scopes_no_list", guarded("@requiresScopes(scopes: \"a\")")),
        ("scopes_flat", guarded("@requiresScopes(scopes: [\"a\"])")),
        ("scopes_empty_set", guarded("@requiresScopes(scopes: [[\"a\"], []])")),
        ("scopes_no_string", guarded("@requiresScopes(scopes: [[admin]])")),
        ("scopes_two_in_a_string", guarded("@requiresScopes(scopes: [[\"a b\"]])")),
        ("scopes_empty_scope", guarded("@requiresScopes(scopes: [[\"\"]])")),
        ("scopes_argument_unknown", guarded("@requiresScopes(scopes: [[\"a\"]], any: true)")),
        ("scopes_twice", guarded("@requiresScopes(scopes: [[\"a\"]]) @requiresScopes(scopes: [[\"b\"]])")),
        ("scopes_on_an_input", beside("input Odd { a: Int @requiresScopes(scopes: [[\"a\"]]) }")),
        ("scopes_on_an_enum", beside("enum Odd @authenticated { A }")),
        ("authenticated_argument", guarded("@authenticated(if: true)")),
        ("auth_without_if", guarded("@auth")),
        ("auth_no_string", guarded("@auth(if: true)")),
        ("auth_empty", auth("")),
        ("auth_field", auth("state = 'DRAFT'")),
        ("auth_claim_without_root", auth("level >= 3")),
        ("auth_claim_unknown", auth("claims.role = 'admin'")),
        ("auth_claim_near", auth("claims.lavel >= 3")),
        ("auth_claim_unknown_in_type", beside("type Odd @auth(if: \"claims.a:b = 'x'\") { a: Int }")),
        ("auth_text_for_number", auth("claims.level = 'x'")),
        ("auth_number_for_text", auth("claims.sub = 3")),
        ("auth_compares_list", auth("claims.groups = 'ops'")),
        ("auth_in_no_list", auth("'ops' in claims.sub")),
        ("auth_in_number", auth("3 in claims.groups")),
        ("auth_in_nothing", auth("'ops' in")),
        ("auth_argument", auth("claims.sub = args.id")),
        ("guard_filter", compared("@query(filter: [\"bonus\"])", ", bonus: Int")),
        (
            "guard_filter_with_less",
            compared("@query(filter: [\"bonus\"]) @auth(if: \"claims.level > 2\")", ", bonus: Int"),
        ),
        ("guard_range", compared("@query(range: {of: \"margin\", from: \"args.least\"})", ", least: String")),
    ];
    each_has_one_mistake(&cases);
}

#[test]
fn what_guards_may_be() {
    let cases: Vec<Case> = vec![
        ("authenticated", guarded("@authenticated")),
        ("scopes", guarded("@requiresScopes(scopes: [[\"a\", \"b:c\"], [\"d\"]])")),
        (
            "all",
            guarded("@authenticated @requiresScopes(scopes: [[\"a\"]]) @auth(if: \"exists(claims.sub)\")"),
        ),
        ("on_a_type", beside("type Odd @requiresScopes(scopes: [[\"a\"]]) { a: Int }")),
        (
            "condition",
            auth(
                "claims.sub = 'a' or (claims.level >= 3 and not 'guests' in claims.groups) or not exists(claims.level)",
            ),
        ),
        (
            "filter_with_as_much",
            compared(
                "@query(filter: [\"bonus\"]) @auth(if: \"claims.level > 3\") @requiresScopes(scopes: [[\"x\"]])",
                ", bonus: Int",
            ),
        ),
        (
            "range_with_more",
            compared(
                "@query(range: {of: \"margin\", to: \"args.most\"}) @requiresScopes(scopes: [[\"finance:read\", \"x\"]])",
                ", most: String",
            ),
        ),
        ("filter_by_a_claim", compared("@query(bind: {bonus: \"claims.level\"}, filter: [\"bonus\"])", "")),
    ];
    each_compiles(&cases);
}
