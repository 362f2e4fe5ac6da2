//! The spans of a request, from its first header to the calls that it costs: what a trace is made of.
//!
//! Each kind is made here, so that one look shows what a trace may hold: names of fields, calls and outcomes, ids of
//! tenants and requests, numbers. No token, no key, no value, and no text of a client's. Where no traces are sent
//! nobody asks for these spans, and none is made.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use opentelemetry::Context;
use opentelemetry::propagation::{Injector, TextMapPropagator as _};
use opentelemetry::trace::{TraceContextExt as _, TraceId};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::event::Principal;
use super::metrics::{Kind, Usage};
use crate::error::Code;
use crate::id::{RequestId, TenantId};

/// The target of the spans that traces are made of.
pub(super) const TRACE: &str = "innkeeper::trace";

/// A request. Its parent is what the caller's `traceparent` names, if it names one (*Trace Context*, section 3.2).
pub(crate) fn request(method: &Method, headers: &HeaderMap, request: &RequestId) -> Span {
    // A method is any text that the client likes.
    let method = match *method {
        Method::POST => "POST",
        Method::GET => "GET",
        _ => "_OTHER",
    };
    let span = tracing::info_span!(
        target: TRACE, "request", otel.name = %format_args!("{method} /graphql"), otel.kind = "server",
        otel.status_code = Empty, http.request.method = method, http.route = "/graphql",
        http.response.status_code = Empty, request.id = %request, tenant.id = Empty, error.type = Empty,
    );
    if !span.is_disabled() {
        let sent =
            TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
        // It was made this moment, so it has not begun.
        drop(span.set_parent(sent));
    }
    span
}

/// Names the tenant of the request that is under way.
pub(crate) fn admitted(tenant: &TenantId) {
    Span::current().record("tenant.id", tenant.as_str());
}

/// Says how the request that is under way was answered.
pub(crate) fn answered(status: StatusCode, code: Option<Code>) {
    let span = Span::current();
    span.record("http.response.status_code", status.as_u16());
    if let Some(code) = code {
        span.record("error.type", code.as_str());
    }
    if status.is_server_error() || code == Some(Code::Internal) {
        span.record("otel.status_code", "ERROR");
    }
}

/// A token is judged.
pub(crate) fn authorize() -> Span {
    tracing::info_span!(target: TRACE, "authorize", outcome = Empty)
}

/// Credentials are looked for: a look into memory, or a call of STS.
pub(crate) fn lease(principal: Principal<'_>) -> Span {
    tracing::info_span!(
        target: TRACE, "lease", tenant.id = %principal.tenant, role = %principal.role, session.name = principal.session
    )
}

/// STS is asked for them.
pub(crate) fn assume_role(principal: Principal<'_>) -> Span {
    tracing::info_span!(
        target: TRACE, "assume_role", otel.name = "STS.AssumeRole", otel.kind = "client", otel.status_code = Empty,
        rpc.system = "aws-api", rpc.service = "STS", rpc.method = "AssumeRole", tenant.id = %principal.tenant,
        role = %principal.role, session.name = principal.session, outcome = Empty, error.type = Empty,
    )
}

/// They are renewed beside the requests: a trace of its own, with a link to the request that found them due.
pub(crate) fn renewal(principal: Principal<'_>) -> Span {
    let span = tracing::info_span!(
        target: TRACE, parent: None, "renewal", otel.name = "lease renewal", tenant.id = %principal.tenant,
        role = %principal.role, session.name = principal.session,
    );
    if !span.is_disabled() {
        span.add_link(Context::current().span().span_context().clone());
    }
    span
}

/// An issuer's keys are fetched, for whoever needs them: a trace of its own, with a link to the request that began it.
pub(crate) fn key_set(uri: &Uri) -> Span {
    let span = tracing::info_span!(
        target: TRACE, parent: None, "key_set", otel.name = "key set", otel.kind = "client", otel.status_code = Empty,
        http.request.method = "GET", server.address = uri.host().unwrap_or_default(), outcome = Empty,
        error.type = Empty,
    );
    if !span.is_disabled() {
        span.add_link(Context::current().span().span_context().clone());
    }
    span
}

/// Says whether the keys came.
pub(crate) fn fetched(came: bool) {
    became(&Span::current(), if came { "ok" } else { "unavailable" });
}

