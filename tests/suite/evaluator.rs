//! The policy evaluator against what AWS documents: `tests/iam-vectors.json`, where each case names its page and
//! its sentence. One evaluator judges everything here, so nothing but these cases stands above it. The cases are read as
//! `innkeeper policy test` reads a user's.

use innkeeper::policy::Case;
use innkeeper::problem::Source;
use serde_json::Value;

const VECTORS: &str = include_str!("../iam-vectors.json");

#[test]
fn every_documented_case_is_judged_as_documented() {
    let source = Source::new("tests/iam-vectors.json", VECTORS);
    let cases = Case::read_all(&source).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(cases.len() >= 100, "there are only {} cases", cases.len());
    let wrong: Vec<_> = cases
        .iter()
        .map(|case| (case, case.judge()))
        .filter(|(case, decision)| decision.is_allowed() != case.allowed)
        .map(|(case, decision)| format!("{}: {}", case.name, case.because(&source, &decision)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} are misjudged:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_case_names_its_page_and_sentence() {
    let cases: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    for case in &cases {
        for member in ["page", "sentence"] {
            let text = case["source"][member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{} has no {member}", case["name"]);
        }
    }
}
