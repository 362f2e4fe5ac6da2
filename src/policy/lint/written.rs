//! A document as it was written: its statements and their parts, each with its place in the file.

use std::sync::Arc;

use serde_json::Value;

use super::{listed, too_wide};
use crate::json::Step;
use crate::policy::document::{Condition, Statement as Parsed};
use crate::policy::pattern::{Match, Pattern};
use crate::policy::{Context, Document, DocumentAt, Effect, Finding, Kind, Rule, Version};
use crate::problem::{Place, Source};

/// A document with its variables still in it.
#[derive(Debug)]
pub(super) struct Written<'a> {
    source: &'a Arc<Source>,
    at: DocumentAt,
    raw: Vec<&'a Value>,
    document: Document,
}

/// A statement of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    written: &'a Written<'a>,
    at: usize,
    raw: &'a Value,
    parsed: &'a Parsed,
}

/// A string in the list of one of a statement's elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The text.
    pub(super) text: &'a str,
    pattern: &'a Pattern,
    statement: Statement<'a>,
    element: &'static str,
    at: usize,
}

/// A condition of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clause<'a> {
    /// The statement that it belongs to.
    pub(super) statement: Statement<'a>,
    /// The operator as it is written.
    pub(super) operator: &'a str,
    /// What it says.
    pub(super) condition: &'a Condition,
}

impl<'a> Written<'a> {
    /// Reads a document, or says why it is none.
    pub(super) fn read(
        source: &'a Arc<Source>,
        at: DocumentAt,
        value: &'a Value,
    ) -> Result<Self, Vec<Finding>> {
        let raw: Vec<_> = listed(value.get("Statement")).iter().collect();
        let everybody_else: Vec<_> =
            raw.iter().enumerate().filter_map(|(index, it)| not_principal(source, at, index, it)).collect();
        if !everybody_else.is_empty() {
            return Err(everybody_else);
        }
        match Document::from_value(at.kind(), value) {
            Ok(document) => Ok(Self { source, at, raw, document }),
            Err(malformed) => {
                let place = match malformed.statement() {
                    Some(index) => at.statement(source, index),
                    None => at.place(source),
                };
                let problem =
                    place.problem(format!("this is no policy, so nothing is known of it: {malformed}"));
                Err(vec![Finding::error(Rule::Undecided, problem)])
            }
        }
    }

    /// What it is attached to.
    pub(super) fn kind(&self) -> Kind {
        self.at.kind()
    }

    /// Its place, for what is wrong with all of it.
    pub(super) fn place(&self) -> Place {
        self.at.place(self.source)
    }

    /// Its statements.
    pub(super) fn statements(&self) -> impl Iterator<Item = Statement<'_>> {
        let statements = self.raw.iter().zip(&self.document.statements).enumerate();
        statements.map(|(at, (raw, parsed))| Statement { written: self, at, raw, parsed })
    }
}

/// `NotPrincipal` with `Allow`, which no reader of ours takes, and which deserves better than "no element of it".
fn not_principal(source: &Arc<Source>, at: DocumentAt, index: usize, raw: &Value) -> Option<Finding> {
    let allows = raw.get("Effect").and_then(Value::as_str) == Some("Allow");
    if at.kind() != Kind::Trust || !allows || raw.get("NotPrincipal").is_none() {
        return None;
    }
    let place = at.member_name(source, index, &[Step::Member("NotPrincipal")]);
    let problem = place
        .problem("`NotPrincipal` trusts everybody but those that it names")
        .hint("write `Principal` with the gateway's role");
    Some(Finding::error(too_wide(at.kind()), problem))
}

impl<'a> Statement<'a> {
    /// What the document is attached to.
    pub(super) fn kind(self) -> Kind {
        self.written.kind()
    }

    /// Whether it lets requests through by itself. A permissions boundary's does not.
    pub(super) fn grants(self) -> bool {
        self.parsed.effect == Effect::Allow && self.written.at != DocumentAt::Boundary
    }

    /// Whether `${…}` is a variable in it.
    pub(super) fn has_variables(self) -> bool {
        self.written.document.version == Version::V2012
    }

    /// Whether it has `NotAction`.
    pub(super) fn excludes_actions(self) -> bool {
        self.parsed.actions.negated
    }

    /// Whether it has `NotResource`.
    pub(super) fn excludes_resources(self) -> bool {
        self.parsed.resources.as_ref().is_some_and(|resources| resources.negated)
    }

