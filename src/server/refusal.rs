//! Why a request got no session, and what of that its sender may know.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use thiserror::Error;

use crate::authorizer::Rejection;
use crate::credentials::OpenError;
use crate::error::{Code, Public};
use crate::graphql::{Answer, Media};
use crate::id::RequestId;
use crate::tenant::Refused;

/// Why a request got no session.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    /// The token was refused, or could not be judged.
    #[error(transparent)]
    Token(#[from] Rejection),
    /// The caller was not admitted.
    #[error(transparent)]
    Tenant(#[from] Refused),
    /// There are no credentials.
    #[error(transparent)]
    Session(#[from] OpenError),
}

impl Public for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Token(rejection) => rejection.code(),
            Self::Tenant(refused) => refused.code(),
            Self::Session(error) => error.code(),
        }
    }

    fn message(&self) -> Cow<'static, str> {
        match self {
            Self::Token(rejection) => rejection.message(),
            Self::Tenant(refused) => refused.message(),
            Self::Session(error) => error.message(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Token(rejection) => rejection.retry_after(),
            Self::Tenant(refused) => refused.retry_after(),
            Self::Session(error) => error.retry_after(),
        }
    }
}

/// How long a client should wait before it tries again: whole seconds, and at least one.
fn retry_after(error: &dyn Public) -> (header::HeaderName, HeaderValue) {
    let wait = error.retry_after().unwrap_or_default();
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    (header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
}

/// The answer to an error that ends a request before anything was run.
pub(super) fn answer(
    error: &dyn Public,
    media: Media,
    request: &RequestId,
) -> (Answer, Option<(header::HeaderName, HeaderValue)>) {
    let (status, header) = match error.code() {
        Code::Unauthenticated => {
            (StatusCode::UNAUTHORIZED, Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))))
        }
        Code::Forbidden => (StatusCode::FORBIDDEN, None),
        // What DynamoDB throttles is an error of a field: here it is the tenant that asks too much.
        Code::Throttled => (StatusCode::TOO_MANY_REQUESTS, Some(retry_after(error))),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Some(retry_after(error))),
        Code::BadRequest => (StatusCode::BAD_REQUEST, None),
        Code::NotFound | Code::Conflict | Code::BudgetExceeded | Code::Internal => {
            (StatusCode::INTERNAL_SERVER_ERROR, None)
        }
    };
    (Answer::refused(status, media, error, request), header)
}
