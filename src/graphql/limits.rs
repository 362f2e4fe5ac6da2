//! Refuses a document that would cost too much, before anybody works on it.
//!
//! Two looks, each linear in the document: at its text, because the parser recurses and would run out of stack;
//! and at what it parses to, with every fragment measured once, because validation walks every spread anew and knows
//! neither how often a value is copied nor how fast introspection grows.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::parser::{Pos, Positioned};
use async_graphql_value::Value as Literal;

use super::answer::Refused;
use super::config::Config;

/// How deep brackets of any kind may be nested in the text, and selection sets with fragments in place: whoever walks
/// them recurses.
pub(super) const MAX_NESTING: usize = 100;
/// How many lists may be nested that lead from one part of the schema to the next: `fields` of the type of `fields`
/// and so on. What clients ask has one.
const MAX_LISTINGS: usize = 2;
/// How long the arguments of a document may be, with variables and fragments in place, in bytes; and how many times
/// the request's own length where that is more.
const MAX_VALUES: usize = 1024 * 1024;
const MAX_VALUES_GROWTH: usize = 2;

/// Looks at the text: its length, and how deep its brackets are nested.
pub(super) fn check_text(text: &str, config: &Config) -> Result<(), Refused> {
    if text.len() > config.max_document {
        return Err(Refused::limit("bytes", config.max_document, text.len()));
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => rest = after_line(after),
            // The parser goes on in its own way after a string without end, so what it would find is not known here.
            b'"' => rest = after_string(after).ok_or_else(Refused::endless_string)?,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MAX_NESTING { Err(Refused::limit("nested brackets", MAX_NESTING, deepest)) } else { Ok(()) }
}

fn after_line(text: &[u8]) -> &[u8] {
    let mut bytes = text.iter();
    let _end = bytes.find(|byte| matches!(byte, b'\n' | b'\r'));
    bytes.as_slice()
}

/// What follows a string whose first quote has been read; none, if it does not end.
fn after_string(text: &[u8]) -> Option<&[u8]> {
    if let Some(mut block) = text.strip_prefix(b"\"\"") {
        loop {
            if let Some(after) = block.strip_prefix(b"\"\"\"") {
                return Some(after);
            }
            block = match block.strip_prefix(b"\\\"\"\"") {
                Some(after) => after,
                None => block.split_first()?.1,
            };
        }
    }
    let mut bytes = text.iter();
    loop {
        match bytes.next()? {
            b'\\' => drop(bytes.next()?),
            b'"' => return Some(bytes.as_slice()),
            b'\n' | b'\r' => return None,
            _ => {}
        }
    }
}

/// Looks at the document: its depth, and its size with every fragment in place of its spreads.
pub(super) fn check_document(
    document: &ExecutableDocument,
    variables: &serde_json::Map<String, serde_json::Value>,
    config: &Config,
) -> Result<(), Refused> {
    let variables = lengths(document, variables);
    let own_length = variables.values().fold(config.max_document, |sum, length| sum.saturating_add(*length));
    let most_values = MAX_VALUES.max(own_length.saturating_mul(MAX_VALUES_GROWTH));
    let mut measuring = Measuring { document, config, variables, known: HashMap::new(), nesting: 0 };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        total = total.and(measuring.set(&operation.node.selection_set.node)?);
    }
    // One that nobody spreads is refused later; but it is walked before that.
    for name in document.fragments.keys() {
        measuring.fragment(name)?;
    }
    let Size { depth, selections, values, .. } = total;
    for (what, most, found) in [
        ("levels of selections", config.max_depth, depth),
        ("selections", config.max_selections, selections),
        ("bytes of arguments", most_values, values),
    ] {
        if found > most {
            return Err(Refused::limit(what, most, found));
        }
    }
    Ok(())
}

/// The length of each variable's value: the one that was sent, or its default if that is longer.
fn lengths<'a>(
    document: &'a ExecutableDocument,
    sent: &serde_json::Map<String, serde_json::Value>,
) -> HashMap<&'a str, usize> {
    let mut lengths = HashMap::new();
    for definition in document.operations.iter().flat_map(|(_, it)| &it.node.variable_definitions) {
        let name = definition.node.name.node.as_str();
        let sent = sent.get(name).map_or(0, |value| value.to_string().len());
        let default = definition.node.default_value.as_ref().map_or(0, |it| it.node.to_string().len());
        let length = lengths.entry(name).or_insert(sent);
        *length = default.max(*length);
    }
    lengths
}

