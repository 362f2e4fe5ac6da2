//! Which keys can a template make, and which does a pattern of a policy admit?
//!
//! Both are languages: literals, runs of one or more characters of an alphabet, wildcards, and the tenant's id.
//! Whether two languages share a text ([`meet()`]), whether some languages together hold another ([`uncovered()`]), and
//! whether two tenants can make one text ([`collide()`]) is decided by a walk through finitely many pairs of places.
//! Nothing is tried out on samples, so an answer holds for all tenants and all values.

mod collide;
mod cover;
mod keys;

pub use collide::{Collision, Meeting, collide, collide_only};
pub use cover::{Letter, uncovered};
pub(super) use keys::alphabet;
pub use keys::{hull, shortest};

use std::collections::BTreeSet;

use crate::id::TenantId;

/// A set of characters: some, or all but some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alphabet {
    /// These.
    Only(BTreeSet<char>),
    /// All characters but these.
    AllBut(BTreeSet<char>),
}

impl Alphabet {
    /// These characters.
    pub fn only(chars: impl IntoIterator<Item = char>) -> Self {
        Self::Only(chars.into_iter().collect())
    }

    /// All characters.
    pub fn all() -> Self {
        Self::AllBut(BTreeSet::new())
    }

    /// The alphabet less a character.
    #[must_use]
    pub fn without(self, c: char) -> Self {
        match self {
            Self::Only(mut chars) => {
                chars.remove(&c);
                Self::Only(chars)
            }
            Self::AllBut(mut chars) => {
                chars.insert(c);
                Self::AllBut(chars)
            }
        }
    }

    /// Whether a character belongs to it.
    pub fn contains(&self, c: char) -> bool {
        match self {
            Self::Only(chars) => chars.contains(&c),
            Self::AllBut(chars) => !chars.contains(&c),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Only(one), other) | (other, Self::Only(one)) => one.iter().any(|c| other.contains(*c)),
            // Two finite sets never exclude all of Unicode.
            (Self::AllBut(_), Self::AllBut(_)) => true,
        }
    }
}

/// One step of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// This character.
    One(char),
    /// One character of an alphabet.
    OneOf(Alphabet),
    /// Any one character: IAM's `?`.
    Any,
    /// One or more characters of an alphabet.
    Run(Alphabet),
    /// Any number of any characters, also none: IAM's `*`, and what follows a `begins_with`.
    Anything,
    /// The tenant's id: the same one wherever it stands in a language.
    Tenant,
}

/// A language of keys.
pub type Language = Vec<Step>;

/// A place in a language: before a step, or within its run.
type Place = (usize, bool);

impl Step {
    /// Whether a character can be taken by both.
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anything | Self::Any, _)
            | (_, Self::Anything | Self::Any)
            | (Self::Tenant, Self::Tenant) => true,
            (Self::Run(one) | Self::OneOf(one), Self::Run(other) | Self::OneOf(other)) => one.meets(other),
            (Self::One(c), step) | (step, Self::One(c)) => step.holds(*c),
            (Self::Tenant, Self::Run(alphabet) | Self::OneOf(alphabet))
            | (Self::Run(alphabet) | Self::OneOf(alphabet), Self::Tenant) => {
                tenant_chars().any(|c| alphabet.contains(c))
            }
        }
    }

    /// Whether a character can be taken.
    fn holds(&self, c: char) -> bool {
        match self {
            Self::One(literal) => *literal == c,
            Self::Any | Self::Anything => true,
            Self::Run(alphabet) | Self::OneOf(alphabet) => alphabet.contains(c),
            Self::Tenant => TenantId::allows(c),
        }
    }
}

/// The characters of tenants' ids, letters first.
fn tenant_chars() -> impl Iterator<Item = char> {
    ('a'..='z').chain('A'..='Z').chain('0'..='9').chain("_-".chars())
}

