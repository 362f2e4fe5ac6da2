//! What comes before a request is warm: the start, the first request of a tenant, the first sight of a token; and the
//! memory that many tenants take.

use std::fmt::Write as _;
use std::time::Duration;

use crate::case::Case;
use crate::load;
use crate::rounds::{Run, Series};
use crate::subject::{OURS, Subject, Surroundings, Variant};

/// How many tokens are seen for the first time.
const TOKENS: usize = 2_000;
/// How many requests are under way meanwhile.
const CONNECTIONS: usize = 32;

/// What a gateway of many tenants has shown.
pub(crate) struct Cold {
    pub(crate) tenants: usize,
    /// From the start of the process until it listens.
    pub(crate) started: Duration,
    /// Memory before the first request, and with all tenants, in bytes.
    pub(crate) idle: u64,
    pub(crate) resident: u64,
    /// The CPU time of the first request of a tenant.
    pub(crate) tenant: Duration,
    /// The CPU time of the first request with a token, of a tenant who has been here.
    pub(crate) token: Duration,
}

/// Starts a gateway for so many tenants, and has each of them come once. The cases are measured with the others.
pub(crate) async fn measure(run: &mut Run, around: &Surroundings, tenants: usize, cases: &[Case]) -> Cold {
    let name = format!("{OURS}, {} tenants", thousands(tenants));
    let subject = Subject::gateway(around, &Variant { name, tenants, ..around.ours() }).await;
    let (started, idle) = (subject.running.started, subject.running.resident());
    let (_before, cpu) = (run.stub.take(), subject.running.cpu());
    let _answer = load::once(&subject.requests(Case::Get), CONNECTIONS).await;
    let (calls, tenant) = (run.stub.take(), subject.running.cpu().saturating_sub(cpu));
    let expected = u64::try_from(tenants).unwrap();
    assert_eq!(
        (calls.sts, calls.get),
        (expected, expected),
        "a cold tenant costs one call of STS: {calls:?}"
    );
    let resident = subject.running.resident();
    let cpu = subject.running.cpu();
    let _answer = load::once(&subject.with_new_tokens(around, TOKENS, Case::Get), CONNECTIONS).await;
    let token = subject.running.cpu().saturating_sub(cpu);
    assert_eq!(run.stub.take().sts, 0, "a new token costs no call of STS");
    let each = |time: Duration, of: usize| time / u32::try_from(of).unwrap();
    if !cases.is_empty() {
        let subject = run.add(subject);
        for &case in cases {
            run.cell(Series::Table, subject, case, 64).await;
        }
    }
    Cold { tenants, started, idle, resident, tenant: each(tenant, tenants), token: each(token, TOKENS) }
}

impl Cold {
    /// What a tenant takes, in KB; nothing where there are too few to tell.
    fn memory(&self) -> String {
        if self.tenants < 1000 {
            return String::new();
        }
        let bytes = self.resident.saturating_sub(self.idle) / u64::try_from(self.tenants).unwrap();
        format!("{:.1}", f64::from(u32::try_from(bytes).unwrap()) / 1000.0)
    }

    pub(crate) fn table(all: &[Self]) -> String {
        let mut text = "| tenants | start, ms | idle, MB | all warm, MB | KB a tenant | first request of a tenant, µs | first of a token, µs |\n\
                        |---|---|---|---|---|---|---|\n"
            .to_owned();
        for it in all {
            writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                thousands(it.tenants),
                it.started.as_millis(),
                it.idle / 1_000_000,
                it.resident / 1_000_000,
                it.memory(),
                it.tenant.as_micros(),
                it.token.as_micros(),
            )
            .unwrap();
        }
        text
    }
}

/// A number with commas.
pub(crate) fn thousands(number: usize) -> String {
    if number < 1000 {
        number.to_string()
    } else {
        format!("{},{:03}", thousands(number / 1000), number % 1000)
    }
}
