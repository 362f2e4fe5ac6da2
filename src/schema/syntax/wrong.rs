//! What is wrong, said: the first token that cannot stand where it stands, or what is missing before it.

use std::ops::Range;

use super::Reader;
use super::definition::KEYWORDS;
use super::token::{Kind, Token};
use crate::problem::did_you_mean;
use crate::schema::directive::either;
use crate::schema::template::Mistake;

/// Those that the compiler understands.
const UNDERSTOOD: [&str; 5] = ["schema", "type", "input", "enum", "scalar"];
/// What a document of a client's begins with.
const QUERIES: [&str; 5] = ["query", "mutation", "subscription", "fragment", "{"];
/// What the hints call it.
pub(super) const ARGUMENTS: &str = "arguments in parentheses";
const NEXT_DEFINITION: &str = "the next definition";
const CLOSERS: [&str; 3] = ["`)`", "`]`", "`}`"];

impl Reader<'_> {
    /// The token that is to be read is none of those that were looked for.
    pub(super) fn unexpected(&self) -> Mistake {
        let Some(token) = self.peek(0) else { return Mistake::new(0..0, "the schema breaks off", "") };
        if let Some(mistake) = self.quote_within().or_else(|| self.closed_by_another(token)) {
            return mistake;
        }
        match &token.kind {
            Kind::Broken(mistake) => mistake.clone(),
            Kind::End => self.breaks_off(),
            Kind::Name | Kind::Number | Kind::String | Kind::Sign(_) => {
                self.missing_before(token).unwrap_or_else(|| {
                    let message = format!("{} cannot stand here", describe(token));
                    Mistake::new(token.span.clone(), message, format!("here should be {}", self.expected()))
                })
            }
        }
    }

    /// What must follow is missed at the end of its line, not where the next begins.
    fn missing_before(&self, token: &Token<'_>) -> Option<Mistake> {
        let before = self.before(0)?;
        let is_next_line = self.text.get(before.span.end..token.span.start)?.contains('\n');
        let may_end = self.expected.iter().any(|what| CLOSERS.contains(what) || *what == NEXT_DEFINITION);
        let message = format!("something is missing after {}", describe(before));
        let hint = format!("after it should be {}", self.expected());
        (is_next_line && !may_end).then(|| Mistake::new(before.span.clone(), message, hint))
    }

    /// A bracket that closes another than the one that is open.
    fn closed_by_another(&self, token: &Token<'_>) -> Option<Mistake> {
        let (open, span) = self.open.last()?;
        let (Kind::Sign(')' | ']' | '}'), (_, close)) = (&token.kind, closing(*open)) else { return None };
        let hint = format!("write {close} before the {} of line {}", describe(token), self.line(token));
        self.expected.contains(&close).then(|| not_closed(*open, span, hint))
    }

    /// Whether the token that is to be read begins its line.
    fn is_left(&self) -> bool {
        let start = self.peek(0).map_or(0, |token| token.span.start);
        self.text.get(..start).is_some_and(|text| text.ends_with('\n'))
    }

    fn line(&self, token: &Token<'_>) -> usize {
        1 + self.text.bytes().take(token.span.start).filter(|byte| *byte == b'\n').count()
    }

    /// What was looked for, in words: what ends the list is named last.
    fn expected(&self) -> String {
        let mut expected = self.expected.clone();
        expected.sort_by_key(|what| (CLOSERS.contains(what), *what == ARGUMENTS));
        either(&expected)
    }

    /// What touches a string was to be a part of it: `"a = "b""`.
    fn quote_within(&self) -> Option<Mistake> {
        let pairs = [(self.before(1), self.before(0)), (self.before(0), self.peek(0))];
        let touches = |(string, token): &(&Token<'_>, &Token<'_>)| {
            let is_text = !matches!(token.kind, Kind::Sign(_) | Kind::End);
            string.kind == Kind::String && string.span.end == token.span.start && is_text
        };
        let (_, token) = pairs.into_iter().filter_map(|(one, next)| one.zip(next)).find(touches)?;
        let hint = "close the string where it ends, or write `\\\"` for a quote within it";
        Some(Mistake::new(token.span.clone(), "a string ends just before this", hint))
    }

    fn breaks_off(&self) -> Mistake {
        if let Some((open, span)) = self.open.last() {
            return not_closed(*open, span, format!("write {} where it ends", closing(*open).1));
        }
        let (span, what) = self.before(0).map_or((0..0, String::new()), |it| (it.span.clone(), describe(it)));
        let hint = format!("after it should be {}", self.expected());
        Mistake::new(span, format!("the schema breaks off after {what}"), hint)
    }

    /// If a definition seems to begin within another's brackets: these are not closed then.
    pub(super) fn definition_within(&self) -> Option<Mistake> {
        let described = usize::from(self.is(&Kind::String));
        let ((open, span), keyword) = self.open.last().zip(self.peek(described))?;
        let is = |ahead: usize, kind: &Kind| self.peek(described + ahead).is_some_and(|it| it.kind == *kind);
        let (is_named, begins) = (is(1, &Kind::Name), is(1, &Kind::Sign('{')) || is(1, &Kind::Sign('@')));
        let is_definition = (self.is_left() && (is_named || begins)) || (is_named && is(2, &Kind::Sign('{')));
        let close = closing(*open).1;
        let hint = format!("write {close} before the `{}` of line {}", keyword.text, self.line(keyword));
        (is_definition && KEYWORDS.contains(&keyword.text)).then(|| not_closed(*open, span, hint))
    }

    /// Something stands where a definition should begin.
    pub(super) fn no_definition(&mut self) -> Mistake {
        let Some(token) = self.peek(0).cloned() else { return self.breaks_off() };
        // It may have been meant for the definition before.
        let is_its_own = token.kind == Kind::Name && self.is_left();
        if !is_its_own && !self.expected.is_empty() {
            self.expected.push(NEXT_DEFINITION);
            return self.unexpected();
        }
        let (message, hint) = match token.kind {
            _ if QUERIES.contains(&token.text) => {
                let hint =
                    "a schema is made of `schema`, `type`, `input` and `enum`; queries come from clients";
                (format!("`{}` begins a query", token.text), hint.to_owned())
            }
            Kind::Name => {
                (format!("`{}` begins no definition", token.text), did_you_mean(token.text, UNDERSTOOD))
            }
            Kind::Sign(sign @ ('}' | ')' | ']')) => {
                (format!("this `{sign}` closes nothing"), "take it out, or open it before".to_owned())
            }
            Kind::Number | Kind::String | Kind::Sign(_) | Kind::Broken(_) | Kind::End => {
                self.expected.push("a definition, such as `type` or `schema`");
                return self.unexpected();
            }
        };
        Mistake::new(token.span, message, hint)
    }
}

fn describe(token: &Token<'_>) -> String {
    if token.kind == Kind::String { "a string".to_owned() } else { format!("`{}`", token.text) }
}

fn not_closed(open: char, span: &Range<usize>, hint: String) -> Mistake {
    Mistake::new(span.clone(), format!("this `{open}` is not closed"), hint)
}

/// What closes a bracket, and how it is called in a hint.
pub(super) fn closing(open: char) -> (char, &'static str) {
    match open {
        '(' => (')', "`)`"),
        '[' => (']', "`]`"),
        _ => ('}', "`}`"),
    }
}
