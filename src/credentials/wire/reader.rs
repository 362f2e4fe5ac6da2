//! A walk through the JSON of an answer that builds nothing but a tape.
//!
//! It knows the frame (objects, arrays, strings) and hands everything else, and every string with an escape in it, to `serde_json`:
//! what is JSON and what is not is decided in one place. The tests of `answer` hold it to what `serde_json` reads of the same bytes.

use std::borrow::Cow;

use aws_smithy_types::base64;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::answer::NotRead;
use crate::image::{Piece, Place, Taping};
use crate::json::plain;

/// How many brackets may be open: as many as `serde_json` takes.
const MOST_OPEN: usize = 127;

type Read<T> = Result<T, NotRead>;

/// A place in a text.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, at: 0, open: 0 }
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn blank(&mut self) {
        let blanks = self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.at += blanks.count();
    }

    /// Goes on if this comes next.
    fn takes(&mut self, sign: u8) -> bool {
        self.blank();
        let is_next = self.rest().first() == Some(&sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, sign: u8) -> Read<()> {
        if self.takes(sign) { Ok(()) } else { Err(NotRead) }
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.blank();
        let is_next = self.rest().starts_with(word.as_bytes());
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// Goes on behind a `null`, if one comes next.
    pub(super) fn null(&mut self) -> bool {
        self.takes_word("null")
    }

    /// Whether all of the text was read.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.blank();
        self.rest().is_empty()
    }

    /// A string: the part of the text between its quotes, or what it means where there are escapes.
    fn string(&mut self) -> Read<Cow<'t, str>> {
        self.expect(b'"')?;
        let start = self.at;
        self.at += plain(self.rest());
        if self.takes_quote() {
            return self.text.get(start..self.at - 1).map(Cow::Borrowed).ok_or(NotRead);
        }
        while let Some(byte) = self.rest().first() {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                // A control character: it is no string.
                _ => return Err(NotRead),
            }
            self.at += plain(self.rest());
        }
        self.at += 1;
        let written = self.text.get(start - 1..self.at).ok_or(NotRead)?;
        serde_json::from_str(written).map(Cow::Owned).map_err(|_no_string| NotRead)
    }

    fn takes_quote(&mut self) -> bool {
        let is_next = self.rest().first() == Some(&b'"');
        self.at += usize::from(is_next);
        is_next
    }

    /// A string as a tape takes it.
    fn piece<T>(&mut self, take: impl FnOnce(Piece<'_>) -> T) -> Read<T> {
        Ok(match self.string()? {
            // The quote that ends it was read.
            Cow::Borrowed(text) => take(Piece::Part(self.at - 1 - text.len(), self.at - 1)),
            Cow::Owned(text) => take(Piece::Unescaped(&text)),
        })
    }

    /// An object, member by member.
    pub(super) fn object(&mut self, mut each: impl FnMut(&mut Self, Cow<'t, str>) -> Read<()>) -> Read<()> {
        let member = |it: &mut Self| {
            let name = it.string()?;
            it.expect(b':')?;
            each(it, name)
        };
        self.between((b'{', b'}'), member).map(drop)
    }

    /// An array, element by element. Gives how many there are.
    pub(super) fn array(&mut self, each: impl FnMut(&mut Self) -> Read<()>) -> Read<usize> {
        self.between((b'[', b']'), each)
    }

    /// What stands between two brackets, with commas in between. Gives how many there are.
    fn between(
        &mut self,
        (begin, end): (u8, u8),
        mut each: impl FnMut(&mut Self) -> Read<()>,
    ) -> Read<usize> {
        self.expect(begin)?;
        self.open += 1;
        if self.open > MOST_OPEN {
            return Err(NotRead);
        }
        let mut count = 0;
        if !self.takes(end) {
            loop {
                each(self)?;
                count += 1;
                if !self.takes(b',') {
                    break;
                }
            }
            self.expect(end)?;
        }
        self.open -= 1;
        Ok(count)
    }

    /// Any other value, as `serde_json` reads it.
    pub(super) fn value<T: DeserializeOwned>(&mut self) -> Read<T> {
        self.blank();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let value = values.next().and_then(Result::ok).ok_or(NotRead)?;
        self.at += values.byte_offset();
        Ok(value)
    }

    /// Passes over a value.
    pub(super) fn pass(&mut self) -> Read<()> {
        self.value::<IgnoredAny>().map(drop)
    }

    /// The attributes of an item, or the members of a map.
    pub(super) fn attributes(&mut self, tape: &mut Taping<'_>) -> Read<Place> {
        let place = tape.map();
        let count = self.between((b'{', b'}'), |it| {
            it.piece(|piece| tape.name(piece))?;
            it.expect(b':')?;
            it.attribute(tape)
        })?;
        tape.close_map(place, count);
        Ok(place)
    }

    /// A value of an attribute: an object with one member, whose name says of what kind it is. `null` stands for a kind that is
    /// not there, and `__type` says what an object is, and is no kind.
    fn attribute(&mut self, tape: &mut Taping<'_>) -> Read<()> {
        let mut is_there = false;
        self.object(|it, kind| {
            if kind == "__type" {
                return it.pass();
            }
            if it.null() {
                return Ok(());
            }
            // A value of two kinds is none.
            if std::mem::replace(&mut is_there, true) {
                return Err(NotRead);
            }
            it.of_kind(&kind, tape)
        })?;
        if is_there { Ok(()) } else { Err(NotRead) }
    }

    fn of_kind(&mut self, kind: &str, tape: &mut Taping<'_>) -> Read<()> {
        match kind {
            "S" => self.piece(|piece| tape.text(piece)),
            "N" => self.piece(|piece| tape.number(piece)),
            "B" => self.binary(tape),
            "BOOL" => self.boolean().map(|value| tape.boolean(value)),
            "NULL" => self.boolean().map(|_either| tape.null()),
            "M" => self.attributes(tape).map(drop),
            "L" => {
                let place = tape.list();
                let count = self.array(|it| it.attribute(tape))?;
                tape.close(place, count);
                Ok(())
            }
            "SS" => {
                let place = tape.texts();
                let count = self.array(|it| it.piece(|piece| tape.text(piece)))?;
                tape.close(place, count);
                Ok(())
            }
            "NS" => {
                let place = tape.numbers();
                let count = self.array(|it| it.piece(|piece| tape.number(piece)))?;
                tape.close(place, count);
                Ok(())
            }
            "BS" => {
                let place = tape.binaries();
                let count = self.array(|it| it.binary(tape))?;
                tape.close(place, count);
                Ok(())
            }
            // A kind that came after this was written.
            _ => Err(NotRead),
        }
    }

    fn binary(&mut self, tape: &mut Taping<'_>) -> Read<()> {
        let text = self.string()?;
        // What is wrong with it is not told: the text is a tenant's.
        let bytes = base64::decode(&*text).map_err(|_no_base64| NotRead)?;
        tape.binary(&bytes);
        Ok(())
    }

    fn boolean(&mut self) -> Read<bool> {
        match (self.takes_word("true"), self.takes_word("false")) {
            (true, false) => Ok(true),
            (false, true) => Ok(false),
            _ => Err(NotRead),
        }
    }
}
