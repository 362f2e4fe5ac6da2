//! What `innkeeper check` prints.

use super::Example;
use crate::harness::process::{innkeeper, run};

#[test]
fn the_example_is_proved_and_the_proof_can_be_read() {
    let example = Example::new();
    let ended = run(&mut innkeeper(example.folder(), &["check"]));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ended.stdout);
}

#[test]
fn a_hole_is_shown_with_the_request_that_goes_through_it() {
    let example = Example::new();
    example.write(
        "policies/shop.json",
        &example.read("policies/shop.json").replace("{{tenant}}#*", "{{tenant}}*"),
    );
    let ended = run(&mut innkeeper(example.folder(), &["check"]));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!(ended.stdout);
    let json = run(&mut innkeeper(example.folder(), &["check", "--format", "json"]));
    assert_eq!(json.code, Some(1));
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    insta::assert_json_snapshot!(value["findings"]);
}

/// A role that no file declares may trust anybody, and allow nothing: neither is ticked.
#[test]
fn what_was_not_looked_at_is_not_ticked() {
    let example = Example::new();
    std::fs::remove_dir_all(example.folder().join("policies/roles")).unwrap();
    let tenants = example.read("tenants.toml");
    example.write("tenants.toml", &session_policies_alone(&tenants));
    let ended = run(&mut innkeeper(example.folder(), &["check"]));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ended.stdout);
    let json = run(&mut innkeeper(example.folder(), &["check", "--format", "json"]));
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    insta::assert_json_snapshot!((&value["subjects"], &value["undeclared"], &value["operations"][0]));
}

/// Where nothing at all is declared of a role, nothing is shown of it, and that is a finding.
#[test]
fn a_role_of_which_nothing_is_declared_has_no_tick() {
    let example = Example::new();
    std::fs::remove_file(example.folder().join("policies/roles/tenant.json")).unwrap();
    let ended = run(&mut innkeeper(example.folder(), &["check"]));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!(ended.stdout);
}

#[test]
fn input_that_cannot_be_used_is_no_finding() {
    let example = Example::new();
    example.write("policies/shop.json", "{");
    let ended = run(&mut innkeeper(example.folder(), &["check"]));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
}

/// The tenants of the example that are narrowed by a session policy, and no others.
fn session_policies_alone(tenants: &str) -> String {
    let (those, _) = tenants.split_once("# One shared role, whose policy in IAM").unwrap();
    those.to_owned()
}
