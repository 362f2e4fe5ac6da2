//! What `check` prints: the operations under each way of keeping tenants apart, what was shown, and what was found.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Looked;
use super::deployed::Verification;
use super::subjects::undeclared;
use crate::cli::Application;
use crate::policy::isolation::{Proof, SHOWN, Subject, Verdict};
use crate::policy::{Counterexample, Finding, Rule, Severity};

/// A proof, and what it is about.
pub(super) struct Report<'a> {
    pub(super) application: &'a Application,
    pub(super) subjects: &'a [Subject<'a>],
    pub(super) proof: &'a Proof,
    pub(super) looked: &'a Looked,
}

/// What each rule means that is shown of a subject.
fn meaning(rule: Rule) -> &'static str {
    match rule {
        Rule::Sufficient => "each request of a tenant's is allowed",
        Rule::Isolating => "no key is admitted for two tenants, and none of another's can be made",
        Rule::Guarded => "no request without a key is let through",
        Rule::Trust => "roles are assumed for their own tenants alone",
        _ => "",
    }
}

/// How a text is coloured on a terminal.
#[derive(Clone, Copy)]
enum Colour {
    Green,
    Red,
    Bold,
}

impl Report<'_> {
    /// For people.
    pub(super) fn text(&self, colours: bool) -> String {
        let paint = |text: &str, colour: Colour| painted(text, colour, colours);
        let mark = |verdict| match verdict {
            Verdict::Holds => paint("✔", Colour::Green),
            Verdict::Fails => paint("✘", Colour::Red),
            Verdict::NotLookedAt => "–".to_owned(),
        };
        let mut text = format!("{}\n\n", self.heading());
        let first =
            self.proof.operations.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(12);
        let widths: Vec<usize> = self.subjects.iter().map(|it| width(it, self.source(it))).collect();
        let line = |text: &mut String, name: &str, cells: &[String]| {
            // Writing to a string does not fail.
            let _written = write!(text, "{name:first$}");
            for cell in cells {
                let _written = write!(text, "  {cell}");
            }
            while text.ends_with(' ') {
                text.pop();
            }
            text.push('\n');
        };
        let headings = |of: fn(&Subject<'_>) -> String| -> Vec<String> {
            let cells = self.subjects.iter().zip(&widths);
            cells.map(|(subject, width)| format!("{:width$}", of(subject))).collect()
        };
        line(&mut text, "", &headings(|it| it.mode.to_owned()));
        line(&mut text, "", &headings(|it| it.label.clone()));
        line(&mut text, "", &headings(tenants));
        let cells = |verdicts: &mut dyn Iterator<Item = Verdict>| -> Vec<String> {
            verdicts.zip(&widths).map(|(it, width)| format!("{}{:2$}", mark(it), "", width - 1)).collect()
        };
        for (name, allowed) in &self.proof.operations {
            line(&mut text, name, &cells(&mut allowed.iter().copied()));
        }
        text.push('\n');
        for rule in SHOWN {
            let mut row = cells(&mut self.proof.subjects.iter().map(|it| it.verdict(rule)));
            row.push(meaning(rule).to_owned());
            line(&mut text, rule.as_str(), &row);
        }
        let sources = self.subjects.iter().zip(&widths);
        let mut sources: Vec<_> =
            sources.map(|(subject, width)| format!("{:width$}", self.source(subject))).collect();
        sources.push("what the proof was made on".to_owned());
        line(&mut text, "", &sources);
        for finding in &self.proof.findings {
            text.push('\n');
            text.push_str(&said(finding, colours));
        }
        let note = not_looked_at(&self.undeclared());
        let lines: Vec<String> = self.looked.summary.iter().cloned().chain(note).collect();
        for line in &lines {
            let _written = write!(text, "\n{line}");
        }
        let joint = if lines.is_empty() { "\n" } else { "\n\n" };
        text.push_str(joint);
        text.push_str(&self.verdict(&paint));
        text
    }

    /// The roles of tenants that no file declares, and which so were not looked at.
    fn undeclared(&self) -> BTreeSet<String> {
        undeclared(self.subjects, &self.application.registry).iter().map(ToString::to_string).collect()
    }

    /// What stands behind the proof: a policy that STS gets as it is, or one that IAM should hold.
    fn source(&self, subject: &Subject<'_>) -> &'static str {
        if subject.session.is_some() {
            return "sent to STS as it is";
        }
        if subject.role.is_none() {
            return "not declared";
        }
        let Some(verified) = &self.looked.verified else { return "declared, not verified" };
        let records = subject.members.iter().filter_map(|it| self.application.registry.find(&it.tenant));
        let mut all = true;
        for record in records {
            match verified.roles.get(&record.role) {
                Some(Verification::Verified) => {}
                Some(Verification::Differs) => return "differs from what IAM holds",
                Some(Verification::NotVerified(_)) | None => all = false,
            }
        }
        if all { "verified in IAM" } else { "declared, not verified" }
    }

    fn heading(&self) -> String {
        let tenants: usize = self.subjects.iter().map(|subject| subject.members.len()).sum();
        let count = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            more => format!("{more} {many}"),
        };
        format!(
            "{}: {}, {}, {} of keeping them apart",
            self.application.config.schema.display(),
            count(self.proof.operations.len(), "operation", "operations"),
            count(tenants, "tenant", "tenants"),
            count(self.subjects.len(), "way", "ways"),
        )
    }

    fn verdict(&self, paint: &dyn Fn(&str, Colour) -> String) -> String {
        let count = |severity| self.proof.findings.iter().filter(|it| it.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let warned = match warnings {
            0 => String::new(),
            1 => " There is one warning.".to_owned(),
            more => format!(" There are {more} warnings."),
        };
        if self.proof.holds() {
            let shown = paint("Proved", Colour::Green);
            if !self.undeclared().is_empty() {
                return format!(
                    "{shown}, but for what was not looked at: no tenant reaches another's items, whatever their ids.{warned}"
                );
            }
            return format!(
                "{shown}: a tenant reaches its own items, and no tenant reaches another's, whatever their ids.{warned}"
            );
        }
        let not = paint("Not proved", Colour::Red);
        let findings = if errors == 1 { "one finding".to_owned() } else { format!("{errors} findings") };
        format!("{not}: {} in the way.{warned}", paint(&findings, Colour::Bold))
    }

    /// One JSON object.
    pub(super) fn json(&self) -> String {
        let subjects = self.subjects.iter().zip(&self.proof.subjects).map(|(subject, shown)| {
            json!({
                "mode": subject.mode,
                "label": subject.label,
                "role": subject.role_arn,
                "tenants": subject.members.len(),
                "source": self.source(subject),
                "shown": SHOWN.iter().map(|rule| (rule.to_string(), said_of(shown.verdict(*rule)))).collect::<Map<_, _>>(),
            })
        });
        let operations = self.proof.operations.iter();
        let operations = operations.map(|(name, allowed)| {
            json!({ "name": name, "allowed": allowed.iter().map(|it| said_of(*it)).collect::<Vec<_>>() })
        });
        let report = json!({
            "proved": self.proof.holds(),
            "subjects": subjects.collect::<Vec<_>>(),
            "operations": operations.collect::<Vec<_>>(),
            "looked": self.looked.summary,
            "undeclared": self.undeclared(),
            "findings": self.proof.findings.iter().map(finding).collect::<Vec<_>>(),
        });
        format!("{report:#}")
    }
}

