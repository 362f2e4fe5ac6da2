//! Sends the trace that is under way along with every call of AWS, for whoever stands between and reads it.
//!
//! The headers are added after the signature and are no part of it, so a proxy that rewrites them breaks nothing.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::telemetry::span;

/// Adds `traceparent` and `tracestate`.
#[derive(Debug)]
pub(super) struct TraceHeaders;

impl Intercept for TraceHeaders {
    fn name(&self) -> &'static str {
        "trace headers"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _runtime: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        span::inject(|name, value| {
            // A header that cannot be sent is not worth a call.
            drop(headers.try_insert(name.to_owned(), value));
        });
        Ok(())
    }
}
