//! The log lines of a test, as text.

use std::io;
use std::sync::{Arc, Mutex, Once};

use innkeeper::telemetry::{AUDIT, Config, Format, Traces, subscriber};
use serde_json::Value;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Captures what this thread logs for as long as it lives. Worlds run on the test's own thread.
pub(crate) struct Log {
    written: Written,
    traces: Option<Traces>,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Every line, also those that are for developers.
    pub(crate) fn capture() -> Self {
        undecided();
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(written.clone())
            .finish();
        Self { written, traces: None, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The lines that `serve` writes.
    pub(crate) fn served() -> Self {
        Self::traced(&Config::default())
    }

    /// The lines that `serve` writes with a configuration, which may send traces too.
    pub(crate) fn traced(config: &Config) -> Self {
        undecided();
        let (written, traces) = (Written::default(), Traces::start(config).unwrap());
        let subscriber = subscriber(Format::Json, "info", traces.as_ref(), written.clone()).unwrap();
        Self { written, traces, _guard: subscriber.set_default() }
    }

    /// Sends what waits to be sent.
    pub(crate) fn flush(&self) {
        self.traces.as_ref().unwrap().flush();
    }

    /// The audit lines of a name, of those that `serve` writes.
    pub(crate) fn audit(&self, event: &str) -> Vec<Value> {
        let lines = self.lines().into_iter().map(|line| serde_json::from_str::<Value>(&line).unwrap());
        lines.filter(|line| line["target"] == AUDIT && line["event"] == event).collect()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let bytes = self.written.0.lock().unwrap();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

fn undecided() {
    static UNDECIDED: Once = Once::new();
    UNDECIDED.call_once(|| tracing::subscriber::set_global_default(Undecided).unwrap());
}

/// Where a thread captures nothing, nothing is logged, and nothing is decided for others. Without it, a line that such a
/// thread is the first to log is switched off for the whole process: tracing asks the thread at hand alone.
struct Undecided;

impl Subscriber for Undecided {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say() {
        tracing::info!("said");
    }

    #[test]
    fn a_line_that_another_thread_was_the_first_to_log_is_captured() {
        let log = Log::capture();
        std::thread::spawn(say).join().unwrap();
        say();
        assert_eq!(log.lines().len(), 1);
    }
}
