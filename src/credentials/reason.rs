//! What the log says of a call of AWS that failed.
//!
//! Never the SDK's own text with its `Debug` forms: those hold the body of the answer, which is credentials where STS
//! was asked, and an item where DynamoDB was.

use std::fmt::Write as _;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId as _;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::error::Chain;

/// Codes of DynamoDB whose messages may quote a value of the request.
const QUOTING: [&str; 2] = ["ValidationException", "SerializationException"];

/// Why a call failed: the kind of failure, AWS's code and message, its request id.
pub(super) fn reason<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Arc<str> {
    let mut text = match error {
        SdkError::ConstructionFailure(_) => "the request could not be made".to_owned(),
        SdkError::TimeoutError(_) => "no answer came in time".to_owned(),
        // What happened to a connection: nothing of an answer is in it.
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) if error.is_io() || error.is_timeout() => {
                format!("the request could not be sent: {}", Chain(error))
            }
            _ => "the request could not be sent".to_owned(),
        },
        SdkError::ResponseError(response) => {
            format!("the answer could not be read: HTTP {}", response.raw().status().as_u16())
        }
        // A success that does not parse is an error of the service, too.
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => {
                let message = service.err().message().unwrap_or("no message");
                // What the message is about stands before the first colon, and the value behind it, as in "The
                // parameter cannot be converted to a numeric value: …".
                let told = message.split(':').next().filter(|_| QUOTING.contains(&code)).unwrap_or(message);
                format!("{code}: {told}")
            }
            None => format!("the answer could not be read: HTTP {}", service.raw().status().as_u16()),
        },
        _ => "the call failed".to_owned(),
    };
    if let Some(id) = error.request_id() {
        // Writing to a string cannot fail.
        let _written = write!(text, " (request {id})");
    }
    text.into()
}
