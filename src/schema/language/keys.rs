//! The languages of key templates.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{Alphabet, Language, Letter, Step};
use crate::schema::plan::{Attribute, Enum, Name, Object, Part, Plan, Shape, Template};
use crate::schema::scalar::Scalar;

impl Plan {
    /// All keys that a template of a type makes, for all tenants and all values; and more: of a field's values only
    /// their characters are known.
    pub fn language(&self, object: &Object, template: &Template) -> Language {
        let mut language = Language::new();
        let mut parts = template.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(text) => language.extend(text.chars().map(Step::One)),
                Part::Tenant => language.push(Step::Tenant),
                // A value that holds the first character of what follows it is refused when the key is made.
                Part::Field(name) => {
                    let attribute = object.attribute(name);
                    let alphabet = attribute.map_or_else(Alphabet::all, |it| alphabet(it, &self.enums));
                    let delimiter = parts.peek().and_then(|next| first_char(next));
                    language.push(Step::Run(delimiter.into_iter().fold(alphabet, Alphabet::without)));
                }
            }
        }
        language
    }
}

/// A language's beginning up to the sign after the tenant, and anything after it: what tells tenants apart, and
/// common to most keys of a table. It holds all of the language.
pub fn hull(language: &Language) -> Language {
    let Some(at) = language.iter().position(|step| *step == Step::Tenant) else { return language.clone() };
    let mut hull: Language = language.iter().take(at + 2).cloned().collect();
    if let Some(Step::One(_)) = language.get(at + 1) {
        if language.len() > at + 2 {
            hull.push(Step::Anything);
        }
        return hull;
    }
    language.clone()
}

/// The shortest key of a language.
pub fn shortest(language: &Language) -> Vec<Letter> {
    let letter = |step: &Step| match step {
        Step::One(c) => Some(Letter::Char(*c)),
        Step::Tenant => Some(Letter::Tenant),
        Step::Any => Some(Letter::Char('a')),
        Step::Run(alphabet) | Step::OneOf(alphabet) => {
            ('a'..='z').chain('0'..='9').find(|c| alphabet.contains(*c)).map(Letter::Char)
        }
        Step::Anything => None,
    };
    language.iter().filter_map(letter).collect()
}

/// The character that a part begins with, if it is known.
fn first_char(part: &Part) -> Option<char> {
    match part {
        Part::Literal(text) => text.chars().next(),
        Part::Tenant | Part::Field(_) => None,
    }
}

/// The characters of an attribute's values in keys.
pub(in crate::schema) fn alphabet(attribute: &Attribute, enums: &IndexMap<Name, Enum>) -> Alphabet {
    let digits = || '0'..='9';
    match &attribute.shape {
        Shape::Scalar(Scalar::Int | Scalar::BigInt) if attribute.pad.is_some() => Alphabet::only(digits()),
        Shape::Scalar(Scalar::Int | Scalar::BigInt | Scalar::Date) => Alphabet::only(digits().chain(['-'])),
        Shape::Scalar(Scalar::DateTime) => Alphabet::only(digits().chain("-:.TZ".chars())),
        Shape::Scalar(Scalar::Boolean) => Alphabet::only("truefalse".chars()),
        Shape::Enum(name) => enums.get(name).map_or_else(Alphabet::all, |it| {
            let chars: BTreeSet<char> = it.values.keys().flat_map(|value| value.chars()).collect();
            Alphabet::Only(chars)
        }),
        Shape::Scalar(_) | Shape::Object(_) | Shape::List(_) | Shape::Set(_) => Alphabet::all(),
    }
}
