//! Cases of one's own: a request, the policies that bear on it, and whether it should pass.
//!
//! The form is that of `tests/iam-vectors.json`, by which the evaluator itself is held to what AWS documents.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Context, Decision, Document, Kind, Layer, Policies, Request, StatementRef, Verdict};
use crate::json::{Step, locate, strict};
use crate::problem::{Place, Problems, Source, did_you_mean};

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// The identity's own policies.
    pub identity: Vec<Document>,
    /// The permissions boundary.
    pub boundary: Option<Document>,
    /// The session policy.
    pub session: Option<Document>,
    /// The action, such as `dynamodb:GetItem`.
    pub action: String,
    /// The ARN of the resource.
    pub resource: String,
    /// The condition keys of the request.
    pub context: Context,
    /// Whether the request should pass.
    pub allowed: bool,
    at: usize,
}

/// The members of a case. `source` is where a rule comes from; nobody judges it.
const MEMBERS: [&str; 9] = [
    "name",
    "identity_policies",
    "boundary",
    "session_policy",
    "action",
    "resource",
    "context",
    "allowed",
    "source",
];

impl Case {
    /// Reads a list of cases. All that is wrong with it is said at once.
    pub fn read_all(source: &Arc<Source>) -> Result<Vec<Self>, Problems> {
        let value = strict(source.text().as_bytes()).map_err(|error| {
            let before = source.text().split_inclusive('\n').take(error.line().saturating_sub(1));
            let at = before.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
            Problems::from(source.problem(at..at + 1, format!("is no JSON: {error}")))
        })?;
        let Value::Array(cases) = value else {
            let problem = source.problem(0..source.text().len().min(1), "must be a list of cases");
            return Err(problem.hint("write `[{\"name\": …, \"identity_policies\": […], …}]`").into());
        };
        let mut reader = Reader { source, problems: Problems::default() };
        let cases: Vec<_> = cases.iter().enumerate().filter_map(|(at, case)| reader.case(at, case)).collect();
        reader.problems.or(cases)
    }

    /// How the evaluator judges it.
    pub fn judge(&self) -> Decision {
        let policies = Policies {
            identity: &self.identity,
            boundary: self.boundary.as_ref(),
            session: self.session.as_ref(),
        };
        let request = Request { action: &self.action, resource: &self.resource, context: &self.context };
        policies.evaluate(&request)
    }

    /// Where the case stands.
    pub fn place(&self, source: &Arc<Source>) -> Place {
        place(source, &[Step::Element(self.at)])
    }

    /// Why it was judged so: the statements that decided, or the layer that has none.
    pub fn because(&self, source: &Arc<Source>, decision: &Decision) -> String {
        match decision.verdict {
            Verdict::Allowed => {
                let by: Vec<_> = decision.by.iter().map(|it| self.name_of(source, *it)).collect();
                format!("allowed by {}", by.join(" and "))
            }
            Verdict::ExplicitlyDenied => {
                let by = decision.by.first().map(|it| self.name_of(source, *it)).unwrap_or_default();
                format!("denied by {by}")
            }
            Verdict::ImplicitlyDenied(layer) => {
                let none = match layer {
                    Layer::Identity => "identity policy",
                    Layer::Boundary => "boundary",
                    Layer::Session => "session policy",
                };
                format!("denied: no Allow in the {none} speaks of it")
            }
        }
    }

    /// What a statement is called: layer, place in it, line and `Sid`.
    fn name_of(&self, source: &Arc<Source>, by: StatementRef) -> String {
        let StatementRef { layer, document, statement } = by;
        let (mut path, documents, layer) = match layer {
            Layer::Identity => (
                vec![Step::Member("identity_policies"), Step::Element(document)],
                self.identity.get(document),
                format!("identity policy {document}"),
            ),
            Layer::Boundary => {
                (vec![Step::Member("boundary")], self.boundary.as_ref(), "boundary".to_owned())
            }
            Layer::Session => {
                (vec![Step::Member("session_policy")], self.session.as_ref(), "session policy".to_owned())
            }
        };
        path.splice(0..0, [Step::Element(self.at)]);
        path.push(Step::Member("Statement"));
        let is_list = locate(source.text(), &path)
            .and_then(|span| source.text().get(span))
            .is_some_and(|text| text.starts_with('['));
        if is_list {
            path.push(Step::Element(statement));
        }
        let line = place(source, &path).line().unwrap_or_default();
        let sid = documents.and_then(|it| it.statements.get(statement)?.sid.clone());
        let sid = sid.map_or_else(String::new, |sid| format!(" {sid}"));
        format!("{layer}, statement {statement} ({}:{line}{sid})", source.name())
    }
}

