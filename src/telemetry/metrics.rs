//! What is counted and measured, in Prometheus's terms, in the order of a request's path.
//!
//! Whoever does something says so by a method that is named for what happened; how it is counted is this file's affair.
//! Cardinality is bounded: operations are the schema's fields, and tenants have a name of their own in here until there
//! are `max-tenants` of them; those beyond are counted together, as `other`.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Config;
use super::waiting::spans_lost;
use crate::error::Code;
use crate::id::TenantId;

/// The bounds of the buckets of times, in seconds: from a cached answer to the longest deadline.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// The name that tenants share for whom there is no room.
const OTHER: &str = "other";

type Total = Counter<f64, AtomicU64>;
type Seconds<L> = Family<L, Histogram, fn() -> Histogram>;

/// What is counted and measured. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    config: Config,
    /// The tenants that are counted by name. At most `max_tenants`, and for as long as the process runs.
    named: RwLock<HashSet<Arc<str>>>,
    proved: Gauge,
    not_looked_at: Gauge,
    connections: Gauge,
    in_flight: Gauge,
    requests: Family<Answered, Counter>,
    request_seconds: Histogram,
    shed: Family<Why, Counter>,
    throttled: Family<Tenant, Counter>,
    tokens: Family<Outcome, Counter>,
    leases: Gauge,
    sts_calls: Family<Outcome, Counter>,
    sts_seconds: Histogram,
    documents: Family<Outcome, Counter>,
    documents_refused: Family<Limit, Counter>,
    loaded_keys: Counter,
    loader_calls: Counter,
    dynamodb_calls: Family<Called, Counter>,
    dynamodb_seconds: Seconds<CallName>,
    dynamodb_retries: Family<CallName, Counter>,
    capacity: Family<Consumed, Total>,
    cost: Family<Spent, Total>,
    reloads: Family<Outcome, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limit {
    limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tenant {
    tenant: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallName {
    call: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    call: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Consumed {
    tenant: Arc<str>,
    operation: Arc<str>,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Spent {
    tenant: Arc<str>,
    currency: Arc<str>,
}

/// Why a request is turned away before anything is done for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shed {
    /// As many requests are under way as may be.
    Busy,
    /// As many tenants wait for their first credentials as may.
    ColdLeases,
}

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// It was known.
    Remembered,
    /// It was verified.
    Verified,
    /// It was refused.
    Refused,
    /// It could not be judged.
    Unjudged,
}

/// What became of an `AssumeRole` call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumed {
    /// STS gave credentials.
    Granted,
    /// STS refused.
    Refused,
    /// STS did not answer.
    Unavailable,
}

impl Token {
    /// How it is told in labels and spans.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Remembered => "remembered",
            Self::Verified => "verified",
            Self::Refused => "refused",
            Self::Unjudged => "unjudged",
        }
    }
}

impl Assumed {
    /// How it is told in labels and spans.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The capacity that a call took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Read or write.
    pub kind: Kind,
    /// Capacity units, as DynamoDB counts them.
    pub units: f64,
}

/// Which capacity a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Read capacity.
    Read,
    /// Write capacity.
    Write,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

/// Something that is counted while it lasts.
#[derive(Debug)]
pub struct Lasting(Gauge);

impl Lasting {
    fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Metrics that count nothing yet.
    pub fn new(config: Config) -> Self {
        let seconds = || Histogram::new(SECONDS);
        let mut inner = Inner {
            registry: Registry::default(),
            config,
            named: RwLock::default(),
            proved: Gauge::default(),
            not_looked_at: Gauge::default(),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
            requests: Family::default(),
            request_seconds: seconds(),
            shed: Family::default(),
            throttled: Family::default(),
            tokens: Family::default(),
            leases: Gauge::default(),
            sts_calls: Family::default(),
            sts_seconds: seconds(),
            documents: Family::default(),
            documents_refused: Family::default(),
            loaded_keys: Counter::default(),
            loader_calls: Counter::default(),
            dynamodb_calls: Family::default(),
            dynamodb_seconds: Seconds::new_with_constructor(seconds),
            dynamodb_retries: Family::default(),
            capacity: Family::default(),
            cost: Family::default(),
            reloads: Family::default(),
        };
        inner.registry = inner.registered();
        Self(Arc::new(inner))
    }

    /// Whether what is served was proved to keep tenants apart, and how many roles nobody could look at for it.
    pub fn set_shown(&self, proved: bool, not_looked_at: usize) {
        self.0.proved.set(proved.into());
        self.0.not_looked_at.set(not_looked_at.try_into().unwrap_or(i64::MAX));
    }

