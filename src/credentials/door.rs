//! What a call goes through: a lease's two ways to DynamoDB, of which the SDK's is made when it is first needed.
//!
//! A door is borrowed for one call by whoever holds the lease, a session or a probe, and cannot be made elsewhere.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;

use super::assumption::Assumption;
use super::budget::RetryBudget;
use super::call::CallError;
use super::client::client;
use super::config::Config;
use super::wire::{Exchange, Hot, Line, Wire};
use crate::aws::Aws;
use crate::telemetry::Metrics;

/// What a lease holds of its ways.
pub(super) enum Ways {
    /// Our own, and the SDK's once it was needed.
    Both { line: Box<Line>, client: OnceLock<Client> },
    /// The SDK's alone.
    Sdk(Client),
}

/// What they are used with.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    pub(super) aws: &'a Aws,
    pub(super) config: &'a Config,
    pub(super) exchange: &'a Exchange,
    pub(super) metrics: &'a Metrics,
    pub(super) assumption: &'a Assumption,
    pub(super) budget: &'a Arc<RetryBudget>,
}

/// A lease's ways, and what they are used with. Whoever calls may pass one on; only this module makes one.
#[derive(Clone, Copy)]
pub(crate) struct Door<'a> {
    ways: &'a Ways,
    with: With<'a>,
}

impl fmt::Debug for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing that signs.
        f.write_str(match self {
            Self::Both { .. } => "Ways::Both",
            Self::Sdk(_) => "Ways::Sdk",
        })
    }
}

impl Ways {
    /// The ways of a lease with these credentials. Where no line can be made of them the SDK's is the only one, and says
    /// with each call what is wrong.
    pub(super) fn new(with: With<'_>, credentials: Credentials) -> Self {
        let line = match with.config.wire {
            Wire::Own => with.exchange.line(&credentials, &with.assumption.region),
            Wire::Sdk => None,
        };
        match line {
            Some(line) => Self::Both { line: Box::new(line), client: OnceLock::new() },
            None => Self::Sdk(with.client(credentials)),
        }
    }

    /// A door for one call.
    pub(super) fn door<'a>(&'a self, with: With<'a>) -> Door<'a> {
        Door { ways: self, with }
    }
}

impl With<'_> {
    fn client(self, credentials: Credentials) -> Client {
        client(self.aws, self.config, self.assumption, (credentials, self.budget, self.metrics))
    }
}

impl<'a> Door<'a> {
    /// The line of our own way, if calls go by it.
    pub(super) fn line(self) -> Option<&'a Line> {
        match self.ways {
            Ways::Both { line, .. } => Some(line),
            Ways::Sdk(_) => None,
        }
    }

    /// Sends a call by a line of our own.
    pub(super) async fn send<C: Hot>(self, call: &C, line: &Line) -> Result<C::Output, CallError> {
        self.with.exchange.send(call, line, (self.with.budget, self.with.metrics)).await
    }

    /// The SDK's client, which is made now if nobody needed it before.
    pub(super) fn client(self) -> &'a Client {
        match self.ways {
            Ways::Both { line, client } => client.get_or_init(|| self.with.client(line.credentials())),
            Ways::Sdk(client) => client,
        }
    }
}
