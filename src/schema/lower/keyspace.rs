//! All keys that a template makes, to the letter: a date is ten characters, an enum one of its values.
//!
//! [`Plan::language`](crate::schema::Plan::language) is coarser, a run of the characters that values are made of. That
//! is enough to tell tenants apart; here types are told apart, and a type whose keys are a date's should not have
//! to carry a discriminator because another's are a number's.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::keys::first_char;
use crate::schema::language::{Alphabet, Language, Step, meet};
use crate::schema::plan::{Attribute, Enum, KeyKind, Name, Part, Shape};
use crate::schema::scalar::Scalar;

/// The keys of one template.
#[derive(Debug, Clone)]
pub(super) struct Keyspace {
    pieces: Vec<Piece>,
    /// A language that holds all of them, and perhaps more.
    around: Language,
}

#[derive(Debug, Clone)]
enum Piece {
    Step(Step),
    /// One of several. The step holds each of them.
    Either(Vec<Language>, Step),
}

impl Keyspace {
    /// Any keys.
    pub(super) fn anything() -> Self {
        Self::new(vec![Piece::Step(Step::Anything)])
    }

    /// The keys that parts of a template make, in a key attribute of a kind.
    pub(super) fn of(
        parts: &[Part],
        kind: KeyKind,
        attributes: &IndexMap<Name, Attribute>,
        enums: &IndexMap<Name, Enum>,
    ) -> Self {
        // DynamoDB compares numbers by value: texts that differ are one key.
        if kind != KeyKind::String {
            return Self::anything();
        }
        let mut pieces = Vec::new();
        let mut parts = parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(text) => pieces.extend(text.chars().map(Step::One).map(Piece::Step)),
                Part::Tenant => pieces.push(Piece::Step(Step::Tenant)),
                Part::Field(name) => {
                    let delimiter = parts.peek().and_then(|next| first_char(next));
                    pieces.extend(values(attributes.get(name), enums, delimiter));
                }
            }
        }
        Self::new(pieces)
    }

    fn new(pieces: Vec<Piece>) -> Self {
        let step = |piece: &Piece| match piece {
            Piece::Step(step) | Piece::Either(_, step) => step.clone(),
        };
        let around = pieces.iter().map(step).collect();
        Self { pieces, around }
    }

    /// The keys that begin so.
    pub(super) fn and_anything(self) -> Self {
        let mut pieces = self.pieces;
        pieces.push(Piece::Step(Step::Anything));
        Self::new(pieces)
    }

    /// Whether some key belongs to both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        if !meet(&self.around, &other.around) {
            return false;
        }
        // Nearly all that are apart have been told apart. What is left is tried value by value.
        match (self.narrowed(), other.narrowed()) {
            (Some(mut narrowed), _) => narrowed.any(|it| it.meets(other)),
            (None, Some(mut narrowed)) => narrowed.any(|it| self.meets(&it)),
            (None, None) => true,
        }
    }

    /// The same keys in several parts: one for each value of the first piece that has several.
    fn narrowed(&self) -> Option<impl Iterator<Item = Self>> {
        let either = self.pieces.iter().enumerate().find_map(|(at, piece)| match piece {
            Piece::Step(_) => None,
            Piece::Either(languages, _) => Some((at, languages)),
        });
        let (at, languages) = either?;
        Some(languages.iter().map(move |language| {
            let (before, after) = (self.pieces.iter().take(at), self.pieces.iter().skip(at + 1));
            let between = language.iter().cloned().map(Piece::Step);
            Self::new(before.cloned().chain(between).chain(after.cloned()).collect())
        }))
    }
}

/// The values of a field in keys.
fn values(
    attribute: Option<&Attribute>,
    enums: &IndexMap<Name, Enum>,
    delimiter: Option<char>,
) -> Vec<Piece> {
    // A value that holds the first character of what follows it is refused when the key is made.
    let text = delimiter.into_iter().fold(Alphabet::all(), Alphabet::without);
    let text = vec![Piece::Step(Step::Run(text))];
    let Some(attribute) = attribute else { return text };
    match (&attribute.shape, attribute.pad) {
        (Shape::Scalar(Scalar::Int | Scalar::BigInt), Some(width)) => form(&"0".repeat(usize::from(width))),
        (Shape::Scalar(Scalar::Int | Scalar::BigInt), None) => vec![whole_number()],
        (Shape::Scalar(Scalar::Date), _) => form("0000-00-00"),
        (Shape::Scalar(Scalar::DateTime), _) => form("0000-00-00T00:00:00.000Z"),
        (Shape::Scalar(Scalar::Boolean), _) => vec![words(["true", "false"])],
        (Shape::Enum(name), _) => match enums.get(name) {
            Some(values) => vec![words(values.values.keys().map(AsRef::as_ref))],
            None => text,
        },
        (Shape::Scalar(_) | Shape::Object(_) | Shape::List(_) | Shape::Set(_), _) => text,
    }
}

fn digit() -> Step {
    Step::OneOf(Alphabet::only('0'..='9'))
}

/// A text in which `0` stands for any digit.
fn form(pattern: &str) -> Vec<Piece> {
    let step = |c| if c == '0' { digit() } else { Step::One(c) };
    pattern.chars().map(step).map(Piece::Step).collect()
}

fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Piece {
    let words: Vec<Language> = words.into_iter().map(|word| word.chars().map(Step::One).collect()).collect();
    let chars: BTreeSet<char> = words.iter().flatten().filter_map(one).collect();
    Piece::Either(words, Step::Run(Alphabet::Only(chars)))
}

fn one(step: &Step) -> Option<char> {
    match step {
        Step::One(c) => Some(*c),
        Step::OneOf(_) | Step::Any | Step::Run(_) | Step::Anything | Step::Tenant => None,
    }
}

/// A number without needless zeros.
fn whole_number() -> Piece {
    let first = || Step::OneOf(Alphabet::only('1'..='9'));
    let rest = || Step::Run(Alphabet::only('0'..='9'));
    let numbers = vec![
        vec![Step::One('0')],
        vec![first()],
        vec![first(), rest()],
        vec![Step::One('-'), first()],
        vec![Step::One('-'), first(), rest()],
    ];
    Piece::Either(numbers, Step::Run(Alphabet::only(('0'..='9').chain(['-']))))
}
