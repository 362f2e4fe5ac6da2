//! `POST /graphql` and `GET /graphql`.
//!
//! What can be said from the headers is said first, then the token is looked at, and only then is the body read:
//! a stranger's body costs nothing.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::LengthLimitError;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::failure::{Busy, HttpError, TooLate};
use super::refusal::{self, Refusal};
use super::request::Parameters;
use super::unsent::PIECE;
use super::{Config, Gateway, Served, media, unsent};
use crate::authorizer::{self, Bearer, Rejection};
use crate::clock::{Deadline, Stopwatch};
use crate::credentials::TenantSession;
use crate::graphql::{self, Answer, Media};
use crate::id::RequestId;
use crate::telemetry::{Shed, span};

/// The header that carries a request's id, in and out.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every request needs.
#[derive(Debug, Clone)]
pub(super) struct Front {
    gateway: Arc<Gateway>,
    max_body: usize,
    deadline: Duration,
    /// One for each request that may be under way.
    places: Arc<Semaphore>,
}

/// A GraphQL request over HTTP.
pub(super) async fn graphql(State(front): State<Front>, request: Request<Body>) -> Response<Body> {
    let id = front.gateway.request_id(text(request.headers(), &REQUEST_ID));
    let span = span::request(request.method(), request.headers(), &id);
    respond(front, request, id).instrument(span).await
}

async fn respond(front: Front, request: Request<Body>, id: RequestId) -> Response<Body> {
    let metrics = &front.gateway.metrics;
    let (came, _under_way) = (Stopwatch::begin(), metrics.began());
    let accepted = media::accepted(request.headers());
    let media = accepted.unwrap_or(Media::Json);
    let version = request.version();
    // Held until the answer is sent.
    let place = Arc::clone(&front.places).try_acquire_owned();
    let answered = match (accepted, &place) {
        (None, _) => Err(HttpError::NOT_ACCEPTABLE),
        (Some(media), Err(_full)) => {
            metrics.shed(Shed::Busy);
            Ok(refusal::answer(&Busy, media, &id).into())
        }
        (Some(media), Ok(_place)) => {
            let deadline = Deadline::after(front.deadline);
            // Boxed: a future is copied by each that takes it.
            let answering = Box::pin(front.answer(request, media, (&id, deadline)));
            let answered = deadline.keep(answering).await;
            answered.unwrap_or_else(|| Ok(refusal::answer(&TooLate, media, &id).into()))
        }
    };
    let Answered { mut answer, header, session } = answered.unwrap_or_else(|error| Answered {
        answer: Answer::refused(error.status, media, &error, &id),
        header: error.header(),
        session: None,
    });
    metrics.answered(answer.code, came.elapsed());
    span::answered(answer.status, answer.code);
    // The only answer of an HTTP/1.1 connection, and a short one, is the kernel's at once.
    let is_sent = version < Version::HTTP_2 && answer.body.len() <= PIECE;
    if !is_sent {
        answer.body = unsent::holding(answer.body, (place, session));
    }
    written(answer, header, &id)
}

/// An answer, and what goes with it.
struct Answered {
    answer: Answer,
    header: Option<(HeaderName, HeaderValue)>,
    /// The session that made it, with the tenant's place.
    session: Option<TenantSession>,
}

impl From<(Answer, Option<(HeaderName, HeaderValue)>)> for Answered {
    fn from((answer, header): (Answer, Option<(HeaderName, HeaderValue)>)) -> Self {
        Self { answer, header, session: None }
    }
}

impl Front {
    pub(super) fn new(gateway: Arc<Gateway>, config: &Config) -> Self {
        let places = Arc::new(Semaphore::new(config.max_requests));
        Self { gateway, max_body: config.max_body, deadline: config.deadline, places }
    }

    async fn answer(
        &self,
        request: Request<Body>,
        media: Media,
        (id, deadline): (&RequestId, Deadline),
    ) -> Result<Answered, HttpError> {
        self.check_head(&request)?;
        let (session, served) = match self.open(request.headers(), (id, deadline)).await {
            Ok(opened) => opened,
            Err(refused) => {
                self.gateway.note(&refused, id);
                return Ok(refusal::answer(&refused, media, id).into());
            }
        };
        let request = self.read(request, media).await?;
        let answer = served.api.execute(&session, &request).await;
        let is_mutation_by_get = answer.status == StatusCode::METHOD_NOT_ALLOWED;
        let allow = is_mutation_by_get.then_some((ALLOW, HeaderValue::from_static("POST")));
        Ok(Answered { answer, header: allow, session: Some(session) })
    }

    /// What the headers alone decide.
    fn check_head(&self, request: &Request<Body>) -> Result<(), HttpError> {
        let headers = request.headers();
        match *request.method() {
            Method::GET => Ok(()),
            Method::POST if !media::is_json(text(headers, &CONTENT_TYPE)) => Err(HttpError::WRONG_MEDIA_TYPE),
            Method::POST => match text(headers, &CONTENT_LENGTH).and_then(|length| length.parse().ok()) {
                Some(length) if self.max_body < length => Err(HttpError::TOO_LARGE),
                Some(_) | None => Ok(()),
            },
            _ => Err(HttpError::WRONG_METHOD),
        }
    }

    /// The session that the request's token opens, and what it is served with.
    async fn open(
        &self,
        headers: &HeaderMap,
        request: (&RequestId, Deadline),
    ) -> Result<(TenantSession, Arc<Served>), Refusal> {
        // Two tokens are none: somebody in front may have looked at the other one.
        let mut authorizations = headers.get_all(AUTHORIZATION).iter();
        let bearer = match (authorizations.next(), authorizations.next()) {
            (Some(only), None) => Bearer::from_header(only.as_bytes()),
            _ => None,
        };
        match bearer {
            Some(bearer) => self.gateway.open(&bearer, request).await,
            None => Err(Rejection::Refused(authorizer::Refusal::Missing).into()),
        }
    }

    /// Reads the GraphQL request out of the query string or the body.
    async fn read(&self, request: Request<Body>, media: Media) -> Result<graphql::Request, HttpError> {
        let may_mutate = *request.method() == Method::POST;
        let parameters = if may_mutate {
            let body = axum::body::to_bytes(request.into_body(), self.max_body).await;
            Parameters::from_body(&body.map_err(|error| unread(&error))?)
        } else {
            Parameters::from_query(request.uri().query().unwrap_or_default())
        };
        let parameters = parameters.map_err(HttpError::from)?;
        Ok(parameters.into_request(may_mutate, media))
    }
}

/// Why a body could not be read to its end.
fn unread(error: &axum::Error) -> HttpError {
    let too_large = error.source().is_some_and(<dyn Error>::is::<LengthLimitError>);
    if too_large { HttpError::TOO_LARGE } else { HttpError::BROKEN_BODY }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn written(answer: Answer, header: Option<(HeaderName, HeaderValue)>, id: &RequestId) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.media.content_type()));
    // Answers are a tenant's: no cache on the way may keep one.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(header.map(|(name, value)| (Some(name), value)));
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
