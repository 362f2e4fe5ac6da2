//! How directives are read: whether each may stand where it does, and its arguments, with what is wrong in them.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use super::ast::Directive;
use super::catalogue::{self, CATALOGUE, Status};
pub(super) use super::catalogue::{Location, has_known_names, is_understood};
use super::literal::{Arguments, Literal, Spanned, Text};
use super::scalar::Scalar;
use super::template::Mistake;
use crate::problem::{Problems, Source, did_you_mean, nearest};

/// Collects what is wrong with a schema.
#[derive(Debug)]
pub(super) struct Reports {
    source: Arc<Source>,
    problems: RefCell<Problems>,
}

impl Reports {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), problems: RefCell::default() }
    }

    /// Reports a problem, once: what is read twice is said once.
    pub(super) fn report(&self, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let problem = self.source.problem(span.clone(), message).hint(hint);
        let mut problems = self.problems.borrow_mut();
        if !problems.iter().any(|other| *other == problem) {
            problems.push(problem);
        }
    }

    /// Reports a mistake inside a string at its place in the source.
    pub(super) fn report_in(&self, text: &Text, mistake: Mistake) {
        if !mistake.is_reported() {
            self.report(&text.span(mistake.at), mistake.message, mistake.hint);
        }
    }

    /// Reports a mistake in a text that begins at a byte of the source, and holds no escapes.
    pub(super) fn report_at(&self, start: usize, mistake: Mistake) {
        if !mistake.is_reported() {
            let mistake = mistake.shifted(start);
            self.report(&mistake.at, mistake.message, mistake.hint);
        }
    }

    /// How many problems there are so far: a later one may only be the ruin that an earlier one left.
    pub(super) fn count(&self) -> usize {
        self.problems.borrow().iter().count()
    }

    pub(super) fn into_problems(self) -> Problems {
        self.problems.into_inner()
    }
}

/// Refuses directives that do not exist, stand in the wrong place, or stand twice.
pub(super) fn check(directives: &[Directive], location: Location, reports: &Reports) {
    for (at, directive) in directives.iter().enumerate() {
        let name = directive.name.value.as_str();
        let span = &directive.name.span;
        let Some(known) = catalogue::find(name) else {
            let hint = match nearest(name, CATALOGUE.iter().map(|known| known.name)) {
                Some(near) => format!("did you mean `@{near}`?"),
                None => "take it out: the gateway carries out every directive that it accepts".to_owned(),
            };
            reports.report(span, format!("there is no directive `@{name}`"), hint);
            continue;
        };
        if known.locations.contains(&location) {
            let twice = directives.iter().take(at).any(|other| other.name.value == name);
            if twice && known.status != Status::Repeatable {
                reports.report(span, format!("`@{name}` stands here twice"), "keep one of them");
            }
            let names: Vec<_> = known.argument_names().collect();
            check_arguments(&format!("@{name}"), &directive.arguments, &names, reports);
        } else {
            let places: Vec<_> = known.locations.iter().map(|place| place.describe()).collect();
            let message = format!("`@{name}` may not stand on {}", location.describe());
            reports.report(span, message, format!("it stands on {}", either(&places)));
        }
    }
}

/// `a, b or c`.
pub(super) fn either(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Refuses arguments that do not exist, and those that stand twice.
pub(super) fn check_arguments(name: &str, arguments: &Arguments, known: &[&str], reports: &Reports) {
    for (at, (argument, _)) in arguments.iter().enumerate() {
        let written = argument.value.as_str();
        if !known.contains(&written) {
            let hint = did_you_mean(written, known.iter().copied());
            reports.report(&argument.span, format!("`{name}` has no argument `{written}`"), hint);
        } else if arguments.iter().take(at).any(|(other, _)| other.value == written) {
            reports.report(&argument.span, format!("`{written}` stands here twice"), "keep one of them");
        }
    }
}

/// Reads the arguments of one directive, or the members of an object among them.
pub(super) struct Args<'a> {
    /// What they belong to, for a message.
    name: String,
    span: &'a Range<usize>,
    arguments: &'a Arguments,
    pub(super) reports: &'a Reports,
}

