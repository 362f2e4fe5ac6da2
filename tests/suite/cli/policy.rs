//! `innkeeper policy`: what is printed, for whom, and what is refused.

use std::path::Path;

use innkeeper::policy::{Document, Kind};
use serde_json::Value;
use tempfile::TempDir;

use super::{application, edit};
use crate::harness::process::{Ended, innkeeper, run};

fn policy(folder: &Path, arguments: &[&str]) -> Ended {
    let mut all = vec!["policy"];
    all.extend(arguments);
    run(&mut innkeeper(folder, &all))
}

/// What a command that succeeds prints.
#[track_caller]
fn printed(folder: &TempDir, arguments: &[&str]) -> String {
    let ended = policy(folder.path(), arguments);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    ended.stdout
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_documents_are_printed_ready_to_be_pasted() {
    let folder = application();
    for arguments in [
        &["session-policy", "--tenant", "acme2"][..],
        &["role", "--tenant", "globex"],
        &["pool", "--tenant", "acme", "--trust"],
        &["tags", "--document"],
        &["gateway"],
        &["gateway", "--every-role", "--document"],
    ] {
        insta::assert_snapshot!(format!("policy {}", arguments.join(" ")), printed(&folder, arguments));
    }
}

#[test]
fn the_examples_files_are_what_is_printed() {
    let folder = application();
    let read = |name: &str| json(&std::fs::read_to_string(folder.path().join(name)).unwrap());
    assert_eq!(json(&printed(&folder, &["session-policy"])), read("policies/shop.json"));
    for (form, file) in [("role", "tenant"), ("pool", "pool"), ("tags", "tags"), ("gateway", "gateway")] {
        let mut held = read(&format!("policies/roles/{file}.json"));
        held.as_object_mut().unwrap().shift_remove("Description");
        // The example lies in one account, and says so once.
        let held = held.to_string().replace("{{partition}}:iam::{{account}}", "aws:iam::111122223333");
        assert_eq!(json(&printed(&folder, &[form])), json(&held), "{form}");
    }
}

#[test]
fn nothing_but_the_schema_has_to_be_there() {
    let folder = application();
    let first = printed(&folder, &["session-policy"]);
    // As a shell leaves the file that the output goes to.
    edit(folder.path(), "policies/shop.json", |_| String::new());
    assert_eq!(printed(&folder, &["session-policy"]), first);
    std::fs::remove_dir_all(folder.path().join("policies")).unwrap();
    std::fs::remove_file(folder.path().join("tenants.toml")).unwrap();
    assert_eq!(printed(&folder, &["session-policy"]), first);
    assert_eq!(json(&printed(&folder, &["role"]))["RoleName"], "innkeeper-{{tenant}}");
    let ended = policy(folder.path(), &["gateway"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("there are no tenants"), "{}", ended.stderr);
}

#[test]
fn source_identity_and_the_gateways_role_are_taken_from_the_configuration_or_the_flag() {
    let folder = application();
    edit(folder.path(), "innkeeper.toml", |text| {
        format!("{text}\n[credentials]\nsource-identity = \"gateway-1\"\n")
    });
    let arn = "arn:aws:iam::444455556666:role/edge/gw";
    let trust = json(&printed(&folder, &["role", "--trust", "--gateway", arn]));
    assert_eq!(trust["Statement"][0]["Principal"]["AWS"], arn);
    assert_eq!(trust["Statement"][0]["Action"][2], "sts:SetSourceIdentity");
    let own = json(&printed(&folder, &["gateway", "--document"]));
    assert_eq!(own["Statement"][0]["Action"][2], "sts:SetSourceIdentity");
    let pods = json(&printed(&folder, &["gateway", "--trust", "--service", "pods.eks.amazonaws.com"]));
    assert_eq!(pods["Statement"][0]["Action"][1], "sts:TagSession");
}

#[test]
fn a_document_that_sts_would_not_take_is_printed_and_found() {
    let folder = application();
    edit(folder.path(), "schema.graphql", |text| {
        let tables: String =
            (0..12).map(|at| format!("\n  @table(name: \"tableNumber{at}\", pk: \"pk\")")).collect();
        let types: String = (0..12)
            .map(|at| {
                format!("type T{at} @item(table: \"tableNumber{at}\", pk: \"T{at}#${{tenant}}#${{id}}\") {{ id: ID! }}\n")
            })
            .collect();
        let fields: String = (0..12).map(|at| format!("t{at}(id: ID!): T{at} @get\n")).collect();
        text.replacen("schema\n", &format!("schema{tables}\n"), 1).replacen(
            "type Query {",
            &format!("{types}type Query {{\n{fields}"),
            1,
        )
    });
    let ended = policy(folder.path(), &["session-policy"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(Document::parse(Kind::Identity, &ended.stdout).is_ok());
    assert!(ended.stderr.contains("a tenant id of 64 characters"), "{}", ended.stderr);
}

#[test]
fn a_shared_role_needs_a_rule_where_each_tenant_has_a_table_of_its_own() {
    let folder = application();
    edit(folder.path(), "schema.graphql", |text| {
        text.replace(
            "sk: \"sk\")\n  @tableIndex(table: \"main\", name: \"gsi1\"",
            "sk: \"sk\", layout: SILO)\n  @tableIndex(table: \"main\", name: \"gsi1\"",
        )
    });
    edit(folder.path(), "innkeeper.toml", |text| text.replace("[tables]\nmain = \"innkeeper-shops\"\n", ""));
    let own = |text: String, names: [&str; 4]| {
        ["acme", "acme2", "acme-2", "acme_2"].iter().zip(names).fold(text, |text, (tenant, table)| {
            let head = format!("[tenants.{tenant}]\n");
            text.replace(&head, &format!("{head}tables = {{ main = \"{table}\" }}\n"))
        })
    };
    let text = std::fs::read_to_string(folder.path().join("tenants.toml")).unwrap();
    edit(folder.path(), "tenants.toml", |_| {
        own(text.clone(), ["shops-acme", "shops-acme2", "shops-acme-2", "shops-acme_2"])
    });
    let document = json(&printed(&folder, &["tags", "--document"]));
    let resource = document["Statement"][0]["Resource"].as_str().unwrap();
    assert!(resource.ends_with(":table/shops-${aws:PrincipalTag/tenant}"), "{resource}");
    edit(folder.path(), "tenants.toml", |_| own(text.clone(), ["one", "two", "three", "four"]));
    let ended = policy(folder.path(), &["tags"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ended.stderr);
}

#[test]
fn a_tenant_that_cannot_have_the_document_is_refused() {
    let folder = application();
    let mut all = String::new();
    for arguments in [
        &["session-policy", "--tenant", "acme3"][..],
        &["role", "--tenant", "acme"],
        &["role", "--trust", "--document"],
        &["gateway", "--tenant", "acme"],
    ] {
        let ended = policy(folder.path(), arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        all += &format!("# {}\n{}\n", arguments.join(" "), ended.stderr);
    }
    insta::assert_snapshot!(all);
}

const CASES: &str = r#"[
  {
    "name": "own item",
    "identity_policies": [
      {"Version": "2012-10-17", "Statement": [
        {"Sid": "Reads", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"},
        {"Sid": "NoNotes", "Effect": "Deny", "Action": "*", "Resource": "*",
         "Condition": {"StringLike": {"dynamodb:LeadingKeys": "NOTE#*"}}}
      ]}
    ],
    "session_policy": null,
    "action": "dynamodb:GetItem",
    "resource": "arn:aws:dynamodb:eu-central-1:111122223333:table/main",
    "context": {"dynamodb:LeadingKeys": ["TENANT#acme#1"], "aws:PrincipalTag/tenant": "acme"},
    "allowed": true
  },
  {
    "name": "narrowed",
    "identity_policies": [
      {"Version": "2012-10-17", "Statement": {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}}
    ],
    "boundary": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
    "session_policy": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "*"}]},
    "action": "dynamodb:GetItem",
    "resource": "arn:aws:dynamodb:eu-central-1:111122223333:table/main",
    "context": {},
    "allowed": false
  }
]"#;

#[test]
fn cases_that_are_judged_as_they_say_pass() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("cases.json"), CASES).unwrap();
    assert_eq!(printed(&folder, &["test", "cases.json"]), "2 cases: 2 as expected, 0 not\n");
    let all = json(&printed(&folder, &["test", "cases.json", "--format", "json"]));
    assert_eq!(all, serde_json::json!({ "cases": 2, "differing": [] }));
}

#[test]
fn a_case_that_differs_says_which_statement_decided() {
    let folder = TempDir::new().unwrap();
    let cases = CASES
        .replace("\"allowed\": true", "\"allowed\": no")
        .replace("\"allowed\": false", "\"allowed\": true");
    let denied = cases
        .replace("\"allowed\": no", "\"allowed\": true")
        .replace("TENANT#acme#1", "NOTE#1")
        .replace("[\"NOTE#1\"]", "\"NOTE#1\"");
    let allowed = cases.replace("\"allowed\": no", "\"allowed\": false");
    let mut all = String::new();
    for text in [
        denied,
        allowed
            .replace("dynamodb:Query", "dynamodb:GetItem")
            .replace("\"allowed\": true", "\"allowed\": false"),
    ] {
        std::fs::write(folder.path().join("cases.json"), text).unwrap();
        for format in ["text", "json"] {
            let ended = policy(folder.path(), &["test", "cases.json", "--format", format]);
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
            all += &ended.stdout;
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn cases_that_cannot_be_used_are_all_said_at_once() {
    let folder = TempDir::new().unwrap();
    let cases = CASES
        .replace("\"action\": \"dynamodb:GetItem\"", "\"acton\": \"dynamodb:GetItem\"")
        .replace("\"Effect\": \"Deny\"", "\"Effect\": \"deny\"")
        .replace("\"context\": {}", "\"context\": {\"dynamodb:LeadingKeys\": [1]}")
        .replace("\"allowed\": false", "\"allowed\": \"no\"");
    for (text, name) in
        [(cases.as_str(), "members"), ("[1, {\"name\": 2}", "no_json"), ("{}", "no_list"), ("[1]", "no_case")]
    {
        std::fs::write(folder.path().join("cases.json"), text).unwrap();
        let ended = policy(folder.path(), &["test", "cases.json"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
        insta::assert_snapshot!(format!("cases_{name}"), ended.stderr);
    }
    let ended = policy(folder.path(), &["test", "nowhere.json"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("nowhere.json"), "{}", ended.stderr);
}
