//! How long a list is taken to be, where a request does not say it: `@listSize`.
//!
//! Plain data, for whoever estimates what a document costs. What a list really holds is bounded by itself: by the page, by
//! what may be read, by the length of an answer.

use super::Name;

/// What `@listSize` says of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListSize {
    /// How many items it is taken to have where nobody says it.
    pub assumed: Option<u32>,
    /// The arguments that say it, of which a request must give exactly one; empty where it need not.
    pub one_of: Vec<Name>,
}
