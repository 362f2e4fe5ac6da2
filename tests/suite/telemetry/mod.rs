//! What operators see: audit lines, metrics and traces, and that nothing secret is in any of them.

mod audit;
mod boards;
mod metrics;
mod secrets;
mod traces;
