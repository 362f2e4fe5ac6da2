//! `POST /graphql` and `GET /graphql`.
//!
//! What can be said from the headers is said first, then the token is looked at, and only then is the body read:
//! a stranger's body costs nothing.

use std::sync::Arc;
use std::time::Duration;

use async_graphql_axum::{GraphQLRequest, rejection::GraphQLRejection};
use axum::body::Body;
use axum::extract::{FromRequest as _, State};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use super::refusal::{self, Refusal};
use super::{Gateway, media};
use crate::authorizer::{self, Bearer, Rejection};
use crate::error::{Code, Public};
use crate::graphql::{self, Answer, Media};
use crate::id::RequestId;

/// The header that carries a request's id, in and out.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every request needs.
#[derive(Debug, Clone)]
pub(super) struct Front {
    pub(super) gateway: Arc<Gateway>,
    pub(super) max_body: usize,
    pub(super) deadline: Duration,
}

/// An error of HTTP's own.
struct HttpError {
    status: StatusCode,
    message: &'static str,
}

impl Public for HttpError {
    fn code(&self) -> Code {
        Code::BadRequest
    }

    fn message(&self) -> std::borrow::Cow<'static, str> {
        self.message.into()
    }
}

/// The deadline has passed.
struct TooLate;

impl Public for TooLate {
    fn code(&self) -> Code {
        Code::Unavailable
    }

    fn message(&self) -> std::borrow::Cow<'static, str> {
        "The request took too long.".into()
    }
}

/// A GraphQL request over HTTP.
pub(super) async fn graphql(State(front): State<Front>, request: Request<Body>) -> Response<Body> {
    let id = front.gateway.request_id(text(request.headers(), &REQUEST_ID));
    let mut response = match media::accepted(request.headers()) {
        None => {
            let message = "The answer is application/graphql-response+json or application/json.";
            written(failure(StatusCode::NOT_ACCEPTABLE, Media::Json, message), None)
        }
        Some(media) => match tokio::time::timeout(front.deadline, front.answer(request, media, &id)).await {
            Ok(response) => response,
            Err(_elapsed) => {
                let (answer, header) = refusal::answer(&TooLate, media);
                written(answer, header)
            }
        },
    };
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

impl Front {
    async fn answer(&self, request: Request<Body>, media: Media, id: &RequestId) -> Response<Body> {
        if let Err(error) = self.check_head(&request) {
            let allow = (error.status == StatusCode::METHOD_NOT_ALLOWED)
                .then_some((ALLOW, HeaderValue::from_static("GET, POST")));
            return written(Answer::refused(error.status, media, &error), allow);
        }
        let bearer = request.headers().get(http::header::AUTHORIZATION);
        let bearer = bearer.and_then(|value| Bearer::from_header(value.as_bytes()));
        let opened = match bearer {
            Some(bearer) => self.gateway.open(&bearer, id).await,
            None => Err(Rejection::Refused(authorizer::Refusal::Missing).into()),
        };
        let session = match opened {
            Ok(session) => session,
            Err(refused) => {
                Gateway::note(&refused, id);
                let (answer, header) = refusal::answer(&refused, media);
                return written(answer, header);
            }
        };
        match self.read(request, media).await {
            Ok(request) => {
                let answer = self.gateway.api.execute(&session, &request).await;
                let allow = (answer.status == StatusCode::METHOD_NOT_ALLOWED)
                    .then_some((ALLOW, HeaderValue::from_static("POST")));
                written(answer, allow)
            }
            Err(error) => written(Answer::refused(error.status, media, &error), None),
        }
    }

    /// What the headers alone decide.
    fn check_head(&self, request: &Request<Body>) -> Result<(), HttpError> {
        match *request.method() {
            Method::GET => Ok(()),
            Method::POST if !media::is_json(text(request.headers(), &CONTENT_TYPE)) => {
                let message = "The body must be application/json in UTF-8.";
                Err(HttpError { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, message })
            }
            Method::POST => {
                let length = text(request.headers(), &http::header::CONTENT_LENGTH);
                let too_long =
                    length.and_then(|length| length.parse().ok()).is_some_and(|it: usize| it > self.max_body);
                if too_long { Err(TOO_LARGE) } else { Ok(()) }
            }
            _ => Err(HttpError { status: StatusCode::METHOD_NOT_ALLOWED, message: "Use GET or POST." }),
        }
    }

    /// Reads the GraphQL request out of the query string or the body.
    async fn read(&self, request: Request<Body>, media: Media) -> Result<graphql::Request, HttpError> {
        const MALFORMED: HttpError = HttpError {
            status: StatusCode::BAD_REQUEST,
            message: "The request must be a JSON object with `query`, and perhaps `operationName`, `variables` and \
                      `extensions`.",
        };
        let may_mutate = *request.method() == Method::POST;
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, self.max_body).await.map_err(|_too_large| TOO_LARGE)?;
        let request = Request::from_parts(parts, Body::from(body));
        let read = GraphQLRequest::<GraphQLRejection>::from_request(request, &()).await;
        let read = read.map_err(|_malformed| MALFORMED)?.into_inner();
        let variables = match read.variables.into_value().into_json() {
            Ok(serde_json::Value::Object(variables)) => variables,
            Ok(serde_json::Value::Null) => serde_json::Map::new(),
            Ok(_) | Err(_) => return Err(MALFORMED),
        };
        if read.query.is_empty() {
            return Err(MALFORMED);
        }
        let operation_name = read.operation_name.filter(|name| !name.is_empty());
        Ok(graphql::Request { query: read.query, operation_name, variables, may_mutate, media })
    }
}

const TOO_LARGE: HttpError =
    HttpError { status: StatusCode::PAYLOAD_TOO_LARGE, message: "The body is longer than allowed." };

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn failure(status: StatusCode, media: Media, message: &'static str) -> Answer {
    Answer::refused(status, media, &HttpError { status, message })
}

fn written(answer: Answer, header: Option<(HeaderName, HeaderValue)>) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.media.content_type()));
    // Answers are a tenant's: no cache on the way may keep one.
    headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(header.map(|(name, value)| (Some(name), value)));
    response
}
