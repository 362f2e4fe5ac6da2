//! `check --live`: asks AWS itself, with each tenant's own session, whether it may read what it must not.
//!
//! The proof is about documents, and `--deployed` about what IAM says that it holds. Here the sessions themselves are
//! tried: each tenant's role is assumed as the gateway would, and a few keys are asked for that do not exist, of the
//! tenant's own, of nobody's, of tenants whose ids begin alike, of another that there is. It shows that these requests
//! are denied, not that all are; and it reads no value.

mod plan;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::MissedTickBehavior;

use super::super::Application;
use crate::aws::Aws;
use crate::credentials::{Answer, LeaseError, OpenError, Probe, Prober};
use crate::entropy::Entropy;
use crate::id::TenantId;
use crate::policy::{Counterexample, Finding, Rule};
use crate::problem::Problem;
use crate::tenant::{State, TenantRecord};
use plan::{Expected, Means, Question, Questions};

/// How the asking is bounded.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many tenants are begun with in a second. STS allows an account some hundreds of calls a second, and the
    /// gateway needs them too.
    pub rate: NonZeroU32,
    /// How many tenants are under way at one time.
    pub concurrency: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { rate: NonZeroU32::new(20).unwrap_or(NonZeroU32::MIN), concurrency: 8 }
    }
}

/// After so many tenants in a row for whom STS gave no answer at all, nobody else is asked for.
const PATIENCE: usize = 10;
/// From which percentage on the packed size of a session's policy and tags is warned of.
const NEARLY_FULL: i32 = 90;

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Probed {
    /// How many tenants were asked for.
    pub tenants: usize,
    /// How many were not, because they are suspended.
    pub suspended: usize,
    /// How many calls it took, of STS and of DynamoDB.
    pub calls: usize,
    /// `PackedPolicySize` of each tenant's session, in percent, where STS says it.
    pub packed: BTreeMap<TenantId, i32>,
    /// Holes, roles that cannot be assumed, own keys that are denied, and what is unclear.
    pub findings: Vec<Finding>,
}

impl Probed {
    /// What was done, in a line or two.
    pub fn summary(&self) -> String {
        let Self { tenants, suspended, calls, .. } = self;
        let holes = self.findings.iter().filter(|finding| finding.counterexample.is_some()).count();
        let mut text =
            format!("live: {tenants} tenants in {calls} calls, {holes} answered as they must not be");
        if *suspended > 0 {
            write!(text, "; {suspended} suspended tenants left out").unwrap_or_default();
        }
        if let Some((tenant, percent)) = self.fullest() {
            write!(
                text,
                "\nlive: session policy and tags take at most {percent} % of what STS packs, for `{tenant}`"
            )
            .unwrap_or_default();
        }
        text
    }

    /// The tenant whose session comes nearest to what STS takes, and how near, in percent.
    pub fn fullest(&self) -> Option<(&TenantId, i32)> {
        self.packed.iter().max_by_key(|(_, percent)| **percent).map(|(tenant, percent)| (tenant, *percent))
    }
}

/// What came of one tenant.
#[derive(Default)]
struct Outcome {
    calls: usize,
    packed: Option<i32>,
    findings: Vec<Finding>,
    was_skipped: bool,
}

/// Asks for every active tenant. `aws` has the identity that assumes the roles: the gateway's. `done` is told after each
/// tenant how many there are behind it, and of how many.
pub async fn probe(
    application: &Application,
    aws: &Aws,
    options: &Options,
    done: impl Fn(usize, usize),
) -> Probed {
    let records = application.registry.records();
    let (active, suspended): (Vec<_>, Vec<_>) =
        records.iter().cloned().partition(|record| record.state == State::Active);
    let asking = Asking {
        application,
        prober: Prober::new(aws.clone(), application.config.credentials.clone()),
        // No item has such a key, so that nothing is read even where there is a hole.
        questions: Questions::new(application, &records, &Entropy::system().ulid(&aws.clock)),
        silent: AtomicUsize::new(0),
    };
    // An interval of nothing is none.
    let apart = (Duration::from_secs(1) / options.rate.get()).max(Duration::from_micros(1));
    let mut every = tokio::time::interval(apart);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let every = tokio::sync::Mutex::new(every);
    let begun = futures_util::stream::iter(&active).then(async |record| {
        every.lock().await.tick().await;
        record
    });
    let outcomes =
        begun.map(async |record: &Arc<TenantRecord>| (record.id.clone(), asking.tenant(record).await));
    let mut outcomes = std::pin::pin!(outcomes.buffer_unordered(options.concurrency));
    let mut probed = Probed { suspended: suspended.len(), ..Probed::default() };
    let (mut skipped, mut behind) = (Vec::new(), 0);
    while let Some((tenant, outcome)) = outcomes.next().await {
        behind += 1;
        done(behind, active.len());
        probed.calls += outcome.calls;
        probed.findings.extend(outcome.findings);
        probed.packed.extend(outcome.packed.map(|percent| (tenant.clone(), percent)));
        if outcome.was_skipped { skipped.push(tenant) } else { probed.tenants += 1 }
    }
    if let Some(first) = skipped.iter().min() {
        let message = format!("{} tenants were not asked for: STS does not answer", skipped.len());
        let place = format!("tenant {first} and others");
        probed.findings.push(Finding::error(Rule::Live, Problem::of(place, message)));
    }
    probed.findings.sort_by(|one, other| one.problem.place().name().cmp(other.problem.place().name()));
    probed
}

