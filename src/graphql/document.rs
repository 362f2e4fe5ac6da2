//! A document: what can be known of one before there is a request for it.
//!
//! It parses, is no larger than it may be, and fits the schema. Its operations get their shapes as they are asked for: made
//! of the document and the schema alone, and of which guards were passed; nothing of a tenant, a caller or a variable's
//! value is in them, so that they serve all.

use std::sync::Arc;

use async_graphql::dynamic::Schema;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition};
use async_graphql::parser::{Positioned, parse_query};
use async_graphql::{Name, Value};
use serde_json::Map;

use super::answer::Refused;
use super::config::Config;
use super::guard::passes;
use super::limits::{self, Measured};
use super::recent::Recent;
use super::schema::build;
use super::selected::{HoldsFor, Shape};
use super::selection::Shaping;
use super::variables::Variables;
use crate::credentials::TenantSession;
use crate::problem::Problems;
use crate::schema::Plan;

/// How many shapes a document keeps: callers who pass different guards, and values of what `@skip` and `@include` go by.
const MAX_SHAPES: usize = 8;
/// What a document takes in memory, in bytes: for each byte of its text, and for each selection of each shape.
const BYTES_PER_BYTE: usize = 16;
const BYTES_PER_SELECTION: usize = 512;

/// A document that parses, is no larger than it may be, and fits the schema.
pub(super) struct Document {
    pub(super) parsed: ExecutableDocument,
    /// The length of its text, in bytes.
    length: usize,
    /// As long as its variables are short.
    pub(super) measured: Measured,
    /// The shapes that were asked for last, and of which operation each is.
    shapes: Recent<(Option<Name>, Arc<Shape>), MAX_SHAPES>,
}

/// What reads documents: the schema that they have to fit, and the limits.
pub(super) struct Reader {
    schema: Schema,
    pub(super) config: Config,
}

impl Reader {
    /// For the documents of a plan.
    pub(super) fn new(plan: &Plan, config: Config) -> Result<Self, Problems> {
        Ok(Self { schema: build(plan)?, config })
    }

    /// Reads a document, for a request with variables: they count for how long it is.
    pub(super) async fn read(
        &self,
        text: &str,
        variables: &Map<String, serde_json::Value>,
    ) -> Result<Document, Refused> {
        limits::check_text(text, &self.config)?;
        let parsed = parse_query(text).map_err(|error| Refused::syntax(&error))?;
        let mut measured = limits::check_document(&parsed, variables, &self.config)?;
        if !limits::are_short(variables) {
            measured = limits::check_document(&parsed, &Map::new(), &self.config)?;
        }
        // What is asked of the schema itself is answered with the variables, and so validated with them.
        if !measured.introspects {
            let any = match &parsed.operations {
                DocumentOperations::Single(_) => None,
                DocumentOperations::Multiple(operations) => operations.keys().next(),
            };
            self.validate(&parsed, (any.map(Name::as_str), &Variables::default())).await?;
        }
        Ok(Document { parsed, length: text.len(), measured, shapes: Recent::default() })
    }

    /// Validates a document, and answers what it asks of the schema itself. No resolver runs. Where a variable stands that
    /// has no value here, its value is looked at when there is one, by [`super::input`].
    pub(super) async fn validate(
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
    pub(super) fn shape(
        &self,
        (plan, session): (&Plan, &TenantSession),
        name: Option<&str>,
        (operation, variables): (&Positioned<OperationDefinition>, &Variables),
        config: &Config,
    ) -> Result<Arc<Shape>, Refused> {
        let fits = |(of, shape): &(Option<Name>, Arc<Shape>)| {
            of.as_deref() == name && shape.holds_for.is(session, variables)
        };
        if let Some((_, shape)) = self.shapes.find(fits) {
            return Ok(shape);
        }
        let document = (&self.parsed, config.max_selections);
        let shaped = Shaping::new((plan, session), document, (operation, variables)).shape()?;
        let shape = Arc::new(shaped);
        if shape.selected <= self.measured.selections.saturating_mul(2) {
            self.shapes.put((name.map(Name::new), Arc::clone(&shape)));
        }
        Ok(shape)
    }

    /// What it takes in memory, in bytes, at most.
    pub(super) fn weight(&self) -> u32 {
        let text = self.length.saturating_mul(BYTES_PER_BYTE);
        let shapes = self.measured.selections.saturating_mul(MAX_SHAPES * BYTES_PER_SELECTION);
        u32::try_from(text.saturating_add(shapes)).unwrap_or(u32::MAX)
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
