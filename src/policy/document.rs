//! Policy documents as types: what IAM would store, and what it would refuse as malformed.
//!
//! Source: *Grammar of the IAM JSON policy language*. An element that this reader does not know is refused, never
//! passed over: a statement that is half understood would be judged wrongly.

use serde_json::{Map, Value};
use thiserror::Error;

use super::condition::{Comparison, Operator};
use super::pattern::Pattern;

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The version of the policy language.
    pub version: Version,
    /// The statements, in their order.
    pub statements: Vec<Statement>,
}

/// The version of the policy language. Variables exist only in the newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also where no version stands.
    V2008,
    /// `2012-10-17`.
    V2012,
}

/// What a document is attached to, which decides the elements that it must and must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identity policy, a session policy or a permissions boundary: resources, no principals.
    Identity,
    /// A role's trust policy: principals, no resources.
    Trust,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `Sid`, if it has one.
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Whom a trust policy's statement speaks of.
    pub principals: Option<Principals>,
    /// `Action` or `NotAction`.
    pub actions: Matcher,
    /// `Resource` or `NotResource`; none in a trust policy.
    pub resources: Option<Matcher>,
    /// `Condition`: all of them must hold.
    pub conditions: Vec<Condition>,
}

/// `Effect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

/// `Principal` of a trust policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    /// `"*"` or `{"AWS": "*"}`: everybody.
    Everybody,
    /// ARNs and accounts under `AWS`. Services and federations are kept apart: the gateway is neither.
    These(Vec<String>),
}

/// A list of patterns, and whether it names what is meant or what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// `NotAction` or `NotResource`.
    pub negated: bool,
    /// The patterns as they stand in the document.
    pub patterns: Vec<String>,
    pub(super) parsed: Vec<Pattern>,
}

/// One condition: an operator, a key and the values that it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// The condition key as it stands in the document.
    pub key: String,
    /// The values, any of which may match.
    pub values: Vec<String>,
}

/// Why a document is refused, with the place in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}{message}")]
pub struct Malformed {
    place: String,
    message: String,
}

impl Malformed {
    /// The statement that is meant, from 0; none where it is the document.
    pub(super) fn statement(&self) -> Option<usize> {
        self.place.strip_prefix("Statement[")?.split(']').next()?.parse().ok()
    }
}

fn malformed(place: &str, message: impl Into<String>) -> Malformed {
    let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
    Malformed { place, message: message.into() }
}

impl Document {
    /// Reads a document from JSON text. Members that stand twice are refused.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, Malformed> {
        let value = crate::json::strict(text.as_bytes()).map_err(|error| malformed("", error.to_string()))?;
        Self::from_value(kind, &value)
    }

    /// Reads a document from a JSON value.
    pub fn from_value(kind: Kind, value: &Value) -> Result<Self, Malformed> {
        let members = object("", value)?;
        known("", members, &["Version", "Id", "Statement"])?;
        let version = match members.get("Version") {
            None => Version::V2008,
            Some(Value::String(version)) if version == "2012-10-17" => Version::V2012,
            Some(Value::String(version)) if version == "2008-10-17" => Version::V2008,
            Some(_) => {
                return Err(malformed("Version", "must be \"2012-10-17\" or \"2008-10-17\""));
            }
        };
        let statements = match members.get("Statement") {
            None => return Err(malformed("", "there is no Statement")),
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(one) => vec![one],
        };
        let statements: Result<Vec<_>, _> = statements
            .into_iter()
            .enumerate()
            .map(|(at, statement)| {
                Statement::from_value(kind, version, &format!("Statement[{at}]"), statement)
            })
            .collect();
        Ok(Self { version, statements: statements? })
    }
}

impl Statement {
    fn from_value(kind: Kind, version: Version, place: &str, value: &Value) -> Result<Self, Malformed> {
        let members = object(place, value)?;
        let mut elements = vec!["Sid", "Effect", "Action", "NotAction", "Condition"];
        elements.extend(match kind {
            Kind::Identity => ["Resource", "NotResource"].as_slice(),
            Kind::Trust => ["Principal"].as_slice(),
        });
        known(place, members, &elements)?;
        let sid = match members.get("Sid") {
            None => None,
            Some(Value::String(sid)) => Some(sid.clone()),
            Some(_) => return Err(malformed(place, "Sid must be a string")),
        };
        let effect = match members.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(malformed(place, "Effect must be \"Allow\" or \"Deny\"")),
        };
        let principals = match kind {
            Kind::Identity => None,
            Kind::Trust => Some(principals(place, members.get("Principal"))?),
        };
        let resources = match kind {
            Kind::Trust => None,
            Kind::Identity => Some(matcher(place, members, "Resource", "NotResource", version)?),
        };
        let actions = matcher(place, members, "Action", "NotAction", version)?;
        for action in actions.patterns.iter().filter(|action| *action != "*") {
            if !action.contains(':') {
                return Err(malformed(place, format!("the action `{action}` names no service")));
            }
        }
        let conditions = conditions(place, members.get("Condition"))?;
        Ok(Self { sid, effect, principals, actions, resources, conditions })
    }
}

