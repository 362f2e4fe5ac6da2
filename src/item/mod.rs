//! Attribute values and GraphQL values, each made of the other by the field's shape.
//!
//! Numbers are read and written as text, never through a float: 38 digits stay 38 digits. `serde_dynamo` writes JSON;
//! reading is by shape and our own, since its `deserialize_any` would pass numbers through an f64. Physical keys are
//! made here too, from templates: nobody ever hands one in.

mod compose;
mod key;
mod merge;
mod read;
mod same;
mod write;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

pub use compose::{ComposeError, Composed, compose, mistakes};
pub use key::{
    KeyError, KeyTexts, Prefix, attribute_value, check_sort_key, key_attributes, key_bytes, key_text, prefix,
    render, spell,
};
pub use merge::{Merge, merge, names_members};
pub use read::{Mismatch, PLACE, elements, key_leaf, leaf, length, length_of_members, write_leaf};
pub use same::{KeyId, same_item};
pub use write::{Unfit, marshal, stored};

/// An item, or a map within one: attribute values by name.
pub type Attributes = HashMap<String, AttributeValue>;
