//! The time, as an argument.
//!
//! Everything that expires is compared with a [`Clock`]: tokens, leases, caches, refusals. The SDK signs with the
//! same clock. Tests hold its [`Hand`] and move it; nothing in the gateway asks the system for the time by itself.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::TimeSource;

/// Where the time comes from. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<AtomicU64>),
}

/// Moves a manual clock.
#[derive(Clone, Debug)]
pub struct Hand(Arc<AtomicU64>);

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `start` until its hand is moved.
    pub fn manual(start: SystemTime) -> (Self, Hand) {
        let millis = Arc::new(AtomicU64::new(millis(start)));
        (Self(Source::Manual(Arc::clone(&millis))), Hand(millis))
    }

    /// Whether it is the system's, by which other processes go too.
    pub const fn is_system(&self) -> bool {
        matches!(self.0, Source::System)
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Source::System => SystemTime::now(),
            Source::Manual(millis) => UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::SeqCst)),
        }
    }

    /// Now, in milliseconds since the epoch.
    pub fn unix_millis(&self) -> u64 {
        millis(self.now())
    }

    /// Now, in whole seconds since the epoch, as tokens count.
    pub fn unix_seconds(&self) -> i64 {
        i64::try_from(self.unix_millis() / 1000).unwrap_or(i64::MAX)
    }
}

/// Says how long something takes.
#[derive(Debug, Clone)]
pub struct Stopwatch {
    began: Instant,
}

impl Stopwatch {
    /// Begins now. It goes by the system's monotonic clock, since a load that a test makes takes real time.
    #[expect(clippy::disallowed_methods, reason = "`clock` is where time is read")]
    pub fn begin() -> Self {
        Self { began: Instant::now() }
    }

    /// The time since it began.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Hand {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

fn millis(time: SystemTime) -> u64 {
    // A time before 1970 is no time that a token or a lease can have; it counts as the epoch.
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        Self::now(self)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Clock(system)",
            Source::Manual(_) => "Clock(manual)",
        })
    }
}
