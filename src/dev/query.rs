//! The query protocol, which STS and IAM speak: a form comes in, XML goes out.
//!
//! One address stands for both services. The scope of the signature says which is meant, as it does on AWS.

use std::net::IpAddr;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};

use super::front::{Shared, peer};
use super::judge;
use super::observe::{Observed, Outcome, Service};
use super::reply::{IAM_NAMESPACE, NAMESPACE, QueryError, xml_response};
use super::signature::{self, Signed};
use super::sts::{self, AssumeRole, AssumedView, Form};
use crate::policy::Context;

impl Shared {
    pub(super) async fn query(&self, parts: &Parts, body: &Bytes, request_id: &str) -> Response<Body> {
        let form: Form = serde_urlencoded::from_bytes(body).unwrap_or_default();
        let (service, scope, namespace) = match signature::service(parts).as_deref() {
            Some("iam") => (Service::Iam, "iam", IAM_NAMESPACE),
            _ => (Service::Sts, "sts", NAMESPACE),
        };
        let mut call = Observed {
            service,
            operation: form.get("Action").cloned().unwrap_or_default(),
            access_key_id: None,
            tenant: None,
            keys: Vec::new(),
            request: Bytes::new(),
            outcome: Outcome::Unauthenticated,
        };
        let signed = self.signed(parts, body, scope).await.map_err(QueryError::refused);
        let answer = signed.and_then(|signed| {
            call.access_key_id = Some(signed.access_key_id.clone());
            call.outcome = Outcome::Answered;
            if self.is_throttled(service) {
                return Err(QueryError::new(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"));
            }
            if service == Service::Iam {
                return self.iam_answer(&signed, &form, request_id);
            }
            self.sts_answer((&signed, peer(parts)), &form, &mut call, request_id)
        });
        if let (Err(error), true) = (&answer, call.outcome != Outcome::Unauthenticated) {
            call.outcome = match error.code {
                "AccessDenied" => Outcome::Denied,
                code => Outcome::Failed(code.to_owned()),
            };
        }
        self.observer.note(call);
        match answer {
            Ok(xml) => xml_response(StatusCode::OK, xml),
            Err(error) => error.into_response(namespace, request_id),
        }
    }

    fn iam_answer(&self, signed: &Signed, form: &Form, request_id: &str) -> Result<String, QueryError> {
        let when = (&signed.region, self.clock.now());
        let denied = |action: &str, resource: &str| {
            judge::denied(&signed.session, action, resource, Context::default(), when)
        };
        super::iam::answer(&self.iam, &signed.session, form, denied, request_id)
    }

    fn sts_answer(
        &self,
        (signed, peer): (&Signed, IpAddr),
        form: &Form,
        call: &mut Observed,
        request_id: &str,
    ) -> Result<String, QueryError> {
        match call.operation.as_str() {
            "GetCallerIdentity" => Ok(sts::caller_identity_xml(&signed.session, request_id)),
            "AssumeRole" => {
                let asked = AssumeRole::parse(form)?;
                call.tenant = asked.tenant().cloned();
                let now = self.clock.now();
                let assumed = asked.assume(&self.iam, &signed.session, peer, now)?;
                let view = AssumedView {
                    expires_at: assumed.expires_at,
                    user_id: assumed.session.user_id(),
                    arn: assumed.session.arn(),
                    packed_size_percent: assumed.packed_size_percent,
                };
                let credentials = self.sessions.issue(assumed.session, &self.entropy, now);
                Ok(sts::assumed_xml(&view, &credentials, request_id))
            }
            other => {
                let message = format!("Could not find operation {other} for version 2011-06-15");
                Err(QueryError::new(StatusCode::BAD_REQUEST, "InvalidAction", message))
            }
        }
    }
}
