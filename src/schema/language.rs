//! Which keys can a template make? Decides, exactly, whether two templates can make the same one.
//!
//! A template's keys are a language: literals, and runs of one or more characters of an alphabet. Two such
//! languages meet if some walk through both at once reaches both ends.

use std::collections::{BTreeSet, HashSet};

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

/// Whether some text belongs to both languages.
pub(super) fn meet(one: &Language, other: &Language) -> bool {
    let mut seen: HashSet<(Place, Place)> = HashSet::new();
    let mut open: Vec<(Place, Place)> = rests(one, (0, false))
        .into_iter()
        .flat_map(|a| rests(other, (0, false)).into_iter().map(move |b| (a, b)))
        .collect();
    while let Some((a, b)) = open.pop() {
        if !seen.insert((a, b)) {
            continue;
        }
        if a.0 == one.len() && b.0 == other.len() {
            return true;
        }
        let (Some(step_a), Some(step_b)) = (one.get(a.0), other.get(b.0)) else {
            continue;
        };
        if !alphabet(step_a).meets(&alphabet(step_b)) {
            continue;
        }
        for next_a in after(one, a, step_a) {
            for next_b in after(other, b, step_b) {
                open.push((next_a, next_b));
            }
        }
    }
    false
}

fn alphabet(step: &Step) -> Alphabet {
    match step {
        Step::One(c) => Alphabet::only([*c]),
        Step::Run(alphabet) => alphabet.clone(),
        Step::Anything => Alphabet::all(),
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
