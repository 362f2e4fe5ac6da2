//! The language of `when`: `field op (literal | args.x)`, `(literal | args.x) in field`, `and`, `or`, `not`,
//! `exists(field)`, nothing more. `@auth` has the same language over `claims.`.
//!
//! It is checked against the type's fields and the field's arguments here, and compiles to placeholders later: no
//! text of it ever reaches an expression.

use std::ops::Range;

use async_graphql::Value;
use serde_json::Number;

use super::plan::{Comparison, Condition, Name, Operand, Shape, ValueSource};
use super::scalar::{NotA, Scalar};
use super::template::Mistake;
use crate::problem::did_you_mean;

/// How deep `(` and `not` may stand in each other. A bound for the stack, here and where the condition is carried out.
const MAX_DEPTH: usize = 32;

/// What the names in a condition mean. The places in mistakes count from the beginning of what was asked about.
pub(super) trait Scope {
    /// The shape of a field of the type.
    fn field(&self, name: &str) -> Result<Shape, Mistake>;
    /// What the condition calls that field.
    fn called<'w>(&self, name: &'w str) -> &'w str {
        name
    }
    /// The values of an enum.
    fn enum_values(&self, name: &str) -> Vec<String>;
    /// The source that `args.…` or `each.…` names, for a field of a shape.
    fn source(&self, path: &str, field: &str, shape: &Shape) -> Result<ValueSource, Mistake>;
}

/// Reads a condition.
pub(super) fn parse(text: &str, scope: &dyn Scope) -> Result<Condition, Mistake> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.len(), depth: 0, scope };
    let condition = parser.or()?;
    match parser.peek() {
        None => Ok(condition),
        Some(token) if token.kind == Kind::Close => Err(Mistake::new(
            token.span.clone(),
            "this `)` closes nothing",
            "take it out, or write `(` before",
        )),
        Some(token) => {
            let (message, hint) = ("the condition should end here", "join conditions with `and` or `or`");
            Err(unexpected(token.clone(), message, hint))
        }
    }
}

/// What an argument begins with.
pub(super) const ARGS: &str = "args.";
/// What a step of a transaction calls the element that it is done for.
pub(super) const EACH: &str = "each";
/// What a claim begins with. The names of claims are the issuer's: `claims.custom:role`, `claims.https://example.com/role`.
pub(super) const CLAIMS: &str = "claims.";

#[derive(Debug, Clone, PartialEq)]
enum Kind<'a> {
    /// A field, a keyword, or a path such as `args.input.id`.
    Word(&'a str),
    Text(String),
    Number(&'a str),
    Comparison(Comparison),
    Open,
    Close,
    /// A character that has no meaning anywhere.
    Odd(char),
}

#[derive(Debug, Clone, PartialEq)]
struct Token<'a> {
    kind: Kind<'a>,
    span: Range<usize>,
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, Mistake> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let (kind, length) = token(rest, at)?;
        tokens.push(Token { kind, span: at..at + length });
        at += length;
    }
    Ok(tokens)
}

