//! The policy evaluator against what AWS documents: `tests/iam-vectors.json`, where each case names its page and
//! its sentence. One evaluator judges everything here, so nothing but these cases stands above it. The cases are read as
//! `innkeeper policy test` reads a user's.

use innkeeper::policy::{Case, Context, Document, Kind, Policies, Request, trust};
use innkeeper::problem::Source;
use serde_json::Value;

const VECTORS: &str = include_str!("../iam-vectors.json");

#[test]
fn every_documented_case_is_judged_as_documented() {
    let cases: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    assert!(cases.len() >= 100, "there are only {} cases", cases.len());
    // What a user's case cannot say: that a policy is malformed, and what a trust policy says of a principal.
    let (special, plain): (Vec<Value>, Vec<Value>) =
        cases.into_iter().partition(|case| case["malformed"] == true || case.get("trust_policy").is_some());
    let source = Source::new("tests/iam-vectors.json", serde_json::to_string_pretty(&plain).unwrap());
    let read = Case::read_all(&source).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(read.len(), plain.len());
    let wrong = read.iter().map(|case| (case, case.judge()));
    let wrong = wrong.filter(|(case, decision)| decision.is_allowed() != case.allowed);
    let wrong = wrong.map(|(case, decision)| format!("{}: {}", case.name, case.because(&source, &decision)));
    let wrong: Vec<_> = wrong.chain(special.iter().filter_map(misjudged)).collect();
    assert!(wrong.is_empty(), "{} are misjudged:\n{}", wrong.len(), wrong.join("\n"));
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

/// What is wrong with a case's verdict; none if it is the documented one.
fn misjudged(case: &Value) -> Option<String> {
    if case["malformed"] == true {
        let mut policies = case["identity_policies"].as_array().unwrap().iter();
        let taken = policies.any(|policy| Document::from_value(Kind::Identity, policy).is_ok());
        return taken.then(|| format!("{}: taken, but it is malformed", case["name"]));
    }
    let identity: Vec<_> = case["identity_policies"].as_array().unwrap().iter().map(document).collect();
    let optional = |name: &str| case.get(name).filter(|value| !value.is_null()).map(document);
    let (session, boundary) = (optional("session_policy"), optional("boundary"));
    let mut context = Context::default();
    for (key, value) in case["context"].as_object().unwrap() {
        match value {
            Value::Array(values) => {
                context.set_all(key, values.iter().map(|value| value.as_str().unwrap().to_owned()).collect());
            }
            value => context.set(key, value.as_str().unwrap()),
        }
    }
    let policies = Policies { identity: &identity, boundary: boundary.as_ref(), session: session.as_ref() };
    let request = Request {
        action: case["action"].as_str().unwrap(),
        resource: case["resource"].as_str().unwrap(),
        context: &context,
    };
    let allowed = case["allowed"].as_bool().unwrap();
    if let Some(document) = case.get("trust_policy") {
        let document = Document::from_value(Kind::Trust, document).unwrap();
        let part = |name: &str| case["principal"][name].as_str().unwrap();
        let principal = trust::Principal {
            account: part("account"),
            identity: part("identity"),
            session: part("session"),
        };
        let owner = request.resource.split(':').nth(4).unwrap();
        let judged = trust::allows(&document, owner, principal, &policies, &request);
        return (judged != allowed).then(|| format!("{}: {judged}, but allowed is {allowed}", case["name"]));
    }
    let decision = policies.evaluate(&request);
    (decision.is_allowed() != allowed)
        .then(|| format!("{}: {:?}, but allowed is {allowed}", case["name"], decision.verdict))
}

#[track_caller]
fn document(value: &Value) -> Document {
    Document::from_value(Kind::Identity, value).unwrap_or_else(|error| panic!("{error} in {value}"))
}
