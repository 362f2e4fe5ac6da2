//! How large a document becomes by the types that its selections may be made on: one on an interface is one for each of
//! its types, and so on within them. No limit on the document bounds that, so it is counted as it happens.

use std::cell::Cell;

use super::Limit;
use super::multiplied::count;
use crate::graphql::answer::Refused;

/// How many selections may be looked at for each that a document may have.
const MAX_LOOKS: usize = 10;

/// What has been made so far.
#[derive(Debug)]
pub(in crate::graphql) struct Expanded {
    max_selections: usize,
    /// Selections that were made, each once for each type that it may be made on.
    selected: Cell<usize>,
    /// Selections of the document that were looked at, each once for each type that it is looked at for.
    looked_at: Cell<usize>,
}

impl Expanded {
    /// Nothing yet, of so many.
    pub(in crate::graphql) fn at_most(max_selections: usize) -> Self {
        Self { max_selections, selected: Cell::new(0), looked_at: Cell::new(0) }
    }

    /// Counts a selection that is made.
    pub(in crate::graphql) fn selection(&self) -> Result<(), Refused> {
        count(&self.selected, 1, Limit::Selected, self.max_selections)
    }

    /// Counts selections that are looked at. Those that become one field, or none, are made but once; they are looked at
    /// for each type all the same.
    pub(in crate::graphql) fn looks(&self, more: usize) -> Result<(), Refused> {
        count(&self.looked_at, more, Limit::Looks, self.max_selections.saturating_mul(MAX_LOOKS))
    }

    /// How many were made.
    pub(in crate::graphql) fn selected(&self) -> usize {
        self.selected.get()
    }
}
