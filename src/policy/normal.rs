//! Policy documents in the one form that all their spellings share, and what tells two of them apart.
//!
//! IAM keeps a document as it was written. A string for a list of one, the order of statements and lists, the case of
//! actions and condition keys, `Sid` and `Id`, `*` for `{"AWS": "*"}`, an account for its root: none of that means
//! anything. JSON is compared here and not [`super::Document`]s: these keep of a principal only what the gateway could
//! be, and a `Federated` one that somebody has added must be seen.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use thiserror::Error;

/// A statement in its normal form.
#[derive(Debug, Clone)]
pub struct Normal {
    /// The place of its document among those that are compared, from 0.
    pub document: usize,
    /// Its place in the document, from 0.
    pub statement: usize,
    /// `Sid`, which is not compared.
    pub sid: Option<String>,
    /// Each element's parts, as text. The document's version is an element of each statement.
    elements: BTreeMap<String, BTreeSet<String>>,
}

/// What tells two sets of statements apart.
#[derive(Debug, Clone)]
pub enum Difference<'a> {
    /// It is declared, and not deployed.
    Missing(&'a Normal),
    /// It is deployed, and not declared.
    Extra(&'a Normal),
    /// Both have it, and it is not the same.
    Changed {
        /// As it is declared.
        declared: &'a Normal,
        /// As it is deployed.
        deployed: &'a Normal,
        /// The elements that differ.
        elements: Vec<ElementDifference>,
    },
}

/// What tells two spellings of an element apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementDifference {
    /// `Action`, `Condition`, …
    pub name: String,
    /// The parts that are only declared.
    pub declared: Vec<String>,
    /// The parts that are only deployed.
    pub deployed: Vec<String>,
}

/// A JSON value is no policy document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it is no policy document: {0}")]
pub struct NoDocument(&'static str);

/// How many elements two statements must share to be called one that was changed, where no `Sid` says so.
const ALIKE: usize = 3;

impl Normal {
    /// The statements of a document. `document` is its place among those that are compared.
    pub fn of(document: usize, value: &Value) -> Result<Vec<Self>, NoDocument> {
        let members = value.as_object().ok_or(NoDocument("it is no object"))?;
        let version = members.get("Version").and_then(Value::as_str).unwrap_or("2008-10-17");
        let statements = match members.get("Statement") {
            None => return Err(NoDocument("it has no Statement")),
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(one) => vec![one],
        };
        let normal = |(statement, value): (usize, &Value)| {
            let members = value.as_object().ok_or(NoDocument("a statement is no object"))?;
            let sid = members.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
            let mut elements = elements(members);
            elements.insert("Version".to_owned(), BTreeSet::from([version.to_owned()]));
            Ok(Self { document, statement, sid: sid.map(str::to_owned), elements })
        };
        statements.into_iter().enumerate().map(normal).collect()
    }

    /// The statement in one line, for a message.
    pub fn summary(&self) -> String {
        let elements = self.elements.iter().filter(|(name, _)| *name != "Version");
        let texts: Vec<_> =
            elements.map(|(name, parts)| format!("{name} {}", joined(parts.iter()))).collect();
        texts.join("; ")
    }

    fn same_as(&self, other: &Self) -> bool {
        self.elements == other.elements
    }

    fn alike(&self, other: &Self) -> usize {
        self.elements.iter().filter(|(name, parts)| other.elements.get(*name) == Some(parts)).count()
    }

    fn differences(&self, deployed: &Self) -> Vec<ElementDifference> {
        let names: BTreeSet<_> = self.elements.keys().chain(deployed.elements.keys()).collect();
        let none = BTreeSet::new();
        let difference = |name: &String| {
            let one = self.elements.get(name).unwrap_or(&none);
            let other = deployed.elements.get(name).unwrap_or(&none);
            (one != other).then(|| ElementDifference {
                name: name.clone(),
                declared: one.difference(other).cloned().collect(),
                deployed: other.difference(one).cloned().collect(),
            })
        };
        names.into_iter().filter_map(difference).collect()
    }
}

/// What tells the statements that are declared from those that are deployed. In which document of a role a statement
/// stands means nothing: each of them allows and denies alike.
pub fn compare<'a>(declared: &'a [Normal], deployed: &'a [Normal]) -> Vec<Difference<'a>> {
    let without = |these: &'a [Normal], those: &[Normal]| -> Vec<&'a Normal> {
        these.iter().filter(|it| !those.iter().any(|other| it.same_as(other))).collect()
    };
    let missing = without(declared, deployed);
    let mut extra = without(deployed, declared);
    let mut differences = Vec::new();
    for declared in missing {
        let same_sid = extra.iter().position(|it| it.sid.is_some() && it.sid == declared.sid);
        let likest = || {
            let each = extra.iter().enumerate().map(|(at, it)| (declared.alike(it), at));
            each.filter(|(alike, _)| *alike >= ALIKE).max_by_key(|(alike, _)| *alike).map(|(_, at)| at)
        };
        differences.push(match same_sid.or_else(likest) {
            None => Difference::Missing(declared),
            Some(at) => {
                let deployed = extra.remove(at);
                Difference::Changed { declared, deployed, elements: declared.differences(deployed) }
            }
        });
    }
    differences.extend(extra.into_iter().map(Difference::Extra));
    differences
}

impl std::fmt::Display for ElementDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, declared, deployed } = self;
        match (declared.is_empty(), deployed.is_empty()) {
            (false, true) => write!(f, "{name} lacks {}", joined(declared.iter())),
            (true, _) => write!(f, "{name} has {} besides", joined(deployed.iter())),
            (false, false) => {
                write!(
                    f,
                    "{name} has {} in the place of {}",
                    joined(deployed.iter()),
                    joined(declared.iter())
                )
            }
        }
    }
}

