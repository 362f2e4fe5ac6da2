//! From the example, which is proved, every mutant of the catalogue: each is found, with the request that goes through.

use std::fmt::Write as _;

use innkeeper::policy::Severity;

use super::Example;
use super::catalogue::{OF_TEXTS, of_policies};

/// Mutants that nothing is found in: where, what, and why that is right. The list may only shrink.
const HARMLESS: [(&str, &str, &str); 11] = [
    ("", "the key in lower case", "names of condition keys are compared without case"),
    ("", "one key", "a single-valued operator holds for requests that name one key, and for no others"),
    ("", "any of the keys", "no action of the statement names several keys, and of one any is all"),
    ("", "if the key exists", "the guard asks for the key all the same"),
    (
        "trust",
        "drop what tags there may be",
        "the policies look at the tag `tenant` alone; what other tags a session has matters to none of them",
    ),
    ("trust", "an old version", "it has no variables, and differs in nothing else"),
    ("policies/shop.json", "an old version", "it has no variables of IAM's, and differs in nothing else"),
    (
        "policies/roles/tenant.json",
        "an old version",
        "it has no variables of IAM's, and differs in nothing else",
    ),
    ("policies/roles/tenant.json", "drop what is said of keys", "the table is the tenant's alone"),
    ("policies/roles/tenant.json", "drop the condition", "the table is the tenant's alone"),
    ("policies/roles/tenant.json", "another tenant's pattern beside", "the table is the tenant's alone"),
];

/// Mutants of the registry that nothing is found in.
const HARMLESS_RECORDS: [(&str, &str); 1] =
    [("tags with the role for session policies", "that role's own policy looks at the tag too")];

#[test]
fn every_mutant_of_the_session_policy_is_found() {
    insta::assert_snapshot!(found_in("policies/shop.json"));
}

#[test]
fn every_mutant_of_the_role_for_session_policies_is_found() {
    insta::assert_snapshot!(found_in("policies/roles/pool.json"));
}

#[test]
fn every_mutant_of_the_role_for_tags_is_found() {
    insta::assert_snapshot!(found_in("policies/roles/tags.json"));
}

#[test]
fn every_mutant_of_tenants_own_roles_is_found() {
    insta::assert_snapshot!(found_in("policies/roles/tenant.json"));
}

/// What is found in each mutant of a file. There is none in which nothing is, but those that are harmless.
fn found_in(file: &str) -> String {
    let example = Example::new();
    assert!(example.proof().unwrap().findings.is_empty());
    let mut text = String::new();
    let mut survivors = Vec::new();
    for mutant in of_policies(|name| example.read(name)).into_iter().filter(|mutant| mutant.file == file) {
        let before = example.read(mutant.file);
        example.write(mutant.file, &mutant.text);
        let found = found(&example);
        example.write(mutant.file, &before);
        writeln!(text, "{}\n{found}", mutant.name).unwrap();
        if found.is_empty() {
            survivors.push(mutant.name);
        }
    }
    survivors.retain(|name| {
        !HARMLESS.iter().any(|(place, harmless, _)| name.contains(place) && name.ends_with(harmless))
    });
    assert!(survivors.is_empty(), "nothing is found in\n{}", survivors.join("\n"));
    text
}

#[test]
fn every_mutant_of_the_schema_and_the_registry_is_found() {
    let example = Example::new();
    let mut text = String::new();
    let mut survivors = Vec::new();
    for (name, file, from, to) in OF_TEXTS {
        let before = example.read(file);
        assert!(before.contains(from), "{name}: {file} has changed");
        example.write(file, &before.replace(from, to));
        let found = found(&example);
        example.write(file, &before);
        writeln!(text, "{name}\n{found}").unwrap();
        if found.is_empty() {
            survivors.push(name);
        }
    }
    insta::assert_snapshot!(text);
    survivors.retain(|name| !HARMLESS_RECORDS.iter().any(|(harmless, _)| name == harmless));
    assert!(survivors.is_empty(), "nothing is found in\n{}", survivors.join("\n"));
}

/// What is found in the example as it is now: a line for each finding, and for its request.
fn found(example: &Example) -> String {
    let mut text = String::new();
    match example.proof() {
        Err(problems) => {
            for problem in problems.iter() {
                writeln!(text, "  refused: {}", problem.message()).unwrap();
            }
        }
        Ok(proof) => {
            for finding in &proof.findings {
                let severity = if finding.severity == Severity::Error { "" } else { " (warning)" };
                writeln!(text, "  {}{severity}: {}", finding.rule, finding.problem.message()).unwrap();
                if let Some(counterexample) = &finding.counterexample {
                    writeln!(text, "    {counterexample}").unwrap();
                }
            }
        }
    }
    example.plain(&text)
}
