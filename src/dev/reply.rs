//! Answers in the shapes that AWS gives them: DynamoDB's JSON 1.0 and the query XML of STS and IAM.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::signature::Refusal;

/// An answer of DynamoDB.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The JSON body.
    pub body: String,
}

impl Reply {
    /// A refusal with an error code, such as `AccessDeniedException`.
    pub(super) fn error(code: &str, message: &str) -> Self {
        // AWS writes `Message` in the errors of its front and `message` in those of DynamoDB itself.
        let body = json!({ "__type": format!("com.amazon.coral.service#{code}"), "Message": message });
        Self { status: StatusCode::BAD_REQUEST, body: body.to_string() }
    }

    /// The error's code, without its namespace; none if it is no error.
    pub fn error_code(&self) -> Option<String> {
        if self.status.is_success() {
            return None;
        }
        let body: Value = serde_json::from_str(&self.body).ok()?;
        let code = body.get("__type")?.as_str()?;
        Some(code.rsplit('#').next().unwrap_or(code).to_owned())
    }

    pub(super) fn into_response(self, request_id: &str) -> Response<Body> {
        let checksum = crc32fast::hash(self.body.as_bytes());
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        headers.insert("x-amz-crc32", HeaderValue::from(checksum));
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert("x-amzn-requestid", id);
        }
        response
    }
}

/// DynamoDB's words for a refused signature.
pub(super) fn dynamodb_refusal(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Missing => {
            Reply::error("MissingAuthenticationTokenException", "Request is missing Authentication Token")
        }
        Refusal::Incomplete => {
            Reply::error("IncompleteSignatureException", "The request signature is incomplete.")
        }
        Refusal::UnknownToken => Reply::error(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        Refusal::Expired => {
            Reply::error("ExpiredTokenException", "The security token included in the request is expired")
        }
        Refusal::Mismatch => Reply::error(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        ),
    }
}

/// An error of STS or IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueryError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl QueryError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn refused(refusal: Refusal) -> Self {
        let (code, message) = match refusal {
            Refusal::Missing => ("MissingAuthenticationToken", "Request is missing Authentication Token"),
            Refusal::Incomplete => ("IncompleteSignature", "The request signature is incomplete."),
            Refusal::UnknownToken => {
                ("InvalidClientTokenId", "The security token included in the request is invalid.")
            }
            Refusal::Expired => ("ExpiredToken", "The security token included in the request is expired"),
            Refusal::Mismatch => (
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
        };
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(super) fn into_response(self, namespace: &str, request_id: &str) -> Response<Body> {
        let xml = format!(
            "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message>\
             </Error><RequestId>{request_id}</RequestId></ErrorResponse>",
            self.code,
            escape(&self.message)
        );
        xml_response(self.status, xml)
    }
}

/// The XML namespace of STS.
pub(super) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// The XML namespace of IAM.
pub(super) const IAM_NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

pub(super) fn xml_response(status: StatusCode, xml: String) -> Response<Body> {
    let mut response = Response::new(Body::from(xml));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

/// Text inside an XML element.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
