//! Reads the arguments of a directive again, so that every word of them has its place.
//!
//! async-graphql's parser is the judge of what is valid SDL, but it keeps no positions inside an argument's literal.
//! So the source is scanned once more from the directive on. What this reader meets has been parsed before: it
//! need not be strict, only exact about places.

use std::ops::Range;

use async_graphql::{Name, Value};

/// A value and where it stands, in bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<T> Spanned<T> {
    pub(super) fn new(value: T, span: Range<usize>) -> Self {
        Self { value, span }
    }
}

/// A literal of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    String(Text),
    /// An enum value, `true`, `false` or `null`.
    Word(String),
    Number(String),
    List(Vec<Spanned<Literal>>),
    Object(Vec<(Spanned<String>, Spanned<Literal>)>),
}

impl Literal {
    /// What it is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Word(word) if matches!(word.as_str(), "true" | "false") => "true or false",
            Self::Word(word) if word == "null" => "null",
            Self::Word(_) => "an enum value",
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl Literal {
    /// The value that it is.
    pub(super) fn as_value(&self) -> Value {
        match self {
            Self::String(text) => Value::String(text.value.clone()),
            Self::Word(word) if word == "null" => Value::Null,
            Self::Word(word) if word == "true" || word == "false" => Value::Boolean(word == "true"),
            Self::Word(word) => Value::Enum(Name::new(word)),
            // A number that JSON does not write is none of GraphQL's either.
            Self::Number(number) => serde_json::from_str(number).map_or(Value::Null, Value::Number),
            Self::List(items) => Value::List(items.iter().map(|item| item.value.as_value()).collect()),
            Self::Object(members) => {
                let member = |(name, value): &(Spanned<String>, Spanned<Self>)| {
                    (Name::new(&name.value), value.value.as_value())
                };
                Value::Object(members.iter().map(member).collect())
            }
        }
    }
}

/// A string's value, with the place of each of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) value: String,
    /// Where each byte of the value stands; one more, for the end.
    offsets: Vec<usize>,
}

impl Text {
    /// Where the whole value stands; of an empty one, the quotes.
    pub(super) fn whole(&self) -> Range<usize> {
        let span = self.span(0..self.value.len());
        if span.is_empty() { span.start.saturating_sub(1)..span.end + 1 } else { span }
    }

    /// Where a range of the value stands in the source.
    pub(super) fn span(&self, range: Range<usize>) -> Range<usize> {
        let at = |index: usize| self.offsets.get(index).or(self.offsets.last()).copied().unwrap_or_default();
        at(range.start)..at(range.end)
    }
}

/// What a block string stands in, and how it is written inside one.
pub(super) const BLOCK: &str = "\"\"\"";
pub(super) const ESCAPED_BLOCK: &str = "\\\"\"\"";

/// The arguments of a directive.
pub(super) type Arguments = Vec<(Spanned<String>, Spanned<Literal>)>;

/// Reads the arguments that follow `offset`, the place just after the directive's name.
pub(super) fn arguments(source: &str, offset: usize) -> Arguments {
    let mut scanner = Scanner { source, at: offset };
    scanner.skip();
    if scanner.take('(') { scanner.members(')') } else { Vec::new() }
}

/// Where the literal that begins at `offset` stands.
pub(super) fn literal_span(source: &str, offset: usize) -> Range<usize> {
    Scanner { source, at: offset }.literal().span
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Passes over what GraphQL ignores: white space, commas, comments, a byte order mark.
    fn skip(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                c if c.is_whitespace() || matches!(c, ',' | '\u{feff}') => self.at += c.len_utf8(),
                _ => break,
            }
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// `name: value` up to a closing sign.
    fn members(&mut self, close: char) -> Arguments {
        let mut members = Vec::new();
        loop {
            self.skip();
            if self.take(close) || self.peek().is_none() {
                return members;
            }
            let name = self.word();
            self.skip();
            self.take(':');
            members.push((name, self.literal()));
        }
    }

    fn word(&mut self) -> Spanned<String> {
        self.run(|_, c: char| c.is_alphanumeric() || c == '_')
    }

    /// `-1.5e+3`: a sign begins a number, or follows its exponent's `e`.
    fn number(&mut self) -> Spanned<String> {
        self.run(|before, c| match c {
            '+' | '-' => before.is_none_or(|before| matches!(before, 'e' | 'E')),
            c => c.is_ascii_alphanumeric() || c == '.',
        })
    }

    /// Characters that belong to the ones before. The first is always taken, so that nothing is met twice.
    fn run(&mut self, belongs: impl Fn(Option<char>, char) -> bool) -> Spanned<String> {
        let (start, mut before) = (self.at, None);
        while let Some(c) = self.peek().filter(|c| before.is_none() || belongs(before, *c)) {
            before = Some(self.pass(c));
        }
        Spanned::new(self.source.get(start..self.at).unwrap_or_default().to_owned(), start..self.at)
    }

    fn literal(&mut self) -> Spanned<Literal> {
        self.skip();
        let start = self.at;
        let literal = match self.peek() {
            Some('"') => Literal::String(self.string()),
            Some('[') => {
                self.take('[');
                let mut items = Vec::new();
                loop {
                    self.skip();
                    if self.take(']') || self.peek().is_none() {
                        break;
                    }
                    items.push(self.literal());
                }
                Literal::List(items)
            }
            Some('{') => {
                self.take('{');
                Literal::Object(self.members('}'))
            }
            Some(c) if c.is_ascii_digit() || c == '-' => Literal::Number(self.number().value),
            _ => Literal::Word(self.word().value),
        };
        Spanned::new(literal, start..self.at)
    }

    fn string(&mut self) -> Text {
        let is_block = self.rest().starts_with(BLOCK);
        let quotes = if is_block { BLOCK } else { "\"" };
        self.at += quotes.len();
        let mut chars = Vec::new();
        while let Some(c) = self.peek().filter(|_| !self.rest().starts_with(quotes)) {
            let start = self.at;
            if is_block && self.rest().starts_with(ESCAPED_BLOCK) {
                self.at += ESCAPED_BLOCK.len();
                chars.extend(BLOCK.chars().map(|c| (start, c)));
                continue;
            }
            let c = if c == '\\' && !is_block { self.escape() } else { self.pass(c) };
            chars.push((start, c));
        }
        let mut end = self.at;
        // A string that breaks off ends with the text.
        self.at = (self.at + quotes.len()).min(self.source.len());
        if is_block {
            chars = dedented(chars);
            end = chars.last().map_or(end, |(start, c)| start + c.len_utf8());
        }
        let mut text = Text { value: String::new(), offsets: Vec::new() };
        for (start, c) in chars {
            text.value.push(c);
            text.offsets.extend(std::iter::repeat_n(start, c.len_utf8()));
        }
        text.offsets.push(end);
        text
    }

    fn pass(&mut self, c: char) -> char {
        self.at += c.len_utf8();
        c
    }

    fn escape(&mut self) -> char {
        self.at += 1;
        let kind = self.peek().unwrap_or('\\');
        self.at += kind.len_utf8();
        match kind {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits = self.rest().get(..4).unwrap_or_default();
                let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                self.at += digits.len();
                c.unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => other,
        }
    }
}

