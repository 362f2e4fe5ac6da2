//! A collector of traces: what a gateway sends it is kept, as it came and as spans.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use innkeeper::telemetry::Config;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as Status;
use prost::Message as _;

/// It has a thread and a runtime of its own, so that a test may wait for its gateway to have sent everything.
pub(crate) struct Collector {
    received: Arc<Mutex<Vec<Bytes>>>,
    endpoint: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

/// A span as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty for one that begins a trace.
    pub(crate) parent: String,
    pub(crate) state: String,
    pub(crate) name: String,
    /// Whether it is said to have failed.
    pub(crate) is_error: bool,
    pub(crate) attributes: BTreeMap<String, String>,
    /// The traces that it is linked to.
    pub(crate) links: Vec<String>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Where it has ended by itself, nobody listens.
        let _told = self.stop.take().map(|stop| stop.send(()));
    }
}

impl Collector {
    pub(crate) fn start() -> Self {
        let received = Arc::<Mutex<Vec<Bytes>>>::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&received));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, router) => served.unwrap(),
                    _stopped = stopped => {}
                }
            });
        });
        Self { received, endpoint, stop: Some(stop) }
    }

    /// Its address.
    pub(crate) fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// A configuration that sends every trace to it.
    pub(crate) fn config(&self) -> Config {
        Config { otlp_endpoint: Some(self.endpoint().into()), ..Config::default() }
    }

    /// What it received, byte for byte.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.received.lock().unwrap().concat()
    }

    /// The spans that it received, in the order in which they began.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let requests = received.iter().map(|body| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let mut spans: Vec<_> = requests
            .flat_map(|request| request.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect();
        spans.sort_by_key(|span| span.start_time_unix_nano);
        let spans = spans.into_iter().map(|span| Span {
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            state: span.trace_state,
            name: span.name,
            is_error: span.status.is_some_and(|status| status.code == Status::Error as i32),
            attributes: attributes(span.attributes),
            links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
        });
        spans.collect()
    }

    /// What it was told of the sender.
    pub(crate) fn resource(&self) -> BTreeMap<String, String> {
        let received = self.received.lock().unwrap();
        let request = ExportTraceServiceRequest::decode(received[0].clone()).unwrap();
        attributes(request.resource_spans[0].resource.clone().unwrap().attributes)
    }

    /// The traces that it received, each as lines: a span, its attributes of these names, and below it its children.
    pub(crate) fn trees(&self, names: &[&str]) -> Vec<String> {
        let spans = self.spans();
        let is_first = |span: &&Span| spans.iter().all(|other| other.id != span.parent);
        spans
            .iter()
            .filter(is_first)
            .map(|first| {
                let mut tree = String::new();
                write(&spans, first, names, 0, &mut tree);
                tree
            })
            .collect()
    }
}

fn write(spans: &[Span], span: &Span, names: &[&str], depth: usize, tree: &mut String) {
    let told = names.iter().filter_map(|name| Some(format!(" {name}={}", span.attributes.get(*name)?)));
    let line = format!("{}{}{}\n", "  ".repeat(depth), span.name, told.collect::<String>());
    tree.push_str(&line);
    for child in spans.iter().filter(|other| other.parent == span.id) {
        assert_eq!(child.trace, span.trace, "a child of another trace");
        write(spans, child, names, depth + 1, tree);
    }
}

async fn take(State(received): State<Arc<Mutex<Vec<Bytes>>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if headers.get("content-type").is_none_or(|it| it != "application/x-protobuf") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    received.lock().unwrap().push(body);
    StatusCode::OK
}

fn attributes(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Option<AnyValue>| match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        other => panic!("{other:?}"),
    };
    attributes.into_iter().map(|it| (it.key, text(it.value))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
