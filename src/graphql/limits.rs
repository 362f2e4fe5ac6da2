//! Refuses a document that would cost too much, before anybody works on it.
//!
//! Two looks, each linear in the document: at its text, because the parser recurses and would run out of stack;
//! and at what it parses to, with every fragment measured once, because validation walks every spread anew.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::answer::Refused;
use super::config::Config;

/// How deep brackets of any kind may be nested in the text: selections, lists and objects together.
const MAX_NESTING: usize = 100;

/// Looks at the text: its length, and how deep its brackets are nested.
pub(super) fn check_text(text: &str, config: &Config) -> Result<(), Refused> {
    if text.len() > config.max_document {
        return Err(Refused::limit("bytes", config.max_document, text.len()));
    }
    let mut depth = 0_usize;
    let mut deepest = 0;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => drop(bytes.by_ref().find(|byte| matches!(byte, b'\n' | b'\r'))),
            // A quote too many or too few is a syntax error, so what is counted after it does not matter.
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MAX_NESTING { Err(Refused::limit("nested brackets", MAX_NESTING, deepest)) } else { Ok(()) }
}

fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return,
            _ => {}
        }
    }
}

/// Looks at the document: its depth, and its size with every fragment in place of its spreads.
pub(super) fn check_document(document: &ExecutableDocument, config: &Config) -> Result<(), Refused> {
    let mut measuring = Measuring { document, known: HashMap::new() };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        total = total.and(measuring.set(&operation.node.selection_set.node)?);
    }
    if total.depth > config.max_depth {
        return Err(Refused::limit("levels of selections", config.max_depth, total.depth));
    }
    if total.selections > config.max_selections {
        return Err(Refused::limit("selections", config.max_selections, total.selections));
    }
    Ok(())
}

/// The size of a selection set, with fragments in place of their spreads.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    depth: usize,
    selections: usize,
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            selections: self.selections.saturating_add(other.selections),
        }
    }
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    /// Fragments that were measured; none for one that is being measured.
    known: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Measuring<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, Refused> {
        let mut size = Size::default();
        for selection in &set.items {
            size = size.and(match &selection.node {
                Selection::Field(field) => {
                    let inner = self.set(&field.node.selection_set.node)?;
                    Size { depth: inner.depth + 1, selections: inner.selections.saturating_add(1) }
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            });
        }
        Ok(size)
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
}
