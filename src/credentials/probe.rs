//! Asks AWS, for `check --live`, whether a tenant's session may read a key, and learns nothing else.
//!
//! A [`TenantSession`](super::TenantSession) needs a caller with a token, and `check` has none. A [`Probe`] asks STS for
//! the session exactly as a lease does, by the same [`Assumption`], and is no second door to DynamoDB: it sends
//! `GetItem` and `Query` for one whole key, and of the answer it keeps whether IAM let it pass. No item, no credential
//! and no client leaves it, and nothing is written. `tests/suite/layers` sees to it that `cli/check` alone names it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::operation::get_item::builders::GetItemInputBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::assumption::Assumption;
use super::broker::OpenError;
use super::budget::RetryBudget;
use super::call::{Call, CallError, LeaseError};
use super::config::Config;
use super::door::{Door, Ways, With};
use super::power::PolicyTemplates;
use super::sts::Sts;
use super::wire::Exchange;
use crate::aws::Aws;
use crate::entropy::Entropy;
use crate::telemetry::Metrics;
use crate::tenant::TenantRecord;

/// Opens probes.
#[derive(Debug)]
pub struct Prober {
    shared: Arc<Shared>,
    sts: Sts,
}

/// What its probes share.
#[derive(Debug)]
struct Shared {
    aws: Aws,
    config: Config,
    exchange: Exchange,
    /// Nobody reads them.
    metrics: Metrics,
}

/// A tenant's session that can be asked what it may read.
pub struct Probe {
    shared: Arc<Shared>,
    assumption: Assumption,
    budget: Arc<RetryBudget>,
    ways: Ways,
    packed_percent: Option<i32>,
}

/// The key that is asked for: whole, so that no more than one item could be meant.
#[derive(Debug, Clone)]
pub struct ProbeKey {
    /// The table, by name or by ARN.
    pub table: String,
    /// The index; none for the table itself.
    pub index: Option<String>,
    /// The key attributes with their values: the partition key first, then the sort key, if there is one.
    pub attributes: Vec<(String, AttributeValue)>,
}

/// What AWS says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// IAM let it pass.
    Allowed,
    /// IAM denied it.
    Denied(String),
    /// Something else happened, from which nothing follows.
    Unclear(String),
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Fields appear only if named here, so that a new one stays out of the logs.
        f.debug_struct("Probe").field("packed_percent", &self.packed_percent).finish_non_exhaustive()
    }
}

impl Prober {
    /// A prober with the identity of `aws`, which asks STS and does nothing else.
    pub fn new(aws: Aws, config: Config) -> Self {
        let (sts, exchange) = (Sts::new(&aws, &config), Exchange::new(&aws, &config, Entropy::system()));
        Self { shared: Arc::new(Shared { aws, config, exchange, metrics: Metrics::default() }), sts }
    }

    /// Asks STS for a tenant's session, as the gateway would. One call.
    ///
    /// # Errors
    /// The tenant's policy cannot be made, STS refuses the role or does not answer.
    pub async fn open(&self, record: &TenantRecord, templates: &PolicyTemplates) -> Result<Probe, OpenError> {
        let config = &self.shared.config;
        let assumption = Assumption::of(record, templates, config).map_err(OpenError::Policy)?;
        let assumed = self.sts.assume(&assumption).await.map_err(LeaseError::from)?;
        let budget = Arc::new(RetryBudget::new(config.retry_budget));
        let packed_percent = assumed.packed_percent;
        let shared = Arc::clone(&self.shared);
        let ways = Ways::new(shared.with(&assumption, &budget), assumed.credentials);
        Ok(Probe { shared, assumption, budget, ways, packed_percent })
    }
}

impl Shared {
    fn with<'a>(&'a self, assumption: &'a Assumption, budget: &'a Arc<RetryBudget>) -> With<'a> {
        let Self { aws, config, exchange, metrics } = self;
        With { aws, config, exchange, metrics, assumption, budget }
    }
}

impl Probe {
    fn door(&self) -> Door<'_> {
        self.ways.door(self.shared.with(&self.assumption, &self.budget))
    }

    /// `PackedPolicySize`: how much of what STS takes the session's policy and tags are, in percent.
    pub fn packed_percent(&self) -> Option<i32> {
        self.packed_percent
    }

    /// Whether the session may get the item of a key of the table.
    pub async fn get_item(&self, key: &ProbeKey) -> Answer {
        let item: HashMap<_, _> = key.attributes.iter().cloned().collect();
        let call = GetItemInputBuilder::default().table_name(&key.table).set_key(Some(item));
        answer(call.send(self.door()).await)
    }

    /// Whether the session may query for a key of the table or of the index.
    pub async fn query(&self, key: &ProbeKey) -> Answer {
        let mut call =
            QueryInputBuilder::default().table_name(&key.table).set_index_name(key.index.clone()).limit(1);
        let mut conditions = Vec::new();
        for (at, (name, value)) in key.attributes.iter().enumerate() {
            conditions.push(format!("#n{at} = :v{at}"));
            call = call
                .expression_attribute_names(format!("#n{at}"), name)
                .expression_attribute_values(format!(":v{at}"), value.clone());
        }
        let call = call.key_condition_expression(conditions.join(" AND "));
        answer(call.send(self.door()).await)
    }
}

/// The items are dropped here, unread.
fn answer<T>(result: Result<T, CallError>) -> Answer {
    match result {
        Ok(_unread) => Answer::Allowed,
        Err(CallError::Denied(reason)) => Answer::Denied(reason.to_string()),
        Err(error) => Answer::Unclear(error.to_string()),
    }
}
