//! Where a part of a policy stands in its file.

use std::sync::Arc;

use serde_json::Value;

use super::Kind;
use crate::json::{Step, locate, locate_name, strict};
use crate::problem::{Place, Source};

/// A document, by its place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentAt {
    /// The whole file is one: `policies/NAME.json`.
    Whole,
    /// The document of one of a role's `Policies`, from 0.
    RolePolicy(usize),
    /// A role's `PermissionsBoundary`.
    Boundary,
    /// A role's `AssumeRolePolicyDocument`.
    Trust,
}

impl DocumentAt {
    fn path(self) -> Vec<Step<'static>> {
        match self {
            Self::Whole => Vec::new(),
            Self::RolePolicy(at) => {
                vec![Step::Member("Policies"), Step::Element(at), Step::Member("PolicyDocument")]
            }
            Self::Boundary => vec![Step::Member("PermissionsBoundary")],
            Self::Trust => vec![Step::Member("AssumeRolePolicyDocument")],
        }
    }

    /// What the document is attached to.
    pub fn kind(self) -> Kind {
        match self {
            Self::Whole | Self::RolePolicy(_) | Self::Boundary => Kind::Identity,
            Self::Trust => Kind::Trust,
        }
    }

    /// Where the document stands in a file.
    pub fn place(self, source: &Arc<Source>) -> Place {
        found(source, &self.path())
    }

    /// Where its statement stands, from 0. A single statement may stand without a list.
    pub fn statement(self, source: &Arc<Source>, statement: usize) -> Place {
        found(source, &self.statement_path(source, statement))
    }

    /// Where a part of its statement stands, such as `[Member("Condition"), Member("Null")]`; the statement itself, where
    /// it has no such part.
    pub fn part(self, source: &Arc<Source>, statement: usize, part: &[Step<'_>]) -> Place {
        let path = self.statement_path(source, statement);
        let whole: Vec<_> = path.iter().chain(part).copied().collect();
        match locate(source.text(), &whole) {
            Some(span) => source.place(span),
            None => found(source, &path),
        }
    }

    /// Where its statement says something of a condition key, other than whether it is there; the statement itself,
    /// where it does not.
    pub fn condition(self, source: &Arc<Source>, statement: usize, key: &str) -> Place {
        let mut path = self.statement_path(source, statement);
        path.push(Step::Member("Condition"));
        let text = locate(source.text(), &path).and_then(|span| source.text().get(span));
        let conditions = text.and_then(|text| strict(text.as_bytes()).ok());
        let found = conditions.as_ref().and_then(Value::as_object).into_iter().flatten().find_map(
            |(operator, keys)| {
                let named = keys.as_object()?.keys().find(|named| named.eq_ignore_ascii_case(key))?;
                (operator != "Null").then_some((operator.as_str(), named.as_str()))
            },
        );
        match found {
            Some((operator, named)) => {
                let part = [Step::Member("Condition"), Step::Member(operator), Step::Member(named)];
                self.part(source, statement, &part)
            }
            None => self.statement(source, statement),
        }
    }

    /// Where the name of a member of its statement stands, such as that of a condition key; the statement itself, where it
    /// has no such member.
    pub fn member_name(self, source: &Arc<Source>, statement: usize, member: &[Step<'_>]) -> Place {
        let path = self.statement_path(source, statement);
        let whole: Vec<_> = path.iter().chain(member).copied().collect();
        match locate_name(source.text(), &whole) {
            Some(span) => source.place(span),
            None => found(source, &path),
        }
    }

    /// What a statement is called in a text: file, line and `Sid`.
    pub fn name_of(self, source: &Arc<Source>, statement: usize) -> String {
        let place = self.statement(source, statement);
        let sid = locate(
            source.text(),
            &[self.statement_path(source, statement), vec![Step::Member("Sid")]].concat(),
        );
        let sid = sid.and_then(|span| serde_json::from_str::<String>(source.text().get(span)?).ok());
        let line = place.line().map_or_else(String::new, |line| format!(":{line}"));
        let sid = sid.map_or_else(String::new, |sid| format!(" {sid}"));
        format!("{}{line}{sid}", source.name())
    }

    fn statement_path(self, source: &Arc<Source>, statement: usize) -> Vec<Step<'static>> {
        let mut path = self.path();
        path.push(Step::Member("Statement"));
        let text = locate(source.text(), &path).and_then(|span| source.text().get(span));
        let is_list = text
            .and_then(|text| strict(text.as_bytes()).ok())
            .is_some_and(|it| matches!(it, Value::Array(_)));
        if is_list {
            path.push(Step::Element(statement));
        }
        path
    }
}

/// The first line of what stands at a path; of the whole file, if nothing does.
fn found(source: &Arc<Source>, path: &[Step<'_>]) -> Place {
    let span = locate(source.text(), path).unwrap_or(0..0);
    let text = source.text().get(span.clone()).unwrap_or_default();
    let first_line = text.split('\n').next().unwrap_or_default();
    source.place(span.start..span.start + first_line.trim_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_called_by_file_line_and_sid() {
        let text = "{\n \"Policies\": [{\"PolicyDocument\": {\n  \"Statement\": [\n   {\"Sid\": \"A\"},\n   {\"Effect\": \"Allow\"}\n]}}],\n \"AssumeRolePolicyDocument\": {\"Statement\":\n  {\"Sid\": \"T\", \"Condition\": {\"Null\": {}}}}}";
        let source = Source::new("r.json", text);
        assert_eq!(DocumentAt::RolePolicy(0).name_of(&source, 0), "r.json:4 A");
        assert_eq!(DocumentAt::RolePolicy(0).name_of(&source, 1), "r.json:5");
        assert_eq!(DocumentAt::Trust.name_of(&source, 0), "r.json:8 T");
        let part = [Step::Member("Condition"), Step::Member("Null")];
        insta::assert_snapshot!(
            DocumentAt::Trust.part(&source, 0, &part).problem("here").render_error(false)
        );
        insta::assert_snapshot!(
            DocumentAt::RolePolicy(0).part(&source, 1, &part).problem("here").render_error(false)
        );
    }
}