/// A document is read, measured and validated.
pub(crate) fn document() -> Span {
    tracing::info_span!(target: TRACE, "document")
}

/// A field's operation, such as `Query.order`.
pub(crate) fn field(coordinate: &str) -> Span {
    tracing::info_span!(
        target: TRACE, "field", otel.name = coordinate, otel.status_code = Empty, operation.name = coordinate,
        error.type = Empty
    )
}

/// Says that what is under way has failed.
pub(crate) fn failed(code: Code) {
    Span::current().record("error.type", code.as_str());
}

/// A call of DynamoDB, with its retries, for a field.
pub(crate) fn call(name: &'static str, operation: &str) -> Span {
    tracing::info_span!(
        target: TRACE, "call", otel.name = %format_args!("DynamoDB.{name}"), otel.kind = "client",
        otel.status_code = Empty, rpc.system = "aws-api", rpc.service = "DynamoDB", rpc.method = name,
        operation.name = operation, outcome = Empty, error.type = Empty, capacity.read_units = Empty,
        capacity.write_units = Empty,
    )
}

/// Outcomes that a caller expects to meet: nothing is broken.
const EXPECTED: [&str; 7] =
    ["ok", "condition-failed", "cancelled", "remembered", "verified", "granted", "in-progress"];

/// Says what became of it.
pub(crate) fn became(span: &Span, outcome: &'static str) {
    span.record("outcome", outcome);
    if !EXPECTED.contains(&outcome) {
        span.record("error.type", outcome);
        span.record("otel.status_code", "ERROR");
    }
}

/// Says what capacity a call took.
pub(crate) fn consumed(span: &Span, usage: Usage) {
    let kind = match usage.kind {
        Kind::Read => "capacity.read_units",
        Kind::Write => "capacity.write_units",
    };
    span.record(kind, usage.units);
}

/// The trace that is under way.
pub(super) fn current() -> Option<TraceId> {
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        span.is_valid().then(|| span.trace_id())
    })
}

/// Gives `set` the headers `traceparent` and `tracestate` of the span that is under way, if one is.
pub(crate) fn inject(set: impl FnMut(&str, String)) {
    struct Set<F>(F);
    impl<F: FnMut(&str, String)> Injector for Set<F> {
        fn set(&mut self, key: &str, value: String) {
            // An empty `tracestate` says nothing.
            if !value.is_empty() {
                (self.0)(key, value);
            }
        }
    }
    if current().is_some() {
        TraceContextPropagator::new().inject(&mut Set(set));
    }
}

/// Puts them among the headers of a request.
pub(crate) fn inject_into(headers: &mut HeaderMap) {
    inject(|name, value| {
        // A header that cannot be sent is not worth a request.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    });
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::util::SubscriberInitExt as _;

    use super::*;
    use crate::telemetry::{Config, Format, Traces, subscriber};

    fn all() -> Vec<Span> {
        let (tenant, role) = ("acme".parse().unwrap(), "arn:aws:iam::111122223333:role/r".parse().unwrap());
        let principal = Principal { tenant: &tenant, role: &role, session: "ik-acme" };
        let request = request(&Method::POST, &HeaderMap::new(), &"r1".parse().unwrap());
        let uri = Uri::from_static("https://login.example.com/keys");
        let others = [authorize(), lease(principal), assume_role(principal), renewal(principal), document()];
        let others = others.into_iter().chain([key_set(&uri)]);
        [request, field("Query.order"), call("GetItem", "Query.order")].into_iter().chain(others).collect()
    }

    #[test]
    fn no_span_is_made_where_no_traces_are_sent() {
        let _off = subscriber(Format::Json, "trace", None, std::io::sink).unwrap().set_default();
        assert!(all().iter().all(Span::is_disabled));
        assert_eq!(current(), None);
        inject(|name, _| panic!("{name}"));
    }

    #[test]
    fn spans_are_made_whatever_lines_are_written() {
        let config = Config { otlp_endpoint: Some("http://127.0.0.1:9".into()), ..Config::default() };
        let traces = Traces::start(&config).unwrap();
        let _on = subscriber(Format::Json, "off", traces.as_ref(), std::io::sink).unwrap().set_default();
        assert!(all().iter().all(|span| !span.is_disabled()));
        let within = authorize().in_scope(current);
        assert!(within.is_some());
    }
}
