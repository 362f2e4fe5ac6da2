//! JSON in which no member stands twice, where in its text a value stands, and JSON that is written piece by piece.
//!
//! A parser that keeps the last of two equal members lets two readers of one text see different things: a token's
//! issuer, a policy's condition. Where a text decides who may do what, it is read through [`strict`].

mod text;

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

pub use text::{Text, plain};

/// Parses a JSON text and refuses it if an object, however deep, has two members of one name.
pub fn strict(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Strict>(text).map(|strict| strict.0)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value without duplicate members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the member `{name}` stands twice")));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// A step into a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// The member of an object.
    Member(&'a str),
    /// The element of an array, from 0.
    Element(usize),
}

/// Where the value at a path stands in a JSON text, in bytes; none if the text has no such value.
///
/// The text must be JSON: it has been read before, and is looked through again only to say where something stands.
pub fn locate(text: &str, path: &[Step<'_>]) -> Option<Range<usize>> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    for step in path {
        scanner.enter(*step)?;
    }
    scanner.blank();
    let start = scanner.at;
    scanner.value()?;
    Some(start..scanner.at)
}

/// Where the name of the member that a path leads to stands, quotes and all; none if there is no such member.
pub fn locate_name(text: &str, path: &[Step<'_>]) -> Option<Range<usize>> {
    let (Step::Member(name), parents) = path.split_last()? else { return None };
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    for step in parents {
        scanner.enter(*step)?;
    }
    scanner.member(name)
}

/// The name of the member, of the object at a path, whose value stands around a place in the text.
///
/// The object is passed over once, however many members it has: to locate each of them in its turn would be a walk for each.
pub fn member_around(text: &str, path: &[Step<'_>], place: usize) -> Option<String> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    for step in path {
        scanner.enter(*step)?;
    }
    scanner.sign(b'{').then_some(())?;
    loop {
        let name = scanner.name()?;
        let start = scanner.at;
        scanner.value()?;
        if (start..scanner.at).contains(&place) {
            return serde_json::from_slice(text.as_bytes().get(name)?).ok();
        }
        scanner.sign(b',').then_some(())?;
    }
}

/// A walk through a JSON text that builds nothing.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Goes on if the next sign is this one.
    fn sign(&mut self, sign: u8) -> bool {
        self.blank();
        let found = self.peek() == Some(sign);
        self.at += usize::from(found);
        found
    }

    /// Stands before the value that a step leads to.
    fn enter(&mut self, step: Step<'_>) -> Option<()> {
        match step {
            Step::Member(wanted) => self.member(wanted).map(|_name| ()),
            Step::Element(wanted) => {
                self.sign(b'[').then_some(())?;
                for _ in 0..wanted {
                    self.value()?;
                    self.sign(b',').then_some(())?;
                }
                Some(())
            }
        }
    }

    /// Stands before the value of an object's member, and says where its name is.
    fn member(&mut self, wanted: &str) -> Option<Range<usize>> {
        self.sign(b'{').then_some(())?;
        loop {
            let name = self.name()?;
            let written = self.text.get(name.clone())?;
            if serde_json::from_slice::<String>(written).is_ok_and(|name| name == wanted) {
                return Some(name);
            }
            self.value()?;
            self.sign(b',').then_some(())?;
        }
    }

    /// Passes over the name of a member and the colon behind it, and says where the name is.
    fn name(&mut self) -> Option<Range<usize>> {
        let length = self.string()?.len();
        let name = self.at - length..self.at;
        self.sign(b':').then_some(name)
    }

    /// Passes over a string.
    fn string(&mut self) -> Option<&[u8]> {
        self.blank();
        let start = self.at;
        self.sign(b'"').then_some(())?;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at)
    }

    /// Passes over a value.
    fn value(&mut self) -> Option<()> {
        self.blank();
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                byte if byte.is_ascii_whitespace() => self.blank(),
                _ => self.word(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) {
        while self.peek().is_some_and(|byte| !byte.is_ascii_whitespace() && !b",:{}[]\"".contains(&byte)) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_where_it_stands() {
        use Step::{Element, Member};
        let text = r#" {"a": [1, {"b\"": "x,]}", "c" : [ ] }, null], "d": -1.5e3 , "\u0065": true}"#;
        let at = |path: &[Step<'_>]| locate(text, path).and_then(|range| text.get(range));
        assert_eq!(at(&[Member("a"), Element(0)]), Some("1"));
        assert_eq!(at(&[Member("a"), Element(1), Member("b\"")]), Some(r#""x,]}""#));
        assert_eq!(at(&[Member("a"), Element(1), Member("c")]), Some("[ ]"));
        assert_eq!(at(&[Member("a"), Element(2)]), Some("null"));
        assert_eq!(at(&[Member("d")]), Some("-1.5e3"));
        assert_eq!(at(&[Member("e")]), Some("true"));
        assert_eq!(at(&[]), Some(text.trim()));
        for none in
            [&[Member("f")][..], &[Member("a"), Element(3)], &[Element(0)], &[Member("d"), Member("x")]]
        {
            assert_eq!(at(none), None, "{none:?}");
        }
        let name_at = |path: &[Step<'_>]| locate_name(text, path).and_then(|range| text.get(range));
        assert_eq!(name_at(&[Member("a"), Element(1), Member("c")]), Some("\"c\""));
        assert_eq!(name_at(&[Member("e")]), Some("\"\\u0065\""));
        assert_eq!((name_at(&[Member("f")]), name_at(&[Member("a"), Element(0)])), (None, None));
    }

    #[test]
    fn a_member_is_named_by_a_place_in_its_value() {
        let text = r#" {"v": {"a": [1, {"b": 8}], "\u0062" : 34 , "c": "5"}, "w": 6}"#;
        let around = |sign: char| {
            let place = text.rfind(sign)?;
            member_around(text, &[Step::Member("v")], place)
        };
        assert_eq!(around('1').as_deref(), Some("a"));
        assert_eq!(around('8').as_deref(), Some("a"));
        assert_eq!(around('3').as_deref(), Some("b"));
        assert_eq!(around('4').as_deref(), Some("b"));
        assert_eq!(around('5').as_deref(), Some("c"));
        assert_eq!(around('6'), None);
        assert_eq!(member_around("[1]", &[], 1), None);
    }

    #[test]
    fn a_member_that_stands_twice_is_refused_at_any_depth() {
        assert!(strict(br#"{"a": [{"b": 1, "c": null, "d": 1.5, "e": "x"}]}"#).is_ok());
        for bad in
            [r#"{"a": 1, "a": 1}"#, r#"{"a": [{"b": 1, "b": 2}]}"#, r#"{"a": 1, "\u0061": 2}"#, "{", "1 2"]
        {
            assert!(strict(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
