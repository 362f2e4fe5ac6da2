//! Key templates: `TENANT#${tenant}#ORDER#${id}`.
//!
//! A template is injective: two sets of values never make one key. Between two variables stands a literal, and no
//! value may contain that literal's first character, so a key can be taken apart again from the left. (The design
//! asked that a value contain *no* character of the literal; that would refuse a ULID before `#ITEM#`, and the
//! first character is enough.)

use std::ops::Range;

use super::literal::Text;
use super::plan::{Part, Template};

/// A mistake in a template: where in its text, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: hint.into() }
    }

    /// A mistake that was reported where it was made: here it is only met.
    pub(super) fn reported() -> Self {
        Self::new(0..0, "", "")
    }

    /// The same mistake, in a text that begins so much earlier.
    pub(super) fn shifted(mut self, by: usize) -> Self {
        self.at = self.at.start + by..self.at.end + by;
        self
    }

    pub(super) fn is_reported(&self) -> bool {
        self.message.is_empty()
    }
}

/// A template with the place of each part in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) template: Template,
    pub(super) places: Vec<Range<usize>>,
}

impl Parsed {
    /// How long the text is that it was read from.
    pub(super) fn length(&self) -> usize {
        self.places.last().map_or(0, |place| place.end)
    }

    /// The parts, each with its place.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&Part, Range<usize>)> {
        self.template.parts.iter().zip(self.places.iter().cloned())
    }
}

/// Takes a template apart.
pub(super) fn parse(text: &Text) -> Result<Parsed, Mistake> {
    let value = text.value.as_str();
    if value.is_empty() {
        return Err(Mistake::new(0..0, "a key template is empty", "write a literal or a `${field}`"));
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
        let (part, length) = next(rest, at)?;
        if matches!(
            (parts.last(), &part),
            (Some(Part::Tenant | Part::Field(_)), Part::Tenant | Part::Field(_))
        ) {
            let hint = "write a literal between them, such as `#`, so that the key can be taken apart again";
            return Err(Mistake::new(at..at + length, "two variables stand side by side", hint));
        }
        parts.push(part);
        places.push(at..at + length);
        at += length;
    }
    Ok(Parsed { template: Template { parts }, places })
}

/// The part that a text begins with, and its length.
fn next(rest: &str, at: usize) -> Result<(Part, usize), Mistake> {
    let Some(inner) = rest.strip_prefix("${") else {
        let length = rest.find("${").unwrap_or(rest.len());
        let literal = rest.get(..length).unwrap_or_default();
        if let Some(sign) = literal.find(['$', '{', '}']) {
            let hint = "a variable is written `${name}`; `$`, `{` and `}` have no other place in a template";
            let found = literal.get(sign..=sign).unwrap_or_default();
            let message = format!("`{found}` may not stand alone");
            return Err(Mistake::new(at + sign..at + sign + 1, message, hint));
        }
        return Ok((Part::Literal(literal.into()), length));
    };
    let Some(name) = inner.split_once('}').map(|(name, _)| name).filter(|name| !name.contains("${")) else {
        let length = inner.find("${").map_or(rest.len(), |next| next + 2);
        let hint = "write `}` after its name";
        return Err(Mistake::new(at..at + length, "the variable is not closed", hint));
    };
    let length = name.len() + 3;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match name {
        "tenant" => Ok((Part::Tenant, length)),
        _ if plain => Ok((Part::Field(name.into()), length)),
        _ => {
            let hint =
                "a key is made of the type's own fields and of `${tenant}`; bind arguments with `bind`";
            let message = match name {
                "" => "the variable has no name".to_owned(),
                name => format!("`{name}` is no field's name"),
            };
            Err(Mistake::new(at..at + length, message, hint))
        }
    }
}
