//! IAM policies: documents as types, templates, and one evaluator.
//!
//! The evaluator is law, judge and witness: the embedded AWS enforces with it, and the proof of isolation rests on
//! it. So it follows AWS's documentation to the letter, `tests/iam-vectors.json` pins its verdicts, and where the
//! documentation is silent it fails closed. Everything here is pure: no clock, no network, no files.

mod cases;
pub mod catalogue;
mod condition;
mod context;
pub mod derive;
mod document;
mod evaluate;
mod finding;
pub mod lint;
pub mod normal;
mod pattern;
mod place;
pub mod isolation;
pub mod requests;
mod role;
mod sample;
mod template;

pub use cases::Case;
pub use condition::{Comparison, Operator, Quantifier};
pub use context::Context;
pub use document::{Condition, Document, Effect, Kind, Malformed, Matcher, Principals, Statement, Version};
pub use evaluate::{Decision, Layer, Policies, Request, StatementRef, Verdict, trust};
pub use finding::{Counterexample, Finding, Rule, Severity};
pub use place::DocumentAt;
pub use role::{Role, RoleTemplate};
pub use sample::{Sample, Whose};
pub use template::{MAX_SESSION_POLICY_CHARS, Rendered, Template, TemplateError, Variables};
