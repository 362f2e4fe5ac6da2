//! The tokens of a schema, each with its place: for whoever says what is wrong with one.
//!
//! What is no token at all is one too: it says what is wrong with it, and is a mistake only where it is reached. A
//! quote that is missing makes ruins of all that follows, and the first of them is not always the cause.

use std::ops::Range;

use serde_json::Number;

use crate::schema::literal::{BLOCK, ESCAPED_BLOCK};
use crate::schema::template::Mistake;

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// As it stands in the text.
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Number,
    /// A string, be it a block or not.
    String,
    /// A bracket or another sign of the language.
    Sign(char),
    /// Something that no schema may hold.
    Broken(Mistake),
    /// The end of the text.
    End,
}

/// Takes a text apart. The last token is its end.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += ignored(rest(text, at));
        let rest = rest(text, at);
        let (kind, length) = token(rest, at);
        let is_end = kind == Kind::End;
        tokens.push(Token { kind, text: rest.get(..length).unwrap_or_default(), span: at..at + length });
        at += length;
        if is_end {
            return tokens;
        }
    }
}

fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// How many bytes a text begins with that mean nothing: white space, commas, comments, a byte order mark.
fn ignored(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']);
        if !rest.starts_with('#') {
            return text.len() - rest.len();
        }
        rest = rest.trim_start_matches(|c| c != '\n');
    }
}

/// The token that a text begins with, and its length.
fn token(rest: &str, at: usize) -> (Kind, usize) {
    let Some(first) = rest.chars().next() else { return (Kind::End, 0) };
    let second = rest.chars().nth(1);
    match first {
        '"' => string(rest, at),
        '!' | '$' | '&' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '|' | '}' => (Kind::Sign(first), 1),
        c if c == '_' || c.is_alphabetic() => name(rest, at),
        c if c.is_ascii_digit() => number(rest, at),
        '-' | '+' | '.' if second.is_some_and(|c| c.is_ascii_digit()) => number(rest, at),
        c => {
            let length = c.len_utf8();
            let shown = if c.is_control() || c.is_whitespace() || is_invisible(c) {
                format!("the character U+{:04X}", u32::from(c))
            } else {
                format!("`{c}`")
            };
            let mistake = Mistake::new(at..at + length, format!("{shown} has no meaning"), odd(c, rest));
            (Kind::Broken(mistake), length)
        }
    }
}

/// What is seen of it is nothing: joiners, marks of direction, a soft hyphen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}')
}

/// What to do about a character that has no meaning.
fn odd(c: char, rest: &str) -> &'static str {
    match c {
        '\'' | '`' | '‘' | '’' | '“' | '”' | '„' | '«' | '»' => {
            "strings stand in double quotes: `\"…\"`"
        }
        ';' => "take it out: a line's end is enough",
        '/' => "a comment begins with `#`",
        '-' if rest.starts_with("--") => "a comment begins with `#`",
        '<' if rest.starts_with("<!") || rest.starts_with("<?") => {
            "a schema is made of `schema`, `type`, `input` and `enum`"
        }
        '<' | '>' => "a list of notes is written `[Note!]`",
        '?' => "take it out: what has no `!` may be null",
        '-' | '.' => "names have letters, digits and `_`",
        c if c.is_whitespace() => "write a plain blank instead",
        _ => "take it out: it may stand in strings and comments alone",
    }
}

fn name(rest: &str, at: usize) -> (Kind, usize) {
    let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
    let name = rest.get(..length).unwrap_or_default();
    let Some((start, c)) = name.char_indices().find(|(_, c)| !c.is_ascii()) else {
        return (Kind::Name, length);
    };
    let start = at + start;
    let hint = "names have the letters A to Z and a to z, digits and `_`";
    let message = format!("`{c}` cannot stand in a name");
    (Kind::Broken(Mistake::new(start..start + c.len_utf8(), message, hint)), length)
}

/// A number reaches as far as what looks like one: `1_000` is one, and wrong.
fn number(rest: &str, at: usize) -> (Kind, usize) {
    let mut before = None;
    let belongs = |c: char| {
        let is_sign = matches!(c, '+' | '-') && before.is_none_or(|before| matches!(before, 'e' | 'E'));
        before = Some(c);
        is_sign || c.is_ascii_alphanumeric() || matches!(c, '.' | '_')
    };
    let length = rest.len() - rest.trim_start_matches(belongs).len();
    let text = rest.get(..length).unwrap_or_default();
    let (message, hint) = match (is_number(text), text.parse::<Number>()) {
        (true, Ok(_)) => return (Kind::Number, length),
        (true, Err(_)) => ("is too large", "no number lies beyond ±1.7e308"),
        (false, _) => ("is no number", "numbers are written such as `10`, `-1` or `1.5`"),
    };
    (Kind::Broken(Mistake::new(at..at + length, format!("`{text}` {message}"), hint)), length)
}

/// GraphQL, sections 2.9.1 ("Int Value") and 2.9.2 ("Float Value").
fn is_number(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = is_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    is_whole && is_digits(fraction) && is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

fn string(rest: &str, at: usize) -> (Kind, usize) {
    if rest.starts_with(BLOCK) {
        return block(rest, at);
    }
    let mut broken = None;
    let mut length = 1;
    while let Some(inner) = rest.get(length..).filter(|inner| !inner.starts_with(['\n', '\r'])) {
        let Some(c) = inner.chars().next() else { break };
        match c {
            '"' => return (broken.map_or(Kind::String, Kind::Broken), length + 1),
            '\\' => {
                let (mistake, taken) = escape(inner, at + length);
                broken = broken.or(mistake);
                length += taken;
            }
            c => length += c.len_utf8(),
        }
    }
    let hint = "write `\"` at its end, on the same line, or `\"\"\"` around a text of several lines";
    (Kind::Broken(Mistake::new(at..at + 1, "the string is not closed", hint)), length)
}

/// What is wrong with the escape that a text begins with, and its length.
fn escape(text: &str, at: usize) -> (Option<Mistake>, usize) {
    let wrong = |length: usize, message: String, hint: &str| {
        (Some(Mistake::new(at..at + length, message, hint)), length)
    };
    match text.chars().nth(1) {
        None | Some('\n' | '\r') => (None, 1),
        Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => (None, 2),
        Some('u') => {
            let digits = text.get(2..6).filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()));
            match digits.map(|digits| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)) {
                Some(Some(_)) => (None, 6),
                Some(None) => {
                    let message = format!("`{}` is half a character", text.get(..6).unwrap_or_default());
                    wrong(6, message, "write the character itself")
                }
                None => {
                    let hint = "write them, such as `\\u00e9`, or the character itself";
                    wrong(2, "`\\u` needs four hexadecimal digits".to_owned(), hint)
                }
            }
        }
        Some(c) => {
            let message = format!("there is no escape `\\{c}`");
            wrong(1 + c.len_utf8(), message, "write `\\\\` for a backslash")
        }
    }
}

fn block(rest: &str, at: usize) -> (Kind, usize) {
    let mut length = BLOCK.len();
    while let Some(c) = rest.get(length..).and_then(|inner| inner.chars().next()) {
        let inner = rest.get(length..).unwrap_or_default();
        if inner.starts_with(BLOCK) {
            return (Kind::String, length + BLOCK.len());
        }
        length += if inner.starts_with(ESCAPED_BLOCK) { ESCAPED_BLOCK.len() } else { c.len_utf8() };
    }
    let mistake =
        Mistake::new(at..at + BLOCK.len(), "the block string is not closed", "write `\"\"\"` at its end");
    (Kind::Broken(mistake), length)
}
