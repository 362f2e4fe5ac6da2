//! The terms of a condition that all have to hold: what stands between its outermost `AND`s.
//!
//! A key condition and PartiQL's WHERE clause say "and" alike. A condition with an `OR` or a `NOT` at its top is no
//! conjunction, whatever stands in its arms: nothing in it holds for certain.

/// What a token is to a conjunction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Open,
    Close,
    And,
    /// The `AND` after it belongs to it.
    Between,
    OrNot,
    Other,
}

/// The terms of a conjunction. None if it is none, or if its brackets do not match.
pub(super) fn terms<T>(tokens: &[T], part: impl Fn(&T) -> Part) -> Option<Vec<&[T]>> {
    let mut terms = Vec::new();
    let (mut start, mut depth, mut between) = (0, 0_usize, false);
    for (at, token) in tokens.iter().enumerate() {
        match part(token) {
            Part::Open => depth += 1,
            Part::Close => depth = depth.checked_sub(1)?,
            Part::OrNot if depth == 0 => return None,
            Part::Between if depth == 0 => between = true,
            Part::And if depth == 0 && between => between = false,
            Part::And if depth == 0 => {
                terms.push(tokens.get(start..at)?);
                start = at + 1;
            }
            Part::And | Part::Between | Part::OrNot | Part::Other => {}
        }
    }
    terms.push(tokens.get(start..)?);
    (depth == 0 && !between).then_some(terms)
}
