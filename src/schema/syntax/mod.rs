//! Why a text is no schema.
//!
//! async-graphql's parser answers a mistake with the names of its rules, and signs are none of them: that a `:` or a
//! `}` is missing it cannot say. It also takes words apart that belong together: `typeNote` is a type to it, `[01]`
//! a list of two numbers. So a text is read here first, up to the first token that cannot stand where it stands.
//! Nothing is kept of it: what a schema says is the parser's to read, and a text must please both.

mod definition;
mod member;
mod token;
mod wrong;

use std::ops::Range;

use self::token::{Kind, Token, tokens};
use super::template::Mistake;

/// The first mistake in the syntax of a schema.
pub(super) fn mistake(text: &str) -> Option<Mistake> {
    let (tokens, open, expected) = (tokens(text), Vec::new(), Vec::new());
    Reader { text, tokens, at: 0, open, expected }.document().err()
}

type Read = Result<(), Mistake>;

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    /// The brackets that are open.
    open: Vec<(char, Range<usize>)>,
    /// What could have stood here, as far as it was looked for.
    expected: Vec<&'static str>,
}

/// Tokens, one by one.
impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> Option<&Token<'a>> {
        self.tokens.get(self.at + ahead)
    }

    /// The token before the one that is to be read, or one before it.
    fn before(&self, back: usize) -> Option<&Token<'a>> {
        self.at.checked_sub(back + 1).and_then(|at| self.tokens.get(at))
    }

    fn is(&self, kind: &Kind) -> bool {
        self.peek(0).is_some_and(|token| token.kind == *kind)
    }

    fn word(&self, words: &[&'static str]) -> Option<&'static str> {
        let token = self.peek(0).filter(|token| token.kind == Kind::Name)?;
        words.iter().find(|word| **word == token.text).copied()
    }

    fn pass(&mut self) {
        self.at += 1;
        self.expected.clear();
    }

    /// Passes over a token, if it is there. Otherwise it is remembered as one that could have stood here.
    fn take_if(&mut self, is_there: bool, what: &'static str) -> bool {
        if is_there {
            self.pass();
        } else {
            self.expected.push(what);
        }
        is_there
    }

    fn take(&mut self, sign: char, what: &'static str) -> bool {
        self.take_if(self.is(&Kind::Sign(sign)), what)
    }

    fn need_if(&mut self, is_there: bool, what: &'static str) -> Read {
        if self.take_if(is_there, what) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn need(&mut self, sign: char, what: &'static str) -> Read {
        self.need_if(self.is(&Kind::Sign(sign)), what)
    }

    fn name(&mut self, what: &'static str) -> Read {
        if let Some(token) = self.peek(0)
            && matches!(token.kind, Kind::Number | Kind::Broken(_))
            && token.text.starts_with(|c: char| c.is_ascii_digit())
        {
            let message = format!("`{}` is no name", token.text);
            return Err(Mistake::new(token.span.clone(), message, "begin a name with a letter or `_`"));
        }
        self.need_if(self.is(&Kind::Name), what)
    }

    fn description(&mut self) {
        if self.is(&Kind::String) {
            self.pass();
        }
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a wrong place fails the test")]
mod tests {
    use async_graphql::parser::parse_schema;

    use super::*;

    /// Every form that there is, one by one.
    const FORMS: [&str; 12] = [
        r#"schema @table(name: "main", pk: "p\u00e9k") @a(b: [1, -2.5e+3, ["x"]]) { query: Query, mutation: A }"#,
        "extend schema @b # a comment",
        "\"described\" type Query implements Node & Other @c { all: Int }",
        "type A {\n  \"\"\"\n  a \\\"\"\" block\n  \"\"\"\n  a(b: [[Int!]]! = {a: {b: true}} @d, \"described\" c: A): [A!]! @get(bind: {id: A})\n}",
        "extend type Query { more: Int }",
        "interface Node { id: ID! }",
        "union Any @e = | Note | Query",
        "scalar Date @f(g: \"\")",
        "enum State { \"described\" ON @g, OFF }",
        "input New { \"described\" a: Int = 1 @h, b: String = null }",
        "directive @i(a: Int = 1) repeatable on OBJECT | FIELD_DEFINITION",
        "\"last\" directive @j on SCHEMA",
    ];

    #[test]
    fn it_refuses_what_the_parser_refuses_and_nothing_else() {
        for form in FORMS {
            assert_eq!((parse_schema(form).err(), mistake(form)), (None, None), "{form}");
            for token in tokens(form) {
                let (before, after) = (&form[..token.span.start], &form[token.span.end..]);
                for other in ["", "}", ")", "]", "{", "(", "[", "!", ":", "=", "@", "word", "1", "\"text\""] {
                    for text in [
                        format!("{before} {other} {after}"),
                        format!("{before}{} {other} {after}", token.text),
                    ] {
                        assert_eq!(mistake(&text).is_some(), parse_schema(&text).is_err(), "{text}");
                    }
                }
            }
        }
    }
}
