//! Refuses a document that would cost too much, before anybody works on it.
//!
//! Two looks, each linear in the document: at its text ([`check_text`]), because the parser recurses and would run out
//! of stack; and at what it parses to, with every fragment measured once, because validation walks every spread anew
//! and knows neither how often a value is copied nor how fast introspection grows. What validation does more than once
//! for a definition is bounded by how many of them there are.

mod expanded;
#[cfg(test)]
mod fuzzed;
mod limit;
mod multiplied;
mod size;
mod text;

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::ExecutableDocument;

use super::answer::Refused;
use super::config::Config;
pub(super) use expanded::Expanded;
pub(super) use limit::Limit;
pub(super) use multiplied::{Counters, Times};
use size::{Measuring, Size, VARIABLE};
pub(super) use text::check_text;

/// How deep brackets of any kind may be nested in the text, and selection sets with fragments in place: whoever walks
/// them recurses.
pub(super) const MAX_NESTING: usize = 100;
/// How many operations a document may hold. Validation walks what each of them spreads.
const MAX_DEFINED_OPERATIONS: usize = 50;
/// How many variables the operations of a document may define together. Validation looks through all of an operation's
/// for each place where a variable stands.
const MAX_VARIABLES: usize = 256;
/// How long the arguments of a document may be, with variables and fragments in place, in bytes; and how many times
/// the request's own length where that is more.
const MAX_VALUES: usize = 1024 * 1024;
const MAX_VALUES_GROWTH: usize = 2;
/// How many selections of the schema itself a document may make: each is answered for every part of the schema that is
/// listed around it, and nobody counts that. What tools ask has some 240.
const MAX_INTROSPECTED: usize = 500;
/// How many comparisons of arguments validation may make for each selection that a document may have. It compares the
/// fields of one name in the answer, anew in every selection set around them, and makes an error of each difference.
const MAX_COMPARISONS: usize = 50;

/// What a document comes to, with every fragment in place of its spreads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// How long its arguments are, in bytes.
    pub(super) values: usize,
    pub(super) selections: usize,
    /// Whether it asks for the schema itself.
    pub(super) introspects: bool,
}

/// Whether variables leave a document as long as it was measured to be without them.
pub(super) fn are_short(variables: &serde_json::Map<String, serde_json::Value>) -> bool {
    // What is counted for a variable at least is more than most are long.
    let most = VARIABLE;
    variables.values().all(|value| match value {
        serde_json::Value::String(text) => text.len() + r#""""#.len() <= most && !text.contains(is_escaped),
        serde_json::Value::Null | serde_json::Value::Bool(_) => true,
        serde_json::Value::Number(_) | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            value.to_string().len() <= most
        }
    })
}

/// Whether JSON writes a character as more than itself.
fn is_escaped(character: char) -> bool {
    matches!(character, '"' | '\\') || character.is_control()
}

/// Looks at the document: what it defines, its depth, and its size with every fragment in place of its spreads.
pub(super) fn check_document(
    document: &ExecutableDocument,
    variables: &serde_json::Map<String, serde_json::Value>,
    config: &Config,
) -> Result<Measured, Refused> {
    check_definitions(document, config)?;
    let variables = lengths(document, variables);
    let own_length = variables.values().fold(config.max_document, |sum, length| sum.saturating_add(*length));
    let most_values = MAX_VALUES.max(own_length.saturating_mul(MAX_VALUES_GROWTH));
    let mut measuring = Measuring::new(document, config, variables);
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let variables = operation.node.variable_definitions.iter().map(|it| it.node.directives.len()).sum();
        let size = measuring.definition(&operation.node.directives, &operation.node.selection_set)?;
        // One of them is run, and so the fields of each root count by themselves; a root's set is validated with all
        // of them, and everything else counts together.
        total = total.beside(size).and_directives(variables);
    }
    measuring.check_unused()?;
    for (limit, most, found) in [
        (Limit::Depth, config.max_depth, total.depth),
        (Limit::Selections, config.max_selections, total.selections),
        (Limit::RootFields, config.max_root_fields, total.fields),
        (Limit::Aliases, config.max_aliases, total.aliases),
        (Limit::Directives, config.max_directives, total.directives),
        (Limit::Introspection, MAX_INTROSPECTED, total.introspected),
        (Limit::Values, most_values, total.values),
        (Limit::Comparisons, config.max_selections.saturating_mul(MAX_COMPARISONS), total.comparisons),
    ] {
        if found > most {
            return Err(Refused::limit(limit, most, found));
        }
    }
    Ok(Measured { values: total.values, selections: total.selections, introspects: total.introspected > 0 })
}

/// Looks at what a document defines. A variable that is defined twice is refused here, and not left to validation:
/// its value would be read once for each definition before that.
fn check_definitions(document: &ExecutableDocument, config: &Config) -> Result<(), Refused> {
    let (mut operations, mut variables) = (0, 0);
    for (_, operation) in document.operations.iter() {
        let definitions = &operation.node.variable_definitions;
        (operations, variables) = (operations + 1, variables + definitions.len());
        let mut names = HashSet::new();
        if let Some(twice) = definitions.iter().find(|it| !names.insert(it.node.name.node.as_str())) {
            let message = format!("The variable `${}` is defined twice.", twice.node.name.node);
            return Err(Refused::at(twice.pos, message));
        }
    }
    for (limit, most, found) in [
        (Limit::Definitions, MAX_DEFINED_OPERATIONS, operations),
        (Limit::Variables, MAX_VARIABLES, variables),
        (Limit::Fragments, config.max_fragments, document.fragments.len()),
    ] {
        if found > most {
            return Err(Refused::limit(limit, most, found));
        }
    }
    Ok(())
}

/// The length of each variable's value: the one that was sent, or its default if that is longer. What was sent is
/// measured once a name, however many operations define it.
fn lengths<'a>(
    document: &'a ExecutableDocument,
    sent: &serde_json::Map<String, serde_json::Value>,
) -> HashMap<&'a str, usize> {
    let mut lengths = HashMap::new();
    for definition in document.operations.iter().flat_map(|(_, it)| &it.node.variable_definitions) {
        let name = definition.node.name.node.as_str();
        let default = definition.node.default_value.as_ref().map_or(0, |it| it.node.to_string().len());
        let length =
            lengths.entry(name).or_insert_with(|| sent.get(name).map_or(0, |value| value.to_string().len()));
        *length = default.max(*length);
    }
    lengths
}
