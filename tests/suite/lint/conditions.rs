//! Condition keys that do not exist, and conditions that hold where there is no key.

use super::{Case, alone, each_has_one_mistake, each_is_fine, role, role_alone, session};

const GUARD: &str = ",\n        \"Null\": { \"dynamodb:LeadingKeys\": \"false\" }";

/// The session policy with one more condition.
fn and(condition: &str) -> String {
    session(GUARD, &format!("{GUARD},\n        {condition}"))
}

/// The session policy with another guard.
fn guard(condition: &str) -> String {
    session(GUARD, &if condition.is_empty() { String::new() } else { format!(",\n        {condition}") })
}

#[test]
fn keys_that_do_not_exist() {
    let cases: Vec<Case> = vec![
        ("key_with_a_space", and(r#""StringEquals": { "dynamodb: LeadingKeys": "x" }"#)),
        (
            "key_that_was_to_be_guarded",
            session("\"dynamodb:LeadingKeys\": [", "\"dynamodb:Leading_Keys\": ["),
        ),
        ("key_in_the_singular", and(r#""StringEquals": { "dynamodb:LeadingKey": "x" }"#)),
        ("key_without_service", and(r#""StringEquals": { "LeadingKeys": "x" }"#)),
        ("key_of_an_unknown_service", and(r#""StringEquals": { "dynamo:LeadingKeys": "x" }"#)),
        ("key_of_another_service", and(r#""StringEquals": { "s3:prefix": "x" }"#)),
        ("key_global_misspelt", and(r#""Bool": { "aws:SecureTransports": "true" }"#)),
        ("key_tag_without_name", and(r#""StringEquals": { "aws:PrincipalTag": "x" }"#)),
        ("key_tag_with_colon", and(r#""StringEquals": { "aws:PrincipalTag:tenant": "x" }"#)),
        ("key_of_sts_misspelt", and(r#""StringEquals": { "sts:ExternalID2": "x" }"#)),
        ("key_of_no_likeness", and(r#""StringEquals": { "dynamodb:Xyzzy": "x" }"#)),
        (
            "key_misspelt_and_denied",
            session(
                "\"Statement\": [",
                "\"Statement\": [\n    { \"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\",\n      \"Condition\": { \"Bool\": { \"dynamodb:FullTablesScan\": \"true\" } } },",
            ),
        ),
        ("key_of_a_variable", session("table/{{table.main}}", "table/${aws:PrincipalTags/table}")),
        ("key_of_a_variable_in_a_value", session("T#{{tenant}}#*", "T#${aws:PrincipalTag}#*")),
    ];
    each_has_one_mistake(&cases, alone);
}

#[test]
fn guards_that_are_none() {
    let cases: Vec<Case> = vec![
        ("guard_missing", guard("")),
        ("guard_that_is_true", guard(r#""Null": { "dynamodb:LeadingKeys": "true" }"#)),
        ("guard_that_is_both", guard(r#""Null": { "dynamodb:LeadingKeys": ["false", "true"] }"#)),
        ("guard_for_another_key", guard(r#""Null": { "dynamodb:Select": "false" }"#)),
        ("guard_if_exists", guard(r#""StringLikeIfExists": { "dynamodb:Select": "*" }"#)),
        (
            "guard_missing_for_attributes",
            and(r#""ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk"] }"#),
        ),
        ("guard_missing_for_one_value", and(r#""ForAllValues:StringEquals": { "aws:SourceVpc": "vpc-1" }"#)),
        ("list_without_quantifier", session("ForAllValues:StringLike", "StringLike")),
    ];
    each_has_one_mistake(&cases, alone);
    let cases: Vec<Case> = vec![
        ("guard_missing_for_tags", role(r#""StringLike": { "aws:RequestTag/tenant": "?*" },"#, "")),
        (
            "guard_missing_for_tags_if_exists",
            role("StringLike\": { \"aws:RequestTag", "StringLikeIfExists\": { \"aws:RequestTag"),
        ),
    ];
    each_has_one_mistake(&cases, role_alone);
}

#[test]
fn conditions_that_are_fine() {
    let cases: Vec<Case> = vec![
        ("case does not matter", guard(r#""Null": { "DYNAMODB:leadingkeys": false }"#)),
        ("the same key by another name", {
            session("\"dynamodb:LeadingKeys\": [", "\"dynamodb:FirstPartitionKeyValues\": [")
                .replace("\"dynamodb:LeadingKeys\"", "\"dynamodb:FirstPartitionKeyValues\"")
        }),
        (
            "a condition on some value needs one",
            guard(r#""ForAnyValue:StringLike": { "dynamodb:LeadingKeys": "T#{{tenant}}#*" }"#)
                .replace("dynamodb:Query", "dynamodb:PutItem"),
        ),
        (
            "attributes with a guard",
            and(r#""ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk"] }"#)
                .replace("\"false\" },", "\"false\", \"dynamodb:Attributes\": \"false\" },"),
        ),
        ("a tag", and(r#""StringEquals": { "aws:principaltag/tenant": "{{tenant}}" }"#)),
        ("a key of an identity provider", and(r#""StringEquals": { "accounts.google.com:sub": "x" }"#)),
        (
            "a key of a service that is spoken of",
            and(r#""StringEquals": { "kms:ViaService": "x" }"#).replace("dynamodb:Query", "kms:Decrypt"),
        ),
        ("a transaction", and(r#""StringEquals": { "dynamodb:EnclosingOperation": "TransactWriteItems" }"#)),
        ("escapes are no variables", and(r#""StringLike": { "dynamodb:Select": "${*}${?}${$}" }"#)),
        ("a variable with a default", and(r#""StringLike": { "dynamodb:Select": "${aws:username, 'x'}" }"#)),
        (
            "what is denied where there is no key is denied",
            session(
                "\"Statement\": [",
                "\"Statement\": [\n    { \"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\",\n      \"Condition\": { \"ForAllValues:StringNotLike\": { \"dynamodb:LeadingKeys\": \"T#{{tenant}}#*\" } } },",
            ),
        ),
    ];
    each_is_fine(&cases, alone);
}
