//! Strings of a policy: literal characters, wildcards, policy variables.
//!
//! Sources: *IAM JSON policy elements: Resource* (wildcards in ARNs), *IAM policy elements: Variables and tags*
//! (`${key}`, `${key, 'default'}`, the escapes `${*}`, `${?}` and `${$}`), *Condition operators* (`StringLike`).

use super::Context;
use crate::schema::language::{Language, Step};

/// A string of a policy, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(char),
    /// `*`: any number of any characters.
    Star,
    /// `?`: one character.
    One,
    Variable {
        key: String,
        default: Option<String>,
    },
}

/// How a pattern is laid over a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// `StringEquals` and its kin: a wildcard is an ordinary character.
    Exact,
    /// `StringLike`: `*` and `?` stand for anything.
    Like,
    /// An ARN: a wildcard stays within its part between colons, unless it is the last character of the part.
    Arn,
    /// `ArnLike`: each of the six parts for itself; a wildcard never leaves its part.
    ArnParts,
}

/// A pattern could not be resolved: a variable's key is absent or has several values, and it has no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unresolved;

/// How a tenant stands in documents that are read for the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling<'a> {
    /// This sign stands for any tenant's id.
    Any(&'a str),
    /// They are one tenant's, and spell its id.
    Only(&'a str),
}

/// The session tag that says whose a session is.
const TENANT_TAG: &str = "aws:PrincipalTag/tenant";

impl Pattern {
    /// Takes a string apart. Variables exist from version 2012-10-17 on; before it `${` is plain text.
    pub(super) fn new(text: &str, variables: bool) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if variables && let Some((variable, after)) = variable(rest) {
                pieces.push(variable);
                rest = after;
                continue;
            }
            pieces.push(match c {
                '*' => Piece::Star,
                '?' => Piece::One,
                other => Piece::Literal(other),
            });
            rest = rest.strip_prefix(c).unwrap_or_default();
        }
        Self(pieces)
    }

    /// Whether the pattern, with the context's values in place of its variables, matches a text.
    pub(super) fn matches(&self, text: &str, how: Match, context: &Context) -> Result<bool, Unresolved> {
        let tokens = self.resolve(context)?;
        Ok(match how {
            Match::Exact => plain(&tokens) == text,
            Match::Like => glob(&tokens, text, |_| true),
            Match::Arn => {
                // "If you use the wildcard * as the last character of a resource ARN segment, it can expand to
                // match beyond the colon boundaries."
                glob(&tokens, text, |at| matches!(tokens.get(at + 1), None | Some(Token::Literal(':'))))
            }
            Match::ArnParts => {
                let patterns = split_parts(&tokens);
                let parts: Vec<_> = text.splitn(ARN_PARTS, ':').collect();
                patterns.len() == parts.len()
                    && patterns.iter().zip(parts).all(|(pattern, part)| glob(pattern, part, |_| true))
            }
        })
    }

    /// The texts that it matches, for all tenants or for the only one: wildcards are such if it is `like`. None, if
    /// it holds a variable other than the tenant's tag.
    pub(super) fn language(&self, like: bool, spelling: Spelling<'_>) -> Option<Language> {
        let mut language = Language::new();
        let tenant = |language: &mut Language| match spelling {
            Spelling::Any(_) => language.push(Step::Tenant),
            Spelling::Only(id) => language.extend(id.chars().map(Step::One)),
        };
        for piece in &self.0 {
            match piece {
                Piece::Literal(c) => match spelling {
                    Spelling::Any(sign) if sign.chars().eq([*c]) => language.push(Step::Tenant),
                    Spelling::Any(_) | Spelling::Only(_) => language.push(Step::One(*c)),
                },
                Piece::Star if like => language.push(Step::Anything),
                Piece::One if like => language.push(Step::Any),
                Piece::Star => language.push(Step::One('*')),
                Piece::One => language.push(Step::One('?')),
                Piece::Variable { key, .. } if key.eq_ignore_ascii_case(TENANT_TAG) => tenant(&mut language),
                Piece::Variable { .. } => return None,
            }
        }
        Some(language)
    }

    fn resolve(&self, context: &Context) -> Result<Vec<Token>, Unresolved> {
        let mut tokens = Vec::with_capacity(self.0.len());
        for piece in &self.0 {
            match piece {
                Piece::Literal(c) => tokens.push(Token::Literal(*c)),
                Piece::Star => tokens.push(Token::Star),
                Piece::One => tokens.push(Token::One),
                Piece::Variable { key, default } => {
                    let value = context.single(key).or(default.as_deref()).ok_or(Unresolved)?;
                    // A value is text: a wildcard in it stands for itself.
                    tokens.extend(value.chars().map(Token::Literal));
                }
            }
        }
        Ok(tokens)
    }
}

/// `arn:partition:service:region:account:resource`; the resource may hold further colons.
const ARN_PARTS: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Literal(char),
    Star,
    One,
}

