//! What is asked? A GraphQL document becomes operations and arguments, and their outcomes become an answer.
//!
//! async-graphql parses, validates and introspects. Execution is our own: its dynamic executor (7.2) drops a field
//! that failed instead of answering null, answers in the order in which fields finish, and runs a mutation twice
//! that is selected twice (`docs/ARCHITECTURE.md`, "Execution"). No caller sees its types.

mod answer;
mod binding;
mod config;
mod digest;
mod document;
mod documents;
mod execute;
mod guard;
mod input;
mod limits;
mod merging;
mod recent;
mod schema;
mod selected;
mod selection;
mod trusted;
mod variables;
mod wanted;

use std::sync::Arc;

use tracing::Instrument as _;

pub use answer::{Answer, Media};
pub use config::Config;
pub use digest::Digest;
pub use trusted::Trusted;

use crate::credentials::TenantSession;
use crate::operation::Operations;
use crate::problem::Problems;
use crate::schema::Plan;
use crate::telemetry::{Event, span};
use answer::Response;
use document::Reader;
use documents::Documents;

/// A document, as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Its text.
    Text(String),
    /// The SHA-256 of a text that was sent before (Apollo's protocol of automatic persisted queries), or that is trusted.
    Digest(Digest),
    /// The id of a trusted document (GraphQL over HTTP, appendix "Persisted Documents").
    Id(String),
}

/// A GraphQL request, as it came over HTTP.
#[derive(Debug, Clone)]
pub struct Request {
    /// The document.
    pub document: Named,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables.
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// Whether a mutation may be run: it may not by GET.
    pub may_mutate: bool,
    /// How the answer is written.
    pub media: Media,
}

/// The GraphQL interface of a plan.
pub struct Api {
    documents: Documents,
    operations: Arc<Operations>,
    config: Config,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Api {
    /// The interface of a plan; where documents are trusted, for these alone.
    ///
    /// # Errors
    /// GraphQL itself does not allow the schema, such as a type without fields.
    pub fn new(
        plan: &Plan,
        operations: Arc<Operations>,
        (config, trusted): (Config, Option<Arc<Trusted>>),
    ) -> Result<Self, Problems> {
        let documents = Documents::new(Reader::new(plan, config.clone())?, trusted);
        Ok(Self { documents, operations, config })
    }

    /// Carries a request out in a tenant's session, and gives a finished answer.
    pub async fn execute(&self, session: &TenantSession, request: &Request) -> Answer {
        let preparing = self.documents.prepare(&self.operations, session, request);
        let response = match preparing.instrument(span::document()).await {
            Ok(prepared) => execute::run(&self.operations, session, &prepared, &self.config).await,
            Err(refused) => {
                if let Some(limit) = refused.by_limit() {
                    let limit = limit.name();
                    session.metrics().document_refused(limit);
                    let (request, tenant) = (session.request(), session.context().tenant());
                    Event::DocumentRefused { request, tenant, limit }.emit();
                }
                Response::refused(refused)
            }
        };
        response.into_answer(request.media, session.request())
    }
}
