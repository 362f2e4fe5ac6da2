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

#[test]
fn input_that_cannot_be_used_is_no_finding() {
    let example = Example::new();
    example.write("policies/shop.json", "{");
    let ended = run(&mut innkeeper(example.folder(), &["check"]));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
}