fn token(rest: &str, at: usize) -> Result<(Kind<'_>, usize), Mistake> {
    let comparisons = [
        ("<>", Comparison::NotEqual),
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("=", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    if let Some((sign, comparison)) = comparisons.into_iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((Kind::Comparison(comparison), sign.len()));
    }
    let run = |allowed: fn(char) -> bool| rest.find(|c| !allowed(c)).unwrap_or(rest.len());
    let first = rest.chars().next().unwrap_or_default();
    match first {
        '(' => Ok((Kind::Open, 1)),
        ')' => Ok((Kind::Close, 1)),
        '\'' => {
            let inner = rest.get(1..).unwrap_or_default();
            let Some((text, _)) = inner.split_once('\'') else {
                return Err(Mistake::new(
                    at..at + rest.len(),
                    "the text is not closed",
                    "write `'` after it",
                ));
            };
            Ok((Kind::Text(text.to_owned()), text.len() + 2))
        }
        c if c.is_ascii_digit() || c == '-' => {
            let length = run(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
            Ok((Kind::Number(rest.get(..length).unwrap_or_default()), length))
        }
        'c' if rest.starts_with(CLAIMS) => {
            let length = run(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '=' | '<' | '>' | '\''));
            Ok((Kind::Word(rest.get(..length).unwrap_or_default()), length))
        }
        c if c.is_alphabetic() || c == '_' => {
            let length = run(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
            Ok((Kind::Word(rest.get(..length).unwrap_or_default()), length))
        }
        c => Ok((Kind::Odd(c), c.len_utf8())),
    }
}

/// The mistake of a token that does not belong where it is.
fn unexpected(token: Token<'_>, message: &str, hint: &str) -> Mistake {
    let Kind::Odd(c) = token.kind else {
        return Mistake::new(token.span, message, hint);
    };
    let hint = match c {
        '!' => "write `<>` or `not`",
        '&' => "write `and`",
        '|' => "write `or`",
        '"' => "write a text in single quotes",
        _ => "a condition is `field = 'text'`, `field <> args.x`, `exists(field)`, with and, or, not",
    };
    Mistake::new(token.span, format!("`{c}` has no meaning here"), hint)
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    end: usize,
    /// How many `(` and `not` are open.
    depth: usize,
    scope: &'a dyn Scope,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn next(&mut self, expected: &str) -> Result<Token<'a>, Mistake> {
        let Some(token) = self.peek().cloned() else {
            let at = self.end.saturating_sub(1)..self.end;
            return Err(Mistake::new(at, "the condition breaks off", format!("write {expected}")));
        };
        self.at += 1;
        Ok(token)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token { kind: Kind::Word(word), .. }) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Condition, Mistake> {
        let mut all = vec![self.and()?];
        while self.keyword("or") {
            all.push(self.and()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::Or(all) })
    }

    fn and(&mut self) -> Result<Condition, Mistake> {
        let mut all = vec![self.not()?];
        while self.keyword("and") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::And(all) })
    }

    fn not(&mut self) -> Result<Condition, Mistake> {
        if self.keyword("not") {
            let inner = self.deeper(Self::not)?;
            return Ok(Condition::Not(Box::new(inner)));
        }
        self.primary()
    }

    /// Reads what stands within a `(` or a `not` that has just been read.
    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Condition, Mistake>,
    ) -> Result<Condition, Mistake> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let span =
                self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0..0, |it| it.span.clone());
            let hint = format!("at most {MAX_DEPTH} may stand in each other");
            return Err(Mistake::new(span, "`(` and `not` stand too deep in each other", hint));
        }
        let inner = read(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn primary(&mut self) -> Result<Condition, Mistake> {
        let token = self.next("a field, `exists(field)` or `(`")?;
        match token.kind {
            Kind::Text(_) | Kind::Number(_) | Kind::Word(_) if self.keyword("in") => self.contains(token),
            Kind::Open => {
                let condition = self.deeper(Self::or)?;
                self.close()?;
                Ok(condition)
            }
            Kind::Word(word)
                if word.eq_ignore_ascii_case("exists")
                    && self.peek().is_some_and(|it| it.kind == Kind::Open) =>
            {
                self.at += 1;
                let (field, _, _) = self.field()?;
                self.close()?;
                Ok(Condition::Exists(field))
            }
            Kind::Word(_) => {
                self.at -= 1;
                self.compare()
            }
            _ => Err(unexpected(token, "here should be a field", "write `field = …` or `exists(field)`")),
        }
    }

    fn close(&mut self) -> Result<(), Mistake> {
        let token = self.next("`)`")?;
        if token.kind == Kind::Close {
            return Ok(());
        }
        Err(unexpected(token, "here should be `)`", "close what was opened"))
    }

    fn field(&mut self) -> Result<(Name, Shape, Range<usize>), Mistake> {
        let token = self.next("a field")?;
        let Kind::Word(word) = token.kind else {
            return Err(unexpected(token, "here should be a field", "write the name of a field of the type"));
        };
        match self.scope.field(word) {
            Ok(shape) => Ok((self.scope.called(word).into(), shape, token.span)),
            Err(mistake) => Err(self.no_field(word, &token, mistake)),
        }
    }

    /// Something stands where a field should. `mistake` says that it is none.
    fn no_field(&self, word: &str, token: &Token<'_>, mistake: Mistake) -> Mistake {
        let span = token.span.clone();
        if ["and", "or", "not"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) {
            let hint = "`and` and `or` stand between two conditions, `not` before one";
            return Mistake::new(span, "here should be a field", hint);
        }
        if word.starts_with(ARGS) {
            return Mistake::new(span, "an argument stands on the right", "write `field = args.x`");
        }
        if self.peek().is_some_and(|next| next.kind == Kind::Open) {
            return Mistake::new(
                span,
                format!("there is no function `{word}`"),
                "`exists(field)` is the only one",
            );
        }
        mistake.shifted(token.span.start)
    }

    fn compare(&mut self) -> Result<Condition, Mistake> {
        let (field, shape, span) = self.field()?;
        let token = self.next("`=`, `<>`, `<`, `<=`, `>` or `>=`")?;
        let Kind::Comparison(comparison) = token.kind else {
            let hint = "write `=`, `<>`, `<`, `<=`, `>` or `>=`";
            return Err(unexpected(token, "here should be a comparison", hint));
        };
        match comparability(&shape) {
            Comparability::Ordered => {}
            Comparability::Equal if matches!(comparison, Comparison::Equal | Comparison::NotEqual) => {}
            Comparability::Equal => {
                let hint = "write `=` or `<>`";
                return Err(Mistake::new(token.span, format!("`{field}` has no order"), hint));
            }
            Comparability::None => {
                let hint = "ask `exists(field)`; of a list or a set, also `value in field`";
                return Err(Mistake::new(span, format!("`{field}` cannot be compared"), hint));
            }
        }
        let value = self.next("a value, such as 'text', 3, true or args.x")?;
        let operand = self.operand(value, &field, &shape)?;
        Ok(Condition::Compare { field, comparison, operand })
    }

    /// `value in field`, of which the first two words have been read.
    fn contains(&mut self, value: Token<'a>) -> Result<Condition, Mistake> {
        let (field, shape, span) = self.field()?;
        let element = match &shape {
            Shape::List(element) | Shape::Set(element) => &element.shape,
            other => {
                let hint = if other.is_comparable() {
                    "compare it, as `field = …`"
                } else {
                    "name a list or a set"
                };
                return Err(Mistake::new(span, format!("`{field}` is no list and no set"), hint));
            }
        };
        if !element.is_comparable() {
            let hint = "only lists and sets of scalars and enums can be asked for a value";
            return Err(Mistake::new(span, format!("what is in `{field}` cannot be compared"), hint));
        }
        let operand = self.operand(value, &field, element)?;
        Ok(Condition::Contains { field, operand })
    }

    fn operand(&mut self, token: Token<'a>, field: &str, shape: &Shape) -> Result<Operand, Mistake> {
        if let Kind::Word(word) = token.kind
            && is_source(word)
        {
            let source = self.scope.source(word, field, shape);
            return source.map(Operand::Source).map_err(|mistake| mistake.shifted(token.span.start));
        }
        let hint = match (&token.kind, shape) {
            (Kind::Word(word), Shape::Enum(_) | Shape::Scalar(Scalar::String | Scalar::Id)) => {
                format!("write a text in single quotes, such as `'{word}'`, or an argument as `args.x`")
            }
            _ => format!("write {}, or an argument as `args.x`", expected(shape)),
        };
        if matches!(token.kind, Kind::Comparison(_) | Kind::Open | Kind::Close | Kind::Odd(_)) {
            return Err(unexpected(token, "here should be a value", &hint));
        }
        let Some(value) = literal(&token.kind, shape) else {
            return Err(Mistake::new(token.span, format!("this value does not fit `{field}`"), hint));
        };
        self.checked(value, shape, token.span).map(Operand::Literal)
    }

    fn checked(&self, value: Value, shape: &Shape, span: Range<usize>) -> Result<Value, Mistake> {
        if let (Shape::Enum(name), Value::String(word)) = (shape, &value) {
            let values = self.scope.enum_values(name);
            if !values.contains(word) {
                let hint = did_you_mean(word, values.iter().map(String::as_str));
                return Err(Mistake::new(span, format!("`{word}` is no value of {name}"), hint));
            }
        }
        if let (Shape::Scalar(scalar), Value::String(text)) = (shape, &value) {
            return match scalar.canonical(text) {
                Ok(text) => Ok(Value::String(text)),
                Err(NotA(what)) => {
                    Err(Mistake::new(span, format!("this is no {scalar}"), format!("write {what}")))
                }
            };
        }
        Ok(value)
    }
}