/// Whether some text belongs to both languages. Takes time in the product of their lengths.
pub fn meet(one: &Language, other: &Language) -> bool {
    let mut seen = Seen::new(one, other);
    let mut open = Vec::new();
    let mut reach = |open: &mut Vec<(Place, Place)>, ones: &[Place], others: &[Place]| {
        for a in ones {
            open.extend(others.iter().filter(|b| seen.insert(*a, **b)).map(|b| (*a, *b)));
        }
    };
    reach(&mut open, &rests(one, (0, false)), &rests(other, (0, false)));
    while let Some((a, b)) = open.pop() {
        let (Some(step_a), Some(step_b)) = (one.get(a.0), other.get(b.0)) else {
            if a.0 == one.len() && b.0 == other.len() {
                return true;
            }
            continue;
        };
        if step_a.meets(step_b) {
            reach(&mut open, &after(one, a, step_a), &after(other, b, step_b));
        }
    }
    false
}

/// The pairs of places that have been reached: a bit for each.
struct Seen {
    width: usize,
    bits: Vec<u64>,
}

impl Seen {
    fn new(one: &Language, other: &Language) -> Self {
        let width = 2 * (other.len() + 1);
        Self { width, bits: vec![0; (2 * (one.len() + 1) * width).div_ceil(64)] }
    }

    /// Whether the pair is new.
    fn insert(&mut self, (at, begun): Place, (other_at, other_begun): Place) -> bool {
        let row = 2 * at + usize::from(begun);
        let bit = row * self.width + 2 * other_at + usize::from(other_begun);
        let mask = 1_u64 << (bit % 64);
        self.bits.get_mut(bit / 64).is_some_and(|word| {
            let is_new = *word & mask == 0;
            *word |= mask;
            is_new
        })
    }
}

/// The places after one more character was taken by a step.
fn after(language: &Language, (at, _): Place, step: &Step) -> Vec<Place> {
    match step {
        Step::One(_) | Step::OneOf(_) | Step::Any => rests(language, (at + 1, false)),
        Step::Run(_) | Step::Anything | Step::Tenant => rests(language, (at, true)),
    }
}

/// A place, and those that are reached from it without a character.
fn rests(language: &Language, place: Place) -> Vec<Place> {
    let mut places = vec![place];
    let (mut at, mut begun) = place;
    while match language.get(at) {
        Some(Step::Run(_) | Step::Tenant) => begun,
        Some(Step::Anything) => true,
        Some(Step::One(_) | Step::OneOf(_) | Step::Any) | None => false,
    } {
        at += 1;
        begun = false;
        places.push((at, false));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `*` is anything, `?` any character, `+` a run of lower-case letters and digits, `%` a digit, `@` the tenant, the
    /// rest stands for itself.
    pub(super) fn language(text: &str) -> Language {
        let run = || Alphabet::only(('a'..='z').chain('0'..='9'));
        let step = |c| match c {
            '*' => Step::Anything,
            '?' => Step::Any,
            '+' => Step::Run(run()),
            '%' => Step::OneOf(Alphabet::only('0'..='9')),
            '@' => Step::Tenant,
            c => Step::One(c),
        };
        text.chars().map(step).collect()
    }

    #[test]
    fn languages_meet_where_they_share_a_text() {
        for (one, other, expected) in [
            ("T#+#A#+", "T#+#A#+", true),
            ("T#+#A#+", "T#+#B#+", false),
            ("T#+", "T#+#A#+", false),
            ("T#+#*", "T#+#A#+", true),
            ("T#+#A", "T#+#+", false),
            ("T#+#a", "T#+#+", true),
            ("META", "*", true),
            ("", "*", true),
            ("", "+", false),
            ("a+", "+a", true),
            ("*A*", "*B*", true),
            ("%%", "12", true),
            ("%%", "123", false),
            ("%%", "%", false),
            ("%%", "+", true),
            ("%?", "a*", false),
            ("%@", "+", true),
        ] {
            assert_eq!(meet(&language(one), &language(other)), expected, "{one} and {other}");
            assert_eq!(meet(&language(other), &language(one)), expected, "{other} and {one}");
        }
    }
}