/// The variable that a text begins with, and what follows it.
fn variable(text: &str) -> Option<(Piece, &str)> {
    let (inner, after) = text.strip_prefix("${")?.split_once('}')?;
    let piece = match inner {
        "*" | "?" | "$" => Piece::Literal(inner.chars().next()?),
        _ => match inner.split_once(',') {
            None => Piece::Variable { key: inner.trim().to_owned(), default: None },
            Some((key, default)) => {
                let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                Piece::Variable { key: key.trim().to_owned(), default: Some(default.to_owned()) }
            }
        },
    };
    Some((piece, after))
}

fn plain(tokens: &[Token]) -> String {
    tokens
        .iter()
        .map(|token| match token {
            Token::Literal(c) => *c,
            Token::Star => '*',
            Token::One => '?',
        })
        .collect()
}

fn split_parts(tokens: &[Token]) -> Vec<&[Token]> {
    tokens.splitn(ARN_PARTS, |token| *token == Token::Literal(':')).collect()
}

/// Lays tokens over a text. `crosses_colons(i)` says whether the star at `i` may stand for a colon.
///
/// What stands before the first wildcard is compared as it is, and decides most of the time.
fn glob(tokens: &[Token], text: &str, crosses_colons: impl Fn(usize) -> bool) -> bool {
    let mut rest = text.chars();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Literal(c) if rest.next() == Some(*c) => {}
            Token::Literal(_) => return false,
            Token::Star | Token::One => {
                let wild = tokens.get(at..).unwrap_or_default();
                return walk(wild, rest.as_str(), |star| crosses_colons(at + star));
            }
        }
    }
    rest.next().is_none()
}

/// Lays tokens over a text, wildcards among them.
///
/// All positions of the pattern that the text so far can have reached are carried along, so that no pattern, however
/// many stars it has, takes more than its length times the text's.
fn walk(tokens: &[Token], text: &str, crosses_colons: impl Fn(usize) -> bool) -> bool {
    let mut reached = vec![false; tokens.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    skip_stars(tokens, &mut reached);
    for c in text.chars() {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate().filter(|(at, _)| reached.get(*at) == Some(&true)) {
            let to = match token {
                Token::Star if c != ':' || crosses_colons(at) => at,
                Token::One => at + 1,
                Token::Literal(literal) if *literal == c => at + 1,
                Token::Star | Token::Literal(_) => continue,
            };
            if let Some(reached) = next.get_mut(to) {
                *reached = true;
            }
        }
        skip_stars(tokens, &mut next);
        reached = next;
    }
    reached.last() == Some(&true)
}

/// A star may stand for nothing: what is reached before it is reached after it.
fn skip_stars(tokens: &[Token], reached: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if *token == Token::Star
            && reached.get(at) == Some(&true)
            && let Some(after) = reached.get_mut(at + 1)
        {
            *after = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, how: Match, expected: bool) {
        let mut context = Context::default();
        context.set("aws:PrincipalTag/tenant", "acme");
        context.set("aws:PrincipalTag/star", "a*");
        context.set_all("many", vec!["a".to_owned(), "b".to_owned()]);
        let found = Pattern::new(pattern, true).matches(text, how, &context);
        assert_eq!(found, Ok(expected), "{pattern} over {text}");
    }

    #[test]
    fn wildcards_stand_for_anything_in_like_and_for_themselves_in_equals() {
        check("a*c?e", "abbbcde", Match::Like, true);
        check("a*c?e", "abbbce", Match::Like, false);
        check("**a**", "a", Match::Like, true);
        check("a*", "a*", Match::Exact, true);
        check("a*", "ab", Match::Exact, false);
        check("${*}", "*", Match::Like, true);
        check("${*}", "x", Match::Like, false);
    }

    #[test]
    fn a_variable_is_its_value_and_no_pattern() {
        check("TENANT#${aws:PrincipalTag/tenant}#*", "TENANT#acme#ORDER#1", Match::Like, true);
        check("TENANT#${aws:principaltag/TENANT}#*", "TENANT#acme2#ORDER#1", Match::Like, false);
        check("${aws:PrincipalTag/star}", "abc", Match::Like, false);
        check("${aws:PrincipalTag/none, 'x'}", "x", Match::Exact, true);
        let unresolved = |text| Pattern::new(text, true).matches("x", Match::Like, &Context::default());
        assert_eq!(unresolved("${aws:PrincipalTag/none}"), Err(Unresolved));
    }

    #[test]
    fn a_star_leaves_its_arn_segment_only_at_the_segments_end() {
        let table = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders";
        check("arn:aws:dynamodb:*", table, Match::Arn, true);
        check("arn:aws:dynamodb:eu-*-1:111122223333:table/*", table, Match::Arn, true);
        check("arn:aws:*b:table/orders", table, Match::Arn, false);
        check("arn:aws:dynamodb:*", table, Match::ArnParts, false);
        check("arn:*:dynamodb:*:*:table/*", table, Match::ArnParts, true);
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        check(&"*a".repeat(200), &"a".repeat(199), Match::Like, false);
    }
}
