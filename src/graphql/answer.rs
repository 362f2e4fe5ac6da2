//! The answer: data, errors, extensions; its status and its bytes.
//!
//! GraphQL over HTTP (working draft), "Response": under `application/graphql-response+json` an answer without `data`
//! is a 4xx; under the older `application/json` every answer to a well-formed request is a 200.

use async_graphql::parser::Pos;
use async_graphql::{Name, ServerError};
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, json};

use super::limits::Limit;
use crate::error::{Code, Public};
use crate::id::RequestId;
use crate::json::Text;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`.
    GraphqlResponse,
    /// `application/json`.
    Json,
}

impl Media {
    /// The media type, as `Content-Type` has it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// A finished answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// How the body is written.
    pub media: Media,
    /// The body.
    pub body: Bytes,
    /// The code of its first error.
    pub code: Option<Code>,
}

impl Answer {
    /// The answer to a request that got nowhere: one error.
    ///
    /// Refusals of a caller are alike to the letter, so they leave the request's id to the header.
    pub fn refused(status: StatusCode, media: Media, error: &dyn Public, request: &RequestId) -> Self {
        let mut graph = GraphError::new(error.code(), error.message());
        if !matches!(error.code(), Code::Unauthenticated | Code::Forbidden) {
            graph.name(request);
        }
        let body = json!({ "errors": [graph] });
        Self { status, media, body: Bytes::from(body.to_string()), code: Some(error.code()) }
    }
}

/// An error of an answer.
#[derive(Debug, Serialize)]
pub(super) struct GraphError {
    pub(super) message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) locations: Vec<Pos>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) path: Vec<Segment>,
    pub(super) extensions: Map<String, serde_json::Value>,
    #[serde(skip)]
    pub(super) code: Code,
}

/// A step of a path: a name in the answer, or a place in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Segment {
    Name(Name),
    Index(usize),
}

impl GraphError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        let extensions = Map::from_iter([("code".to_owned(), json!(code.as_str()))]);
        Self { message: message.into(), locations: Vec::new(), path: Vec::new(), extensions, code }
    }

    /// Names the request that it is of, so that an operator finds what the log says of it.
    fn name(&mut self, request: &RequestId) {
        self.extensions.insert("requestId".to_owned(), json!(request.as_str()));
    }
}

/// A request that is refused before anything is run.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    /// Whether the document could not even be read, or asks for what HTTP forbids: then the status holds, whatever
    /// the media type.
    always: bool,
    errors: Vec<GraphError>,
    /// The limit that refuses it.
    limit: Option<Limit>,
}

impl Refused {
    fn bad_request(errors: Vec<GraphError>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, always: false, errors, limit: None }
    }

    /// The document does not parse.
    pub(super) fn syntax(error: &async_graphql::parser::Error) -> Self {
        // The parser's own message is a drawing; its last line says what was expected.
        let text = error.to_string();
        let expected = text.lines().last().unwrap_or_default().replace('_', " ");
        let expected = expected.trim_matches([' ', '=', '.']);
        let mut error_out = GraphError::new(Code::BadRequest, format!("Syntax error: {expected}."));
        error_out.locations = error.positions().collect();
        Self::bad_request(vec![error_out])
    }

    /// A string of the document has no end.
    pub(super) fn endless_string() -> Self {
        Self::bad_request(vec![GraphError::new(Code::BadRequest, "Syntax error: a string does not end.")])
    }

    /// The document does not validate.
    pub(super) fn invalid(errors: &[ServerError], most: usize) -> Self {
        let mut shown: Vec<GraphError> = Vec::new();
        for error in errors {
            // Rules that look at the same place say the same.
            let is_known =
                |shown: &GraphError| shown.message == error.message && shown.locations == error.locations;
            if shown.len() < most && !shown.iter().any(is_known) {
                let mut graph = GraphError::new(Code::BadRequest, error.message.clone());
                graph.locations.clone_from(&error.locations);
                shown.push(graph);
            }
        }
        Self::bad_request(shown)
    }

    /// A limit is passed: it is named, with its value and the document's.
    pub(super) fn limit(limit: Limit, most: usize, found: usize) -> Self {
        let message = format!("The document has {found} {}, and may have {most}.", limit.counted());
        let mut error = GraphError::new(Code::BadRequest, message);
        let named = json!({ "name": limit.name(), "most": most, "found": found });
        error.extensions.insert("limit".to_owned(), named);
        Self { limit: Some(limit), ..Self::bad_request(vec![error]) }
    }

    /// The limit that refuses the request, if one does.
    pub(super) fn by_limit(&self) -> Option<Limit> {
        self.limit
    }

    /// There is a digest or an id in the place of a document, and none of the documents that are known has it. The message is the
    /// protocol: clients look for this word, and send the document beside the digest.
    pub(super) fn unknown_document() -> Self {
        Self::bad_request(vec![GraphError::new(Code::BadRequest, "PersistedQueryNotFound")])
    }

    /// Only some documents are trusted, and this is none of them.
    pub(super) fn untrusted() -> Self {
        let message = "The document is none of those that are trusted here.";
        Self::bad_request(vec![GraphError::new(Code::BadRequest, message)])
    }

    /// What is wrong, for an operator: each error with its line and column.
    pub(super) fn told(&self) -> String {
        let told = self.errors.iter().map(|error| match error.locations.first() {
            Some(pos) => format!("{}:{}: {}", pos.line, pos.column, error.message),
            None => error.message.clone(),
        });
        told.collect::<Vec<_>>().join(" ")
    }

    /// A fragment spreads itself.
    pub(super) fn cycle(fragment: &Name) -> Self {
        let message = format!("The fragment `{fragment}` spreads itself.");
        Self::bad_request(vec![GraphError::new(Code::BadRequest, message)])
    }

    /// The request names no operation, or none that there is.
    pub(super) fn operation(message: &str) -> Self {
        Self::bad_request(vec![GraphError::new(Code::BadRequest, message)])
    }

    /// Something at a place of the document.
    pub(super) fn at(pos: Pos, message: impl Into<String>) -> Self {
        Self::between(vec![pos], message)
    }

    /// Something between places of the document.
    pub(super) fn between(locations: Vec<Pos>, message: impl Into<String>) -> Self {
        let mut error = GraphError::new(Code::BadRequest, message);
        error.locations = locations;
        Self::bad_request(vec![error])
    }

    /// A mutation came by GET.
    pub(super) fn mutation_by_get() -> Self {
        let error = GraphError::new(Code::BadRequest, "A mutation needs POST.");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, always: true, errors: vec![error], limit: None }
    }
}

/// An answer in its parts.
#[derive(Debug)]
pub(super) struct Response {
    refused: Option<(StatusCode, bool)>,
    /// Null where an error went up to the root; absent where nothing was run.
    data: Option<Text>,
    errors: Vec<GraphError>,
    /// The paths of pages that the read budget cut short.
    partial: Vec<Vec<Segment>>,
}

impl Response {
    pub(super) fn refused(refused: Refused) -> Self {
        Self {
            refused: Some((refused.status, refused.always)),
            data: None,
            errors: refused.errors,
            partial: Vec::new(),
        }
    }

    pub(super) fn new(data: Text, errors: Vec<GraphError>, partial: Vec<Vec<Segment>>) -> Self {
        Self { refused: None, data: Some(data), errors, partial }
    }

    pub(super) fn into_answer(mut self, media: Media, request: &RequestId) -> Answer {
        for error in &mut self.errors {
            error.name(request);
        }
        let status = match (self.refused, media) {
            (Some((status, true)), _) | (Some((status, false)), Media::GraphqlResponse) => status,
            (Some((_, false)), Media::Json) | (None, _) => StatusCode::OK,
        };
        let code = self.errors.first().map(|error| error.code);
        Answer { status, media, body: self.body(), code }
    }

    fn body(self) -> Bytes {
        let mut body = Text::default();
        body.mark(b'{');
        if !self.errors.is_empty() {
            body.name("errors");
            body.value(&self.errors);
        }
        if let Some(data) = &self.data {
            body.name("data");
            body.text(data.as_bytes());
        }
        if !self.partial.is_empty() {
            body.name("extensions");
            body.value(&json!({ "partial": self.partial }));
        }
        body.mark(b'}');
        body.into_bytes()
    }
}