impl<'a> Args<'a> {
    pub(super) fn of(directive: &'a Directive, reports: &'a Reports) -> Self {
        let name = format!("@{}", directive.name.value);
        Self::new(name, &directive.name.span, &directive.arguments, reports)
    }

    fn new(name: String, span: &'a Range<usize>, arguments: &'a Arguments, reports: &'a Reports) -> Self {
        Self { name, span, arguments, reports }
    }

    /// Whether all arguments of the directive are ones that it has.
    pub(super) fn has_known_names(&self) -> bool {
        has_known_names(self.name.trim_start_matches('@'), self.arguments)
    }

    /// Whether they are those of the directive of this name.
    pub(super) fn are_of(&self, directive: &str) -> bool {
        self.name.strip_prefix('@') == Some(directive)
    }

    /// Where the directive stands.
    pub(super) fn span(&self) -> &'a Range<usize> {
        self.span
    }

    /// Where the value of an argument stands, or the directive where it has none.
    pub(super) fn span_of(&self, name: &str) -> &'a Range<usize> {
        self.find(name).map_or(self.span, |value| &value.span)
    }

    /// The arguments as they are, for those whose names are the user's own.
    pub(super) fn all(&self) -> &'a Arguments {
        self.arguments
    }

    fn find(&self, name: &str) -> Option<&'a Spanned<Literal>> {
        let found =
            self.arguments.iter().find(|(argument, _)| argument.value == name).map(|(_, value)| value);
        found.filter(|value| value.value != Literal::Word("null".to_owned()))
    }

    /// Whether an argument is given, be it wrongly.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn expected(&self, name: &str, value: &Spanned<Literal>, (what, hint): (&str, &str)) {
        let found = match &value.value {
            Literal::Number(number) => format!("the number {number}"),
            other => other.kind().to_owned(),
        };
        let message = format!("`{name}` must be {what}, and this is {found}");
        self.reports.report(&value.span, message, hint);
    }

    /// A string.
    pub(super) fn string(&self, name: &str) -> Option<&'a Text> {
        let value = self.find(name)?;
        if let Literal::String(text) = &value.value {
            return Some(text);
        }
        let hint = match &value.value {
            Literal::Word(word) if !matches!(word.as_str(), "true" | "false") => {
                format!("write `\"{word}\"`")
            }
            _ => "write it in quotes".to_owned(),
        };
        self.expected(name, value, ("a string", &hint));
        None
    }

    /// A string that must be there.
    pub(super) fn required(&self, name: &str) -> Option<&'a Text> {
        if self.find(name).is_none() {
            let message = format!("`{}` needs `{name}`", self.name);
            self.reports.report(self.span, message, format!("write `{name}: \"…\"`"));
        }
        self.string(name)
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&'static str, T)]) -> Option<T> {
        let value = self.find(name)?;
        let all = || words.iter().map(|(word, _)| *word);
        if let Some(directive) = self.name.strip_prefix('@') {
            debug_assert!(
                catalogue::has_words(directive, name, all()),
                "{} {name} is not as it is told",
                self.name
            );
        }
        if let Literal::String(text) = &value.value
            && all().any(|word| word == text.value)
        {
            let message = format!("`{name}` is a word, and this is a string");
            self.reports.report(&value.span, message, format!("write {}, without quotes", text.value));
            return None;
        }
        let Literal::Word(word) = &value.value else {
            let words = either(&all().collect::<Vec<_>>());
            self.expected(name, value, (&words, &format!("write {words}")));
            return None;
        };
        let found = words.iter().find(|(known, _)| known == word).map(|(_, meaning)| *meaning);
        if found.is_none() {
            self.reports.report(
                &value.span,
                format!("`{name}` cannot be `{word}`"),
                did_you_mean(word, all()),
            );
        }
        found
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        let value = self.find(name)?;
        match &value.value {
            Literal::Word(word) if word == "true" => Some(true),
            Literal::Word(word) if word == "false" => Some(false),
            _ => {
                self.expected(name, value, ("true or false", "write one of them, without quotes"));
                None
            }
        }
    }

    /// A whole number, with its place.
    pub(super) fn number(&self, name: &str) -> Option<(u64, &'a Range<usize>)> {
        let value = self.find(name)?;
        let number = match &value.value {
            Literal::Number(number) => number.parse().ok(),
            Literal::String(_) | Literal::Word(_) | Literal::List(_) | Literal::Object(_) => None,
        };
        if number.is_none() {
            self.expected(name, value, ("a whole number without a sign", "write digits alone"));
        }
        number.map(|number| (number, &value.span))
    }

    /// A decimal number, in its canonical form. One of more digits than a number of GraphQL keeps is written as a string.
    pub(super) fn decimal(&self, name: &str) -> Option<String> {
        let value = self.find(name)?;
        let number = match &value.value {
            Literal::Number(text) => Some(text),
            Literal::String(text) => Some(&text.value),
            Literal::Word(_) | Literal::List(_) | Literal::Object(_) => None,
        };
        let number = number.and_then(|text| Scalar::Decimal.canonical(text).ok());
        if number.is_none() {
            self.expected(name, value, ("a number of up to 38 digits", "write it plainly, such as 19.90"));
        }
        number
    }

    /// Any value but null.
    pub(super) fn value(&self, name: &str) -> Option<&'a Spanned<Literal>> {
        self.find(name)
    }

    /// A list of strings.
    pub(super) fn strings(&self, name: &str) -> Vec<&'a Text> {
        let Some(value) = self.find(name) else {
            return Vec::new();
        };
        let items = match &value.value {
            Literal::List(items) => items.iter().collect(),
            Literal::String(_) | Literal::Word(_) | Literal::Number(_) | Literal::Object(_) => {
                vec![value]
            }
        };
        let one = |item: &'a Spanned<Literal>| {
            if let Literal::String(text) = &item.value {
                return Some(text);
            }
            self.expected(name, item, ("a list of strings", "write `[\"…\"]`"));
            None
        };
        items.into_iter().filter_map(one).collect()
    }

    /// A list, with the place of each of its members.
    pub(super) fn list(&self, name: &str, hint: &str) -> Option<&'a [Spanned<Literal>]> {
        let value = self.find(name)?;
        if let Literal::List(items) = &value.value {
            return Some(items);
        }
        self.expected(name, value, ("a list", hint));
        None
    }

    /// A list of objects, each to be read as arguments are.
    pub(super) fn objects(&self, name: &str) -> Vec<Args<'a>> {
        let Some(value) = self.find(name) else { return Vec::new() };
        let Literal::List(items) = &value.value else {
            self.expected(name, value, ("a list of objects", "write `[{…}, {…}]`"));
            return Vec::new();
        };
        let one = |item: &'a Spanned<Literal>| {
            if let Literal::Object(members) = &item.value {
                return Some(Args::new(name.to_owned(), &item.span, members, self.reports));
            }
            self.expected(name, item, ("a list of objects", "write `{…}`"));
            None
        };
        items.iter().filter_map(one).collect()
    }

    /// The same arguments, with the place of one of them as their own.
    pub(super) fn standing_at(self, name: &str) -> Self {
        Self { span: self.span_of(name), ..self }
    }

    /// An object, to be read as arguments are.
    pub(super) fn object(&self, name: &str) -> Option<Args<'a>> {
        let value = self.find(name)?;
        if let Literal::Object(members) = &value.value {
            return Some(Args::new(name.to_owned(), &value.span, members, self.reports));
        }
        self.expected(name, value, ("an object", "write `{name: value}`"));
        None
    }
}
