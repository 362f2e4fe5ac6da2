//! Policy templates: `{{name}}` in the string leaves of a JSON document.
//!
//! Values are put into parsed JSON, never into text, so that no value can change the document's structure. Braces
//! are doubled because IAM keeps `${…}` for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;

use super::{Document, Kind, Malformed};
use crate::problem::{Problem, Problems, Source, did_you_mean};

/// The most characters of a session policy's plain text (*IAM and AWS STS quotas*). The packed limit, which STS
/// alone can measure, may be hit before it.
pub const MAX_SESSION_POLICY_CHARS: usize = 2048;

/// A JSON document with variables.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<Source>,
    value: Value,
}

/// The values of a tenant's variables: `tenant`, `account`, `region`, `partition`, `table.NAME`.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

/// A template whose variables are filled in, and that is a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The document as compact JSON: what STS gets.
    pub text: String,
    /// The document as the evaluator reads it.
    pub document: Document,
}

/// Why a template does not become a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// A variable has no value.
    #[error("the variable `{{{{{0}}}}}` has no value")]
    Unknown(String),
    /// The document is no policy.
    #[error("it is no policy: {0}")]
    Malformed(#[from] Malformed),
}

impl Variables {
    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A JSON value with these in the place of its variables.
    pub fn fill(&self, value: &Value) -> Result<Value, TemplateError> {
        fill(value, self)
    }
}

impl Template {
    /// Reads a template, and refuses variables that are not among `known`.
    pub fn parse(source: &Arc<Source>, known: &BTreeSet<String>) -> Result<Self, Problems> {
        let value = crate::json::strict(source.text().as_bytes()).map_err(|error| {
            let line_start: usize =
                source.text().split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let at = line_start + error.column().saturating_sub(1);
            Problems::from(source.problem(at..at + 1, format!("is no JSON: {error}")))
        })?;
        unknown_variables(source, known).or(Self { source: Arc::clone(source), value })
    }

    /// The file that it was read from.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The names of the variables that it uses.
    pub fn variables(&self) -> BTreeSet<&str> {
        let mut rest = self.source.text();
        let mut names = BTreeSet::new();
        while let Some((_, name, after)) = next_variable(rest) {
            names.insert(name);
            rest = after;
        }
        names
    }

    /// The document as it was written.
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// The document with its variables filled in, as JSON.
    pub fn fill(&self, variables: &Variables) -> Result<Value, TemplateError> {
        fill(&self.value, variables)
    }

    /// The document with its variables filled in, as a policy.
    pub fn render(&self, kind: Kind, variables: &Variables) -> Result<Rendered, TemplateError> {
        let value = self.fill(variables)?;
        let document = Document::from_value(kind, &value)?;
        Ok(Rendered { text: value.to_string(), document })
    }
}

impl Rendered {
    /// The length that STS counts, in characters.
    pub fn chars(&self) -> usize {
        self.text.chars().count()
    }
}

/// Puts values in the place of variables in one string.
pub(super) fn fill_text(text: &str, variables: &Variables) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, name, after)) = next_variable(rest) {
        let value = variables.0.get(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn fill(value: &Value, variables: &Variables) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::String(text) => Value::String(fill_text(text, variables)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, variables)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill(value, variables)?)))
                .collect::<Result<_, TemplateError>>()?,
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

/// What stands before the first variable of a text, its name, and what follows it.
fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name, after))
}

fn unknown_variables(source: &Arc<Source>, known: &BTreeSet<String>) -> Problems {
    let text = source.text();
    let mut rest = text;
    let mut problems: Vec<Problem> = Vec::new();
    while let Some((_, name, after)) = next_variable(rest) {
        if !known.contains(name) {
            let end = text.len() - after.len();
            let span = end - name.len() - 4..end;
            let hint = did_you_mean(name, known.iter().map(String::as_str));
            problems.push(source.problem(span, format!("`{{{{{name}}}}}` is no variable")).hint(hint));
        }
        rest = after;
    }
    problems.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeSet<String> {
        ["tenant", "account", "table.main"].map(str::to_owned).into()
    }

    #[test]
    fn values_are_put_into_leaves_and_cannot_change_the_structure() {
        let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem",
            "Resource": "arn:aws:dynamodb:*:{{account}}:table/{{table.main}}", "Condition": {"Bool": {"a": true}}}}"#;
        let template = Template::parse(&Source::new("a.json", text), &known()).unwrap();
        let mut variables = Variables::default();
        variables.set("account", "1");
        variables.set("table.main", r#"x"], "Effect": "Deny"#);
        let rendered = template.render(Kind::Identity, &variables).unwrap();
        let resource = &rendered.document.statements[0].resources.as_ref().unwrap().patterns[0];
        assert_eq!(resource, r#"arn:aws:dynamodb:*:1:table/x"], "Effect": "Deny"#);
        assert_eq!(rendered.document.statements.len(), 1);
    }

    #[test]
    fn an_unknown_variable_is_shown_where_it_stands() {
        let source = Source::new("a.json", "{\n  \"Resource\": \"{{tenat}}/{{table.main}}/{{x}}\"\n}");
        insta::assert_snapshot!(Template::parse(&source, &known()).unwrap_err());
        let source = Source::new("a.json", "{\n  \"a\": 1,\n  \"a\": 2\n}");
        insta::assert_snapshot!(Template::parse(&source, &known()).unwrap_err());
    }
}
