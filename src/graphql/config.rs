//! How much a document may ask.

use crate::settings::Section;

/// The bounds of a document, and whether the schema may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether introspection is answered.
    pub introspection: bool,
    /// The most bytes of a document.
    pub max_document: usize,
    /// The most tokens of a document.
    pub max_document_tokens: usize,
    /// The most fragments that a document may define.
    pub max_fragments: usize,
    /// How deep selections may be nested.
    pub max_depth: usize,
    /// The most selections, with every fragment counted each time it is spread.
    pub max_selections: usize,
    /// The most fields of an operation's root, with fragments in place.
    pub max_root_fields: usize,
    /// The most aliases, with every fragment counted each time it is spread.
    pub max_aliases: usize,
    /// The most directives, with every fragment counted each time it is spread.
    pub max_directives: usize,
    /// The most fields that run a DynamoDB operation. One under a page counts as often as the page may have items, and
    /// what is run is counted again.
    pub max_operations: usize,
    /// The most points of what a document is estimated to cost.
    pub max_cost: usize,
    /// Whether no document is run but those that are trusted, where there are such.
    pub only_trusted: bool,
    /// How much memory the documents that are kept for the next request may take, in bytes.
    pub document_cache: usize,
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
            max_document_tokens: 10_000,
            max_fragments: 250,
            max_depth: 15,
            max_selections: 2_000,
            max_root_fields: 100,
            max_aliases: 250,
            max_directives: 250,
            max_operations: 1_000,
            max_cost: 20_000,
            only_trusted: true,
            document_cache: 64 * 1024 * 1024,
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
        own("max-document-tokens", 500_000, &mut config.max_document_tokens);
        own("max-fragments", 10_000, &mut config.max_fragments);
        own("max-depth", 50, &mut config.max_depth);
        own("max-selections", 100_000, &mut config.max_selections);
        own("max-root-fields", 10_000, &mut config.max_root_fields);
        own("max-aliases", 100_000, &mut config.max_aliases);
        own("max-directives", 100_000, &mut config.max_directives);
        own("max-operations", 10_000, &mut config.max_operations);
        own("max-cost", 1_000_000_000, &mut config.max_cost);
        own("document-cache", 16 * 1024 * 1024 * 1024, &mut config.document_cache);
        own("max-errors", 1_000, &mut config.max_errors);
        own("max-answer", 1024 * 1024 * 1024, &mut config.max_answer);
        config
    }
}