struct Asking<'a> {
    application: &'a Application,
    prober: Prober,
    questions: Questions<'a>,
    /// For how many tenants in a row STS gave no answer.
    silent: AtomicUsize,
}

impl Asking<'_> {
    async fn tenant(&self, record: &TenantRecord) -> Outcome {
        if self.silent.load(Ordering::Relaxed) >= PATIENCE {
            return Outcome { was_skipped: true, ..Outcome::default() };
        }
        let opened = self.prober.open(record, &self.application.policies).await;
        let is_silent = matches!(opened, Err(OpenError::Lease(LeaseError::Unavailable(_))));
        if is_silent {
            self.silent.fetch_add(1, Ordering::Relaxed)
        } else {
            self.silent.swap(0, Ordering::Relaxed)
        };
        let probe = match opened {
            Ok(probe) => probe,
            Err(error) => {
                let problem = of(record, format!("its role `{}` cannot be assumed: {error}", record.role));
                let hint = "the gateway's identity must be allowed sts:AssumeRole and sts:TagSession, and the role must \
                            trust it for this tenant's tag and external id";
                let findings = vec![Finding::error(Rule::Live, problem.hint(hint))];
                return Outcome { calls: 1, findings, ..Outcome::default() };
            }
        };
        let mut outcome = Outcome { calls: 1, packed: probe.packed_percent(), ..Outcome::default() };
        let mut verdicts = Verdicts::default();
        for question in self.questions.about(record) {
            outcome.calls += 1;
            verdicts.judge(record, &question, ask(&probe, &question).await);
        }
        outcome.findings = verdicts.findings(record);
        outcome.findings.extend(nearly_full(record, outcome.packed));
        outcome
    }
}

async fn ask(probe: &Probe, question: &Question) -> Answer {
    match question.means {
        Means::GetItem => probe.get_item(&question.key).await,
        Means::Query => probe.query(&question.key).await,
    }
}

fn of(record: &TenantRecord, message: impl Into<String>) -> Problem {
    Problem::of(format!("tenant {}, in mode {}", record.id, record.mode.name()), message)
}

fn nearly_full(record: &TenantRecord, packed: Option<i32>) -> Option<Finding> {
    let percent = packed.filter(|percent| *percent >= NEARLY_FULL)?;
    let message = format!("its session policy and tags take {percent} % of what STS packs");
    let hint = "shorten the policy: past 100 % STS refuses with PackedPolicyTooLarge, and the tenant is out";
    Some(Finding::warning(Rule::Size, of(record, message).hint(hint)))
}

/// The answers of one tenant. A broken policy lets through all that it is asked: that is one finding a tenant.
#[derive(Default)]
struct Verdicts {
    must_be_denied: usize,
    holes: Vec<Counterexample>,
    denied: Vec<Counterexample>,
    unclear: Vec<String>,
}

impl Verdicts {
    fn judge(&mut self, record: &TenantRecord, question: &Question, answer: Answer) {
        let counterexample = |statement: Option<&str>| Counterexample {
            tenant: record.id.to_string(),
            other: question.other.clone(),
            action: question.means.action().to_owned(),
            resource: question.resource.clone(),
            keys: question.leading_key.iter().cloned().collect(),
            statement: statement.map(str::to_owned),
        };
        self.must_be_denied += usize::from(question.expected == Expected::Denied);
        match (question.expected, answer) {
            (Expected::Allowed, Answer::Allowed) | (Expected::Denied, Answer::Denied(_)) => {}
            (Expected::Denied, Answer::Allowed) => {
                self.holes.push(counterexample(Some("AWS, when it was asked")));
            }
            (Expected::Allowed, Answer::Denied(_)) => self.denied.push(counterexample(None)),
            (_, Answer::Unclear(reason)) => {
                self.unclear.push(format!("{} on {}: {reason}", question.means.action(), question.resource));
            }
        }
    }

    fn findings(self, record: &TenantRecord) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(hole) = self.holes.first() {
            let message = format!(
                "AWS lets its session read what is not its own: {} of {} requests that must be denied went through",
                self.holes.len(),
                self.must_be_denied
            );
            let hint = "stop serving it until its policies are mended; `check` and `check --deployed` name the statement";
            findings.push(Finding::error(Rule::Live, of(record, message).hint(hint)).with(hole.clone()));
        }
        if let Some(denied) = self.denied.first() {
            let problem = of(record, "AWS denies its session a key of its own");
            let hint = "compare its role with policies/roles: `check --deployed`; a boundary or an SCP may deny it too";
            findings.push(Finding::error(Rule::Live, problem.hint(hint)).with(denied.clone()));
        }
        if let Some(reason) = self.unclear.first() {
            let problem = of(
                record,
                format!("{} requests were neither let through nor denied: {reason}", self.unclear.len()),
            );
            findings.push(Finding::error(
                Rule::Live,
                problem.hint("nothing follows from such an answer: ask again"),
            ));
        }
        findings
    }
}
