//! How much a document may ask.

use crate::settings::Section;

/// The bounds of a document, and whether the schema may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether introspection is answered.
    pub introspection: bool,
    /// The most bytes of a document.
    pub max_document: usize,
    /// How deep selections may be nested.
    pub max_depth: usize,
    /// The most selections, with every fragment counted each time it is spread.
    pub max_selections: usize,
    /// The most fields that run a DynamoDB operation. One under a page counts as often as the page may have items, and
    /// what is run is counted again.
    pub max_operations: usize,
    /// The most errors of an answer.
    pub max_errors: usize,
    /// How long the data of an answer may be, in bytes; each value counts [`crate::item::PLACE`] beside its own.
    pub max_answer: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            introspection: false,
            max_document: 64 * 1024,
            max_depth: 15,
            max_selections: 2_000,
            max_operations: 1_000,
            max_errors: 50,
            max_answer: 10 * 1024 * 1024,
        }
    }
}

impl Config {
    /// Reads the part of `[limits]` that is about documents, and `introspection`.
    pub fn read(file: &Section<'_>, limits: &Section<'_>) -> Self {
        let mut config =
            Self { introspection: file.boolean("introspection").unwrap_or_default(), ..Self::default() };
        let own = |key, most, into: &mut usize| {
            if let Some(value) = limits.count(key, 1..=most) {
                *into = usize::try_from(value).unwrap_or(*into);
            }
        };
        own("max-document", 1024 * 1024, &mut config.max_document);
        own("max-depth", 50, &mut config.max_depth);
        own("max-selections", 100_000, &mut config.max_selections);
        own("max-operations", 10_000, &mut config.max_operations);
        own("max-errors", 1_000, &mut config.max_errors);
        own("max-answer", 1024 * 1024 * 1024, &mut config.max_answer);
        config
    }
}
