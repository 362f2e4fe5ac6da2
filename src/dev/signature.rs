//! Who signed this request? Signature Version 4, checked as AWS checks it.
//!
//! `scratchstack-aws-signature` does the arithmetic. What it cannot know is done here: that the session token
//! belongs to the access key, and that the credentials have not expired. The Region and the service are taken from
//! the credential scope, since one address stands for every endpoint.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Request;
use http::request::Parts;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS, SignatureError,
    SignatureOptions, service_for_signing_key_fn, sigv4_validate_request,
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

/// Verifies a request's signature and finds the session behind it.
pub(super) async fn verify(
    sessions: &Arc<Sessions>,
    parts: &Parts,
    body: &Bytes,
    now: SystemTime,
) -> Result<Signed, Refusal> {
    let scope = Scope::of(parts)?;
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
        &NO_ADDITIONAL_SIGNED_HEADERS,
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
