//! Resource policies of tables: held, and answered by `GetResourcePolicy`.
//!
//! Calls are not judged by them: the embedded AWS gives nobody more than identity and session policies do. They are
//! here so that `check --deployed` finds one that would.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use serde_json::{Value, json};

use super::access::table_name;
use super::engine::{Engine, Namespace};
use super::reply::Reply;

/// The policies, by account, Region and table.
#[derive(Debug, Default)]
pub(super) struct ResourcePolicies(Mutex<HashMap<(Namespace, String), Value>>);

impl ResourcePolicies {
    pub(super) fn put(&self, namespace: Namespace, table: &str, policy: Option<Value>) {
        let mut policies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (namespace, table.to_owned());
        match policy {
            Some(policy) => policies.insert(key, policy),
            None => policies.remove(&key),
        };
    }

    /// `GetResourcePolicy`.
    pub(super) async fn get(&self, engine: &Engine, namespace: &Namespace, body: &Value) -> Reply {
        let arn = body.get("ResourceArn").and_then(Value::as_str).unwrap_or_default();
        let table = table_name(arn);
        let described = engine.call(namespace, "DescribeTable", json!({ "TableName": table })).await;
        if !described.status.is_success() {
            return described;
        }
        let policies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(policy) = policies.get(&(namespace.clone(), table)) else {
            let message = format!("Resource-based policy not found for the provided ResourceArn: {arn}");
            return Reply::error("PolicyNotFoundException", &message);
        };
        let body = json!({ "Policy": policy.to_string(), "RevisionId": "1" });
        Reply { status: StatusCode::OK, body: body.to_string() }
    }
}
