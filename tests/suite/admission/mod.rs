//! Who gets in when there are many: connections, requests under way, and each tenant's own share.

mod connections;
mod kept;
mod limits;
mod secured;
mod stopping;
mod unsent;