/// Where a part stands; where nothing stands there, the whole.
fn place(source: &Arc<Source>, path: &[Step<'_>]) -> Place {
    let span = locate(source.text(), path).unwrap_or(0..0);
    let first_line = source.text().get(span.clone()).and_then(|text| text.lines().next());
    source.place(span.start..span.start + first_line.map_or(0, |line| line.trim_end().len()))
}

/// A case's members, and its place in the list.
type Members<'v> = (usize, &'v Map<String, Value>);

struct Reader<'a> {
    source: &'a Arc<Source>,
    problems: Problems,
}

impl Reader<'_> {
    fn report(&mut self, path: &[Step<'_>], message: impl Into<String>, hint: &str) {
        self.problems.push(place(self.source, path).problem(message).hint(hint));
    }

    fn case(&mut self, at: usize, value: &Value) -> Option<Case> {
        let here = [Step::Element(at)];
        let Some(members) = value.as_object() else {
            self.report(&here, "a case must be an object", "write `{\"name\": …, \"action\": …, …}`");
            return None;
        };
        for name in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
            let hint = did_you_mean(name, MEMBERS);
            self.report(
                &[Step::Element(at), Step::Member(name)],
                format!("`{name}` is no member of a case"),
                &hint,
            );
        }
        let of = (at, members);
        let name = self.text(of, "name");
        let action = self.text(of, "action");
        let resource = self.text(of, "resource");
        let identity = self.identity(of);
        let boundary = self.optional(of, "boundary");
        let session = self.optional(of, "session_policy");
        let context = self.context(of);
        let allowed = self.member(of, "allowed", "write `true` or `false`", Value::as_bool);
        Some(Case {
            name: name?,
            identity: identity?,
            boundary,
            session,
            action: action?,
            resource: resource?,
            context: context?,
            allowed: allowed?,
            at,
        })
    }

    /// A member that must be there and of a kind.
    fn member<'v, T>(
        &mut self,
        (at, members): Members<'v>,
        name: &str,
        hint: &str,
        read: impl Fn(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = members.get(name) else {
            self.report(&[Step::Element(at)], format!("`{name}` is missing"), hint);
            return None;
        };
        let read = read(value);
        if read.is_none() {
            self.report(&[Step::Element(at), Step::Member(name)], format!("`{name}` cannot be used"), hint);
        }
        read
    }

    fn text(&mut self, of: Members<'_>, name: &str) -> Option<String> {
        self.member(of, name, "write a string", |value| value.as_str().map(str::to_owned))
    }

    fn identity(&mut self, of: Members<'_>) -> Option<Vec<Document>> {
        let hint = "write a list of policy documents";
        let documents = self.member(of, "identity_policies", hint, Value::as_array)?;
        let read: Vec<_> = documents
            .iter()
            .enumerate()
            .map(|(nth, value)| {
                self.document(
                    &[Step::Element(of.0), Step::Member("identity_policies"), Step::Element(nth)],
                    value,
                )
            })
            .collect();
        read.into_iter().collect()
    }

    /// A document that may be absent or null.
    fn optional(&mut self, of: Members<'_>, name: &str) -> Option<Document> {
        let value = of.1.get(name).filter(|value| !value.is_null())?;
        self.document(&[Step::Element(of.0), Step::Member(name)], value)
    }

    fn document(&mut self, path: &[Step<'_>], value: &Value) -> Option<Document> {
        match Document::from_value(Kind::Identity, value) {
            Ok(document) => Some(document),
            Err(error) => {
                let hint = "IAM would not store it so";
                self.report(path, format!("is no policy document: {error}"), hint);
                None
            }
        }
    }

    fn context(&mut self, of: Members<'_>) -> Option<Context> {
        let hint =
            "write an object of condition keys, such as `{\"dynamodb:LeadingKeys\": [\"TENANT#acme#1\"]}`";
        let keys = self.member(of, "context", hint, Value::as_object)?;
        let mut context = Context::default();
        for (key, value) in keys {
            let texts: Option<Vec<String>> = match value {
                Value::String(text) => Some(vec![text.clone()]),
                Value::Array(texts) => texts.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
            };
            if texts.is_none() {
                let path = [Step::Element(of.0), Step::Member("context"), Step::Member(key)];
                let hint = "write a string or a list of strings; IAM's condition keys are texts";
                self.report(&path, format!("the value of `{key}` cannot be used"), hint);
            }
            context.set_all(key, texts.unwrap_or_default());
        }
        Some(context)
    }
}
