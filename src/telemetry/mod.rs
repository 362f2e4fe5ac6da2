//! What operators see: what the gateway says on purpose ([`Event`]), what it counts ([`Metrics`]), how the time of a
//! request is spent ([`Traces`]), and where all of it goes.
//!
//! Nothing secret has a place in any of them: no token, no credential, no item. Names of tenants and of the schema's
//! fields do.

mod config;
mod event;
mod log;
mod metrics;
pub(crate) mod span;
mod traces;
mod waiting;

pub use config::{Config, Prices};
pub use event::{AUDIT, Event, Principal};
pub use log::{Format, start, subscriber};
pub use metrics::{Assumed, Kind, Lasting, Metrics, Shed, Token, Usage};
pub use traces::{Traces, TracesError};
