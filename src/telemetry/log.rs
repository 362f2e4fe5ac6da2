//! Log lines, on standard error: for people, or one JSON object each.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Starts to log to standard error. `filter` is a list of directives such as `info,innkeeper=debug`.
pub fn start(format: Format, filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::try_new(filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    match format {
        Format::Pretty => drop(registry.with(lines.with_target(false)).try_init()),
        Format::Json => drop(registry.with(lines.json().flatten_event(true)).try_init()),
    }
    Ok(())
}
