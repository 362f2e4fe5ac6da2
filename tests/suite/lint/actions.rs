//! Actions that do not exist, that name no key, or that are many.

use super::{Case, alone, each_has_one_mistake, each_is_fine, session};

/// The session policy with another action in the place of `dynamodb:Query`.
fn action(text: &str) -> String {
    session("\"dynamodb:Query\"", &format!("\"{text}\""))
}

fn deny(text: &str) -> String {
    session(
        "\"Statement\": [",
        &format!("\"Statement\": [\n    {{ \"Effect\": \"Deny\", {text}, \"Resource\": \"*\" }},"),
    )
}

#[test]
fn actions_that_do_not_exist() {
    let cases: Vec<Case> = vec![
        ("action_misspelt", action("dynamodb:GetItems")),
        ("action_of_no_likeness", action("dynamodb:Xyzzy")),
        ("action_of_a_misspelt_service", action("dynamo:Query")),
        ("action_that_is_a_call", action("dynamodb:TransactWriteItems")),
        ("action_that_is_a_call_of_partiql", action("dynamodb:ExecuteStatement")),
        ("action_pattern_for_nothing", action("dynamodb:Querry*")),
        ("action_of_sts_misspelt", action("sts:AssumeRoles")),
        ("action_misspelt_and_denied", deny(r#""Action": "dynamodb:Scann""#)),
    ];
    each_has_one_mistake(&cases, alone);
}

#[test]
fn actions_that_name_no_key() {
    let cases: Vec<Case> = vec![
        ("action_scan", action("dynamodb:Scan")),
        ("action_scan_in_lower_case", action("DynamoDB:scan")),
        ("action_partiql", action("dynamodb:PartiQLSelect")),
        ("action_export", action("dynamodb:ExportTableToPointInTime")),
        ("action_of_administration", action("dynamodb:UpdateTable")),
        ("action_partiql_by_wildcard", action("dynamodb:PartiQL*")),
        ("action_scan_by_wildcard", action("dynamodb:Sca?")),
    ];
    each_has_one_mistake(&cases, alone);
}

#[test]
fn actions_that_are_many() {
    let cases: Vec<Case> = vec![
        ("action_all_of_all_services", action("*")),
        ("action_all_of_dynamodb", action("dynamodb:*")),
        ("action_all_that_get", action("dynamodb:Get*")),
        ("action_all_that_are_batches", action("dynamodb:Batch*")),
        ("action_all_but_some", session("\"Action\"", "\"NotAction\"")),
        ("action_one_string", session(r#"["dynamodb:GetItem", "dynamodb:Query"]"#, r#""dynamodb:Q*""#)),
    ];
    each_has_one_mistake(&cases, alone);
}

#[test]
fn actions_that_are_fine() {
    let cases: Vec<Case> = vec![
        ("many keys in one request", action("dynamodb:BatchGetItem")),
        ("case does not matter", action("DYNAMODB:query")),
        ("information is no item", action("dynamodb:DescribeTable")),
        ("another service is not known here", action("kms:Decrypt")),
        ("another service's wildcard", action("logs:*")),
        ("what is denied may be anything", deny(r#""Action": ["dynamodb:*", "dynamodb:Scan"]"#)),
        ("what is denied may be all but some", deny(r#""NotAction": "dynamodb:GetItem""#)),
    ];
    each_is_fine(&cases, alone);
}
