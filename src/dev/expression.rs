//! Which top-level attributes does an expression name, and which value does it hold a key to?
//!
//! Enough of DynamoDB's expression language to fill the condition keys `dynamodb:Attributes` and
//! `dynamodb:LeadingKeys`; whether an expression is valid is the engine's affair.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// One word or sign of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// An attribute's name, or a placeholder `#name`.
    Name(&'a str),
    /// `:value`.
    Value(&'a str),
    Sign(char),
}

const KEYWORDS: [&str; 8] = ["SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN"];

fn tokens(expression: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let word =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '-') || (!c.is_ascii() && !c.is_whitespace());
        let sigil = usize::from(matches!(first, '#' | ':'));
        let body = rest.get(sigil..).unwrap_or_default();
        let length = sigil + body.find(|c| !word(c)).unwrap_or(body.len());
        let (token, after) = match length {
            0 => (None, first.len_utf8()),
            length => (rest.get(..length), length),
        };
        match token {
            Some(text) if first == ':' => tokens.push(Token::Value(text)),
            Some(text) => tokens.push(Token::Name(text)),
            None if first.is_whitespace() => {}
            None => tokens.push(Token::Sign(first)),
        }
        rest = rest.get(after..).unwrap_or_default();
    }
    tokens
}

/// The name that stands for a placeholder, or the word itself.
fn resolve<'a>(word: &'a str, names: Option<&'a Map<String, Value>>) -> &'a str {
    if word.starts_with('#') {
        return names.and_then(|names| names.get(word)).and_then(Value::as_str).unwrap_or(word);
    }
    word
}

/// The top-level attributes that an expression names.
pub(super) fn attributes(expression: &str, names: Option<&Map<String, Value>>) -> BTreeSet<String> {
    let tokens = tokens(expression);
    let mut found = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(word) = token else { continue };
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let after = tokens.get(at + 1);
        let nested = before == Some(&Token::Sign('.'));
        let function = after == Some(&Token::Sign('('));
        let index = before == Some(&Token::Sign('['));
        let keyword = KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
            || word.eq_ignore_ascii_case("BETWEEN");
        if !(nested || function || index || keyword) {
            found.insert(resolve(word, names).to_owned());
        }
    }
    found
}

/// The placeholder of the value that a key condition holds `attribute` equal to.
pub(super) fn equality<'a>(
    condition: &'a str,
    attribute: &str,
    names: Option<&'a Map<String, Value>>,
) -> Option<&'a str> {
    tokens(condition).windows(3).find_map(|window| match window {
        [Token::Name(name), Token::Sign('='), Token::Value(value)] if resolve(name, names) == attribute => {
            Some(*value)
        }
        [Token::Value(value), Token::Sign('='), Token::Name(name)] if resolve(name, names) == attribute => {
            Some(*value)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn top_level_attributes_are_found_and_nothing_else() {
        let names = json!({"#s": "status", "#m": "meta"});
        let names = names.as_object();
        let found = |text| attributes(text, names).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(
            found("#s = :s AND attribute_exists(#m.#s) OR NOT size(tags[0].x) BETWEEN :a AND :b"),
            "meta status tags"
        );
        assert_eq!(
            found("SET rev = if_not_exists(rev, :zero) + :one, #m.a.b = :x REMOVE gone ADD n :n"),
            "gone meta n rev"
        );
        assert_eq!(found("id, total, #s"), "id status total");
    }

    #[test]
    fn the_value_of_a_key_condition_is_found() {
        let names = json!({"#pk": "pk"});
        let found = |text| equality(text, "pk", names.as_object());
        assert_eq!(found("#pk = :p AND begins_with(sk, :s)"), Some(":p"));
        assert_eq!(found("sk = :s and :p=pk"), Some(":p"));
        assert_eq!(found("begins_with(pk, :p)"), None);
        assert_eq!(found("pk > :p"), None);
    }
}
