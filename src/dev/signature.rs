//! Who signed this request? Signature Version 4, checked as AWS checks it.
//!
//! `scratchstack-aws-signature` does the arithmetic. What it cannot know is done here: that the session token
//! belongs to the access key, and that the credentials have not expired. The Region is taken from the credential scope,
//! since one address stands for every endpoint; the service must be the one that is called.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Request;
use http::request::Parts;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, SignatureError, SignatureOptions,
    SliceSignedHeaderRequirements, service_for_signing_key_fn, sigv4_validate_request,
};
use tower::BoxError;

use super::session::{Known, Session, Sessions};
use crate::id::Region;

/// A request whose signature was good.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) session: Arc<Session>,
    pub(super) access_key_id: String,
    pub(super) region: Region,
}

/// Why a signature was refused. Each service words it in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No `Authorization` header of the right kind.
    Missing,
    /// The header is incomplete or malformed.
    Incomplete,
    /// The access key is unknown, or the session token is not its own.
    UnknownToken,
    /// The credentials have expired.
    Expired,
    /// The signature is not the one that these credentials make, or its time is off by more than 15 minutes.
    Mismatch,
}

/// Verifies a request's signature for a service and finds the session behind it.
///
/// Source: *Create a signed AWS API request*: the canonical headers include "any x-amz-* headers that you plan to include
/// in your request", and the content type where there is one. So nobody puts another target on a signed request.
pub(super) async fn verify(
    sessions: &Arc<Sessions>,
    parts: &Parts,
    body: &Bytes,
    service: &str,
    now: SystemTime,
) -> Result<Signed, Refusal> {
    let scope = Scope::of(parts)?;
    // "Credential should be scoped to correct service": a signature for one service opens no other.
    if scope.service != service {
        return Err(Refusal::Mismatch);
    }
    let prefixes = [Cow::Borrowed("x-amz-")];
    let in_request = [Cow::Borrowed("content-type")];
    let must_be_signed = SliceSignedHeaderRequirements::new(&[], &in_request, &prefixes);
    let found = Arc::new(Mutex::new(None));
    let keeper = Arc::clone(&found);
    let sessions = Arc::clone(sessions);
    let look_up = move |request: GetSigningKeyRequest| {
        let known = known(&sessions, &request, now);
        if let Ok(known) = &known {
            *keeper.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(known.clone());
        }
        std::future::ready(known.and_then(|known| signing_key(&known, &request)))
    };
    let request = Request::from_parts(parts.clone(), body.clone());
    let now: DateTime<Utc> = now.into();
    let verified = sigv4_validate_request(
        request,
        &scope.region,
        &scope.service,
        &mut service_for_signing_key_fn(look_up),
        now,
        &must_be_signed,
        SignatureOptions::default(),
    )
    .await;
    verified.map_err(|error| refusal(&error))?;
    let known = found
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .take()
        .ok_or(Refusal::UnknownToken)?;
    let region = scope.region.parse().map_err(|_not_a_region| Refusal::Incomplete)?;
    Ok(Signed { session: known.session, access_key_id: known.credentials.access_key_id, region })
}

/// The service that a request says it is signed for. Not verified: it decides who answers, and whoever that is verifies.
pub(super) fn service(parts: &Parts) -> Option<String> {
    Scope::of(parts).ok().map(|scope| scope.service)
}

/// Region and service of the credential scope, `KEY/DATE/REGION/SERVICE/aws4_request`.
struct Scope {
    region: String,
    service: String,
}

impl Scope {
    fn of(parts: &Parts) -> Result<Self, Refusal> {
        let header = parts.headers.get(http::header::AUTHORIZATION).ok_or(Refusal::Missing)?;
        let header = header.to_str().map_err(|_not_text| Refusal::Incomplete)?;
        let credential = header.split_once("Credential=").ok_or(Refusal::Incomplete)?.1;
        let credential = credential.split([',', ' ']).next().unwrap_or_default();
        match credential.split('/').collect::<Vec<_>>().as_slice() {
            [_, _, region, service, _] => {
                Ok(Self { region: (*region).to_owned(), service: (*service).to_owned() })
            }
            _ => Err(Refusal::Incomplete),
        }
    }
}

fn known(sessions: &Sessions, request: &GetSigningKeyRequest, now: SystemTime) -> Result<Known, BoxError> {
    let unknown = || BoxError::from(SignatureError::InvalidClientTokenId(String::new()));
    let known = sessions.find(request.access_key()).ok_or_else(unknown)?;
    if request.session_token() != Some(known.credentials.session_token.as_str()) {
        return Err(unknown());
    }
    if known.session.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(SignatureError::ExpiredToken(String::new()).into());
    }
    Ok(known)
}

fn signing_key(known: &Known, request: &GetSigningKeyRequest) -> Result<GetSigningKeyResponse, BoxError> {
    let secret: KSecretKey = known.credentials.secret_access_key.parse()?;
    let key = secret.to_ksigning(request.request_date(), request.region(), request.service());
    Ok(GetSigningKeyResponse::builder().signing_key(key).build()?)
}

fn refusal(error: &BoxError) -> Refusal {
    match error.downcast_ref::<SignatureError>() {
        Some(SignatureError::ExpiredToken(_)) => Refusal::Expired,
        Some(SignatureError::InvalidClientTokenId(_)) => Refusal::UnknownToken,
        Some(SignatureError::MissingAuthenticationToken(_)) => Refusal::Missing,
        Some(SignatureError::SignatureDoesNotMatch(_)) => Refusal::Mismatch,
        _ => Refusal::Incomplete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signature for one service opens no other, whoever made it.
    #[tokio::test]
    async fn the_scope_names_the_service_that_is_called() {
        let authorization = "AWS4-HMAC-SHA256 Credential=ASIAX/20260101/eu-central-1/sts/aws4_request, \
                             SignedHeaders=host;x-amz-date, Signature=00";
        let request = Request::builder()
            .method("POST")
            .uri("/")
            .header("host", "localhost")
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", authorization);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let (sessions, body) = (Arc::default(), Bytes::new());
        let now = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").unwrap().into();
        let refused = async |service| verify(&sessions, &parts, &body, service, now).await.unwrap_err();
        assert_eq!(refused("dynamodb").await, Refusal::Mismatch);
        assert_eq!(refused("sts").await, Refusal::UnknownToken);
    }
}
