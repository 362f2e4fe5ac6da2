//! The proof: under every policy in use, a tenant reaches its own items and none reaches another's.
//!
//! Key templates and the patterns of `dynamodb:LeadingKeys` are languages (`schema::language`), so that what is shown
//! holds for all tenant ids and all values, not for those that were tried. What is shown, for each layer of policies
//! by itself:
//!
//! - *sufficient*: each request that the plan can send for a tenant is allowed;
//! - *isolating*: for two tenants no key is admitted by both, and no operation makes a key of the other's;
//! - *index-safe*: every key of an index that is written holds its tenant;
//! - *guarded*: no statement lets a request through that names no key.
//!
//! A hole comes with the request that goes through it, confirmed by the evaluator. Where something cannot be decided
//! that is said, and nothing is proved: this never guesses. It is pure, and knows IAM by its documentation alone
//! (`docs/isolation.md`).

mod confirm;
mod grant;
mod isolating;
mod narrowed;
mod own_tables;
mod plan_keys;
mod shown;
mod subject;
mod sufficient;
mod trust;

pub use shown::{SHOWN, Shown, Verdict};
pub use subject::{Member, Subject, TableOf};

use super::requests::{Asked, requests};
use super::{Finding, Rule, Severity};
use crate::problem::Problem;
use crate::schema::Plan;
use isolating::Side;

/// What was shown.
#[derive(Debug, Clone)]
pub struct Proof {
    /// For each operation of the schema, whether it is allowed for each subject, in the order in which they were given.
    pub operations: Vec<(String, Vec<Verdict>)>,
    /// For each subject, what was shown of it.
    pub subjects: Vec<Shown>,
    /// What stands in the way of the proof.
    pub findings: Vec<Finding>,
}

impl Proof {
    /// Whether everything was shown.
    pub fn holds(&self) -> bool {
        !self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Shows that tenants are kept apart, or what keeps them from being so.
///
/// `gateway` is the ARN of the role that the gateway runs under, if it is known: nobody else should be trusted.
pub fn prove(plan: &Plan, subjects: &[Subject<'_>], gateway: Option<&str>) -> Proof {
    let asked = requests(plan);
    let mut findings = plan_keys::plan_keys(plan);
    let mut rendered = Vec::new();
    for subject in subjects {
        match subject.for_all() {
            Ok(documents) => rendered.push(Some(documents)),
            Err(problem) => {
                findings.push(Finding::error(Rule::Undecided, problem));
                rendered.push(None);
            }
        }
    }
    let sides: Vec<Side<'_>> = subjects
        .iter()
        .zip(&rendered)
        .filter_map(|(subject, documents)| Some(Side { subject, documents: documents.as_ref()? }))
        .collect();
    let owned = own_tables::owned(plan, &sides);
    let (mut allowed, mut shown) = (Vec::<Vec<Verdict>>::new(), Vec::new());
    for (subject, documents) in subjects.iter().zip(&rendered) {
        let Some(documents) = documents else {
            allowed.push(vec![Verdict::Fails; asked.len()]);
            shown.push(Shown::nothing());
            continue;
        };
        let mut of_subject = Vec::new();
        if documents.layers().is_empty() {
            of_subject.push(nothing_declared(subject));
        }
        let (allowed_to_subject, missing) = sufficient::sufficient(plan, subject, documents, &asked);
        of_subject.extend(missing);
        let side = Side { subject, documents };
        of_subject.extend(sides.iter().flat_map(|other| isolating::isolating(plan, side, *other)));
        of_subject.extend(own_tables::own_tables(plan, side, &owned));
        of_subject.extend(trust::trust(subject, gateway));
        let of_rules = Shown::of(documents, &of_subject);
        allowed.push(allowed_to_subject.into_iter().map(|it| of_rules.of_request(it)).collect());
        shown.push(of_rules);
        findings.extend(of_subject);
    }
    // What no operation makes matters only where all that they make is kept apart.
    let kept_apart = |it: &Finding| !matches!(it.rule, Rule::Isolating | Rule::Undecided);
    if findings.iter().all(kept_apart) {
        let pairs = sides.iter().flat_map(|one| sides.iter().map(move |other| (*one, *other)));
        findings.extend(pairs.into_iter().find_map(|(one, other)| isolating::common(plan, one, other)));
    }
    Proof { operations: rows(&asked, &allowed), subjects: shown, findings: distinct(findings) }
}

fn nothing_declared(subject: &Subject<'_>) -> Finding {
    let message = format!("no policy of {} is declared, so nothing about it can be shown", subject.label);
    let hint = format!(
        "declare {} under policies/roles/; `innkeeper policy` prints what it needs",
        subject.role_arn
    );
    Finding::error(Rule::Undecided, Problem::of("policies/roles", message).hint(hint))
}

/// A row for each operation: allowed, if all its requests are.
fn rows(asked: &[Asked<'_>], allowed: &[Vec<Verdict>]) -> Vec<(String, Vec<Verdict>)> {
    let mut rows: Vec<(String, Vec<Verdict>)> = Vec::new();
    for (at, request) in asked.iter().enumerate() {
        let cells: Vec<Verdict> =
            allowed.iter().map(|of| of.get(at).copied().unwrap_or(Verdict::Fails)).collect();
        let name = request.coordinate();
        match rows.last_mut().filter(|(last, _)| *last == name) {
            Some((_, row)) => row.iter_mut().zip(cells).for_each(|(cell, more)| *cell = cell.and(more)),
            None => rows.push((name, cells)),
        }
    }
    rows
}

/// Each finding once: documents that several subjects share are read several times.
fn distinct(findings: Vec<Finding>) -> Vec<Finding> {
    let mut distinct: Vec<Finding> = Vec::new();
    for finding in findings {
        let is_known = distinct.iter().any(|it| {
            let same_place = it.rule == finding.rule && it.problem.place() == finding.problem.place();
            same_place
                && (finding.rule != Rule::Sufficient || it.problem.message() == finding.problem.message())
        });
        if !is_known {
            distinct.push(finding);
        }
    }
    distinct
}
