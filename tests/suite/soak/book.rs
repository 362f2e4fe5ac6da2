//! What was asked, what was answered, and what must therefore be there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use super::memory::Memory;

/// Everything that clients know, together.
#[derive(Default)]
pub(super) struct Book(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    requests: usize,
    /// The answers, by the code of their first error, or OK.
    answers: BTreeMap<String, usize>,
    /// Writes that were acknowledged.
    acknowledged: usize,
    /// Writes of which it was not known whether they took place, until they were looked up.
    unknown: usize,
    /// Writes that were looked up, by a client on its way or at the end.
    looked_up: usize,
    /// What should not have been.
    wrong: Vec<String>,
}

/// The codes that a fault explains.
const EXPLAINED: [&str; 3] = ["OK", "UNAVAILABLE", "THROTTLED"];

impl Book {
    pub(super) fn answered(&self, code: &str) {
        let mut pages = self.0.lock().unwrap();
        pages.requests += 1;
        *pages.answers.entry(code.to_owned()).or_default() += 1;
    }

    pub(super) fn acknowledged(&self) {
        self.0.lock().unwrap().acknowledged += 1;
    }

    pub(super) fn unknown(&self) {
        self.0.lock().unwrap().unknown += 1;
    }

    pub(super) fn looked_up(&self) {
        self.0.lock().unwrap().looked_up += 1;
    }

    pub(super) fn wrong(&self, what: impl Into<String>) {
        self.0.lock().unwrap().wrong.push(what.into());
    }

    /// An answer that no fault explains is wrong.
    pub(super) fn expect_explained(&self, code: &str, what: impl Fn() -> String) {
        if !EXPLAINED.contains(&code) {
            self.wrong(format!("{code}: {}", what()));
        }
    }

    pub(super) fn requests(&self) -> usize {
        self.0.lock().unwrap().requests
    }

    #[track_caller]
    pub(super) fn assert_sound(&self) {
        let pages = self.0.lock().unwrap();
        let some = pages.wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(pages.wrong.is_empty(), "{} things are wrong, among them:\n{some}", pages.wrong.len());
    }

    /// The figures of `docs/operations.md`.
    pub(super) fn figures(
        &self,
        injected: &BTreeMap<&'static str, usize>,
        (calls, changes): (usize, usize),
        (took, memory): (Duration, &Memory),
    ) -> String {
        let pages = self.0.lock().unwrap();
        let faults: usize =
            injected.iter().filter(|(name, _)| **name != "pass").map(|(_, count)| count).sum();
        let failed: usize = pages
            .answers
            .iter()
            .filter(|(code, _)| matches!(code.as_str(), "UNAVAILABLE" | "THROTTLED"))
            .map(|(_, n)| n)
            .sum();
        let mut text = format!("soak of {} s\n", took.as_secs());
        let mut line =
            |what: &str, count: &dyn std::fmt::Display| writeln!(text, "  {what}: {count}").unwrap();
        line("requests", &pages.requests);
        line("calls of AWS observed, none of another tenant's key", &calls);
        line("faults injected", &faults);
        line("faults survived", &faults.saturating_sub(failed));
        line("requests that failed by them", &failed);
        line("writes acknowledged, each found once", &pages.acknowledged);
        line("writes unknown, then looked up", &format!("{} of {}", pages.looked_up, pages.unknown));
        line("changes of the tenants", &changes);
        let by_minute: Vec<_> = memory.by_minute().iter().map(|bytes| bytes / 1024 / 1024).collect();
        line("resident memory by minute, MiB", &format!("{by_minute:?}"));
        line("most resident memory, MiB", &(memory.most() / 1024 / 1024));
        if let Some(growth) = memory.growth_of_last(Duration::from_mins(5)) {
            let (growth, error) = (growth.a_minute / 1024.0, growth.error / 1024.0);
            line("growth over the last five minutes, KiB a minute", &format!("{growth:.0} ± {error:.0}"));
        }
        line("answers", &format!("{:?}", pages.answers));
        line("faults", &format!("{injected:?}"));
        text
    }
}
