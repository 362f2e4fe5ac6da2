//! Documents are kept: what is known of one is found out once.
//!
//! Clients send the same few documents over and over, with other variables. Parsing one, measuring it, validating it and
//! putting its fragments in their places cost more than everything else that is done for a small read. A document that is
//! refused is not kept. Where an operator names the documents that are trusted, no other is run.

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::parser::types::OperationType;
use moka::sync::Cache;
use serde_json::Map;

use super::answer::Refused;
use super::binding::{Prepared, bind};
use super::digest::Digest;
use super::document::{Document, Reader};
use super::limits::{self, Counters};
use super::selected::Shape;
use super::selection::operation;
use super::trusted::Trusted;
use super::variables::Variables;
use super::{Named, Request};
use crate::credentials::TenantSession;
use crate::operation::Operations;
use crate::telemetry::Event;

/// The documents that are known.
pub(super) struct Documents {
    reader: Reader,
    kept: Cache<Digest, Arc<Document>>,
    trusted: Option<Arc<Trusted>>,
}

/// A document, and where it is from.
enum Found {
    Known(Arc<Document>),
    /// To be kept, if it is not refused.
    New(Arc<Document>, Digest),
}

impl Documents {
    pub(super) fn new(reader: Reader, trusted: Option<Arc<Trusted>>) -> Self {
        let most = u64::try_from(reader.config.document_cache).unwrap_or(u64::MAX);
        let kept =
            Cache::builder().max_capacity(most).weigher(|_, document: &Arc<Document>| document.weight());
        Self { reader, kept: kept.build(), trusted }
    }

    /// Everything of a request that can be known before anything is run.
    pub(super) async fn prepare(
        &self,
        operations: &Operations,
        session: &TenantSession,
        request: &Request,
    ) -> Result<Prepared, Refused> {
        let found = self.find(&request.document, &request.variables).await?;
        let (Found::Known(document) | Found::New(document, _)) = &found;
        session.metrics().document(matches!(found, Found::Known(_)));
        let (plan, config) = (operations.plan(), &self.reader.config);
        let (parsed, name) = (&document.parsed, request.operation_name.as_deref());
        let operation = operation(parsed, name)?;
        if operation.node.ty == OperationType::Mutation && !request.may_mutate {
            return Err(Refused::mutation_by_get());
        }
        let values = if limits::are_short(&request.variables) {
            document.measured.values
        } else {
            limits::check_document(parsed, &request.variables, config)?.values
        };
        let variables = Variables::read(plan, operation, &request.variables)?;
        let introspection = if document.measured.introspects {
            Box::pin(self.reader.validate(parsed, (name, &variables))).await?
        } else {
            Value::Null
        };
        let shape = document.shape((plan, session), name, (operation, &variables), config)?;
        tell_refused(&shape, session);
        let counters = Counters::new(config, values, operations.max_page());
        let arguments = bind(&shape, (plan, &variables), counters)?;
        if let Found::New(document, digest) = found {
            self.kept.insert(digest, document);
        }
        Ok(Prepared { shape, arguments, introspection })
    }

    async fn find(
        &self,
        document: &Named,
        variables: &Map<String, serde_json::Value>,
    ) -> Result<Found, Refused> {
        let trusted = self.trusted.as_ref();
        if let Some(known) = trusted.and_then(|it| it.find(document)) {
            return Ok(Found::Known(known));
        }
        if trusted.is_some() && self.reader.config.only_trusted {
            return Err(Refused::untrusted());
        }
        let (digest, text) = match document {
            Named::Text(text) => (Digest::of(text), Some(text)),
            Named::Digest(digest) => (*digest, None),
            Named::Id(_) => return Err(Refused::unknown_document()),
        };
        if let Some(kept) = self.kept.get(&digest) {
            return Ok(Found::Known(kept));
        }
        let text = text.ok_or_else(Refused::unknown_document)?;
        // Boxed: most documents are known, and what reads a new one is large.
        let read = Box::pin(self.reader.read(text, variables)).await?;
        Ok(Found::New(Arc::new(read), digest))
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
