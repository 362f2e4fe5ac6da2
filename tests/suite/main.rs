//! The suite: one binary, each part a module. `harness` is how a world is made; the rest is what must hold in it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "the harness fails by panicking"
)]
#![expect(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "long tables of cases and long documents are what tests are made of"
)]

#[cfg(unix)]
mod admin;
mod admission;
mod batches;
mod brought;
mod check_deployed;
mod check_live;
mod cli;
mod clients;
mod collections;
mod console;
mod constraints;
mod contained;
mod costs;
mod counters;
mod derived;
mod documented;
mod diagnostics;
mod elements;
mod errors;
mod evaluator;
mod execution;
mod expiry;
mod explained;
mod faults;
mod filters;
mod golden;
mod harness;
mod hostile;
mod http;
mod http_audits;
mod index_keys;
mod isolation;
mod layers;
mod kept_documents;
mod lint;
mod multiplied;
mod nested;
mod null_keys;
mod odd_writes;
mod ledger;
mod load;
mod lost_answers;
mod leniency;
mod oracles;
mod paging;
mod printed;
mod projected;
mod projection;
mod promises;
mod proof;
mod properties;
mod refused;
mod request_path;
mod scopes;
mod schema;
mod shared_keys;
mod siblings;
mod soak;
mod telemetry;
mod tokens;
mod told;
mod tracker;
mod transactions;
mod trusted;
mod upstream;
mod values;
mod weighed;
mod wire;
mod writes;
