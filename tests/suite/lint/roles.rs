//! Roles: trust policies, session tags, boundaries, and files that hold no policy.

use super::{Case, alone, each_has_one_mistake, each_is_fine, role, role_alone, session};

const TRUST: &str = r#"["sts:AssumeRole", "sts:TagSession"]"#;

#[test]
fn mistakes_in_a_role() {
    let cases: Vec<Case> = vec![
        ("role_without_tag_session", role(TRUST, r#""sts:AssumeRole""#)),
        ("role_that_denies_tag_session", {
            let deny = "\"Statement\": [{ \"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"sts:TagSession\" }, {";
            let text = role(TRUST, r#""sts:AssumeRole""#).replacen("\"Statement\": {", deny, 1);
            text.replacen("\"tenant\" }\n      }\n    }\n", "\"tenant\" }\n      }\n    }]\n", 1)
        }),
        ("role_that_looks_at_tags_in_a_condition", {
            role(TRUST, r#""sts:AssumeRole""#).replace("T#${aws:PrincipalTag/tenant}#*", "T#acme#*").replace(
                "\"Null\":",
                "\"StringEquals\": { \"aws:principaltag/tenant\": \"acme\" },\n          \"Null\":",
            )
        }),
        (
            "trust_not_action",
            role(&format!("\"Action\": {TRUST}"), "\"NotAction\": \"sts:GetCallerIdentity\""),
        ),
        ("trust_not_principal", role("\"Principal\"", "\"NotPrincipal\"")),
        ("trust_all_of_sts", role(TRUST, r#""sts:*""#)),
        (
            "trust_key_misspelt",
            role("aws:RequestTag/tenant", "aws:RequestTags/tenant").replace("ForAllValues", "ForAnyValue"),
        ),
        ("trust_action_misspelt", role(TRUST, r#"["sts:AssumeRole", "sts:TagSession", "sts:TagSessions"]"#)),
    ];
    each_has_one_mistake(&cases, role_alone);
}

#[test]
fn files_that_hold_no_policy() {
    let cases: Vec<Case> = vec![
        ("policy_without_statements", r#"{ "Version": "2012-10-17" }"#.to_owned()),
        ("policy_with_an_unknown_element", session("\"Effect\"", "\"Affect\"")),
        ("policy_with_a_principal", session("\"Effect\"", "\"Principal\": \"*\",\n      \"Effect\"")),
        ("policy_with_an_unknown_operator", session("\"Null\"", "\"Nul\"")),
    ];
    each_has_one_mistake(&cases, alone);
    let cases: Vec<Case> = vec![
        ("role_policy_without_document", role("\"PolicyDocument\"", "\"Document\"")),
        (
            "trust_with_a_resource",
            role("\"Action\": [\"sts", "\"Resource\": \"*\",\n      \"Action\": [\"sts"),
        ),
    ];
    each_has_one_mistake(&cases, role_alone);
}

#[test]
fn roles_that_are_fine() {
    let boundary = r#""PermissionsBoundary": {
    "Version": "2012-10-17",
    "Statement": { "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*" }
  },
  "Policies""#;
    let cases: Vec<Case> = vec![
        ("as it is", role("pool", "pool")),
        ("a boundary grants nothing", role("\"Policies\"", boundary)),
        ("without tags in policies", {
            role(TRUST, r#""sts:AssumeRole""#).replace("T#${aws:PrincipalTag/tenant}#*", "T#acme#*")
        }),
        ("tags in a statement of their own", {
            let statements = r#""Statement": [
      { "Effect": "Allow", "Principal": "*", "Action": "sts:TagSession", "Condition": { "Null": { "aws:TagKeys": "false" } } },
      {"#;
            role("\"Statement\": {", statements)
                .replace("\"tenant\" }\n      }\n    }\n  },", "\"tenant\" }\n      }\n    }]\n  },")
        }),
    ];
    each_is_fine(&cases, role_alone);
}
