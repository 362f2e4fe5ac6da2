//! The time, as an argument.
//!
//! Everything that expires is compared with a [`Clock`]: tokens, leases, caches, refusals. The SDK signs with the
//! same clock. Tests hold its [`Hand`] and move it; nothing in the gateway asks the system for the time by itself.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::TimeSource;

/// How much earlier than a request its calls end, at most.
const LONGEST_MARGIN: Duration = Duration::from_millis(250);

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

/// The moment by which a request must have its answer, by the system's monotonic clock: what it bounds is real work.
///
/// There is one for each request, and everything that the request waits for asks it how long is left.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    whole: Duration,
}

impl Deadline {
    /// Of something that begins now and may take so long.
    #[expect(clippy::disallowed_methods, reason = "`clock` is where time is read")]
    pub fn after(whole: Duration) -> Self {
        Self { at: Instant::now() + whole, whole }
    }

    /// The one for calls: a little earlier, so that what has come of them can still be answered.
    #[must_use]
    pub fn of_calls(self) -> Self {
        let margin = (self.whole / 20).min(LONGEST_MARGIN);
        Self { at: self.at.checked_sub(margin).unwrap_or(self.at), ..self }
    }

    /// How long is left.
    #[expect(clippy::disallowed_methods, reason = "`clock` is where time is read")]
    pub fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// What comes of some work; none if it has not ended by then. It is dropped then, and with it everything that it does.
    pub async fn keep<F: Future>(self, work: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.at.into(), work).await.ok()
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