/// What a pipeline reads: true, false, or null for what was not looked at.
fn said_of(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Holds => Value::Bool(true),
        Verdict::Fails => Value::Bool(false),
        Verdict::NotLookedAt => Value::Null,
    }
}

/// What `–` stands for, where there are such roles.
fn not_looked_at(undeclared: &BTreeSet<String>) -> Option<String> {
    const NAMED: usize = 3;
    let name = |arn: &String| arn.rsplit('/').next().unwrap_or(arn).to_owned();
    let mut names: Vec<_> = undeclared.iter().take(NAMED).map(name).collect();
    if names.is_empty() {
        return None;
    }
    if let Some(more) = undeclared.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    let names = names.join(", ");
    Some(format!(
        "– not looked at, since no file under policies/roles/ declares it: whom a role trusts and what it allows by itself ({names})"
    ))
}

/// How wide a subject's column is.
fn width(subject: &Subject<'_>, source: &str) -> usize {
    let cells = [subject.mode.to_owned(), subject.label.clone(), tenants(subject), source.to_owned()];
    cells.iter().map(|cell| cell.chars().count()).max().unwrap_or_default()
}

fn tenants(subject: &Subject<'_>) -> String {
    match (&subject.only, subject.members.as_slice()) {
        (Some(only), _) => only.to_string(),
        (None, [_]) => "1 tenant".to_owned(),
        (None, members) => format!("{} tenants", members.len()),
    }
}

fn said(finding: &Finding, colours: bool) -> String {
    let mut text = match finding.severity {
        Severity::Error => finding.problem.render_error(colours),
        Severity::Warning => finding.problem.render_warning(colours),
    };
    let _written = write!(text, "\n  = rule: {}", finding.rule);
    if let Some(counterexample) = &finding.counterexample {
        let _written = write!(text, "\n  = request: {counterexample}");
    }
    text.push('\n');
    text
}

fn finding(finding: &Finding) -> Value {
    let place = finding.problem.place();
    json!({
        "rule": finding.rule.as_str(),
        "severity": match finding.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": finding.problem.message(),
        "hint": finding.problem.advice(),
        "file": place.name(),
        "line": place.line(),
        "counterexample": finding.counterexample.as_ref().map(counterexample),
    })
}

fn counterexample(of: &Counterexample) -> Value {
    json!({
        "tenant": of.tenant,
        "other": of.other,
        "action": of.action,
        "resource": of.resource,
        "keys": of.keys,
        "statement": of.statement,
    })
}

fn painted(text: &str, colour: Colour, colours: bool) -> String {
    let code = match colour {
        Colour::Green => 32,
        Colour::Red => 31,
        Colour::Bold => 1,
    };
    if colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}
