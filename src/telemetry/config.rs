//! How much is counted by name, where traces go, and what capacity costs.

use std::str::FromStr;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;

use crate::settings::Section;

/// How the gateway is observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How many tenants are counted by name.
    pub max_tenants: usize,
    /// The collector that traces are sent to, such as `http://127.0.0.1:4318`. None are made without one.
    pub otlp_endpoint: Option<Arc<str>>,
    /// How many of the traces that begin here are sent, from 0 to 1.
    pub trace_ratio: f64,
    /// What capacity costs.
    pub prices: Prices,
}

/// Unit prices, for an estimate. Zero where none is given: then nothing is estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// A million read request units.
    pub read: f64,
    /// A million write request units.
    pub write: f64,
    /// The currency of both.
    pub currency: Arc<str>,
}

impl Default for Config {
    fn default() -> Self {
        let prices = Prices { read: 0.0, write: 0.0, currency: "USD".into() };
        Self { max_tenants: 500, otlp_endpoint: None, trace_ratio: 1.0, prices }
    }
}

impl Config {
    /// Reads `[telemetry]`.
    pub fn read(file: &Section<'_>) -> Self {
        let section = file.section("telemetry");
        let mut config = Self::default();
        if let Some(most) = section.count("max-tenants", 0..=100_000) {
            config.max_tenants = usize::try_from(most).unwrap_or(config.max_tenants);
        }
        if let Some(endpoint) = section.parse::<Collector>("otlp-endpoint") {
            config.otlp_endpoint = Some(endpoint.value.0);
        }
        config.trace_ratio = section.share("trace-ratio").unwrap_or(config.trace_ratio);
        let prices = section.section("prices");
        for (key, into) in [("read", &mut config.prices.read), ("write", &mut config.prices.write)] {
            let Some(text) = prices.string(key) else { continue };
            match text.value.parse::<f64>() {
                Ok(price) if price.is_finite() && price >= 0.0 => *into = price,
                Ok(_) | Err(_) => {
                    let problem = text.place.problem(format!("`{}` is no price", text.value));
                    prices.report(
                        problem.hint("write what a million units cost, as a string, such as \"0.125\""),
                    );
                }
            }
        }
        if let Some(currency) = prices.string("currency") {
            config.prices.currency = currency.value.into();
        }
        prices.finish();
        section.finish();
        config
    }
}

/// The address of a collector.
struct Collector(Arc<str>);

impl FromStr for Collector {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "write the collector's address, such as http://127.0.0.1:4318; /v1/traces is added to it";
        let uri: Uri = text.parse().map_err(|_no_address| wrong)?;
        let is_http = uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
        let is_whole = uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none();
        if is_http && is_whole { Ok(Self(text.into())) } else { Err(wrong) }
    }
}
