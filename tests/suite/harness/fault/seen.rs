//! What the proxy saw: every call, whose credentials signed it, the partition keys that it named, and what it met with.
//!
//! Whose an access key is, the proxy learns from the `AssumeRole` answers that pass through it, and not from anything
//! that the gateway says.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use super::{Call, Fault};

/// The most calls that are kept.
const MOST: usize = 100_000;

/// A call that came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) operation: String,
    pub(crate) access_key: String,
    pub(crate) tenant: Option<String>,
    pub(crate) keys: Vec<String>,
    /// What it met with, by the fault's name.
    pub(crate) fault: &'static str,
}

/// The record of a proxy.
#[derive(Default)]
pub(super) struct Record {
    numbers: Mutex<HashMap<String, usize>>,
    tenants: Mutex<HashMap<String, String>>,
    seen: Mutex<VecDeque<Seen>>,
    injected: Mutex<BTreeMap<&'static str, usize>>,
}

impl Record {
    /// Reads a call.
    pub(super) fn call(&self, headers: &HeaderMap, body: &Bytes) -> Call {
        let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
        let operation = match text("x-amz-target").rsplit('.').next().unwrap() {
            "" => "STS",
            operation => operation,
        };
        let number = {
            let mut numbers = self.numbers.lock().unwrap();
            let number = numbers.entry(operation.to_owned()).or_insert(0);
            *number += 1;
            *number
        };
        let access_key = between(text("authorization"), "Credential=", "/").unwrap_or_default().to_owned();
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let tenant = match operation {
            "STS" => asked_for(body),
            _ => self.tenants.lock().unwrap().get(&access_key).cloned(),
        };
        let keys = keys(&request);
        let trace = ["traceparent", "tracestate"].map(|name| text(name).to_owned());
        Call { operation: operation.to_owned(), number, access_key, tenant, keys, trace, request }
    }

    /// Counts calls from 1 again.
    pub(super) fn renumber(&self) {
        self.numbers.lock().unwrap().clear();
    }

    /// Notes a call and what it meets with.
    pub(super) fn note(&self, call: &Call, fault: &Fault) {
        let Call { operation, access_key, tenant, keys, .. } = call.clone();
        let mut seen = self.seen.lock().unwrap();
        if seen.len() == MOST {
            seen.pop_front();
        }
        seen.push_back(Seen { operation, access_key, tenant, keys, fault: fault.name() });
        if !matches!(fault, Fault::Pass) {
            *self.injected.lock().unwrap().entry(fault.name()).or_insert(0) += 1;
        }
    }

    /// Learns whose the key is that STS answers with.
    pub(super) fn learn(&self, call: &Call, answer: &Bytes) {
        let answer = String::from_utf8_lossy(answer);
        let key = between(&answer, "<AccessKeyId>", "<");
        if let (Some(key), Some(tenant)) = (key, &call.tenant) {
            self.tenants.lock().unwrap().insert(key.to_owned(), tenant.clone());
        }
    }

    pub(super) fn take(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().drain(..).collect()
    }

    pub(super) fn injected(&self) -> BTreeMap<&'static str, usize> {
        self.injected.lock().unwrap().clone()
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split(after).next()
}

/// The tenant that a session is asked for: its one tag.
fn asked_for(body: &Bytes) -> Option<String> {
    Some(between(std::str::from_utf8(body).ok()?, "Tags.member.1.Value=", "&")?.to_owned())
}

/// The partition keys that a request names, in its order.
fn keys(request: &Value) -> Vec<String> {
    let mut keys = Vec::new();
    keys.extend(queried(request));
    collect(request, &mut keys);
    keys
}

/// The partition key of a query: the value that its key condition compares first.
fn queried(request: &Value) -> Option<String> {
    let condition = request["KeyConditionExpression"].as_str()?;
    let placeholder = between(condition, "= ", " ")?.trim_end_matches(')');
    text(&request["ExpressionAttributeValues"][placeholder])
}

fn collect(value: &Value, keys: &mut Vec<String>) {
    let of_key = |key: &Value| text(&key["pk"]);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "Key" | "Item" => keys.extend(of_key(member)),
                    "Keys" => keys.extend(member.as_array().into_iter().flatten().filter_map(of_key)),
                    // A tenant's values may be called anything.
                    "ExpressionAttributeValues" => {}
                    _ => collect(member, keys),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, keys)),
        _ => {}
    }
}

fn text(value: &Value) -> Option<String> {
    Some(value["S"].as_str().or_else(|| value["N"].as_str())?.to_owned())
}
