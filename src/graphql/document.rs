//! Documents: what can be known of one before there is a request for it, found out once and kept.
//!
//! Clients send the same few documents over and over, with other variables. Parsing one, measuring it, validating it and
//! putting its fragments in their places cost more than everything else that is done for a small read. What is kept is
//! made of the document and the schema alone, and of which guards were passed; nothing of a tenant, a caller or a
//! variable's value is in it, so that it serves all of them. A document that is refused is not kept.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_graphql::dynamic::Schema;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::parser::{Positioned, parse_query};
use async_graphql::{Name, Value};
use moka::sync::Cache;

use super::answer::Refused;
use super::binding::{Prepared, bind};
use super::config::Config;
use super::digest::Digest;
use super::guard::passes;
use super::limits::{self, Counters, Measured};
use super::selected::{HoldsFor, Shape};
use super::selection::{Shaping, operation};
use super::variables::Variables;
use super::{Named, Request};
use crate::credentials::TenantSession;
use crate::operation::Operations;
use crate::schema::Plan;
use crate::telemetry::Event;

/// How many shapes a document keeps: callers who pass different guards, and values of what `@skip` and `@include` go by.
const MAX_SHAPES: usize = 8;
/// What a document takes in memory, in bytes: for each byte of its text, and for each selection of each shape.
const BYTES_PER_BYTE: usize = 16;
const BYTES_PER_SELECTION: usize = 512;

/// The documents that are known, each by the SHA-256 of its text.
pub(super) struct Documents {
    schema: Schema,
    config: Config,
    known: Cache<Digest, Arc<Document>>,
}

/// A document that parses, is no larger than it may be, and fits the schema.
struct Document {
    parsed: ExecutableDocument,
    /// The length of its text, in bytes.
    length: usize,
    /// As long as its variables are short.
    measured: Measured,
    shapes: ArcSwap<Vec<(Option<Name>, Arc<Shape>)>>,
}

impl Documents {
    pub(super) fn new(schema: Schema, config: Config) -> Self {
        let most = u64::try_from(config.document_cache).unwrap_or(u64::MAX);
        let known =
            Cache::builder().max_capacity(most).weigher(|_, document: &Arc<Document>| document.weight());
        Self { schema, config, known: known.build() }
    }

    /// Everything of a request that can be known before anything is run.
    pub(super) async fn prepare(
        &self,
        operations: &Operations,
        session: &TenantSession,
        request: &Request,
    ) -> Result<Prepared, Refused> {
        let (document, digest) = self.document(request).await?;
        session.metrics().document(digest.is_none());
        let (plan, parsed) = (operations.plan(), &document.parsed);
        let operation = operation(parsed, request.operation_name.as_deref())?;
        if operation.node.ty == OperationType::Mutation && !request.may_mutate {
            return Err(Refused::mutation_by_get());
        }
        let values = if limits::are_short(&request.variables) {
            document.measured.values
        } else {
            limits::check_document(parsed, &request.variables, &self.config)?.values
        };
        let variables = Variables::read(plan, operation, &request.variables)?;
        // What is asked of the schema itself is answered with the variables, and so validated with them.
        let introspection = if document.measured.introspects {
            self.validate(parsed, (request.operation_name.as_deref(), &variables)).await?
        } else {
            Value::Null
        };
        let shape = document.shape((plan, session), request, (operation, &variables), &self.config)?;
        tell_refused(&shape, session);
        let counters = Counters::new(&self.config, values, operations.max_page());
        let arguments = bind(&shape, (plan, &variables), counters)?;
        if let Some(digest) = digest {
            self.known.insert(digest, document);
        }
        Ok(Prepared { shape, arguments, introspection })
    }

