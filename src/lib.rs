//! Innkeeper: a GraphQL gateway for DynamoDB in which every request runs with its own tenant's AWS credentials.
#![cfg_attr(not(test), expect(unused, reason = "under construction"))]
pub mod error;
pub mod id;
pub mod clock;
pub mod entropy;
pub mod problem;
pub mod settings;
pub mod json;
pub mod fetch;
pub mod telemetry;
pub mod aws;
pub mod claim;
pub mod authorizer;
pub mod tenant;
pub mod schema;
pub mod policy;
pub mod credentials;
pub mod item;
pub mod operation;
pub mod graphql;
pub mod server;
pub mod config;
pub mod cli;
#[cfg(feature = "dev")]
pub mod dev;
