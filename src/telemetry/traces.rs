//! Where traces go: to an OpenTelemetry collector, by OTLP over HTTP in protobuf, in batches, from a thread of its own.
//!
//! Nothing waits for the collector. What it does not take is dropped and the log says so, once; the queue holds at most
//! [`QUEUE`] spans, and what comes beyond that is dropped too. A number says how many were.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, Sampler, SdkTracerProvider, Tracer};
use thiserror::Error;
use tokio::runtime::Runtime;

use super::waiting::Queue;
use super::{Config, Event};
use crate::error::Chain;
use crate::fetch::{Bounds, Fetch};

/// How many spans wait for the collector.
const QUEUE: usize = 4_096;
/// How many are sent together.
const BATCH: usize = 512;
/// How long the first of a batch waits for others.
const DELAY: Duration = Duration::from_secs(2);
/// What an exchange with the collector may take. Nothing waits for it but the stop of the gateway.
const EXCHANGE: Bounds = Bounds { time: Duration::from_secs(3), body: 64 * 1024 };
/// How long the stop of the gateway waits for what is still to be sent.
const FLUSH: Duration = Duration::from_secs(5);

/// Sends spans, until it is dropped: then what is left is sent.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

/// Why no traces are sent.
#[derive(Debug, Error)]
pub enum TracesError {
    /// The endpoint or one of OpenTelemetry's own variables cannot be used.
    #[error("the exporter of traces")]
    Exporter(#[from] ExporterBuildError),
    /// There is no thread for it.
    #[error("the thread that sends traces")]
    Runtime(#[from] std::io::Error),
}

impl Traces {
    /// Begins to send, where the configuration names a collector.
    pub fn start(config: &Config) -> Result<Option<Self>, TracesError> {
        let Some(endpoint) = &config.otlp_endpoint else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new()?)
            .with_protocol(Protocol::HttpBinary)
            // The endpoint is the collector's; each kind of signal has a path there (*OTLP/HTTP Request*).
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(DELAY);
        let resource = Resource::builder()
            .with_service_name("innkeeper")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Queue::before(exporter, batches.build(), QUEUE))
            // Whoever is in front has decided for a whole trace; the ratio is for those that begin here.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.trace_ratio))))
            .with_resource(resource.build());
        Ok(Some(Self { provider: provider.build() }))
    }

    /// Sends what waits. Blocks the thread until the collector has it, or an exchange has failed.
    pub fn flush(&self) {
        // A collector that is down has been told of.
        drop(self.provider.force_flush());
    }

    /// What makes spans of the library's into spans of a trace.
    pub(super) fn tracer(&self) -> Tracer {
        self.provider.tracer("innkeeper")
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        drop(self.provider.shutdown_with_timeout(FLUSH));
    }
}

/// The HTTP client of the thread that sends. It has a runtime of its own: a busy gateway does not delay it, nor it the
/// gateway.
struct Collector {
    fetch: Fetch,
    runtime: Runtime,
    /// Whether the last exchange failed.
    is_down: AtomicBool,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector(…)")
    }
}

impl Collector {
    fn new() -> Result<Self, std::io::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { fetch: Fetch::default(), runtime, is_down: AtomicBool::default() })
    }

    /// Says so when it goes down, and when it is back; not at every batch.
    fn note(&self, failed: Option<&dyn fmt::Display>) {
        let was_down = self.is_down.swap(failed.is_some(), Ordering::AcqRel);
        match failed {
            Some(reason) if !was_down => Event::TracesLost { reason }.emit(),
            None if was_down => Event::TracesTaken.emit(),
            Some(_) | None => {}
        }
    }
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            // The thread that sends has nothing else to do.
            match self.runtime.block_on(self.fetch.send(request.map(Full::new), EXCHANGE)) {
                Ok(answer) => {
                    let status = answer.status();
                    self.note(if status.is_success() { None } else { Some(&status) });
                    Ok(answer)
                }
                Err(error) => {
                    self.note(Some(&Chain(&error)));
                    Err(error.into())
                }
            }
        })
    }
}
