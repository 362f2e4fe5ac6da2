//! What a field that failed leaves in the answer.

use std::sync::Mutex;

use serde_json::{Map, json};

use super::path::At;
use super::{Boxed, Completed, Nulled, On, Run, Shows, lock};
use crate::error::{Chain, Code, Public};
use crate::graphql::answer::GraphError;
use crate::graphql::selected::Refusal;
use crate::image::Members;
use crate::item::Attributes;
use crate::operation::{FailedStep, Failure, WhyFailed};
use crate::schema::{Attribute, Object};
use crate::telemetry::span;

impl Run<'_> {
    /// A failed condition: the error shows the item as it is now, shaped as an answer would be.
    ///
    /// What of it cannot be shown is left out, in silence: the conflict is the one error. Nothing more is read for it.
    pub(super) fn conflict<'a>(
        &'a self,
        object: &'a Object,
        current: &'a Attributes,
        at: At<'a>,
    ) -> Boxed<'a, Completed> {
        Box::pin(self.show_conflict(object, current, at))
    }

    async fn show_conflict<'a>(
        &'a self,
        object: &'a Object,
        current: &'a Attributes,
        at: At<'a>,
    ) -> Completed {
        let failure = Failure::Conflict(None);
        let mut error = graph_error(failure.code(), failure.message(), at);
        error.extensions.insert("current".to_owned(), self.shown(object, current, at).await);
        self.record(error);
        Err(Nulled::Failed)
    }

    /// A transaction that did not take place: each step that kept it from that, with its reason. The item as it is now
    /// is shown where the field's selections are made on its type.
    pub(super) fn cancelled<'a>(
        &'a self,
        object: &'a Object,
        steps: &'a [FailedStep],
        at: At<'a>,
    ) -> Boxed<'a, Completed> {
        Box::pin(async move {
            let mut reasons = Vec::with_capacity(steps.len());
            for FailedStep { step, index, object: about, why, current } in steps {
                let code = match why {
                    WhyFailed::NotFound => Code::NotFound,
                    WhyFailed::Conflict => Code::Conflict,
                };
                let (step, code) = (step.as_str(), code.as_str());
                let mut reason = match index {
                    None => json!({ "step": step, "reason": code }),
                    Some(index) => json!({ "step": step, "index": index, "reason": code }),
                };
                if let (Some(current), Some(reason)) =
                    (current.as_ref().filter(|_| *about == object.name), reason.as_object_mut())
                {
                    reason.insert("current".to_owned(), self.shown(object, current, at).await);
                }
                reasons.push(reason);
            }
            let failure = Failure::Steps(steps.to_vec());
            let mut error = graph_error(failure.code(), failure.message(), at);
            error.extensions.insert("reasons".to_owned(), reasons.into());
            self.record(error);
            Err(Nulled::Failed)
        })
    }

    /// An item as the field's selections show it, as far as nothing more has to be read for it.
    async fn shown<'a>(
        &'a self,
        object: &'a Object,
        current: &'a Attributes,
        at: At<'a>,
    ) -> serde_json::Value {
        let shaping = Run {
            operations: self.operations,
            plan: self.plan,
            session: self.session,
            budget: self.budget,
            allowance: self.allowance,
            loader: self.loader,
            arguments: self.arguments,
            max_errors: 0,
            shows: Shows::Stored,
            errors: Mutex::default(),
            partial: Mutex::default(),
        };
        let mut shown = Map::new();
        for selected in at.selections.on(object).iter().filter(|selected| shaping.shows.selection(selected)) {
            match shaping.member(object, On::Item(Members::Map(current)), selected, at.path).await {
                Ok(value) => {
                    let value = serde_json::from_slice(value.as_bytes()).unwrap_or_default();
                    shown.insert(selected.key.to_string(), value);
                }
                Err(Nulled::Failed) => {}
                // There is no room to show it.
                Err(Nulled::Spent) => break,
            }
        }
        shown.into()
    }

    /// Records a failure: its causes in the log, its public face in the answer.
    pub(super) fn failed(&self, failure: &Failure, at: At<'_>) -> Completed {
        let code = failure.code();
        let mut error = graph_error(code, failure.message(), at);
        if let Some(applied) = failure.applied() {
            error.extensions.insert("applied".to_owned(), json!(applied));
        }
        // One failed call may fail many fields: as many are logged as are answered.
        if self.record(error) && matches!(code, Code::Internal | Code::Unavailable | Code::Throttled) {
            let (request, tenant) = (self.session.request(), self.session.context().tenant());
            tracing::error!(request.id = %request, tenant.id = %tenant, error = %Chain(failure), "a field failed");
        }
        Err(Nulled::Failed)
    }

    /// Records that the answer is as long as it may be; before this field was run, or within it.
    pub(super) fn spent(&self, before: bool, at: At<'_>) -> Completed {
        let message = if before {
            "The answer is as long as it may be, so this was not run."
        } else {
            "The answer would be longer than it may be. Ask for less."
        };
        self.fail(Code::BudgetExceeded, message, at)
    }

    /// Records that the caller may not see a field. The message names no scope: what there is to have is nobody's who
    /// has it not.
    pub(super) fn refused(&self, refusal: Refusal, at: At<'_>) -> Completed {
        let message = if refusal.within {
            "The caller may not see a field of the answer that must not be null, so this was not run."
        } else {
            "The caller may not see this field."
        };
        self.fail(Code::Forbidden, message, at)
    }

    /// Records that a stored item lacks what must not be null. Each item may, under each alias: as many are logged as are
    /// answered.
    pub(super) fn lacks(&self, attribute: &Attribute, at: At<'_>) -> Completed {
        if self.record(graph_error(Code::Internal, "The stored item lacks this field.", at)) {
            let (request, tenant) = (self.session.request(), self.session.context().tenant());
            tracing::error!(request.id = %request, tenant.id = %tenant, attribute = %attribute.name, "a stored item lacks an attribute that must not be null");
        }
        Err(Nulled::Failed)
    }

    pub(super) fn fail(&self, code: Code, message: &str, at: At<'_>) -> Completed {
        self.record(graph_error(code, message, at));
        Err(Nulled::Failed)
    }

    /// Whether there was room for it.
    fn record(&self, error: GraphError) -> bool {
        span::failed(error.code);
        let mut errors = lock(&self.errors);
        let has_room = errors.len() < self.max_errors;
        if has_room {
            errors.push(error);
        }
        has_room
    }
}

fn graph_error(code: Code, message: impl Into<String>, at: At<'_>) -> GraphError {
    let mut error = GraphError::new(code, message);
    error.locations = vec![at.pos];
    error.path = at.path.segments();
    error
}
