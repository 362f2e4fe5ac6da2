//! The limits by name: what a refusal says, what is counted, what the configuration calls them.
//!
//! Names are append-only: clients read them in `extensions.limit`, and dashboards as the label of a counter.

/// A limit of what a document may be and ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) enum Limit {
    /// Bytes of the document.
    Document,
    /// Tokens of its text.
    Tokens,
    /// Levels of brackets in its text.
    Brackets,
    /// Bytes of a name or a number.
    Name,
    /// Operations that are defined.
    Definitions,
    /// Variables that are defined.
    Variables,
    /// Fragments that are defined.
    Fragments,
    /// Levels of selection sets, those of fragments included.
    Nesting,
    /// Levels of fields.
    Depth,
    /// Fields, inline fragments and spreads, with fragments in place.
    Selections,
    /// Fields of an operation's root, with fragments in place.
    RootFields,
    /// Aliases, with fragments in place.
    Aliases,
    /// Directives, with fragments in place.
    Directives,
    /// Selections of the schema itself.
    Introspection,
    /// Lists within lists of the schema's parts.
    Listings,
    /// Arguments of one field or directive.
    Arguments,
    /// Bytes of arguments, with variables and fragments in place.
    Values,
    /// Comparisons that validation makes.
    Comparisons,
    /// Selections, once for each type that they are made on.
    Selected,
    /// Selections that are looked at, once for each type.
    Looks,
    /// Bytes of arguments, once for each type that they are given to.
    Copies,
    /// Operations that are run.
    Operations,
    /// What it costs, by `@cost` and the lengths of lists.
    Cost,
}

impl Limit {
    /// Its name: the key in `[limits]`, where it can be configured.
    pub(in crate::graphql) const fn name(self) -> &'static str {
        match self {
            Self::Document => "max-document",
            Self::Tokens => "max-document-tokens",
            Self::Brackets => "brackets",
            Self::Name => "name",
            Self::Definitions => "operation-definitions",
            Self::Variables => "variables",
            Self::Fragments => "max-fragments",
            Self::Nesting => "nesting",
            Self::Depth => "max-depth",
            Self::Selections | Self::Selected => "max-selections",
            Self::RootFields => "max-root-fields",
            Self::Aliases => "max-aliases",
            Self::Directives => "max-directives",
            Self::Introspection => "introspection",
            Self::Listings => "introspection-lists",
            Self::Arguments => "arguments",
            Self::Values => "values",
            Self::Comparisons => "comparisons",
            Self::Looks => "looks",
            Self::Copies => "value-copies",
            Self::Operations => "max-operations",
            Self::Cost => "max-cost",
        }
    }

    /// What is counted, behind a number.
    pub(in crate::graphql) const fn counted(self) -> &'static str {
        match self {
            Self::Document => "bytes",
            Self::Tokens => "tokens",
            Self::Brackets => "nested brackets",
            Self::Name => "bytes in a name",
            Self::Definitions => "operations",
            Self::Variables => "variables",
            Self::Fragments => "fragments",
            Self::Nesting => "nested selection sets",
            Self::Depth => "levels of selections",
            Self::Selections => "selections",
            Self::RootFields => "root fields",
            Self::Aliases => "aliases",
            Self::Directives => "directives",
            Self::Introspection => "selections of the schema",
            Self::Listings => "nested lists of the schema's parts",
            Self::Arguments => "arguments in one place",
            Self::Values => "bytes of arguments",
            Self::Comparisons => "arguments to compare",
            Self::Selected => "selections for each type that they are made on",
            Self::Looks => "selections to look at for each type",
            Self::Copies => "bytes of arguments for each type that they are given to",
            Self::Operations => "operations to run",
            Self::Cost => "points of cost",
        }
    }
}
