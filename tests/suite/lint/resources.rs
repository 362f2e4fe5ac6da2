//! Wildcards in the place of a table, a Region or an account.

use super::{Case, alone, each_has_one_mistake, each_is_fine, role, role_alone, session};

const GOOD: &str = "arn:aws:dynamodb:{{region}}:{{account}}:table/{{table.main}}";

/// The session policy with another resource.
fn resource(text: &str) -> String {
    session(GOOD, text)
}

#[test]
fn wildcards_in_resources() {
    let cases: Vec<Case> = vec![
        ("resource_star", resource("*")),
        ("resource_any_table", resource("arn:aws:dynamodb:{{region}}:{{account}}:table/*")),
        ("resource_any_resource", resource("arn:aws:dynamodb:{{region}}:{{account}}:*")),
        ("resource_any_arn", resource("arn:aws:dynamodb:*")),
        ("resource_tables_that_begin_alike", resource(&format!("{GOOD}-*"))),
        ("resource_table_and_more", resource(&format!("{GOOD}*"))),
        (
            "resource_any_index_of_any_table",
            resource("arn:aws:dynamodb:{{region}}:{{account}}:table/*/index/gsi1"),
        ),
        ("resource_any_region", resource("arn:aws:dynamodb:*:{{account}}:table/{{table.main}}")),
        ("resource_any_region_and_account", resource("arn:aws:dynamodb:*:*:table/{{table.main}}")),
        ("resource_any_service", resource("arn:aws:*:{{region}}:{{account}}:table/*")),
        ("resource_all_but_some", session("\"Resource\"", "\"NotResource\"")),
        (
            "resource_second_of_two",
            session(&format!("\"{GOOD}\""), &format!("[\n        \"{GOOD}\",\n        \"*\"\n      ]")),
        ),
    ];
    each_has_one_mistake(&cases, alone);
    let gateway = role("\"dynamodb:GetItem\"", "[\"sts:AssumeRole\", \"sts:TagSession\"]");
    let gateway = gateway.replace(GOOD, "*");
    each_has_one_mistake(&[("resource_any_role", gateway)], role_alone);
}

#[test]
fn resources_that_are_fine() {
    let cases: Vec<Case> = vec![
        ("all indexes of a table", resource(&format!("{GOOD}/index/*"))),
        ("any partition", resource("arn:*:dynamodb:{{region}}:{{account}}:table/{{table.main}}")),
        (
            "a table by a tag",
            resource("arn:aws:dynamodb:{{region}}:{{account}}:table/${aws:PrincipalTag/table}"),
        ),
        ("all literal", resource("arn:aws:dynamodb:eu-central-1:111122223333:table/orders")),
        ("another service", resource("arn:aws:kms:*:{{account}}:key/*")),
        ("what lists tables has no resource", {
            let list = r#""Statement": [
    { "Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": "*" },"#;
            session("\"Statement\": [", list)
        }),
    ];
    each_is_fine(&cases, alone);
    let gateway = role("\"dynamodb:GetItem\"", "[\"sts:AssumeRole\", \"sts:TagSession\"]");
    let gateway = gateway.replace(GOOD, "arn:aws:iam::{{account}}:role/innkeeper/*");
    each_is_fine(&[("roles under a path", gateway)], role_alone);
}
