//! The faults of the soak: at random, of every kind, and heavier at times.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use innkeeper::clock::Stopwatch;

use crate::harness::fault::{Call, Fault};

/// How long a lease is taken, before AWS calls it expired: longer than the gateway waits before it gives one up again.
const LEASE: Duration = Duration::from_secs(6);

/// Random numbers that are the same in every run.
pub(super) struct Dice(AtomicU64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed | 1))
    }

    /// A number below a bound (`SplitMix64`).
    pub(super) fn below(&self, bound: u64) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

/// How bad it is at the moment.
pub(super) struct Weather {
    dice: Dice,
    /// Calls in a thousand that meet with a fault.
    heavy: AtomicU64,
    /// When each access key was first seen. Life: the soak's.
    leases: Mutex<HashMap<String, Stopwatch>>,
}

impl Weather {
    pub(super) fn new() -> Self {
        Self { dice: Dice::new(20_261_125), heavy: AtomicU64::new(40), leases: Mutex::default() }
    }

    /// A squall of five seconds in every twenty.
    pub(super) fn turn(&self, at: Duration) {
        self.heavy.store(if at.as_secs() % 20 < 5 { 150 } else { 40 }, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.heavy.store(0, Ordering::Relaxed);
    }

    pub(super) fn rule(self: &std::sync::Arc<Self>) -> impl FnMut(&Call) -> Fault + Send + 'static {
        let weather = std::sync::Arc::clone(self);
        move |call| weather.fault(call)
    }

    fn fault(&self, call: &Call) -> Fault {
        let is_sts = call.operation == "STS";
        if !is_sts && self.is_over(&call.access_key) {
            return Fault::Stale("ExpiredToken");
        }
        if self.dice.below(1_000) >= self.heavy.load(Ordering::Relaxed) {
            return Fault::Pass;
        }
        match self.dice.below(if is_sts { 6 } else { 12 }) {
            0 => Fault::Delay(Duration::from_millis(20 + self.dice.below(300))),
            1 => Fault::DropRequest,
            2 => Fault::DropResponse,
            3 => Fault::Reset,
            4 => Fault::Fail(503),
            5 => Fault::Throttle,
            6 => Fault::Truncate,
            7 => Fault::Corrupt,
            8 => Fault::Fail(500),
            9 => Fault::Unprocessed,
            10 => Fault::EmptyPage,
            _ if self.dice.below(5) == 0 => Fault::Hang,
            _ => Fault::Stale("InvalidClientTokenId"),
        }
    }

    /// Whether a lease has been taken for long enough.
    fn is_over(&self, access_key: &str) -> bool {
        let mut leases = self.leases.lock().unwrap();
        let seen = leases.entry(access_key.to_owned()).or_insert_with(Stopwatch::begin);
        seen.elapsed() > LEASE && self.heavy.load(Ordering::Relaxed) > 0
    }
}
