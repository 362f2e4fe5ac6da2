//! The look at the text: before it is parsed, because the parser recurses and would run out of stack.

use super::MAX_NESTING;
use crate::graphql::answer::Refused;
use crate::graphql::config::Config;

/// How long a name may be, in bytes. Validation repeats names in its errors, one for each place where the name stands.
const MAX_NAME: usize = 256;

/// Looks at the text: its length, how deep its brackets are nested, how long its names are.
pub(in crate::graphql) fn check_text(text: &str, config: &Config) -> Result<(), Refused> {
    if text.len() > config.max_document {
        return Err(Refused::limit("bytes", config.max_document, text.len()));
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut name, mut longest) = (0_usize, 0);
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let is_in_name = byte.is_ascii_alphanumeric() || *byte == b'_';
        name = if is_in_name { name + 1 } else { 0 };
        longest = longest.max(name);
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => rest = after_line(after),
            // The parser goes on in its own way after a string without end, so what it would find is not known here.
            b'"' => rest = after_string(after).ok_or_else(Refused::endless_string)?,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    for (what, most, found) in
        [("nested brackets", MAX_NESTING, deepest), ("bytes in a name", MAX_NAME, longest)]
    {
        if found > most {
            return Err(Refused::limit(what, most, found));
        }
    }
    Ok(())
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
