//! What the log says of a call of AWS that failed.
//!
//! Never the SDK's own text with its `Debug` forms: those hold the body of the answer, which is credentials where STS
//! was asked, and an item where DynamoDB was.

use std::fmt::Write as _;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId as _;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use http::StatusCode;

use crate::error::Chain;

/// Codes of DynamoDB whose messages may quote a value of the request.
const QUOTING: [&str; 2] = ["ValidationException", "SerializationException"];

/// What AWS says in the place of an answer, or a success that cannot be read: then there is no code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal<'a> {
    pub(super) status: StatusCode,
    /// The error's code, without its namespace.
    pub(super) code: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    /// `x-amzn-requestid`.
    pub(super) request: Option<&'a str>,
}

impl<'a> Refusal<'a> {
    /// What the SDK read of it.
    pub(super) fn of<E: ProvideErrorMetadata>(error: &'a E, answer: &'a HttpResponse) -> Self {
        Self {
            status: StatusCode::from_u16(answer.status().as_u16()).unwrap_or_default(),
            code: error.code(),
            message: error.message(),
            request: answer.request_id(),
        }
    }

    /// The code, the message as far as it may be told, the request's id.
    pub(super) fn reason(&self) -> Arc<str> {
        let text = match self.code {
            Some(code) => {
                let message = self.message.unwrap_or("no message");
                // What the message is about stands before the first colon, and the value behind it, as in "The
                // parameter cannot be converted to a numeric value: …".
                let told = message.split(':').next().filter(|_| QUOTING.contains(&code)).unwrap_or(message);
                format!("{code}: {told}")
            }
            None => unreadable(self.status.as_u16()),
        };
        of_request(text, self.request)
    }
}

/// An answer that says nothing.
pub(super) fn unreadable(status: u16) -> String {
    format!("the answer could not be read: HTTP {status}")
}

/// A text, with the id of the request that it is about.
pub(super) fn of_request(mut text: String, request: Option<&str>) -> Arc<str> {
    if let Some(id) = request {
        // Writing to a string cannot fail.
        let _written = write!(text, " (request {id})");
    }
    text.into()
}

/// The request could not be made.
pub(super) const NOT_MADE: &str = "the request could not be made";
/// No answer came in time.
pub(super) const LATE: &str = "no answer came in time";
/// It did not come through.
pub(super) const NOT_SENT: &str = "the request could not be sent";

/// Why a call failed: the kind of failure, AWS's code and message, its request id.
pub(super) fn reason<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Arc<str> {
    let text = match error {
        SdkError::ConstructionFailure(_) => NOT_MADE.to_owned(),
        SdkError::TimeoutError(_) => LATE.to_owned(),
        // What happened to a connection: nothing of an answer is in it.
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) if error.is_io() || error.is_timeout() => format!("{NOT_SENT}: {}", Chain(error)),
            _ => NOT_SENT.to_owned(),
        },
        SdkError::ResponseError(response) => unreadable(response.raw().status().as_u16()),
        // A success that does not parse is an error of the service, too.
        SdkError::ServiceError(service) => return Refusal::of(service.err(), service.raw()).reason(),
        _ => "the call failed".to_owned(),
    };
    of_request(text, error.request_id())
}
