//! Innkeeper: a GraphQL gateway for DynamoDB in which every request runs with its own tenant's AWS credentials.
//!
//! The modules are the path of a request, in order:
//!
//! | step | module | asks | takes | gives | may refuse with |
//! |---|---|---|---|---|---|
//! | 1 | [`server`] | | bytes | [`Bearer`](authorizer::Bearer), a GraphQL request | `BAD_REQUEST`, `UNAVAILABLE` |
//! | 2 | [`authorizer`] | who is calling? | `&Bearer` | [`Caller`](authorizer::Caller) | `UNAUTHENTICATED`, `UNAVAILABLE` |
//! | 3 | [`tenant`] | for whom? | `Caller` | [`TenantContext`](tenant::TenantContext) | `FORBIDDEN`, `THROTTLED` |
//! | 4 | [`credentials`] | with what power? | `TenantContext` | [`TenantSession`](credentials::TenantSession) | `FORBIDDEN`, `UNAVAILABLE` |
//! | 5 | [`graphql`] | what is asked? | a document | operations and arguments | `BAD_REQUEST` |
//! | 6 | [`operation`] | do it | `&TenantSession` | attribute values | `FORBIDDEN`, `NOT_FOUND`, `CONFLICT`, `THROTTLED`, `UNAVAILABLE`, `BUDGET_EXCEEDED` |
//! | 7 | [`item`] | | attribute values | GraphQL values | `INTERNAL` |
//!
//! Steps 2 to 4 are a line each, in `server/session.rs`; each consumes what the step before gave, so that a caller and
//! a session of different tenants cannot meet. A [`TenantSession`](credentials::TenantSession) is the only thing
//! that can call DynamoDB, and nothing but step 4 makes one.
//!
//! Beside the path lie what is known before the first request ([`schema`], [`policy`], [`config`]), what people run
//! ([`cli`]) and the embedded AWS on which `innkeeper dev` and the tests run (`dev`). `docs/ARCHITECTURE.md` is the
//! map with the invariants; `tests/suite/layers` holds the imports to it.

// The path of a request.
pub mod server;
pub mod authorizer;
pub mod tenant;
pub mod credentials;
pub mod graphql;
pub mod operation;
pub mod item;

// What is known before the first request.
pub mod schema;
pub mod policy;
pub mod config;

// What people run.
pub mod cli;
#[cfg(feature = "dev")]
pub mod dev;

// The ground: whatever stands, stands on it.
pub mod aws;
pub mod claim;
pub mod clock;
pub mod entropy;
pub mod error;
pub mod fetch;
pub mod id;
pub mod image;
pub mod json;
pub mod problem;
pub mod settings;
pub mod telemetry;
