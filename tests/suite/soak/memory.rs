//! How much memory a process has, over time.

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

    /// Bytes a minute, by least squares over the end of a run; none where the run was not a minute longer than that.
    #[expect(clippy::cast_precision_loss, reason = "megabytes, of which a fraction matters")]
    pub(super) fn growth_of_last(&self, window: Duration) -> Option<f64> {
        let last = self.seen.last()?.0;
        let from = last - window.as_secs_f64();
        if from < 60.0 {
            return None;
        }
        let points: Vec<_> =
            self.seen.iter().filter(|(at, _)| *at >= from).map(|(at, b)| (*at, *b as f64)).collect();
        let n = points.len() as f64;
        let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (mean_x, mean_y) = (sum_x / n, sum_y / n);
        let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        Some(covariance / variance * 60.0)
    }
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
    assert!((growth - 60.0).abs() < 0.1, "{growth}");
    assert_eq!(memory.growth_of_last(Duration::from_mins(10)), None);
}
