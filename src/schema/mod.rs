//! `schema.graphql` becomes a [`Plan`]: what each field runs, and how its keys are made.
//!
//! The compiler is pure: a text goes in, a plan or a list of problems comes out. A syntax error is reported alone;
//! all other mistakes at once, each with its line, the word under the caret and a hint. It knows nothing of tenants,
//! policies or AWS beyond the shape of a table.

mod ast;
mod catalogue;
mod condition;
mod directive;
pub mod language;
mod layout;
mod literal;
mod lower;
mod plan;
mod scalar;
pub mod sdl;
mod syntax;
mod template;

use std::sync::Arc;

pub use plan::*;
pub use scalar::{NotA, Scalar};

use crate::claim::ClaimKinds;
use crate::problem::{Problems, Source};

/// The definitions of the directives, for editors, and of whatever the schema uses and does not define itself. A schema with
/// mistakes gives what can be known of it.
pub fn directives(source: Option<&Arc<Source>>, claims: &ClaimKinds) -> String {
    let ast = source.and_then(|source| ast::parse(source).ok()).unwrap_or_default();
    let written = ast.types.into_iter().map(|def| def.name.value).collect();
    let plan = source.and_then(|source| compile(source, claims).ok());
    sdl::definitions(plan.as_ref(), &written)
}

/// Compiles a schema. `claims` are those that the configuration names; the schema may bind them.
pub fn compile(source: &Arc<Source>, claims: &ClaimKinds) -> Result<Plan, Problems> {
    let ast = ast::parse(source)?;
    let reports = directive::Reports::new(source);
    let plan = lower::lower(&ast, claims, &reports);
    let problems = reports.into_problems();
    match plan {
        Some(plan) => problems.or(plan),
        None => Err(problems),
    }
}
