//! JSON that is written piece by piece, in the order of its text, with no tree of values in between.
//!
//! Whoever writes sees to brackets and commas; a piece is one value, or a part of one that its writer completes or cuts off.

use std::fmt;
use std::io::Write as _;
use std::ops::Range;

use bytes::Bytes;
use serde::Serialize;

/// A JSON text in the making.
#[derive(Default, Clone)]
pub struct Text(Vec<u8>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may hold anything that tenants store.
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl Text {
    /// `null`.
    pub fn null(&mut self) {
        self.0.extend_from_slice(b"null");
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A whole number.
    pub fn integer(&mut self, value: i64) {
        // Writing to memory does not fail.
        let _written = write!(self.0, "{value}");
    }

    /// A string, escaped.
    pub fn string(&mut self, value: &str) {
        if plain(value.as_bytes()) == value.len() {
            self.0.push(b'"');
            self.0.extend_from_slice(value.as_bytes());
            self.0.push(b'"');
        } else {
            self.value(value);
        }
    }

    /// Any value.
    pub fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        // Writing to memory does not fail, and what is written here has names for members.
        let _written = serde_json::to_writer(&mut self.0, value);
    }

    /// A mark: a bracket, a comma.
    pub fn mark(&mut self, mark: u8) {
        self.0.push(mark);
    }

    /// The name of a member, after the comma that stands before it unless it is the first. Names of GraphQL need no
    /// escapes.
    pub fn name(&mut self, name: &str) {
        if self.0.last().is_some_and(|last| *last != b'{') {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// The same for a name that may be any text.
    pub fn member(&mut self, name: &str) {
        if self.0.last().is_some_and(|last| *last != b'{') {
            self.0.push(b',');
        }
        self.string(name);
        self.0.push(b':');
    }

    /// Another text, or a part of one.
    pub fn text(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }

    /// How long it is so far, in bytes.
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// Cuts off what was written since it was so long.
    pub fn cut(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// All of it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A part of it.
    pub fn part(&self, part: Range<usize>) -> &[u8] {
        self.0.get(part).unwrap_or_default()
    }

    /// The finished text.
    pub fn into_bytes(self) -> Bytes {
        self.0.into()
    }
}

/// How many bytes of a JSON string come before a quote, an escape, or a control character.
pub fn plain(bytes: &[u8]) -> usize {
    /// A one in each byte.
    const ONES: u64 = u64::MAX / 255;
    /// The highest bit of each byte.
    const HIGH: u64 = ONES << 7;
    let mut at = 0;
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*eight);
        // A byte less than n: the borrow reaches its highest bit, which was not set before.
        let less = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
        let stops = less(word ^ (ONES * u64::from(b'"')), 1)
            | less(word ^ (ONES * u64::from(b'\\')), 1)
            | less(word, 0x20);
        let stops = stops & HIGH;
        if stops != 0 {
            // Only what is above the lowest of them may be none.
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_string_ends_where_its_first_special_byte_is(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
            prop_assert_eq!(plain(&bytes), bytes.iter().position(special).unwrap_or(bytes.len()));
        }

        #[test]
        fn a_string_is_written_as_serde_json_writes_it(value in any::<String>()) {
            let mut text = Text::default();
            text.string(&value);
            prop_assert_eq!(text.as_bytes(), serde_json::to_vec(&value).unwrap());
        }
    }

    #[test]
    fn members_have_commas_between_them() {
        let mut text = Text::default();
        text.mark(b'{');
        for name in ["a", "b"] {
            text.name(name);
            text.mark(b'{');
            text.name("c");
            text.integer(-1);
            text.mark(b'}');
        }
        text.mark(b'}');
        assert_eq!(text.into_bytes(), r#"{"a":{"c":-1},"b":{"c":-1}}"#);
    }
}
