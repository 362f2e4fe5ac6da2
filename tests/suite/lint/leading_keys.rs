//! Patterns of leading keys that one tenant's keys and another's both match, and operators that do not tell them apart.

use innkeeper::policy::Finding;
use innkeeper::policy::lint::Against;

use super::{Case, alone, each_has_one_mistake, each_is_fine, of_role, of_session, plan, role, session};

/// The session policy with another pattern.
fn pattern(text: &str) -> String {
    session("T#{{tenant}}#*", text)
}

/// The role with another pattern.
fn of_tag(text: &str) -> String {
    role("T#${aws:PrincipalTag/tenant}#*", text)
}

/// A role of one tenant's own, its id written out.
fn literal(text: &str) -> String {
    of_tag(text).replace("\"pool\"", "\"acme\"")
}

/// Held against the schema's keys, which are `T#${tenant}#…`. That grants are not needed is another matter.
fn by_plan(find: impl Fn(Against<'_>) -> Vec<Finding>) -> Vec<Finding> {
    let plan = plan();
    let findings = find(Against { plan: Some(&plan), tenants: &[] });
    findings.into_iter().filter(|it| it.rule.as_str() != "unneeded-grant").collect()
}

fn session_by_plan(text: &str) -> Vec<Finding> {
    by_plan(|against| of_session(text, against))
}

fn role_by_plan(text: &str) -> Vec<Finding> {
    by_plan(|against| of_role(text, against))
}

fn role_alone(text: &str) -> Vec<Finding> {
    of_role(text, Against::default())
}

#[test]
fn patterns_that_do_not_end_with_the_tenant() {
    let cases: Vec<Case> = vec![
        ("pattern_star_after_tenant", pattern("T#{{tenant}}*")),
        ("pattern_question_mark_after_tenant", pattern("T#{{tenant}}?")),
        ("pattern_letters_after_tenant", pattern("T#{{tenant}}-orders#*")),
        ("pattern_variable_after_tenant", pattern("T#{{tenant}}{{account}}#*")),
        ("pattern_tenant_alone_and_star", pattern("{{tenant}}*")),
        ("pattern_letters_under_equals", {
            pattern("T#{{tenant}}x").replace("ForAllValues:StringLike", "ForAllValues:StringEquals")
        }),
        ("pattern_second_of_two", pattern("T#{{tenant}}#*\", \"T#{{tenant}}*")),
        ("pattern_of_another_key_attribute", {
            pattern("T#{{tenant}}*").replace("dynamodb:LeadingKeys", "dynamodb:FirstPartitionKeyValues")
        }),
    ];
    each_has_one_mistake(&cases, session_by_plan);
    each_has_one_mistake(&[("pattern_star_after_tag", of_tag("T#${aws:PrincipalTag/tenant}*"))], role_alone);
    each_has_one_mistake(&[("pattern_star_after_id", literal("T#acme*"))], role_alone);
    each_has_one_mistake(&[("pattern_star_after_id_by_plan", literal("T#acme*"))], role_by_plan);
}

#[test]
fn patterns_with_a_wildcard_for_the_tenant() {
    let cases: Vec<Case> = vec![
        ("pattern_star", pattern("*")),
        ("pattern_star_after_the_prefix", pattern("T#*")),
        ("pattern_star_within_the_prefix", pattern("T*")),
        ("pattern_star_before_tenant", pattern("*#{{tenant}}#*")),
        ("pattern_question_marks", pattern("T#????#*")),
    ];
    each_has_one_mistake(&cases, session_by_plan);
    let cases: Vec<Case> = vec![
        ("pattern_star_alone_without_plan", pattern("*")),
        ("pattern_star_beside_a_good_one", pattern("T#{{tenant}}#*\", \"T#*")),
    ];
    each_has_one_mistake(&cases, alone);
    each_has_one_mistake(&[("pattern_star_for_tag", of_tag("T#*"))], role_by_plan);
}

#[test]
fn operators_that_do_not_tell_tenants_apart() {
    let operator = |operator: &str| session("ForAllValues:StringLike", operator);
    let batch = |operator: &str| {
        session("ForAllValues:StringLike", operator).replace("dynamodb:Query", "dynamodb:BatchGetItem")
    };
    let unguarded =
        |text: String| text.replace(",\n        \"Null\": { \"dynamodb:LeadingKeys\": \"false\" }", "");
    let cases: Vec<Case> = vec![
        ("operator_without_case", operator("ForAllValues:StringEqualsIgnoreCase")),
        ("operator_negated", operator("ForAllValues:StringNotLike")),
        ("operator_any_of_a_batch", batch("ForAnyValue:StringLike")),
        ("operator_any_if_exists", unguarded(operator("ForAnyValue:StringLikeIfExists"))),
    ];
    each_has_one_mistake(&cases, alone);
}

#[test]
fn patterns_that_are_fine() {
    let cases: Vec<Case> = vec![
        ("the key is the tenant", pattern("T#{{tenant}}")),
        ("another sign", pattern("T#{{tenant}}|*")),
        ("a sign beyond ASCII", pattern("T#{{tenant}}§*")),
        ("wildcards after the sign", pattern("T#{{tenant}}#?*#*")),
        ("letters before the tenant", pattern("TENANT{{tenant}}#*")),
        ("an escape before the tenant", pattern("${*}#{{tenant}}#*")),
        ("equals takes a wildcard for itself", {
            pattern("T#{{tenant}}*").replace("ForAllValues:StringLike", "ForAllValues:StringEquals")
        }),
        ("another variable of IAM's", pattern("T#${aws:userid}#*")),
        ("keys that are no tenant's", pattern("T#{{tenant}}#*\", \"PUBLIC#countries")),
        ("one of one", session("ForAllValues:StringLike", "ForAnyValue:StringLike")),
        ("what is denied may be wide", {
            let deny = "\"Statement\": [\n    { \"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\",\n      \"Condition\": { \"ForAnyValue:StringLike\": { \"dynamodb:LeadingKeys\": \"*\" } } },";
            session("\"Statement\": [", deny)
        }),
    ];
    each_is_fine(&cases, alone);
    each_is_fine(&cases, session_by_plan);
    let cases: Vec<Case> = vec![
        ("an id written out", literal("T#acme#*")),
        ("an id written out, and all of its keys", literal("T#acme")),
    ];
    each_is_fine(&cases, role_alone);
    each_is_fine(&cases, role_by_plan);
}
