//! Does a set of patterns admit every key that a template can make?
//!
//! The template is walked through letter by letter, together with all places that the patterns can be in at once. A
//! tenant's id is one letter: a pattern that holds the template for every tenant holds it at the tenant, or under
//! a wildcard. A walk that reaches the template's end while no pattern is at its own is a key that nobody admits.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::{Alphabet, Language, Place, Step, rests};

/// A letter of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Letter {
    /// A character.
    Char(char),
    /// The whole of the tenant's id.
    Tenant,
}

/// The places of all patterns: which pattern, and where in it.
type Places = BTreeSet<(usize, Place)>;

/// A key of `own` that none of the patterns admits; none, if they admit every one.
pub fn uncovered(own: &Language, patterns: &[Language]) -> Option<Vec<Letter>> {
    let start: Places = (0..patterns.len())
        .flat_map(|at| {
            patterns
                .get(at)
                .map(|it| rests(it, (0, false)))
                .unwrap_or_default()
                .into_iter()
                .map(move |it| (at, it))
        })
        .collect();
    let literals = literals(patterns);
    let mut seen: HashSet<(Place, Places)> = HashSet::new();
    let mut open = VecDeque::new();
    for place in rests(own, (0, false)) {
        open.push_back((place, start.clone(), Vec::new()));
    }
    while let Some((place, places, text)) = open.pop_front() {
        if !seen.insert((place, places.clone())) {
            continue;
        }
        let Some(step) = own.get(place.0) else {
            if !places.iter().any(|(at, (to, _))| patterns.get(*at).is_some_and(|it| it.len() == *to)) {
                return Some(text);
            }
            continue;
        };
        for letter in letters(step, &literals) {
            let next: Places = places
                .iter()
                .flat_map(|(at, place)| {
                    let after = patterns.get(*at).map(|it| after(it, *place, letter)).unwrap_or_default();
                    after.into_iter().map(|place| (*at, place))
                })
                .collect();
            for place in after(own, place, letter) {
                let mut text = text.clone();
                text.push(letter);
                open.push_back((place, next.clone(), text));
            }
        }
    }
    None
}

/// Every character that stands in a pattern for itself: all others are alike to them.
fn literals(patterns: &[Language]) -> BTreeSet<char> {
    let literal = |step: &Step| match step {
        Step::One(c) => Some(*c),
        Step::OneOf(_) | Step::Any | Step::Run(_) | Step::Anything | Step::Tenant => None,
    };
    patterns.iter().flatten().filter_map(literal).collect()
}

/// The letters that a step can take, with one for all that are alike.
fn letters(step: &Step, literals: &BTreeSet<char>) -> Vec<Letter> {
    let chars: Vec<char> = match step {
        Step::Tenant => return vec![Letter::Tenant],
        Step::One(c) => vec![*c],
        Step::Run(_) | Step::OneOf(_) | Step::Any | Step::Anything => {
            let others: Box<dyn Iterator<Item = char>> = match step {
                Step::Run(Alphabet::Only(chars)) | Step::OneOf(Alphabet::Only(chars)) => {
                    Box::new(('a'..='z').chain(chars.iter().copied()))
                }
                _ => Box::new(('a'..='z').chain('\u{3b1}'..)),
            };
            let other = others.into_iter().find(|c| !literals.contains(c) && step.holds(*c));
            other.into_iter().chain(literals.iter().copied().filter(|c| step.holds(*c))).collect()
        }
    };
    chars.into_iter().map(Letter::Char).collect()
}

/// The places after one more letter.
fn after(language: &Language, (at, _): Place, letter: Letter) -> Vec<Place> {
    let Some(step) = language.get(at) else { return Vec::new() };
    match (step, letter) {
        (Step::Tenant, Letter::Tenant) | (Step::Any, Letter::Char(_)) => rests(language, (at + 1, false)),
        (Step::Anything, _) => rests(language, (at, true)),
        (Step::OneOf(alphabet), Letter::Char(c)) if alphabet.contains(c) => rests(language, (at + 1, false)),
        (Step::Run(alphabet), Letter::Char(c)) if alphabet.contains(c) => rests(language, (at, true)),
        (Step::One(literal), Letter::Char(c)) if *literal == c => rests(language, (at + 1, false)),
        (Step::One(_) | Step::OneOf(_) | Step::Any | Step::Run(_) | Step::Tenant, _) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::language;
    use super::*;

    #[track_caller]
    fn check(own: &str, patterns: &[&str], expected: Option<&str>) {
        let patterns: Vec<_> = patterns.iter().map(|it| language(it)).collect();
        let spell = |letter: &Letter| match letter {
            Letter::Char(c) => *c,
            Letter::Tenant => '@',
        };
        let found =
            uncovered(&language(own), &patterns).map(|text| text.iter().map(spell).collect::<String>());
        assert_eq!(found.as_deref(), expected, "{own} under {patterns:?}");
    }

    #[test]
    fn a_pattern_that_goes_on_as_the_template_does_covers_it() {
        check("T#@#P#+", &["T#@#*"], None);
        check("T#@#P#+", &["T#@#P#*"], None);
        check("T#@", &["T#@"], None);
        check("T#@#P#+", &["*"], None);
        check("T#@#P#+", &["T#*#P#?*"], None);
        check("+", &["a*", "?*"], None);
        check("T#@#%%", &["T#@#%+", "T#@#1%"], None);
    }

    #[test]
    fn a_key_that_none_admits_is_shown() {
        check("T#@", &["T#@#*"], Some("T#@"));
        check("T#@#P#+", &["T#@#Q#*"], Some("T#@#P#a"));
        check("T#@#P#+", &["T#@#P#?"], Some("T#@#P#aa"));
        check("T#@#P#+", &["T#acme#*"], Some("T#@#P#b"));
        check("+", &["a*", "b*"], Some("c"));
        check("T#@", &[], Some("T#@"));
        check("T#@#%%", &["T#@#1%"], Some("T#@#00"));
    }
}
