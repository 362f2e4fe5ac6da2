//! What AWS documents of IAM's vocabulary: the actions of DynamoDB and STS, and the condition keys that there are.
//!
//! Facts, each under the page that states it. AWS adds to these lists: a name that is missing here is missing until
//! somebody adds it, and nothing that serves requests looks at them. Names are compared without case, as IAM does.

mod actions;
mod keys;

pub use actions::{Access, Action, action, actions};
pub use keys::{Key, Values, is_leading_keys, key, keys};

/// The services whose actions and keys are known here.
pub const SERVICES: [&str; 2] = ["dynamodb", "sts"];
