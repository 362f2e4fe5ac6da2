//! Log lines, on standard error: for people, or one JSON object each.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, FilterFn, ParseError};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::Traces;
use super::span::{self, TRACE};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Starts to log to standard error, and to send spans where there are traces. `filter` is a list of directives such as
/// `info,innkeeper=debug`; it is about lines alone.
pub fn start(format: Format, filter: &str, traces: Option<&Traces>) -> Result<(), ParseError> {
    // A second start in one process (tests) keeps the first.
    drop(subscriber(format, filter, traces, std::io::stderr)?.try_init());
    Ok(())
}

/// What writes log lines and sends spans.
///
/// # Errors
/// The filter is none.
pub fn subscriber<W>(
    format: Format,
    filter: &str,
    traces: Option<&Traces>,
    writer: W,
) -> Result<impl SubscriberInitExt + use<W>, ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let is_trace = |metadata: &Metadata<'_>| metadata.is_span() && metadata.target() == TRACE;
    // Lines never ask for spans of traces: where nobody sends them, none is made.
    let filter = EnvFilter::try_new(filter)?.and(FilterFn::new(move |metadata| !is_trace(metadata)));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match format {
        Format::Pretty => lines.with_target(false).map_event_format(Traced::Before).boxed(),
        Format::Json => lines.json().flatten_event(true).map_event_format(Traced::Within).boxed(),
    };
    // A list, since a layer that may be missing (`Option`) asks for every span when it is.
    let mut layers = vec![lines.with_filter(filter).boxed()];
    if let Some(traces) = traces {
        // Where in our sources and on which thread is nothing that an operator looks for.
        let spans = tracing_opentelemetry::layer().with_tracer(traces.tracer());
        let spans = spans.with_location(false).with_threads(false).with_tracked_inactivity(false);
        let only = FilterFn::new(is_trace).with_max_level_hint(LevelFilter::INFO);
        layers.push(spans.with_target(false).with_filter(only).boxed());
    }
    Ok(tracing_subscriber::registry().with(layers))
}

/// A line that says to which trace it belongs.
enum Traced<F> {
    /// In front of the line.
    Before(F),
    /// As the first member of the object that the line is.
    Within(F),
}

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> fmt::Result {
        match (self, span::current()) {
            (Self::Before(line) | Self::Within(line), None) => line.format_event(context, writer, event),
            (Self::Before(line), Some(trace)) => {
                write!(writer, "trace.id={trace} ")?;
                line.format_event(context, writer, event)
            }
            (Self::Within(line), Some(trace)) => {
                let mut text = String::new();
                line.format_event(context, Writer::new(&mut text), event)?;
                let members = text.strip_prefix('{').ok_or(fmt::Error)?;
                write!(writer, "{{\"trace.id\":\"{trace}\",{members}")
            }
        }
    }
}