    /// The document of a request; with its digest, where it is not among those that are kept.
    async fn document(&self, request: &Request) -> Result<(Arc<Document>, Option<Digest>), Refused> {
        let (digest, text) = match &request.document {
            Named::Text(text) => (Digest::of(text), Some(text)),
            Named::Digest(digest) => (*digest, None),
        };
        if let Some(known) = self.known.get(&digest) {
            return Ok((known, None));
        }
        let text = text.ok_or_else(Refused::unknown_digest)?;
        limits::check_text(text, &self.config)?;
        let parsed = parse_query(text).map_err(|error| Refused::syntax(&error))?;
        let mut measured = limits::check_document(&parsed, &request.variables, &self.config)?;
        if !limits::are_short(&request.variables) {
            measured = limits::check_document(&parsed, &serde_json::Map::new(), &self.config)?;
        }
        if !measured.introspects {
            let any = match &parsed.operations {
                DocumentOperations::Single(_) => None,
                DocumentOperations::Multiple(operations) => operations.keys().next(),
            };
            let any = any.map(Name::as_str);
            self.validate(&parsed, (any, &Variables::default())).await?;
        }
        let document = Document { parsed, length: text.len(), measured, shapes: ArcSwap::default() };
        Ok((Arc::new(document), Some(digest)))
    }

    /// Validates a document, and answers what it asks of the schema itself. No resolver runs. Where a variable stands that
    /// has no value here, its value is looked at when there is one, by [`super::input`].
    async fn validate(
        &self,
        document: &ExecutableDocument,
        (operation, variables): (Option<&str>, &Variables),
    ) -> Result<Value, Refused> {
        // It goes by what is parsed, and not by the text.
        let mut validation =
            async_graphql::Request::new("").variables(variables.values()).only_introspection();
        if let Some(name) = operation {
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

impl Document {
    /// The shape of an operation for the caller of a session: one that is known, or a new one.
    fn shape(
        &self,
        (plan, session): (&Plan, &TenantSession),
        request: &Request,
        (operation, variables): (&Positioned<OperationDefinition>, &Variables),
        config: &Config,
    ) -> Result<Arc<Shape>, Refused> {
        let name = request.operation_name.as_deref();
        let known = self.shapes.load();
        let fits = |(of, shape): &&(Option<Name>, Arc<Shape>)| {
            of.as_deref() == name && shape.holds_for.is(session, variables)
        };
        if let Some((_, shape)) = known.iter().find(fits) {
            return Ok(Arc::clone(shape));
        }
        let document = (&self.parsed, config.max_selections);
        let shaped = Shaping::new((plan, session), document, (operation, variables)).shape()?;
        let shape = Arc::new(shaped);
        if known.len() < MAX_SHAPES && shape.selected <= self.measured.selections.saturating_mul(2) {
            let mut shapes = known.to_vec();
            shapes.push((name.map(Name::new), Arc::clone(&shape)));
            // Where somebody else has added one meanwhile, one of the two is made again.
            self.shapes.store(Arc::new(shapes));
        }
        Ok(shape)
    }

    fn weight(&self) -> u32 {
        let text = self.length.saturating_mul(BYTES_PER_BYTE);
        let shapes = self.measured.selections.saturating_mul(MAX_SHAPES * BYTES_PER_SELECTION);
        u32::try_from(text.saturating_add(shapes)).unwrap_or(u32::MAX)
    }
}

/// Says which fields were refused, each once, whatever becomes of the request.
fn tell_refused(shape: &Shape, session: &TenantSession) {
    let (request, context) = (session.request(), session.context());
    for field in &shape.refused {
        let (principal, subject) = (session.principal(), context.caller().subject());
        Event::FieldRefused { request, principal, subject, field }.emit();
    }
}

impl HoldsFor {
    /// Whether the caller of a session passes the same guards, and the same is to be included.
    fn is(&self, session: &TenantSession, variables: &Variables) -> bool {
        self.guards.iter().all(|(guard, passed)| passes(guard, session) == *passed)
            && self.variables.iter().all(|(name, value)| {
                variables.get(name).and_then(|it| it.value.as_ref()) == Some(&Value::Boolean(*value))
            })
    }
}
