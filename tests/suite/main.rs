//! The suite: one binary, each part a module. `harness` is how a world is made; the rest is what must hold in it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the harness fails by panicking"
)]

mod cli;

mod evaluator;
mod golden;
mod harness;
mod http;
mod http_audits;
mod isolation;

mod paging;
mod properties;
mod request_path;
mod schema;

mod writes;