fn matcher(
    place: &str,
    members: &Map<String, Value>,
    name: &str,
    not_name: &str,
    version: Version,
) -> Result<Matcher, Malformed> {
    let (negated, value) = match (members.get(name), members.get(not_name)) {
        (Some(value), None) => (false, value),
        (None, Some(value)) => (true, value),
        _ => {
            return Err(malformed(place, format!("must have either {name} or {not_name}")));
        }
    };
    let patterns = strings(&format!("{place}.{name}"), value)?;
    if patterns.is_empty() {
        return Err(malformed(place, format!("{name} is empty")));
    }
    // Actions are matched without case and know no variables; both are settled here, once.
    let action = name == "Action";
    let parsed = patterns
        .iter()
        .map(|text| {
            if action {
                Pattern::new(&text.to_lowercase(), false)
            } else {
                Pattern::new(text, version == Version::V2012)
            }
        })
        .collect();
    Ok(Matcher { negated, patterns, parsed })
}

fn principals(place: &str, value: Option<&Value>) -> Result<Principals, Malformed> {
    let place = format!("{place}.Principal");
    match value {
        None => Err(malformed(&place, "a trust policy must name whom it trusts")),
        Some(Value::String(text)) if text == "*" => Ok(Principals::Everybody),
        Some(Value::Object(members)) => {
            known(&place, members, &["AWS", "Service", "Federated", "CanonicalUser"])?;
            let named = members.get("AWS").map_or(Ok(Vec::new()), |value| strings(&place, value))?;
            if named.iter().any(|name| name == "*") {
                return Ok(Principals::Everybody);
            }
            Ok(Principals::These(named))
        }
        Some(_) => Err(malformed(&place, "must be \"*\" or an object")),
    }
}

fn conditions(place: &str, value: Option<&Value>) -> Result<Vec<Condition>, Malformed> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let place = format!("{place}.Condition");
    let mut conditions = Vec::new();
    for (name, keys) in object(&place, value)? {
        let operator: Operator =
            name.parse().map_err(|()| malformed(&place, format!("`{name}` is no condition operator")))?;
        for (key, values) in object(&format!("{place}.{name}"), keys)? {
            let place = format!("{place}.{name}.{key}");
            let values = strings(&place, values)?;
            if values.is_empty() {
                return Err(malformed(&place, "there is no value to compare with"));
            }
            let is_bool =
                |text: &String| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
            if operator.comparison == Comparison::Null && !values.iter().all(is_bool) {
                return Err(malformed(&place, "Null takes \"true\" or \"false\""));
            }
            conditions.push(Condition { operator, key: key.clone(), values });
        }
    }
    Ok(conditions)
}

fn object<'a>(place: &str, value: &'a Value) -> Result<&'a Map<String, Value>, Malformed> {
    value.as_object().ok_or_else(|| malformed(place, "must be an object"))
}

fn known(place: &str, members: &Map<String, Value>, names: &[&str]) -> Result<(), Malformed> {
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(malformed(place, format!("`{name}` is no element of it"))),
    }
}

/// A string, or a list of them. Numbers and booleans may stand without quotes, as IAM lets them.
fn strings(place: &str, value: &Value) -> Result<Vec<String>, Malformed> {
    let items = match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.clone()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Number(value) => Ok(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                Err(malformed(place, "must be a string or a list of strings"))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iam_would_not_store_is_malformed() {
        let refused = |kind, text| Document::parse(kind, text).unwrap_err().to_string();
        let identity = |text| refused(Kind::Identity, text);
        let all = [
            identity("[]"),
            identity("{}"),
            identity(r#"{"Version": "2015-10-17", "Statement": []}"#),
            identity(r#"{"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}"#),
            identity(r#"{"Statement": [{"Effect": "Allow", "Action": "*"}]}"#),
            identity(r#"{"Statement": [{"Effect": "Allow", "Action": [], "Resource": "*"}]}"#),
            identity(r#"{"Statement": [{"Effect": "Allow", "Action": "GetItem", "Resource": "*"}]}"#),
            identity(
                r#"{"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}]}"#,
            ),
            identity(
                r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLikes": {}}}]}"#,
            ),
            identity(
                r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Effect": "Deny"}]}"#,
            ),
            identity(
                r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}]}"#,
            ),
            identity(
                r#"{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {"a:b": "yes"}}}]}"#,
            ),
            identity(
                r#"{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {"a:b": []}}}]}"#,
            ),
            identity(
                r#"{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"a:b": []}}}]}"#,
            ),
            refused(Kind::Trust, r#"{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}"#),
            refused(
                Kind::Trust,
                r#"{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": "*"}]}"#,
            ),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}