    /// What stands under `Action` or `NotAction`.
    pub(super) fn actions(self) -> impl Iterator<Item = Entry<'a>> {
        let actions = &self.parsed.actions;
        let element = if actions.negated { "NotAction" } else { "Action" };
        self.entries(element, &actions.patterns, &actions.parsed)
    }

    /// What stands under `Resource` or `NotResource`.
    pub(super) fn resources(self) -> impl Iterator<Item = Entry<'a>> {
        let (element, patterns, parsed) = match &self.parsed.resources {
            None => ("Resource", [].as_slice(), [].as_slice()),
            Some(it) => (
                if it.negated { "NotResource" } else { "Resource" },
                it.patterns.as_slice(),
                it.parsed.as_slice(),
            ),
        };
        self.entries(element, patterns, parsed)
    }

    fn entries(
        self,
        element: &'static str,
        texts: &'a [String],
        patterns: &'a [Pattern],
    ) -> impl Iterator<Item = Entry<'a>> {
        let both = texts.iter().zip(patterns).enumerate();
        both.map(move |(at, (text, pattern))| Entry { text, pattern, statement: self, element, at })
    }

    /// Whether an action is among those that it speaks of.
    pub(super) fn names_action(self, action: &str) -> bool {
        self.actions().any(|entry| entry.covers_action(action)) != self.excludes_actions()
    }

    /// Its conditions, in their order.
    pub(super) fn clauses(self) -> impl Iterator<Item = Clause<'a>> {
        let operators = self.raw.get("Condition").and_then(Value::as_object).into_iter().flatten();
        let names = operators.flat_map(|(operator, keys)| {
            keys.as_object().into_iter().flatten().map(move |_key| operator.as_str())
        });
        names.zip(&self.parsed.conditions).map(move |(operator, condition)| Clause {
            statement: self,
            operator,
            condition,
        })
    }

    /// Whether it lets nothing through where a key, taken without case, has no value.
    pub(super) fn needs_key(self, key: impl Fn(&str) -> bool) -> bool {
        self.parsed.conditions.iter().any(|condition| condition.needs_its_key() && key(&condition.key))
    }

    /// Where the name of an element stands, such as `NotAction`.
    pub(super) fn element_place(self, element: &str) -> Place {
        self.written.at.member_name(self.written.source, self.at, &[Step::Member(element)])
    }

    /// Where the value of an element stands, on its first line.
    pub(super) fn value_place(self, element: &str, at: usize) -> Place {
        self.item_place(&[Step::Member(element)], self.raw.get(element), at)
    }

    /// Where a string stands that is the value at a path or one of the list there.
    fn item_place(self, path: &[Step<'_>], value: Option<&Value>, at: usize) -> Place {
        let mut path = path.to_vec();
        if value.is_some_and(Value::is_array) {
            path.push(Step::Element(at));
        }
        self.written.at.part(self.written.source, self.at, &path)
    }
}

impl Entry<'_> {
    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        self.statement.value_place(self.element, self.at)
    }

    /// Whether it holds a wildcard.
    pub(super) fn has_wildcard(&self) -> bool {
        self.text.contains(['*', '?'])
    }

    /// Whether an action is one of those that it means.
    pub(super) fn covers_action(&self, action: &str) -> bool {
        self.pattern.matches(&action.to_lowercase(), Match::Like, &Context::default()).unwrap_or(false)
    }
}

impl<'a> Clause<'a> {
    /// Its condition key, as it is written.
    pub(super) fn key(&self) -> &'a str {
        &self.condition.key
    }

    /// Where its operator stands.
    pub(super) fn operator_place(&self) -> Place {
        let path = [Step::Member("Condition"), Step::Member(self.operator)];
        self.statement.written.at.member_name(self.statement.written.source, self.statement.at, &path)
    }

    /// Where its key stands.
    pub(super) fn key_place(&self) -> Place {
        let path = self.path();
        self.statement.written.at.member_name(self.statement.written.source, self.statement.at, &path)
    }

    /// Where one of its values stands.
    pub(super) fn value_place(&self, at: usize) -> Place {
        let values =
            self.statement.raw.get("Condition").and_then(|it| it.get(self.operator)?.get(self.key()));
        self.statement.item_place(&self.path(), values, at)
    }

    fn path(&self) -> [Step<'a>; 3] {
        [Step::Member("Condition"), Step::Member(self.operator), Step::Member(self.key())]
    }
}
