//! The spans that wait for the collector, and how many are lost: those that find no room, and those of an exchange that
//! fails. OpenTelemetry's own processor drops the former and tells nobody before its end.
//!
//! As the log, traces are the process's: so is the number.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfig, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};
use prometheus_client::metrics::counter::Counter;

/// The spans that were lost since the process began.
pub(super) fn spans_lost() -> &'static Counter {
    static LOST: LazyLock<Counter> = LazyLock::new(Counter::default);
    &LOST
}

/// A queue of spans with a bound.
#[derive(Debug)]
pub(super) struct Queue {
    processor: BatchSpanProcessor,
    waiting: Arc<AtomicUsize>,
    most: usize,
}

impl Queue {
    /// A queue before an exporter. The configuration's own bound must not be less than `most`.
    pub(super) fn before<E: SpanExporter + 'static>(exporter: E, config: BatchConfig, most: usize) -> Self {
        let waiting = Arc::<AtomicUsize>::default();
        let exporter = Counting { exporter, waiting: Arc::clone(&waiting) };
        Self {
            processor: BatchSpanProcessor::builder(exporter).with_batch_config(config).build(),
            waiting,
            most,
        }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::AcqRel) < self.most {
            self.processor.on_end(span);
        } else {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            spans_lost().inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}

/// Takes spans out of the queue, and counts those that the exporter does not get rid of.
#[derive(Debug)]
struct Counting<E> {
    exporter: E,
    waiting: Arc<AtomicUsize>,
}

impl<E: SpanExporter> SpanExporter for Counting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.waiting.fetch_sub(spans, Ordering::AcqRel);
        let exported = self.exporter.export(batch).await;
        if exported.is_err() {
            spans_lost().inc_by(spans.try_into().unwrap_or(u64::MAX));
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::error::OTelSdkError;
    use opentelemetry_sdk::trace::{BatchConfigBuilder, SdkTracerProvider};

    use super::*;

    /// An exporter that fails, or never ends.
    #[derive(Debug)]
    struct Broken;

    impl SpanExporter for Broken {
        async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
            Err(OTelSdkError::InternalFailure("nobody listens".into()))
        }
    }

    fn provider(most: usize) -> SdkTracerProvider {
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(64)
            .with_max_export_batch_size(64)
            .with_scheduled_delay(Duration::from_hours(1));
        SdkTracerProvider::builder().with_span_processor(Queue::before(Broken, config.build(), most)).build()
    }

    #[test]
    fn a_span_that_nobody_takes_is_counted_once_whether_it_was_sent_or_found_no_room() {
        let provider = provider(5);
        let before = spans_lost().get();
        for _ in 0..8 {
            drop(provider.tracer("test").start("span"));
        }
        assert_eq!(spans_lost().get() - before, 3, "of eight, five wait");
        assert!(provider.force_flush().is_err());
        assert_eq!(spans_lost().get() - before, 8);
        drop(provider.tracer("test").start("span"));
        assert_eq!(spans_lost().get() - before, 8, "there is room again");
    }
}
