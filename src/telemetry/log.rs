//! Log lines, on standard error: for people, or one JSON object each.

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer as _};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Starts to log to standard error. `filter` is a list of directives such as `info,innkeeper=debug`.
pub fn start(format: Format, filter: &str) -> Result<(), ParseError> {
    // A second start in one process (tests) keeps the first.
    drop(subscriber(format, filter, std::io::stderr)?.try_init());
    Ok(())
}

/// What writes log lines.
///
/// # Errors
/// The filter is none.
pub fn subscriber<W>(format: Format, filter: &str, writer: W) -> Result<impl SubscriberInitExt, ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match format {
        Format::Pretty => lines.with_target(false).boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    Ok(tracing_subscriber::registry().with(filter).with(lines))
}
