//! PartiQL, word by word. Comments are white space, a string ends where its quote does.

/// One word or sign of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, or a name without quotes.
    Word(String),
    /// A name in double quotes.
    Quoted(String),
    /// A literal in single quotes.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// `?`; the parameter's place, from 0.
    Parameter(usize),
    Sign(char),
}

impl Token {
    /// Whether it is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

const SIGNS: &str = "*+-.,:;=<>!()[]{}|/%";

/// The tokens of a statement; none if a string or a comment has no end, or if a character means nothing outside them.
pub(super) fn tokens(statement: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut parameters = 0;
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        let after_first = rest.get(first.len_utf8()..)?;
        rest = match first {
            space if space.is_ascii_whitespace() => after_first,
            '-' if after_first.starts_with('-') => {
                after_first.find('\n').map_or("", |end| after_first.get(end..).unwrap_or(""))
            }
            '/' if after_first.starts_with('*') => after_first.get(1..)?.split_once("*/")?.1,
            '\'' | '"' => {
                let (inner, after) = quoted(after_first, first)?;
                tokens.push(if first == '"' { Token::Quoted(inner) } else { Token::Text(inner) });
                after
            }
            '?' => {
                tokens.push(Token::Parameter(parameters));
                parameters += 1;
                after_first
            }
            digit if digit.is_ascii_digit() => {
                let end = number(rest);
                tokens.push(Token::Number(rest.get(..end)?.to_owned()));
                rest.get(end..)?
            }
            letter if letter.is_ascii_alphabetic() || letter == '_' => {
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest.get(..end)?.to_owned()));
                rest.get(end..)?
            }
            sign if SIGNS.contains(sign) => {
                tokens.push(Token::Sign(sign));
                after_first
            }
            _ => return None,
        };
    }
    Some(tokens)
}

/// What stands up to the closing quote, and what follows. A quote that stands twice is one, and closes nothing.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once(quote)?;
        inner.push_str(part);
        match after.strip_prefix(quote) {
            None => return Some((inner, after)),
            Some(after) => {
                inner.push(quote);
                rest = after;
            }
        }
    }
}

/// How long the number is that `text` begins with.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(text);
    let from = |at: usize| text.get(at..).unwrap_or_default();
    if from(end).starts_with('.') {
        end += 1 + digits(from(end + 1));
    }
    if from(end).starts_with(['e', 'E']) {
        let sign = usize::from(from(end + 1).starts_with(['+', '-']));
        let exponent = digits(from(end + 1 + sign));
        end += if exponent == 0 { 0 } else { 1 + sign + exponent };
    }
    end
}
