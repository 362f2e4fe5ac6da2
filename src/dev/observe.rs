//! What the embedded AWS saw: every call, whose credentials signed it, which keys it named, how it ended.
//!
//! Tests hold the gateway's promises against this record, not against what the gateway says of itself.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;

/// The longest request that is kept, in bytes: the record is to stay small.
pub(super) const MAX_REQUEST: usize = 64 * 1024;

/// The service that was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// AWS Security Token Service.
    Sts,
    /// AWS Identity and Access Management.
    Iam,
    /// Amazon DynamoDB.
    DynamoDb,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was allowed and answered.
    Answered,
    /// The signature or the credentials were refused.
    Unauthenticated,
    /// A policy denied it.
    Denied,
    /// It was allowed, and failed for another reason; the error's code.
    Failed(String),
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The service.
    pub service: Service,
    /// The operation, such as `GetItem` or `AssumeRole`.
    pub operation: String,
    /// The access key that signed it, if the signature was good.
    pub access_key_id: Option<String>,
    /// The session tag `tenant` of the credentials; for `AssumeRole`, of the session that was asked for.
    pub tenant: Option<String>,
    /// The tables that it named, each with the partition keys it named there.
    pub keys: Vec<(String, Vec<String>)>,
    /// What DynamoDB was asked, as it was sent. Empty for STS, and for what is longer than 64 KiB.
    pub request: Bytes,
    /// How it ended.
    pub outcome: Outcome,
}

impl Observed {
    /// A call of DynamoDB that nobody has looked at yet.
    pub(super) fn of_dynamodb(operation: &str) -> Self {
        Self {
            service: Service::DynamoDb,
            operation: operation.to_owned(),
            access_key_id: None,
            tenant: None,
            keys: Vec::new(),
            request: Bytes::new(),
            outcome: Outcome::Unauthenticated,
        }
    }
}

/// The last calls, oldest first. Bounded.
#[derive(Debug)]
pub struct Observer {
    calls: Mutex<VecDeque<Observed>>,
    most: usize,
}

impl Observer {
    pub(super) fn new(most: usize) -> Self {
        Self { calls: Mutex::default(), most }
    }

    pub(super) fn note(&self, call: Observed) {
        tracing::debug!(service = ?call.service, operation = call.operation, outcome = ?call.outcome, "aws call");
        let mut calls = self.calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if calls.len() == self.most {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    /// The calls so far, oldest first.
    pub fn calls(&self) -> Vec<Observed> {
        self.calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter().cloned().collect()
    }

    /// Takes the calls so far, and forgets them.
    pub fn take(&self) -> Vec<Observed> {
        self.calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner).drain(..).collect()
    }
}
