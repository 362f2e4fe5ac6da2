//! The attributes that a read asks for: `ProjectionExpression`.
//!
//! It is sent with every read. No read costs less for it, DynamoDB counts the whole item; but what nobody selected is not
//! carried and not parsed, what a caller may not see never leaves DynamoDB, and IAM sees what is asked for
//! (`dynamodb:Attributes`, `dynamodb:Select`), the same for a selection of everything as for one of a part. It is made
//! once a selection, not once an item.

use std::collections::{BTreeMap, HashMap};

use crate::schema::{Name, Operation, Plan};

/// The longest expression, in bytes (*Service, account, and table quotas*, DynamoDB).
pub(super) const MAX_EXPRESSION: usize = 4096;

/// Attributes of an item, or members of a map within it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted(BTreeMap<Name, Wants>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wants {
    Whole,
    Parts(Wanted),
}

impl Wanted {
    /// Wants an attribute as a whole.
    pub(crate) fn whole(&mut self, name: &Name) {
        self.0.insert(name.clone(), Wants::Whole);
    }

    /// Wants members of an attribute that is a map.
    pub(crate) fn parts(&mut self, name: &Name, parts: Self) {
        match self.0.entry(name.clone()).or_insert(Wants::Parts(Self::default())) {
            Wants::Whole => {}
            Wants::Parts(own) => own.and(parts),
        }
    }

    /// Wants what another wants, too. DynamoDB refuses paths that overlap: who wants the whole has the parts.
    pub(crate) fn and(&mut self, other: Self) {
        for (name, wants) in other.0 {
            match wants {
                Wants::Whole => self.whole(&name),
                Wants::Parts(parts) => self.parts(&name, parts),
            }
        }
    }

    /// The expression, with the names of its placeholders. Where it would be longer than DynamoDB takes, objects are
    /// asked for as a whole; where that does not help, a type has hundreds of fields, and everything is.
    fn expression(&self) -> Option<Projection> {
        let is_short = |it: &Projection| it.expression.len() <= MAX_EXPRESSION;
        Some(self.spelled(true)).filter(is_short).or_else(|| Some(self.spelled(false)).filter(is_short))
    }

    fn spelled(&self, with_parts: bool) -> Projection {
        let mut names = Vec::new();
        let mut paths = Vec::new();
        self.paths("", with_parts, &mut names, &mut paths);
        let names =
            names.iter().enumerate().map(|(at, name): (_, &Name)| (format!("#p{at}"), name.to_string()));
        Projection { wanted: self.clone(), expression: paths.join(", "), names: names.collect() }
    }

    fn paths(&self, before: &str, with_parts: bool, names: &mut Vec<Name>, paths: &mut Vec<String>) {
        for (name, wants) in &self.0 {
            let at = names.iter().position(|other| other == name).unwrap_or_else(|| {
                names.push(name.clone());
                names.len() - 1
            });
            let path = format!("{before}#p{at}");
            match wants {
                Wants::Parts(parts) if with_parts && !parts.0.is_empty() => {
                    parts.paths(&format!("{path}."), with_parts, names, paths);
                }
                Wants::Whole | Wants::Parts(_) => paths.push(path),
            }
        }
    }
}

/// `ProjectionExpression`, ready to be sent. Its placeholders are `#p0` and so on, which no other expression has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Projection {
    /// What it is made of.
    wanted: Wanted,
    expression: String,
    names: HashMap<String, String>,
}

impl Projection {
    /// What an operation asks for where this is wanted of its items, and with it their places, if `with_places`. None
    /// where it asks for everything: a write gives back whole items, as DynamoDB does.
    pub(crate) fn of(
        plan: &Plan,
        operation: &Operation,
        mut wanted: Wanted,
        with_places: bool,
    ) -> Option<Self> {
        let reading = plan.reading(operation)?;
        reading.always.iter().for_each(|name| wanted.whole(name));
        if with_places {
            reading.place.iter().for_each(|name| wanted.whole(name));
        }
        wanted.expression()
    }

    /// What several reads ask for that become one.
    pub(super) fn of_all<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut wanted = Wanted::default();
        all.into_iter().for_each(|it| wanted.and(it.wanted.clone()));
        wanted.expression()
    }

    /// The expression itself.
    pub(super) fn expression(&self) -> String {
        self.expression.clone()
    }

    /// The names of its placeholders, with those of a request's other expressions.
    pub(super) fn names(&self, others: Option<HashMap<String, String>>) -> HashMap<String, String> {
        let mut names = others.unwrap_or_default();
        names.extend(self.names.iter().map(|(placeholder, name)| (placeholder.clone(), name.clone())));
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(paths: &[&[&str]]) -> Wanted {
        let mut wanted = Wanted::default();
        for path in paths {
            match path {
                [name] => wanted.whole(&Name::from(*name)),
                [name, rest @ ..] => wanted.parts(&Name::from(*name), self::wanted(&[rest])),
                [] => {}
            }
        }
        wanted
    }

    /// The expression with the names in the places of their placeholders.
    fn readable(projection: &Projection) -> String {
        let mut names: Vec<_> = projection.names.iter().collect();
        names.sort_by_key(|(placeholder, _)| std::cmp::Reverse(placeholder.len()));
        names
            .into_iter()
            .fold(projection.expression.clone(), |text, (placeholder, name)| text.replace(placeholder, name))
    }

    #[test]
    fn paths_do_not_overlap() {
        let all = wanted(&[&["a", "b"], &["c"], &["a", "d", "e"], &["a", "b"]]);
        assert_eq!(readable(&all.expression().unwrap()), "a.b, a.d.e, c");
        for order in [[&["a", "b"][..], &["a"]], [&["a"], &["a", "b"]]] {
            assert_eq!(readable(&wanted(&order).expression().unwrap()), "a");
        }
        let mut both = wanted(&[&["a", "b"]]);
        both.and(wanted(&[&["a", "c"], &["d"]]));
        assert_eq!(readable(&both.expression().unwrap()), "a.b, a.c, d");
    }

    #[test]
    fn a_name_has_one_placeholder_wherever_it_stands() {
        let projection = wanted(&[&["a", "b"], &["b"]]).expression().unwrap();
        assert_eq!((projection.expression.as_str(), projection.names.len()), ("#p0.#p1, #p1", 2));
    }

    #[test]
    fn an_expression_that_is_too_long_asks_for_objects_as_a_whole_and_then_for_everything() {
        let members: Vec<String> = (0..600).map(|at| format!("m{at}")).collect();
        let nested: Vec<[&str; 2]> = members.iter().map(|member| ["a", member.as_str()]).collect();
        let nested: Vec<&[&str]> = nested.iter().map(<[_; 2]>::as_slice).collect();
        assert_eq!(readable(&wanted(&nested).expression().unwrap()), "a");
        let many: Vec<String> = (0..900).map(|at| format!("m{at}")).collect();
        let many: Vec<[&str; 1]> = many.iter().map(|member| [member.as_str()]).collect();
        let many: Vec<&[&str]> = many.iter().map(<[_; 1]>::as_slice).collect();
        assert_eq!(wanted(&many).expression(), None);
    }
}
