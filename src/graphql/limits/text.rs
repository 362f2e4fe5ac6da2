//! The look at the text: before it is parsed, because the parser recurses and would run out of stack, and because what it
//! makes of a token takes many times the token's bytes.

use super::{Limit, MAX_NESTING};
use crate::graphql::answer::Refused;
use crate::graphql::config::Config;

/// How long a name may be, in bytes. Validation repeats names in its errors, one for each place where the name stands.
const MAX_NAME: usize = 256;

/// Looks at the text: its length, its tokens, how deep its brackets are nested, how long its names are.
pub(in crate::graphql) fn check_text(text: &str, config: &Config) -> Result<(), Refused> {
    if text.len() > config.max_document {
        return Err(Refused::limit(Limit::Document, config.max_document, text.len()));
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut tokens, mut longest) = (0_usize, 0);
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let start = rest;
        rest = after;
        match byte {
            b'#' => {
                rest = after_line(after);
                continue;
            }
            byte if byte.is_ascii_whitespace() || *byte == b',' => continue,
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            // The parser goes on in its own way after a string without end, so what it would find is not known here.
            b'"' => rest = after_string(after).ok_or_else(Refused::endless_string)?,
            b'.' => rest = after.strip_prefix(b"..").unwrap_or(after),
            byte if is_in_word(*byte) || *byte == b'-' => {
                rest = if byte.is_ascii_digit() || *byte == b'-' {
                    after_number(after)
                } else {
                    after_word(after)
                };
                longest = longest.max(start.len() - rest.len());
            }
            // A sign, or what no document holds; the parser refuses that.
            _ => {}
        }
        tokens += 1;
        deepest = deepest.max(depth);
    }
    for (limit, most, found) in [
        (Limit::Brackets, MAX_NESTING, deepest),
        (Limit::Name, MAX_NAME, longest),
        (Limit::Tokens, config.max_document_tokens, tokens),
    ] {
        if found > most {
            return Err(Refused::limit(limit, most, found));
        }
    }
    Ok(())
}

fn is_in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn after_word(text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|byte| is_in_word(**byte)).count();
    text.get(length..).unwrap_or_default()
}

/// What follows a number of which the first sign has been read: digits, a fraction, an exponent. Anything else that
/// stands there is a token of its own.
fn after_number(text: &[u8]) -> &[u8] {
    let rest = match after_word(text) {
        [b'.', fraction @ ..] if fraction.first().is_some_and(u8::is_ascii_digit) => after_word(fraction),
        rest => rest,
    };
    let number = text.get(..text.len() - rest.len()).unwrap_or_default();
    match rest {
        [b'+' | b'-', exponent @ ..] if matches!(number.last(), Some(b'e' | b'E')) => after_word(exponent),
        rest => rest,
    }
}

fn after_line(text: &[u8]) -> &[u8] {
    let mut bytes = text.iter();
    let _end = bytes.find(|byte| matches!(byte, b'\n' | b'\r'));
    bytes.as_slice()
}

/// What follows a string whose first quote has been read; none, if it does not end.
fn after_string(text: &[u8]) -> Option<&[u8]> {
    if let Some(mut block) = text.strip_prefix(b"\"\"") {
        loop {
            if let Some(after) = block.strip_prefix(b"\"\"\"") {
                return Some(after);
            }
            block = match block.strip_prefix(b"\\\"\"\"") {
                Some(after) => after,
                None => block.split_first()?.1,
            };
        }
    }
    let mut bytes = text.iter();
    loop {
        match bytes.next()? {
            b'\\' => drop(bytes.next()?),
            b'"' => return Some(bytes.as_slice()),
            b'\n' | b'\r' => return None,
            _ => {}
        }
    }
}