    /// A call is sent again.
    pub fn retried(&self, call: &'static str) {
        self.0.dynamodb_retries.get_or_create(&CallName { call }).inc();
    }

    /// A client has connected. It counts until what is given back is dropped.
    pub fn connected(&self) -> Lasting {
        Lasting::of(&self.0.connections)
    }

    /// A request has come. It is under way until what is given back is dropped.
    pub fn began(&self) -> Lasting {
        Lasting::of(&self.0.in_flight)
    }

    /// A request was answered: with the code of its first error, or without one.
    pub fn answered(&self, code: Option<Code>, took: Duration) {
        let code = code.map_or("OK", Code::as_str);
        self.0.requests.get_or_create(&Answered { code }).inc();
        self.0.request_seconds.observe(took.as_secs_f64());
    }

    /// A request was turned away for load.
    pub fn shed(&self, why: Shed) {
        let reason = match why {
            Shed::Busy => "busy",
            Shed::ColdLeases => "cold-leases",
        };
        self.0.shed.get_or_create(&Why { reason }).inc();
    }

    /// A tenant was over a limit of its own.
    pub fn throttled(&self, tenant: &TenantId) {
        self.0.throttled.get_or_create(&Tenant { tenant: self.name(tenant) }).inc();
    }

    /// A token was looked at.
    pub fn token(&self, token: Token) {
        self.0.tokens.get_or_create(&Outcome { outcome: token.as_str() }).inc();
    }

    /// There is one more lease, until what is given back is dropped.
    pub fn leased(&self) -> Lasting {
        Lasting::of(&self.0.leases)
    }

    /// STS was asked for credentials.
    pub fn assumed(&self, assumed: Assumed, took: Duration) {
        self.0.sts_calls.get_or_create(&Outcome { outcome: assumed.as_str() }).inc();
        self.0.sts_seconds.observe(took.as_secs_f64());
    }

    /// A document is among those that are kept, or was looked at anew.
    pub fn document(&self, is_known: bool) {
        let outcome = if is_known { "known" } else { "new" };
        self.0.documents.get_or_create(&Outcome { outcome }).inc();
    }

    /// A document was refused by a limit.
    pub fn document_refused(&self, limit: &'static str) {
        self.0.documents_refused.get_or_create(&Limit { limit }).inc();
    }

    /// So many keys were asked for together, in one call.
    pub fn loaded(&self, keys: usize) {
        self.0.loaded_keys.inc_by(keys.try_into().unwrap_or(u64::MAX));
        self.0.loader_calls.inc();
    }

    /// DynamoDB was called. `outcome` is `ok`, or what kind of failure it was.
    pub fn called(&self, call: &'static str, outcome: &'static str, took: Duration) {
        self.0.dynamodb_calls.get_or_create(&Called { call, outcome }).inc();
        self.0.dynamodb_seconds.get_or_create(&CallName { call }).observe(took.as_secs_f64());
    }

    /// A call has taken capacity, for a field such as `Query.order`.
    pub fn consumed(&self, tenant: &TenantId, operation: &Arc<str>, usage: Usage) {
        let tenant = self.name(tenant);
        let prices = &self.0.config.prices;
        let (kind, per_million) = match usage.kind {
            Kind::Read => ("read", prices.read),
            Kind::Write => ("write", prices.write),
        };
        let consumed = Consumed { tenant: Arc::clone(&tenant), operation: Arc::clone(operation), kind };
        self.0.capacity.get_or_create(&consumed).inc_by(usage.units);
        if per_million > 0.0 {
            let spent = Spent { tenant, currency: Arc::clone(&prices.currency) };
            self.0.cost.get_or_create(&spent).inc_by(usage.units * per_million / 1e6);
        }
    }

    /// Files were read again, and put in force or not.
    pub fn reloaded(&self, in_force: bool) {
        let outcome = if in_force { "in-force" } else { "rejected" };
        self.0.reloads.get_or_create(&Outcome { outcome }).inc();
    }

