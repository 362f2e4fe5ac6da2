//! Errors of HTTP's own: what is wrong with a request before anybody asks what it means.

use std::borrow::Cow;

use http::header::ALLOW;
use http::{HeaderName, HeaderValue, StatusCode};

use super::request::Unread;
use crate::error::{Code, Public};

/// A request that HTTP alone refuses.
#[derive(Debug)]
pub(super) struct HttpError {
    pub(super) status: StatusCode,
    message: Cow<'static, str>,
}

impl HttpError {
    pub(super) const NOT_ACCEPTABLE: Self = Self::new(
        StatusCode::NOT_ACCEPTABLE,
        "The answer is application/graphql-response+json or application/json.",
    );
    pub(super) const WRONG_METHOD: Self = Self::new(StatusCode::METHOD_NOT_ALLOWED, "Use GET or POST.");
    pub(super) const WRONG_MEDIA_TYPE: Self =
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json in UTF-8.");
    pub(super) const TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is longer than allowed.");
    pub(super) const BROKEN_BODY: Self =
        Self::new(StatusCode::BAD_REQUEST, "The body does not end as it should.");
    pub(super) const MALFORMED: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "The request needs `query`, a string, or the SHA-256 of one in `extensions.persistedQuery`, or `documentId`, and may have `operationName`, a string, and `variables` and \
         `extensions`, objects.",
    );
    pub(super) const OTHER_DOCUMENT: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "The digest in `extensions.persistedQuery` is not the SHA-256 of `query`.",
    );

    pub(super) const OUT_OF_RANGE: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "The request holds a number that no 64-bit integer or float holds. Send a Decimal or a BigInt, as a string.",
    );

    /// A variable holds a number that would be another one after it was read.
    pub(super) fn rounded(variable: &str) -> Self {
        let message = format!(
            "The variable `${variable}` holds a number that no 64-bit integer or float holds exactly. Send a Decimal or a \
             BigInt, as a string."
        );
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    const fn new(status: StatusCode, message: &'static str) -> Self {
        Self { status, message: Cow::Borrowed(message) }
    }

    /// The header that goes with the status (RFC 9110, section 15.5.6).
    pub(super) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        let wrong_method = self.status == StatusCode::METHOD_NOT_ALLOWED;
        wrong_method.then_some((ALLOW, HeaderValue::from_static("GET, POST")))
    }
}

impl From<Unread> for HttpError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Malformed => Self::MALFORMED,
            Unread::OtherDocument => Self::OTHER_DOCUMENT,
            Unread::OutOfRange => Self::OUT_OF_RANGE,
            Unread::Rounded { variable } => Self::rounded(&variable),
        }
    }
}

impl Public for HttpError {
    fn code(&self) -> Code {
        Code::BadRequest
    }

    fn message(&self) -> Cow<'static, str> {
        self.message.clone()
    }
}

/// As many requests are under way as may be.
pub(super) struct Busy;

impl Public for Busy {
    fn code(&self) -> Code {
        Code::Unavailable
    }

    fn message(&self) -> Cow<'static, str> {
        "The gateway has as many requests as it can take. Try again shortly.".into()
    }
}

/// The deadline has passed.
pub(super) struct TooLate;

impl Public for TooLate {
    fn code(&self) -> Code {
        Code::Unavailable
    }

    fn message(&self) -> Cow<'static, str> {
        "The request took too long.".into()
    }
}