/// A block string's value: without the indentation that its lines share, and without empty lines around it (GraphQL,
/// section 2.9.4, "Block Strings"). Each character keeps its place.
fn dedented(chars: Vec<(usize, char)>) -> Vec<(usize, char)> {
    let chars: Vec<_> = chars.into_iter().filter(|(_, c)| *c != '\r').collect();
    let is_blank = |c: char| matches!(c, ' ' | '\t');
    let mut lines: Vec<&[(usize, char)]> = chars.split_inclusive(|(_, c)| *c == '\n').collect();
    let indent = |line: &&[(usize, char)]| line.iter().position(|(_, c)| !is_blank(*c) && *c != '\n');
    let common = lines.iter().skip(1).filter_map(indent).min().unwrap_or_default();
    for line in lines.iter_mut().skip(1) {
        let blank = line.iter().take(common).take_while(|(_, c)| is_blank(*c)).count();
        *line = line.get(blank..).unwrap_or_default();
    }
    let first = lines.iter().position(|line| indent(line).is_some()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| indent(line).is_some()).map_or(first, |at| at + 1);
    let mut kept = lines.get(first..last).unwrap_or_default().concat();
    kept.pop_if(|(_, c)| *c == '\n');
    kept
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a wrong place fails the test")]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_place() {
        let source = r#"@x(a: "b\"c", # comment
            list: [1, -2.5, true], o: {k: ANY, n: null})"#;
        let arguments = arguments(source, 2);
        let at = |span: &Range<usize>| source[span.clone()].to_owned();
        let names: Vec<_> = arguments.iter().map(|(name, _)| at(&name.span)).collect();
        assert_eq!(names, ["a", "list", "o"]);
        let Literal::String(text) = &arguments[0].1.value else { panic!("a string") };
        assert_eq!((text.value.as_str(), at(&text.span(2..3))), ("b\"c", "c".to_owned()));
        let Literal::List(items) = &arguments[1].1.value else { panic!("a list") };
        assert_eq!(items.iter().map(|item| at(&item.span)).collect::<Vec<_>>(), ["1", "-2.5", "true"]);
        let Literal::Object(members) = &arguments[2].1.value else { panic!("an object") };
        assert_eq!((at(&members[0].1.span), members[1].1.value.kind()), ("ANY".to_owned(), "null"));
    }

    #[test]
    fn a_text_that_breaks_off_ends_the_reading() {
        for source in
            ["@x(", "@x(a", "@x(a: \"b", "@x(a: [", "@x(a: {b: ", "@x(a: \"\\", "@x(a: \"\\u12", "@x(:::)"]
        {
            arguments(source, 2);
        }
    }

    #[test]
    fn what_touches_is_read_apart_as_the_parser_reads_it() {
        let source = "@x(a: [1-2 a-1 1e-3.5 b],c:-1)";
        let arguments = arguments(source, 2);
        let Literal::List(items) = &arguments[0].1.value else { panic!("a list") };
        let items: Vec<_> = items.iter().map(|item| &source[item.span.clone()]).collect();
        assert_eq!(items, ["1", "-2", "a", "-1", "1e-3.5", "b"]);
        assert_eq!(arguments[1].1.value, Literal::Number("-1".to_owned()));
    }

    #[test]
    fn a_block_string_loses_its_indentation_and_keeps_its_places() {
        let source = "@x(a: \"\"\"\n    first \\\"\"\"\r\n      sécond\n\n    \"\"\", b: \"\"\"\"\"\", c: \"\"\" one \"\"\")";
        let arguments = arguments(source, 2);
        let text = |at: usize| {
            let Literal::String(text) = &arguments[at].1.value else { panic!("a string") };
            text
        };
        assert_eq!(text(0).value, "first \"\"\"\n  sécond");
        assert_eq!(&source[text(0).span(12..19)], "sécond");
        assert_eq!((text(1).value.as_str(), text(2).value.as_str()), ("", " one "));
    }
}