/// The size of a selection set, with fragments in place of their spreads.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Levels of fields.
    depth: usize,
    /// Fields, inline fragments and spreads.
    selections: usize,
    /// Bytes of arguments, with variables in their places.
    values: usize,
    /// Levels of lists of the schema's parts, for introspection.
    listings: usize,
    /// Levels of selection sets, those of fragments included.
    nesting: usize,
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            selections: self.selections.saturating_add(other.selections),
            values: self.values.saturating_add(other.values),
            listings: self.listings.max(other.listings),
            nesting: self.nesting.max(other.nesting),
        }
    }
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    config: &'a Config,
    /// How long the variables' values are.
    variables: HashMap<&'a str, usize>,
    /// Fragments that were measured; none for one that is being measured.
    known: HashMap<&'a Name, Option<Size>>,
    /// How deep the selection set lies that is being measured.
    nesting: usize,
}

impl<'a> Measuring<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, Refused> {
        let mut size = Size::default();
        if set.items.is_empty() {
            return Ok(size);
        }
        self.nesting += 1;
        self.check_nesting(0)?;
        for selection in &set.items {
            let inner = match &selection.node {
                Selection::Field(field) => self.field(field)?,
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            self.check_nesting(inner.nesting)?;
            let directives = selection.node.directives().iter().flat_map(|it| &it.node.arguments);
            let values =
                directives.fold(0_usize, |sum, (_, value)| sum.saturating_add(self.length(&value.node)));
            size = size.and(inner).and(Size { selections: 1, values, ..Size::default() });
        }
        self.nesting -= 1;
        size.nesting += 1;
        Ok(size)
    }

    fn check_nesting(&self, further: usize) -> Result<(), Refused> {
        let nesting = self.nesting + further;
        if nesting > MAX_NESTING {
            return Err(Refused::limit("nested selection sets", MAX_NESTING, nesting));
        }
        Ok(())
    }

    fn field(&mut self, field: &'a Positioned<Field>) -> Result<Size, Refused> {
        let mut size = self.set(&field.node.selection_set.node)?;
        size.depth += 1;
        for (_, value) in &field.node.arguments {
            size.values = size.values.saturating_add(self.length(&value.node));
        }
        match field.node.name.node.as_str() {
            "__schema" | "__type" => self.check_introspection(field.pos, size)?,
            "fields" | "inputFields" | "interfaces" | "possibleTypes" => size.listings += 1,
            _ => {}
        }
        Ok(size)
    }

    fn check_introspection(&self, pos: Pos, size: Size) -> Result<(), Refused> {
        if !self.config.introspection {
            return Err(Refused::at(pos, "Introspection is switched off."));
        }
        if size.listings > MAX_LISTINGS {
            return Err(Refused::limit("nested lists of the schema's parts", MAX_LISTINGS, size.listings));
        }
        Ok(())
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Size, Refused> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Refused::cycle(name)),
            None => {}
        }
        // An unknown fragment is for validation to report.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.known.insert(name, None);
        let size = self.set(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }

    /// The length of a value, with variables in their places.
    fn length(&self, value: &Literal) -> usize {
        let sum = |lengths: &mut dyn Iterator<Item = usize>| lengths.fold(1, usize::saturating_add);
        match value {
            Literal::Variable(name) => self.variables.get(name.as_str()).copied().unwrap_or(1),
            Literal::String(text) => text.len() + 1,
            Literal::List(items) => sum(&mut items.iter().map(|item| self.length(item))),
            Literal::Object(members) => {
                sum(&mut members.iter().map(|(name, value)| self.length(value).saturating_add(name.len())))
            }
            Literal::Null
            | Literal::Number(_)
            | Literal::Boolean(_)
            | Literal::Binary(_)
            | Literal::Enum(_) => 1,
        }
    }
}