fn joined<'a>(parts: impl Iterator<Item = &'a String>) -> String {
    let quoted: Vec<_> = parts.map(|part| format!("`{part}`")).collect();
    quoted.join(", ")
}

fn elements(members: &Map<String, Value>) -> BTreeMap<String, BTreeSet<String>> {
    let known = |(name, value): (&String, &Value)| {
        let parts = match name.as_str() {
            "Sid" => return None,
            // Actions are matched without case.
            "Action" | "NotAction" => texts(value).map(|text| text.to_lowercase()).collect(),
            "Principal" | "NotPrincipal" => principals(value),
            "Condition" => conditions(value),
            _ => texts(value).collect(),
        };
        Some((name.clone(), parts))
    };
    members.iter().filter_map(known).filter(|(_, parts): &(_, BTreeSet<_>)| !parts.is_empty()).collect()
}

/// `AWS arn:…`, `Service …`, `Federated …`.
fn principals(value: &Value) -> BTreeSet<String> {
    let Some(kinds) = value.as_object() else {
        return texts(value).map(|text| format!("AWS {text}")).collect();
    };
    let one =
        |kind: &str, text: String| match text.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next()) {
            // An account and its root are one principal.
            Some(account) if kind == "AWS" => format!("AWS {account}"),
            _ => format!("{kind} {text}"),
        };
    kinds.iter().flat_map(|(kind, names)| texts(names).map(move |text| one(kind, text))).collect()
}

/// `StringLike aws:requesttag/tenant ["?*"]`.
fn conditions(value: &Value) -> BTreeSet<String> {
    let Some(operators) = value.as_object() else { return texts(value).collect() };
    let mut parts = BTreeSet::new();
    for (operator, keys) in operators {
        let Some(keys) = keys.as_object() else {
            parts.insert(format!("{operator} {keys}"));
            continue;
        };
        // `true` and `"True"` are one value to these two.
        let is_bool = operator == "Null" || operator.trim_start_matches("ForAnyValue:").starts_with("Bool");
        for (key, values) in keys {
            let texts: BTreeSet<_> =
                texts(values).map(|text| if is_bool { text.to_lowercase() } else { text }).collect();
            let list: Vec<_> = texts.into_iter().map(Value::String).collect();
            parts.insert(format!("{operator} {} {}", key.to_lowercase(), Value::Array(list)));
        }
    }
    parts
}

/// A string, or the strings of a list. Whatever else stands there, stands as its JSON.
fn texts(value: &Value) -> impl Iterator<Item = String> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(declared: &Value, deployed: &Value) -> String {
        let normal = |value| Normal::of(0, value).unwrap();
        let (declared, deployed) = (normal(declared), normal(deployed));
        let text = |difference: Difference<'_>| match difference {
            Difference::Missing(statement) => format!("missing {}", statement.summary()),
            Difference::Extra(statement) => format!("extra {}", statement.summary()),
            Difference::Changed { elements, .. } => {
                let elements: Vec<_> = elements.iter().map(ToString::to_string).collect();
                format!("changed {}", elements.join("; "))
            }
        };
        let texts: Vec<_> = compare(&declared, &deployed).into_iter().map(text).collect();
        texts.join("\n")
    }

    #[test]
    fn spellings_of_one_document_do_not_differ() {
        let declared = json!({"Version": "2012-10-17", "Id": "x", "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
             "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
             "Condition": {"StringLike": {"aws:RequestTag/tenant": ["b", "a"]}, "Null": {"x:Y": "false"}}},
            {"Effect": "Deny", "Action": "*", "Principal": "*"},
        ]});
        let deployed = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "B", "Effect": "Deny", "Action": ["*"], "Principal": {"AWS": ["*"]}},
            {"Effect": "Allow", "Action": ["STS:tagsession", "sts:assumerole"],
             "Principal": {"AWS": ["111122223333"]},
             "Condition": {"Null": {"X:y": false}, "StringLike": {"AWS:requestTag/Tenant": ["a", "b"]}}},
        ]});
        assert_eq!(differences(&declared, &deployed), "");
    }

    #[test]
    fn what_means_something_differs() {
        let statement = |change: Value| {
            let mut statement =
                json!({"Sid": "A", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "r"});
            statement.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            json!({"Version": "2012-10-17", "Statement": statement})
        };
        let declared = statement(json!({"Condition": {"Null": {"k": "false"}}}));
        let mut older = declared.clone();
        older.as_object_mut().unwrap().remove("Version");
        let trust = |principal: Value| json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}});
        let two = json!({"Version": "2012-10-17", "Statement": [
            declared["Statement"], {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
        let all = [
            differences(&declared, &statement(json!({}))),
            differences(&declared, &statement(json!({"Condition": {"Null": {"k": "true"}}}))),
            differences(
                &declared,
                &statement(json!({"Condition": {"Null": {"k": "false"}}, "Resource": "R"})),
            ),
            differences(&declared, &older),
            differences(&declared, &two),
            differences(&two, &declared),
            differences(&trust(json!({"Service": "a"})), &trust(json!({"Service": "a", "Federated": "b"}))),
        ];
        insta::assert_snapshot!(all.join("\n"));
        assert!(Normal::of(0, &json!([])).is_err() && Normal::of(0, &json!({})).is_err());
    }
}
