//! Whether a request really passes: the evaluator is asked, with the documents of a tenant that exists or might.

use super::grant::{LEADING_KEYS, Layered};
use super::subject::{Documents, Subject};
use crate::policy::{Context, Decision, Document, Layer, Policies, Request};

/// A concrete request.
#[derive(Debug, Clone)]
pub(super) struct Concrete {
    pub(super) action: String,
    pub(super) arn: String,
    pub(super) keys: Vec<String>,
    /// Other condition keys that are known of it.
    pub(super) known: Context,
}

impl Concrete {
    /// A request of which nothing but the keys is known.
    pub(super) fn new(action: &str, arn: &str, keys: Vec<String>) -> Self {
        Self { action: action.to_owned(), arn: arn.to_owned(), keys, known: Context::default() }
    }

    fn context(&self, subject: &Subject<'_>, tenant: &str) -> Context {
        let mut context = self.known.clone();
        context.extend(subject.principal(tenant));
        context.set_all(LEADING_KEYS, self.keys.clone());
        context
    }

    /// What the evaluator decides, with a tenant's documents of one layer alone, or of all.
    pub(super) fn judged(
        &self,
        subject: &Subject<'_>,
        tenant: &str,
        documents: &Documents,
        only: Option<Layer>,
    ) -> Decision {
        let of = |layer: Layer| -> Option<Vec<Document>> {
            let is_asked = only.is_none_or(|only| only == layer);
            let found = documents.layers().into_iter().find(|it| it.layer == layer && is_asked);
            found.map(|Layered { documents, .. }| documents.into_iter().map(|(_, it)| it.clone()).collect())
        };
        let session = of(Layer::Session);
        let identity = match (of(Layer::Identity), &session) {
            (Some(identity), _) => identity,
            // A layer that is not declared is not what is asked about: the session policy stands for itself.
            (None, Some(session)) => session.clone(),
            (None, None) => Vec::new(),
        };
        let boundary = of(Layer::Boundary);
        let policies = Policies {
            identity: &identity,
            boundary: boundary.as_ref().and_then(|it| it.first()),
            session: session.as_ref().and_then(|it| it.first()),
        };
        let context = self.context(subject, tenant);
        policies.evaluate(&Request { action: &self.action, resource: &self.arn, context: &context })
    }

    /// Whether it passes one layer of a tenant's documents.
    pub(super) fn passes(&self, subject: &Subject<'_>, tenant: &str, layer: Layer) -> bool {
        let documents = subject.for_tenant(tenant);
        documents.is_ok_and(|documents| self.judged(subject, tenant, &documents, Some(layer)).is_allowed())
    }
}