    /// All of them, in the text format of `OpenMetrics` 1.0.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _written = encode(&mut text, &self.0.registry);
        text
    }

    /// A tenant's name, or `other` where there is no room for it.
    fn name(&self, tenant: &TenantId) -> Arc<str> {
        let inner = &self.0;
        if let Some(name) = inner.named.read().unwrap_or_else(PoisonError::into_inner).get(tenant.as_str()) {
            return Arc::clone(name);
        }
        let mut named = inner.named.write().unwrap_or_else(PoisonError::into_inner);
        if named.len() >= inner.config.max_tenants {
            return OTHER.into();
        }
        let name: Arc<str> = tenant.as_str().into();
        named.insert(Arc::clone(&name));
        name
    }
}

impl Inner {
    /// The registry, with everything in it.
    fn registered(&self) -> Registry {
        let mut registry = Registry::with_prefix("innkeeper");
        let of = &mut registry;
        let proved =
            "Whether it was shown that no tenant reaches another's items: 1, or 0 under --allow-unproved";
        of.register("isolation_proved", proved, self.proved.clone());
        let not_looked_at =
            "Roles of tenants that no file declares, so that the proof does not speak of them";
        of.register("isolation_roles_not_looked_at", not_looked_at, self.not_looked_at.clone());
        of.register("connections", "Connections of clients", self.connections.clone());
        of.register("requests_in_flight", "Requests under way", self.in_flight.clone());
        of.register("requests", "Requests, by the code of their first error, or OK", self.requests.clone());
        of.register("request_duration_seconds", "How long requests took", self.request_seconds.clone());
        of.register("requests_shed", "Requests that were turned away for load", self.shed.clone());
        let throttled = "Requests over a limit of their tenant's own";
        of.register("requests_throttled", throttled, self.throttled.clone());
        of.register("tokens", "Tokens, by what became of them", self.tokens.clone());
        of.register("leases", "Leases that are held", self.leases.clone());
        of.register("sts_calls", "AssumeRole calls, by what became of them", self.sts_calls.clone());
        of.register("sts_call_duration_seconds", "How long AssumeRole calls took", self.sts_seconds.clone());
        let documents = "Documents, by whether they were kept from a former request";
        of.register("documents", documents, self.documents.clone());
        let refused = "Documents that a limit refused";
        of.register("documents_refused", refused, self.documents_refused.clone());
        of.register("loader_keys", "Keys that were asked for together", self.loaded_keys.clone());
        of.register("loader_calls", "Calls that asked for many keys together", self.loader_calls.clone());
        of.register("dynamodb_calls", "Calls of DynamoDB", self.dynamodb_calls.clone());
        let seconds = "How long calls of DynamoDB took, with their retries";
        of.register("dynamodb_call_duration_seconds", seconds, self.dynamodb_seconds.clone());
        let retries = "Times that a call of DynamoDB was sent again";
        of.register("dynamodb_retries", retries, self.dynamodb_retries.clone());
        let capacity = "Capacity units that DynamoDB counted, by tenant and field";
        of.register("consumed_capacity_units", capacity, self.capacity.clone());
        let cost = "What the capacity costs by the configured prices, by tenant";
        of.register("estimated_cost", cost, self.cost.clone());
        of.register("reloads", "Files read again, by what became of them", self.reloads.clone());
        of.register("spans_lost", "Spans that no collector took", spans_lost().clone());
        registry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_beyond_the_bound_are_counted_together() {
        let metrics = Metrics::new(Config { max_tenants: 2, ..Config::default() });
        for tenant in ["a", "b", "c", "d", "a"] {
            metrics.throttled(&tenant.parse().unwrap());
        }
        let text = metrics.text();
        for line in [
            "innkeeper_requests_throttled_total{tenant=\"a\"} 2",
            "innkeeper_requests_throttled_total{tenant=\"b\"} 1",
            "innkeeper_requests_throttled_total{tenant=\"other\"} 2",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn capacity_has_a_price_where_one_is_configured() {
        let mut config = Config::default();
        config.prices.read = 0.25;
        let metrics = Metrics::new(config);
        let (tenant, operation) = ("acme".parse().unwrap(), Arc::from("Query.order"));
        metrics.consumed(&tenant, &operation, Usage { kind: Kind::Read, units: 2_000_000.0 });
        metrics.consumed(&tenant, &operation, Usage { kind: Kind::Write, units: 1.5 });
        let text = metrics.text();
        let units = "innkeeper_consumed_capacity_units_total{tenant=\"acme\",operation=\"Query.order\",kind=\"write\"} 1.5";
        assert!(text.contains(units), "{text}");
        assert!(
            text.contains("innkeeper_estimated_cost_total{tenant=\"acme\",currency=\"USD\"} 0.5\n"),
            "{text}"
        );
    }
}