/// Whether a word names a value of the request, and none that stands in the schema.
fn is_source(word: &str) -> bool {
    word.starts_with(ARGS) || word.split('.').next() == Some(EACH)
}

enum Comparability {
    Ordered,
    Equal,
    None,
}

fn comparability(shape: &Shape) -> Comparability {
    match shape {
        Shape::Scalar(
            Scalar::Int
            | Scalar::Float
            | Scalar::String
            | Scalar::Id
            | Scalar::Decimal
            | Scalar::BigInt
            | Scalar::DateTime
            | Scalar::Date,
        ) => Comparability::Ordered,
        Shape::Scalar(Scalar::Boolean | Scalar::Base64) | Shape::Enum(_) => Comparability::Equal,
        Shape::Scalar(Scalar::Json) | Shape::Object(_) | Shape::List(_) | Shape::Set(_) => {
            Comparability::None
        }
    }
}

/// The value of a literal for a field of a shape; none if it does not fit.
fn literal(kind: &Kind<'_>, shape: &Shape) -> Option<Value> {
    let Shape::Scalar(scalar) = shape else {
        return match (shape, kind) {
            (Shape::Enum(_), Kind::Text(text)) => Some(Value::String(text.clone())),
            _ => None,
        };
    };
    match (scalar, kind) {
        (Scalar::Int, Kind::Number(text)) => text.parse::<i32>().ok().map(Value::from),
        // What DynamoDB could not hold could not be compared with either.
        (Scalar::Float, Kind::Number(text)) => {
            let number = Scalar::Decimal.canonical(text).ok()?.parse::<Number>().ok()?;
            Some(Value::Number(number))
        }
        (Scalar::Decimal | Scalar::BigInt, Kind::Number(text)) => Some(Value::String((*text).to_owned())),
        (Scalar::Boolean, Kind::Word(word)) => word.parse().ok().map(Value::Boolean),
        (
            Scalar::String
            | Scalar::Id
            | Scalar::Decimal
            | Scalar::BigInt
            | Scalar::DateTime
            | Scalar::Date
            | Scalar::Base64,
            Kind::Text(text),
        ) => Some(Value::String(text.clone())),
        _ => None,
    }
}

fn expected(shape: &Shape) -> &'static str {
    match shape {
        Shape::Scalar(Scalar::Int) => "a whole number of 32 bits",
        Shape::Scalar(Scalar::BigInt) => "a whole number",
        Shape::Scalar(Scalar::Float | Scalar::Decimal) => "a number",
        Shape::Scalar(Scalar::Boolean) => "true or false",
        _ => "a text in single quotes",
    }
}
