//! The law that `check` stands on: whatever it calls proved, the evaluator denies one tenant every request for another's
//! keys; and whatever it says goes through, goes through.

use std::cell::Cell;

use innkeeper::id::TenantId;
use innkeeper::item::{KeyTexts, render};
use innkeeper::policy::isolation::{Member, Subject, TableOf, prove};
use innkeeper::policy::{Kind, Rule, Template, Variables};
use innkeeper::problem::Source;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::policies::{PLAN, TABLE, is_allowed, partitions};
use super::{cases, two_tenants};

/// What a tenant is tried with, for each policy that was proved.
const TRIES: usize = 12;
const ACTIONS: [&str; 9] = [
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:Scan",
];

/// Patterns as people write them, and as they mistype them.
fn pattern() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "TENANT#",
        "{{tenant}}",
        "{{tenant}}#",
        "#",
        "*",
        "?",
        "-",
        "TENANT",
        "acme",
        "PRODUCT#",
        "ORDER#",
        "T",
        "X",
    ]);
    prop_oneof![
        3 => prop::sample::select(vec!["TENANT#{{tenant}}#*", "TENANT#{{tenant}}#ORDER#*", "TENANT#{{tenant}}#?*"])
            .prop_map(str::to_owned),
        1 => Just("TENANT#{{tenant}}*".to_owned()),
        3 => vec(fragment, 1..6).prop_map(|fragments| fragments.concat()),
    ]
}

fn statement() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(vec![
        "ForAllValues:StringLike",
        "ForAllValues:StringLike",
        "ForAllValues:StringLike",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLike",
        "StringLike",
        "StringLikeIfExists",
        "ForAllValues:StringNotLike",
        "StringEqualsIgnoreCase",
    ]);
    let action = prop::sample::subsequence(ACTIONS.to_vec(), 1..6);
    let resource = prop::sample::select(vec![TABLE, "*", "arn:aws:dynamodb:*:*:table/innkeeper-*"]);
    let indexes = any::<bool>();
    (
        operator,
        vec(pattern(), 1..3),
        prop::bool::weighted(0.7),
        action,
        resource,
        indexes,
        prop::bool::weighted(0.9),
    )
        .prop_map(|(operator, patterns, guarded, actions, resource, indexes, allow)| {
            let mut condition = json!({ operator: { "dynamodb:LeadingKeys": patterns } });
            if guarded {
                condition["Null"] = json!({ "dynamodb:LeadingKeys": "false" });
            }
            let mut resources = vec![resource.to_owned()];
            if indexes {
                resources.push(format!("{TABLE}/index/*"));
            }
            let effect = if allow { "Allow" } else { "Deny" };
            json!({ "Effect": effect, "Action": actions, "Resource": resources, "Condition": condition })
        })
}

fn variables(tenant: &str) -> Variables {
    let mut variables = Variables::default();
    variables.set("tenant", tenant);
    variables
}

fn subject(template: &Template) -> Subject<'_> {
    let table = TableOf { physical: "innkeeper-shops".to_owned(), own: false };
    let member = |tenant: &str| Member {
        tenant: tenant.parse().unwrap(),
        variables: variables(tenant),
        tables: [("main".to_owned(), table.clone())].into(),
    };
    Subject {
        label: "policies/p.json".to_owned(),
        mode: "session-policy",
        only: None,
        members: vec![member("acme"), member("acme2")],
        tables_arn: "arn:aws:dynamodb:eu-central-1:111122223333".to_owned(),
        role_arn: "arn:aws:iam::111122223333:role/pool".to_owned(),
        role: None,
        session: Some(template),
    }
}

/// The key of a template for a tenant; none if the values do not fit it.
fn key(template: &innkeeper::schema::Template, tenant: &TenantId, values: &[String]) -> Option<String> {
    let texts: KeyTexts = template.fields().cloned().zip(values.iter().cloned()).collect();
    render(template, tenant, &texts).ok().flatten()
}

