//! How much is counted by name, and what capacity costs.

use std::sync::Arc;

use crate::settings::Section;

/// How the gateway is observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How many tenants are counted by name.
    pub max_tenants: usize,
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
        Self { max_tenants: 500, prices: Prices { read: 0.0, write: 0.0, currency: "USD".into() } }
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
