//! With what power? Turns a tenant's context into a session that can reach that tenant's items, and no others.
//!
//! Credentials are asked of STS once a lease, not once a request: a lease outlives many sessions and is renewed
//! before it ends. Nothing here decides *whether* the caller may act; IAM does. [`TenantSession::run`] is the only
//! way to DynamoDB: no client, and no credential, leaves this module. Beside it stand two narrow things for `check`, which
//! has no caller: [`Probe`] asks whether a session may read a key, [`Operator`] looks up what is no tenant's data.

mod assumption;
mod broker;
mod budget;
mod call;
mod classify;
mod client;
mod cold;
mod config;
mod door;
mod found;
mod operator;
mod power;
mod probe;
mod reason;
#[cfg(test)]
mod renewed;
mod retries;
mod session;
mod slot;
mod sts;
mod traced;
mod wire;

pub use assumption::Assumption;
pub use broker::{Broker, OpenError};
pub use call::{Applied, CallError, Cancellation, LeaseError};
pub use config::Config;
pub(crate) use found::FoundBatch;
pub use operator::{LookupError, Operator};
pub use power::{PolicyTemplates, Power, variables};
pub use probe::{Answer, Probe, ProbeKey, Prober};
pub use session::TenantSession;
pub use slot::LeaseStatus;
pub use wire::{UnknownWire, Wire};
