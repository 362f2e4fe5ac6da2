//! `innkeeper explain`: what a field sends, and what lets it.

use serde_json::Value;

use super::{application, edit};
use crate::harness::process::{Ended, innkeeper, run};

fn explain(folder: &std::path::Path, arguments: &[&str]) -> Ended {
    let mut all = vec!["explain"];
    all.extend(arguments);
    run(&mut innkeeper(folder, &all))
}

#[test]
fn fields_are_explained() {
    let folder = application();
    for arguments in [
        &["Query.orders"][..],
        &["Query.ordersByStatus", "--tenant", "globex"],
        &["Mutation.updateOrder"],
        &["Mutation.createProduct", "--tenant", "acme2"],
        &["Order.customer", "--format", "json"],
        &["Order.total"],
    ] {
        let ended = explain(folder.path(), arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        insta::assert_snapshot!(format!("explain {}", arguments.join(" ")), ended.stdout);
    }
}

/// What is merged may take a second write; what only counts removes nothing.
#[test]
fn a_merge_and_a_step_that_counts_are_explained() {
    let folder = application();
    edit(folder.path(), "schema.graphql", |text| {
        text.replace(
            "input: CustomerPatch!): Customer! @update",
            "input: CustomerPatch!): Customer! @update(merge: [\"address\"])",
        )
    });
    let told = |field| explain(folder.path(), &[field, "--tenant", "acme"]).stdout;
    insta::assert_snapshot!(format!("{}\n{}", told("Mutation.updateCustomer"), told("Mutation.placeOrder")));
}

#[test]
fn what_the_schema_says_of_costs_is_told() {
    let folder = application();
    edit(folder.path(), "schema.graphql", |text| {
        let events = "events: [OrderEvent!]! @query(bind: {orderId: \"parent.id\"})";
        text.replace(events, &format!("{events} @cost(weight: 7) @listSize(assumedSize: 12)"))
    });
    let told = [
        "costs 7 each time that it is answered",
        "is taken to have 12 items where a request does not say how many",
    ];
    let text = explain(folder.path(), &["Order.events"]).stdout;
    assert!(text.contains(&format!("[OrderEvent!]!\n  {}\n  {}\n", told[0], told[1])), "{text}");
    let json = explain(folder.path(), &["Order.events", "--format", "json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["estimate"], serde_json::json!(told));
}

#[test]
fn a_field_or_tenant_that_is_none_is_refused_with_the_one_that_was_meant() {
    let folder = application();
    let mut all = String::new();
    for arguments in [&["Query.ordrs"][..], &["orders"], &["Query"], &["Query.order", "--tenant", "acme9"]] {
        let ended = explain(folder.path(), arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        all += &format!("# {}\n{}\n", arguments.join(" "), ended.stderr);
    }
    insta::assert_snapshot!(all);
}

/// The lines that say what lets a request.
fn granted(text: &str) -> String {
    text.lines().filter(|line| line.contains(['✔', '✘', '?'])).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_not_granted_is_said_with_the_layer_or_the_statement() {
    let folder = application();
    edit(folder.path(), "policies/shop.json", |text| text.replace("        \"dynamodb:PutItem\",\n", ""));
    edit(folder.path(), "policies/roles/tags.json", |text| {
        let deny =
            r#"{ "Sid": "NoNewOnes", "Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*" },"#;
        text.replace("        \"Statement\": [\n", &format!("        \"Statement\": [{deny}\n"))
    });
    std::fs::remove_file(folder.path().join("policies/roles/tenant.json")).unwrap();
    let ended = explain(folder.path(), &["Mutation.createProduct"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(granted(&ended.stdout));
}

#[test]
fn a_condition_on_attributes_is_judged_with_those_that_the_request_names() {
    let folder = application();
    edit(folder.path(), "policies/shop.json", |text| {
        let more = r#""ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk", "sk", "rev", "stock"] },"#;
        text.replacen("\"Condition\": {", &format!("\"Condition\": {{ {more}"), 1)
    });
    let allowed = |field: &str| {
        let ended = explain(folder.path(), &[field, "--tenant", "acme", "--format", "json"]);
        let json: Value = serde_json::from_str(&ended.stdout).unwrap();
        // The last one is the write; a read may come before it.
        json["requests"].as_array().unwrap().last().unwrap()["granted"][0]["allowed"].as_bool().unwrap()
    };
    assert!(allowed("Mutation.setStock"));
    assert!(!allowed("Mutation.updateProduct"));
}
