//! Claims of a token that the configuration names: the authorizer reads them, the schema may bind them.

use std::collections::BTreeMap;

/// The kind of value that a claim has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A list of texts.
    Strings,
}

impl std::str::FromStr for ClaimKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "string" => Ok(Self::String),
            "integer" => Ok(Self::Integer),
            "strings" => Ok(Self::Strings),
            _ => Err("must be \"string\", \"integer\" or \"strings\""),
        }
    }
}

/// The value of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimValue {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A list of texts.
    Strings(Vec<String>),
}

/// The claims that the configuration names, each with its kind.
pub type ClaimKinds = BTreeMap<String, ClaimKind>;
