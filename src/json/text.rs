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
        let is_plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if value.bytes().all(is_plain) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
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
