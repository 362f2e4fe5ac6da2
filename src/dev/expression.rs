//! Which top-level attributes does an expression name, and which values does it hold a key to?
//!
//! Enough of DynamoDB's expression language to fill the condition keys `dynamodb:Attributes` and
//! `dynamodb:LeadingKeys`; whether an expression is valid is the engine's affair.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::conjunction::{self, Part};

/// One word or sign of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// An attribute's name, or a placeholder `#name`.
    Name(&'a str),
    /// `:value`.
    Value(&'a str),
    Sign(char),
}

const KEYWORDS: [&str; 9] = ["SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN"];

/// Whether a character may stand in a name that is not quoted by a placeholder, or in a placeholder (*Expression
/// attribute names*). A hyphen may not: it is the minus sign.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn tokens(expression: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let sigil = usize::from(matches!(first, '#' | ':'));
        let body = rest.get(sigil..).unwrap_or_default();
        let length = sigil + body.find(|c| !is_word(c)).unwrap_or(body.len());
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

/// The first placeholder of an attribute's name that is not written as the pages have it. How it would be read in an
/// expression is not known.
pub(super) fn odd_placeholder(names: &Map<String, Value>) -> Option<&str> {
    let plain =
        |name: &str| name.strip_prefix('#').is_some_and(|word| !word.is_empty() && word.chars().all(is_word));
    names.keys().map(String::as_str).find(|name| !plain(name))
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
        let keyword = KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word));
        if !(nested || function || index || keyword) {
            found.insert(resolve(word, names).to_owned());
        }
    }
    found
}

/// The placeholders of the values that a key condition holds `attribute` equal to: a term `attribute = :value` or
/// `:value = attribute` of a conjunction, in any number of parentheses.
pub(super) fn equalities<'a>(
    condition: &'a str,
    attribute: &str,
    names: Option<&'a Map<String, Value>>,
) -> Vec<&'a str> {
    let tokens = tokens(condition);
    let terms = conjunction::terms(&tokens, |token| part(*token)).unwrap_or_default();
    let value = |term: &&[Token<'a>]| match bare(term) {
        [Token::Name(name), Token::Sign('='), Token::Value(value)]
        | [Token::Value(value), Token::Sign('='), Token::Name(name)]
            if resolve(name, names) == attribute =>
        {
            Some(*value)
        }
        _ => None,
    };
    terms.iter().filter_map(value).collect()
}

fn part(token: Token<'_>) -> Part {
    match token {
        Token::Sign('(' | '[') => Part::Open,
        Token::Sign(')' | ']') => Part::Close,
        Token::Name(word) if word.eq_ignore_ascii_case("AND") => Part::And,
        Token::Name(word) if word.eq_ignore_ascii_case("BETWEEN") => Part::Between,
        Token::Name(word) if word.eq_ignore_ascii_case("OR") || word.eq_ignore_ascii_case("NOT") => {
            Part::OrNot
        }
        Token::Name(_) | Token::Value(_) | Token::Sign(_) => Part::Other,
    }
}

/// A term without the parentheses around it.
fn bare<'t, 'a>(mut term: &'t [Token<'a>]) -> &'t [Token<'a>] {
    while let [Token::Sign('('), inner @ .., Token::Sign(')')] = term {
        term = inner;
    }
    term
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

    /// A hyphen is the minus sign, and what stands before it is an attribute of its own.
    #[test]
    fn a_minus_sign_hides_no_attribute() {
        let names = json!({"#s": "salary"});
        let found = |text| attributes(text, names.as_object()).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(found("SET c = salary-:z"), "c salary");
        assert_eq!(found("SET c = :z-salary"), "c salary");
        assert_eq!(found("SET c = #s-:z"), "c salary");
        assert_eq!(found("SET c = salary-bonus"), "bonus c salary");
    }

    #[test]
    fn a_placeholder_that_the_pages_do_not_know_is_found() {
        let odd = |names: Value| odd_placeholder(names.as_object().unwrap()).map(str::to_owned);
        assert_eq!(odd(json!({"#s": "a", "#a_1": "b"})), None);
        for name in ["#a-b", "#", "a", "#a.b", "#a b"] {
            assert_eq!(odd(json!({ name: "salary" })).as_deref(), Some(name));
        }
    }

    #[test]
    fn the_values_of_a_key_condition_are_found() {
        let names = json!({"#pk": "pk"});
        let found = |text| equalities(text, "pk", names.as_object()).join(" ");
        assert_eq!(found("#pk = :p AND begins_with(sk, :s)"), ":p");
        assert_eq!(found("sk = :s and :p=pk"), ":p");
        assert_eq!(found("(#pk = :p) AND (sk BETWEEN :a AND :b)"), ":p");
        assert_eq!(found("sk BETWEEN :a AND :b AND pk = :p"), ":p");
        assert_eq!(found("pk = :p AND pk = :q"), ":p :q");
        for none in [
            "begins_with(pk, :p)",
            "pk > :p",
            "pk = :p OR sk = :s",
            "NOT pk = :p",
            "x.pk = :p",
            "(pk = :p AND sk = :s)",
            "sk BETWEEN :a AND pk = :p",
            "pk = :p)",
        ] {
            assert_eq!(found(none), "", "{none}");
        }
    }
}
