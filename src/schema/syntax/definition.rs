//! Definitions, and what each is made of.

use super::token::Kind;
use super::{Read, Reader};
use crate::schema::template::Mistake;

/// What a definition begins with.
pub(super) const KEYWORDS: [&str; 9] =
    ["schema", "type", "input", "enum", "scalar", "interface", "union", "directive", "extend"];
const ROOTS: [&str; 3] = ["query", "mutation", "subscription"];
/// Where directives may stand (GraphQL, section 3.13, "Directives").
const LOCATIONS: [&str; 19] = [
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
    "SCHEMA",
    "SCALAR",
    "OBJECT",
    "FIELD_DEFINITION",
    "ARGUMENT_DEFINITION",
    "INTERFACE",
    "UNION",
    "ENUM",
    "ENUM_VALUE",
    "INPUT_OBJECT",
    "INPUT_FIELD_DEFINITION",
];

impl Reader<'_> {
    pub(super) fn document(&mut self) -> Read {
        if self.is(&Kind::End) {
            let hint =
                "write `schema @table(name: \"main\", pk: \"pk\", sk: \"sk\") { query: Query }`, and types";
            return Err(Mistake::new(0..0, "nothing is defined here", hint));
        }
        while !self.is(&Kind::End) {
            self.definition()?;
        }
        Ok(())
    }

    fn definition(&mut self) -> Read {
        let Some(first) = self.peek(0).cloned() else { return Ok(()) };
        if first.kind == Kind::String {
            self.pass();
        }
        let Some(keyword) = self.word(&KEYWORDS) else { return Err(self.no_definition()) };
        if first.kind == Kind::String && matches!(keyword, "schema" | "extend") {
            let message = format!("`{keyword}` takes no description");
            return Err(Mistake::new(first.span, message, "take it out, or make it a comment: `# …`"));
        }
        self.pass();
        if keyword == "extend" { self.extension() } else { self.defined(keyword, false) }
    }

    /// What follows `extend`.
    fn extension(&mut self) -> Read {
        let keyword = self.word(&KEYWORDS).filter(|word| !matches!(*word, "extend" | "directive"));
        self.need_if(keyword.is_some(), "what is extended, such as `type`")?;
        let keyword = keyword.unwrap_or_default();
        let without = self.at + usize::from(keyword != "schema");
        self.defined(keyword, true)?;
        if self.at == without { Err(self.unexpected()) } else { Ok(()) }
    }

    /// What follows a keyword.
    fn defined(&mut self, keyword: &str, is_extended: bool) -> Read {
        if keyword == "schema" {
            self.directives()?;
            if !is_extended && !self.is(&Kind::Sign('{')) {
                self.expected.push("`{`");
                return Err(self.unexpected());
            }
            return self.members('{', Self::root);
        }
        if keyword == "directive" {
            return self.directive_definition();
        }
        self.name("a name")?;
        if matches!(keyword, "type" | "interface") {
            self.implements()?;
        }
        self.directives()?;
        match keyword {
            "scalar" => Ok(()),
            "union" => self.union_members(),
            "enum" => self.members('{', Self::enum_value),
            "input" => self.members('{', Self::input),
            _ => self.members('{', Self::field),
        }
    }

    fn root(&mut self) -> Read {
        self.need_if(self.word(&ROOTS).is_some(), "`query: …`, `mutation: …`")?;
        self.need(':', "`:`")?;
        self.name("the name of a type")
    }

    fn implements(&mut self) -> Read {
        if !self.take_if(self.word(&["implements"]).is_some(), "`implements`") {
            return Ok(());
        }
        self.separated('&', "`&`", |reader| reader.name("the name of an interface"))
    }

    fn union_members(&mut self) -> Read {
        if !self.take('=', "`=`") {
            return Ok(());
        }
        self.separated('|', "`|`", |reader| reader.name("the name of a type"))
    }

    fn directive_definition(&mut self) -> Read {
        self.need('@', "`@`")?;
        self.name("a name")?;
        self.members('(', Self::input)?;
        self.take_if(self.word(&["repeatable"]).is_some(), "`repeatable`");
        self.need_if(self.word(&["on"]).is_some(), "`on`")?;
        self.separated('|', "`|`", |reader| {
            reader
                .need_if(reader.word(&LOCATIONS).is_some(), "a place, such as `OBJECT` or `FIELD_DEFINITION`")
        })
    }

    /// One or more, with a sign between them, and perhaps before the first.
    fn separated(&mut self, sign: char, what: &'static str, read: fn(&mut Self) -> Read) -> Read {
        if self.is(&Kind::Sign(sign)) {
            self.pass();
        }
        read(self)?;
        while self.take(sign, what) {
            read(self)?;
        }
        Ok(())
    }
}