#[test]
fn what_is_proved_is_denied_and_what_goes_through_goes_through() {
    let (proved, tried, shown) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let requests =
        vec((two_tenants(), vec("[a-zA-Z0-9*?_-]{1,8}", 4), prop::sample::select(ACTIONS.to_vec())), TRIES);
    let mut runner = TestRunner::new(cases(600));
    let law = runner.run(&(vec(statement(), 1..3), requests), |(statements, requests)| {
        let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let template = Template::parse(&Source::new("p.json", text), &["tenant".to_owned()].into()).unwrap();
        let subjects = [subject(&template)];
        let proof = prove(&PLAN, &subjects, None);
        let document = |tenant: &str| template.render(Kind::Identity, &variables(tenant)).unwrap().document;
        for finding in &proof.findings {
            let Some(found) = finding.counterexample.as_ref().filter(|_| finding.rule != Rule::Sufficient)
            else {
                continue;
            };
            let goes_through =
                is_allowed(&document(&found.tenant), &found.action, &found.resource, found.keys.clone());
            prop_assert!(goes_through, "{found}");
            shown.set(shown.get() + 1);
        }
        let is_proved = [Rule::Isolating, Rule::Guarded].iter().all(|rule| proof.subjects[0].holds(*rule));
        if !is_proved {
            return Ok(());
        }
        proved.set(proved.get() + 1);
        for ((own, foreign), values, action) in &requests {
            let action = *action;
            let policy = document(own.as_str());
            for (template, resource) in partitions() {
                let (Some(mine), Some(theirs)) =
                    (key(&template, own, values), key(&template, foreign, values))
                else {
                    continue;
                };
                let is_denied = |keys: Vec<String>| !is_allowed(&policy, action, &resource, keys);
                // A scan names no key, a batch several, of the table; the others one.
                if action != "dynamodb:Scan" {
                    prop_assert!(is_denied(vec![theirs.clone()]), "{own} reaches {theirs} by {action}");
                }
                if action.contains("Batch") && resource == TABLE {
                    prop_assert!(
                        is_denied(vec![mine, theirs.clone()]),
                        "{own} reaches {theirs} beside its own"
                    );
                }
                prop_assert!(is_denied(Vec::new()), "{own} passes by {action} without a key");
                tried.set(tried.get() + 2);
            }
        }
        Ok(())
    });
    law.unwrap_or_else(|error| panic!("{error}"));
    assert!(proved.get() > 100, "only {} policies were proved", proved.get());
    assert!(tried.get() > 10_000, "only {} requests were tried", tried.get());
    assert!(shown.get() > 100, "only {} counterexamples were seen", shown.get());
}

/// Found by the law above: the Deny catches a batch only where all of its keys are the tenant's, or look like it.
#[test]
fn a_deny_on_all_keys_does_not_mend_an_allow_on_any() {
    let keys = |operator: &str, pattern: &str| json!({ operator: { "dynamodb:LeadingKeys": pattern } });
    let statement = |effect: &str, condition: Value| json!({ "Effect": effect, "Action": "dynamodb:BatchWriteItem", "Resource": TABLE, "Condition": condition });
    let allow = statement("Allow", keys("ForAnyValue:StringLike", "TENANT#{{tenant}}#*"));
    let verdict = |deny: Value| {
        let text = json!({ "Version": "2012-10-17", "Statement": [deny, allow] }).to_string();
        let template = Template::parse(&Source::new("p.json", text), &["tenant".to_owned()].into()).unwrap();
        let subjects = [subject(&template)];
        let proof = prove(&PLAN, &subjects, None);
        proof.subjects[0].holds(Rule::Isolating)
    };
    assert!(!verdict(statement("Deny", keys("ForAllValues:StringLike", "TENANT#{{tenant}}*"))));
    // A Deny that looks at something else, too, does not hold for every request.
    let elsewhere = json!({ "StringEqualsIfExists": { "aws:SourceVpc": "vpc-1" } });
    assert!(!verdict(statement("Deny", elsewhere)));
    let throughout = json!({ "Effect": "Deny", "Action": "dynamodb:Batch*", "Resource": "*" });
    assert!(verdict(throughout));
}
