//! Grants that no operation needs, by the schema of this suite: it gets, queries `gsi1`, and deletes.

use innkeeper::policy::Finding;
use innkeeper::policy::lint::Against;

use super::{Case, each_has_one_mistake, each_is_fine, of_session, plan, session, tenant};

const TABLE: &str = "arn:aws:dynamodb:{{region}}:{{account}}:table/{{table.main}}";

/// The session policy with these actions and resources.
fn grant(actions: &str, resources: &str) -> String {
    let text = session(r#"["dynamodb:GetItem", "dynamodb:Query"]"#, actions);
    text.replace(&format!("\"{TABLE}\""), &resources.replace("TABLE", TABLE))
}

const ALL: &str = r#"["dynamodb:GetItem", "dynamodb:Query", "dynamodb:DeleteItem"]"#;
const BOTH: &str = r#"["TABLE", "TABLE/index/gsi1"]"#;

fn without_tenants(text: &str) -> Vec<Finding> {
    of_session(text, Against { plan: Some(&plan()), tenants: &[] })
}

fn with_tenants(text: &str) -> Vec<Finding> {
    let tenants = [tenant("acme", "orders"), tenant("globex", "orders-globex")];
    of_session(text, Against { plan: Some(&plan()), tenants: &tenants })
}

#[test]
fn grants_that_nothing_needs() {
    let cases: Vec<Case> = vec![
        ("grant_of_an_action", grant(&ALL.replace(']', ", \"dynamodb:PutItem\"]"), BOTH)),
        ("grant_of_information", grant(&ALL.replace(']', ", \"dynamodb:DescribeTable\"]"), BOTH)),
        ("grant_of_an_index", grant(ALL, r#"["TABLE", "TABLE/index/gsi1", "TABLE/index/gsi2"]"#)),
        ("grant_of_an_index_that_is_not", grant(ALL, r#"["TABLE", "TABLE/index/gsi1", "TABLE/index/gsi9"]"#)),
        ("grant_of_an_index_by_wildcard", grant(ALL, r#"["TABLE", "TABLE/index/*"]"#)),
        ("grant_of_a_query_without_its_index", grant(ALL, "\"TABLE\"")),
        ("grant_of_a_wildcard", grant(r#"["dynamodb:GetItem", "dynamodb:Put*"]"#, "\"TABLE\"")),
    ];
    each_has_one_mistake(&cases, without_tenants);
    each_has_one_mistake(&cases, with_tenants);
    let other =
        grant(ALL, &BOTH.replace(']', ", \"arn:aws:dynamodb:eu-central-1:111122223333:table/elsewhere\"]"));
    each_has_one_mistake(&[("grant_of_a_table_that_is_nobodys", other)], with_tenants);
}

#[test]
fn grants_that_are_needed() {
    let cases: Vec<Case> = vec![
        ("just what is needed", grant(ALL, BOTH)),
        ("an index by wildcard of which one is used", grant(ALL, r#"["TABLE", "TABLE/index/gsi1*"]"#)),
        ("less than is needed is the proof's affair", grant("\"dynamodb:GetItem\"", "\"TABLE\"")),
        (
            "another service",
            grant(
                &ALL.replace(']', ", \"kms:Decrypt\"]"),
                &BOTH.replace(']', ", \"arn:aws:kms:eu-central-1:111122223333:key/1\"]"),
            ),
        ),
    ];
    each_is_fine(&cases, without_tenants);
    each_is_fine(&cases, with_tenants);
    let written_out = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders";
    let written_out = format!("[\"{written_out}\", \"{written_out}/index/gsi1\"]");
    let cases = [("a table written out", grant(ALL, &written_out))];
    each_is_fine(&cases, with_tenants);
    each_is_fine(&cases, without_tenants);
}
