//! Which keys can a template make? Decides, exactly, whether two templates can make the same one.
//!
//! A template's keys are a language: literals, and runs of one or more characters of an alphabet. Two such
//! languages meet if some walk through both at once reaches both ends.

use std::collections::BTreeSet;

/// A set of characters: some, or all but some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Alphabet {
    Only(BTreeSet<char>),
    AllBut(BTreeSet<char>),
}

impl Alphabet {
    pub(super) fn only(chars: impl IntoIterator<Item = char>) -> Self {
        Self::Only(chars.into_iter().collect())
    }

    pub(super) fn all() -> Self {
        Self::AllBut(BTreeSet::new())
    }

    pub(super) fn without(self, c: char) -> Self {
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

    pub(super) fn contains(&self, c: char) -> bool {
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
pub(super) enum Step {
    /// This character.
    One(char),
    /// One or more characters of an alphabet.
    Run(Alphabet),
    /// Any number of any characters, also none: what follows a `begins_with`.
    Anything,
}

/// A language of keys.
pub(super) type Language = Vec<Step>;

/// A place in a language: before a step, or within its run.
type Place = (usize, bool);

impl Step {
    /// Whether a character can be taken by both.
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anything, _) | (_, Self::Anything) => true,
            (Self::One(c), Self::One(other)) => c == other,
            (Self::One(c), Self::Run(alphabet)) | (Self::Run(alphabet), Self::One(c)) => {
                alphabet.contains(*c)
            }
            (Self::Run(one), Self::Run(other)) => one.meets(other),
        }
    }
}

/// Whether some text belongs to both languages. Takes time in the product of their lengths.
pub(super) fn meet(one: &Language, other: &Language) -> bool {
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
        Step::One(_) => rests(language, (at + 1, false)),
        Step::Run(_) | Step::Anything => rests(language, (at, true)),
    }
}

/// A place, and those that are reached from it without a character.
fn rests(language: &Language, place: Place) -> Vec<Place> {
    let mut places = vec![place];
    let (mut at, mut begun) = place;
    while match language.get(at) {
        Some(Step::Run(_)) => begun,
        Some(Step::Anything) => true,
        Some(Step::One(_)) | None => false,
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

    /// `*` is anything, `+` a run of lower-case letters and digits, the rest stands for itself.
    fn language(text: &str) -> Language {
        let run = || Alphabet::only(('a'..='z').chain('0'..='9'));
        let step = |c| match c {
            '*' => Step::Anything,
            '+' => Step::Run(run()),
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
        ] {
            assert_eq!(meet(&language(one), &language(other)), expected, "{one} and {other}");
            assert_eq!(meet(&language(other), &language(one)), expected, "{other} and {one}");
        }
    }
}
