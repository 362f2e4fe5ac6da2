//! What is asked? A GraphQL document becomes operations and arguments, and their outcomes become an answer.
//!
//! async-graphql parses, validates and introspects. Execution is our own: its dynamic executor (7.2) drops a field
//! that failed instead of answering null, answers in the order in which fields finish, and runs a mutation twice
//! that is selected twice (`docs/ARCHITECTURE.md`, "Execution"). No caller sees its types.

mod answer;
mod config;
mod execute;
mod guard;
mod input;
mod limits;
mod merging;
mod schema;
mod selected;
mod selection;
mod variables;
mod wanted;

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::Schema;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use tracing::Instrument as _;

pub use answer::{Answer, Media};
pub use config::Config;

use crate::credentials::TenantSession;
use crate::operation::Operations;
use crate::problem::Problems;
use crate::schema::Plan;
use crate::telemetry::{Event, span};
use answer::{Refused, Response};
use limits::Counters;
use selected::Prepared;
use selection::Preparing;
use variables::Variables;

/// A GraphQL request, as it came over HTTP.
#[derive(Debug, Clone)]
pub struct Request {
    /// The document.
    pub query: String,
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
    schema: Schema,
    operations: Arc<Operations>,
    config: Config,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Api {
    /// The interface of a plan.
    ///
    /// # Errors
    /// GraphQL itself does not allow the schema, such as a type without fields.
    pub fn new(plan: &Plan, operations: Arc<Operations>, config: Config) -> Result<Self, Problems> {
        Ok(Self { schema: schema::build(plan)?, operations, config })
    }

    /// Carries a request out in a tenant's session, and gives a finished answer.
    pub async fn execute(&self, session: &TenantSession, request: &Request) -> Answer {
        let response = match self.prepare(session, request).instrument(span::document()).await {
            Ok(prepared) => execute::run(&self.operations, session, prepared, &self.config).await,
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

    /// Everything that can be known before anything is run.
    async fn prepare(&self, session: &TenantSession, request: &Request) -> Result<Prepared<'_>, Refused> {
        limits::check_text(&request.query, &self.config)?;
        let document = parse_query(&request.query).map_err(|error| Refused::syntax(&error))?;
        let values = limits::check_document(&document, &request.variables, &self.config)?;
        let operation = selection::operation(&document, request.operation_name.as_deref())?;
        if operation.node.ty == OperationType::Mutation && !request.may_mutate {
            return Err(Refused::mutation_by_get());
        }
        let plan = self.operations.plan();
        let variables = Variables::read(plan, operation, &request.variables)?;
        let introspection = self.validate(&document, request, &variables).await?;
        let counters = Counters::new(&self.config, values, self.operations.max_page());
        Preparing::new((plan, session), (&document, counters), operation, variables).prepare(introspection)
    }

    /// Validates a document, and answers what it asks of the schema itself. No resolver runs.
    async fn validate(
        &self,
        document: &ExecutableDocument,
        request: &Request,
        variables: &Variables,
    ) -> Result<Value, Refused> {
        let mut validation =
            async_graphql::Request::new(&request.query).variables(variables.values()).only_introspection();
        if let Some(name) = &request.operation_name {
            validation = validation.operation_name(name);
        }
        validation.set_parsed_query(document.clone());
        let response = self.schema.execute(validation).await;
        if response.errors.is_empty() {
            return Ok(response.data);
        }
        Err(Refused::invalid(&response.errors, self.config.max_errors))
    }
}
