//! `innkeeper policy test`: the evaluator on cases of one's own.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::cli::{Failure, Output, say};
use crate::policy::Case;
use crate::problem::Source;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The cases, as JSON.
    #[arg(value_name = "FILE")]
    cases: PathBuf,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "text")]
    format: Output,
}

/// A case that was judged otherwise than it says.
struct Differs<'c> {
    case: &'c Case,
    line: usize,
    because: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let source = Source::read(&arguments.cases)?;
    let cases = Case::read_all(&source)?;
    let differing: Vec<_> = cases.iter().filter_map(|case| differs(&source, case)).collect();
    say(&match arguments.format {
        Output::Text => text(&source, &cases, &differing),
        Output::Json => json(&source, &cases, &differing),
    });
    if differing.is_empty() { Ok(()) } else { Err(Failure::Found) }
}

fn differs<'c>(source: &Arc<Source>, case: &'c Case) -> Option<Differs<'c>> {
    let decision = case.judge();
    let line = case.place(source).line().unwrap_or_default();
    (decision.is_allowed() != case.allowed).then(|| Differs {
        case,
        line,
        because: case.because(source, &decision),
    })
}

fn text(source: &Source, cases: &[Case], differing: &[Differs<'_>]) -> String {
    let mut lines: Vec<_> = differing
        .iter()
        .map(|Differs { case, line, because }| {
            let expected = if case.allowed { "should be allowed" } else { "should be denied" };
            format!("✘ {}:{line} {}: {expected}, and is {because}", source.name(), case.name)
        })
        .collect();
    let as_expected = cases.len() - differing.len();
    let noun = if cases.len() == 1 { "case" } else { "cases" };
    lines.push(format!("{} {noun}: {as_expected} as expected, {} not", cases.len(), differing.len()));
    lines.join("\n")
}

fn json(source: &Source, cases: &[Case], differing: &[Differs<'_>]) -> String {
    let one = |Differs { case, line, because }: &Differs<'_>| {
        json!({
            "name": case.name,
            "file": source.name(),
            "line": line,
            "expected": verdict(case.allowed),
            "actual": verdict(!case.allowed),
            "because": because,
        })
    };
    let all = json!({ "cases": cases.len(), "differing": differing.iter().map(one).collect::<Vec<_>>() });
    format!("{all:#}")
}

fn verdict(allowed: bool) -> &'static str {
    if allowed { "allowed" } else { "denied" }
}
