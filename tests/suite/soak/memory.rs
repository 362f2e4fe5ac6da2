//! How much memory a process has, over time.

use std::collections::BTreeMap;
use std::time::Duration;

/// Looks at a process's resident memory.
pub(super) struct Memory {
    path: String,
    /// Seconds since the beginning, and bytes.
    seen: Vec<(f64, u64)>,
}

impl Memory {
    pub(super) fn of(process: u32) -> Self {
        Self { path: format!("/proc/{process}/status"), seen: Vec::new() }
    }

    pub(super) fn look(&mut self, at: Duration) {
        // Where there is no such file, nothing is asserted of memory.
        let Ok(text) = std::fs::read_to_string(&self.path) else { return };
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        self.seen.push((at.as_secs_f64(), kib * 1024));
    }

    pub(super) fn most(&self) -> u64 {
        self.seen.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0)
    }

    /// The mean of each minute, in bytes.
    pub(super) fn by_minute(&self) -> Vec<u64> {
        let mut minutes = BTreeMap::<u64, (u64, u64)>::new();
        for (at, bytes) in &self.seen {
            let (sum, count) = minutes.entry(Duration::from_secs_f64(*at).as_secs() / 60).or_default();
            (*sum, *count) = (*sum + bytes, *count + 1);
        }
        minutes.into_values().map(|(sum, count)| sum / count).collect()
    }

    /// How it grew at the end of a run; none where the run was not a minute longer than that.
    #[expect(clippy::cast_precision_loss, reason = "megabytes, of which a fraction matters")]
    pub(super) fn growth_of_last(&self, window: Duration) -> Option<Growth> {
        let last = self.seen.last()?.0;
        let from = last - window.as_secs_f64();
        if from < 60.0 {
            return None;
        }
        // What one second shows is a reload that is under way, or a squall. Neighbours are alike, so means of half a minute
        // are taken for independent.
        let mut windows = BTreeMap::<u64, Vec<(f64, f64)>>::new();
        for (at, bytes) in self.seen.iter().filter(|(at, _)| *at >= from) {
            let window = Duration::from_secs_f64(at - from).as_secs() / MEAN;
            windows.entry(window).or_default().push((at / 60.0, *bytes as f64));
        }
        let mean = |points: &[(f64, f64)]| {
            let n = points.len() as f64;
            let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
            (x / n, y / n)
        };
        let points: Vec<_> = windows.values().map(|points| mean(points)).collect();
        let (mean_x, mean_y) = mean(&points);
        let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let a_minute = covariance / variance;
        let left = |(x, y): &(f64, f64)| (y - mean_y - a_minute * (x - mean_x)).powi(2);
        let left: f64 = points.iter().map(left).sum();
        let error = (left / (points.len() as f64 - 2.0) / variance).sqrt();
        Some(Growth { a_minute, error })
    }
}

/// How many seconds are taken together.
const MEAN: u64 = 30;

/// How memory grows, by least squares: bytes a minute, and their standard error.
#[derive(Debug)]
pub(super) struct Growth {
    pub(super) a_minute: f64,
    pub(super) error: f64,
}

#[test]
fn growth_is_the_slope_of_the_last_minutes() {
    let mut memory = Memory::of(0);
    for second in 0..600_u32 {
        // It warms up for two minutes, and then grows by 60 bytes a minute.
        let warm = u64::from(second.min(120)) * 1_000;
        memory.seen.push((f64::from(second), warm + u64::from(second)));
    }
    let growth = memory.growth_of_last(Duration::from_mins(5)).unwrap();
    assert!((growth.a_minute - 60.0).abs() < 0.1 && growth.error < 0.1, "{growth:?}");
    assert!(memory.growth_of_last(Duration::from_mins(10)).is_none());
}
