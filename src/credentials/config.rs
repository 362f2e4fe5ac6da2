//! How long credentials live, and how long a call may take.

use std::num::NonZeroU32;
use std::time::Duration;

use super::wire::Wire;
use crate::settings::Section;

/// How sessions are made and used.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DurationSeconds`. A gateway that itself runs under a role is capped at one hour.
    pub duration: Duration,
    /// How long before its end a lease is renewed, at the latest. Well under half of `duration`: a window as long
    /// as the session would renew without end.
    pub renew_ahead: Duration,
    /// The most leases that are kept. Each is some 1.5 KB, and 20 KB once the SDK sends something for it.
    pub max_leases: u64,
    /// The most `AssumeRole` calls at one time.
    pub max_assume_role: usize,
    /// The most `AssumeRole` calls that begin in a second.
    pub assume_role_rate: NonZeroU32,
    /// The most leases that are asked for at one time for tenants that have none.
    pub max_cold_leases: usize,
    /// How many retries of a tenant's calls there may be at once; ten answers give one back.
    pub retry_budget: u32,
    /// `SourceIdentity`: the gateway's instance, never the caller.
    pub source_identity: Option<String>,
    /// From the start of a connection to its end.
    pub connect_timeout: Duration,
    /// For one attempt of a call.
    pub attempt_timeout: Duration,
    /// For a call with its retries.
    pub call_timeout: Duration,
    /// By which way calls are sent that have two.
    pub wire: Wire,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            duration: Duration::from_hours(1),
            renew_ahead: Duration::from_mins(10),
            max_leases: 10_000,
            max_assume_role: 32,
            assume_role_rate: const { NonZeroU32::new(100).unwrap() },
            max_cold_leases: 64,
            retry_budget: 50,
            source_identity: None,
            connect_timeout: Duration::from_secs(1),
            attempt_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(8),
            wire: Wire::default(),
        }
    }
}

impl Config {
    /// Reads `[credentials]`, and of `[admission]` how many tenants may wait for their first credentials.
    pub fn read(file: &Section<'_>, admission: &Section<'_>) -> Option<Self> {
        const SECOND: Duration = Duration::from_secs(1);
        let section = file.section("credentials");
        let mut config = Self::default();
        let own = |key, within, into: &mut Duration| {
            if let Some(value) = section.duration(key, within) {
                *into = value;
            }
        };
        own("duration", Duration::from_mins(15)..=Duration::from_hours(12), &mut config.duration);
        config.renew_ahead = config.duration / 6;
        own("renew-ahead", SECOND..=Duration::from_hours(5), &mut config.renew_ahead);
        own("connect-timeout", SECOND / 10..=SECOND * 30, &mut config.connect_timeout);
        own("attempt-timeout", SECOND / 10..=SECOND * 60, &mut config.attempt_timeout);
        own("call-timeout", SECOND / 10..=SECOND * 60, &mut config.call_timeout);
        config.max_leases = section.count("max-leases", 1..=1_000_000).unwrap_or(config.max_leases);
        if let Some(most) = section.count("max-assume-role", 1..=1_000) {
            config.max_assume_role = usize::try_from(most).unwrap_or(config.max_assume_role);
        }
        if let Some(rate) = section.count("assume-role-rate", 1..=10_000) {
            let rate = u32::try_from(rate).ok().and_then(NonZeroU32::new);
            config.assume_role_rate = rate.unwrap_or(config.assume_role_rate);
        }
        if let Some(retries) = section.count("retry-budget", 0..=100_000) {
            config.retry_budget = u32::try_from(retries).unwrap_or(config.retry_budget);
        }
        if let Some(leases) = admission.count("max-cold-leases", 1..=100_000) {
            config.max_cold_leases = usize::try_from(leases).unwrap_or(config.max_cold_leases);
        }
        if let Some(wire) = section.parse::<Wire>("wire") {
            config.wire = wire.value;
        }
        config.source_identity = source_identity(&section);
        let fits = config.renew_ahead <= config.duration / 3;
        if !fits {
            let problem =
                section.place_of("renew-ahead").problem("`renew-ahead` is more than a third of `duration`");
            section.report(problem.hint("a window as long as the session renews without end"));
        }
        section.finish();
        fits.then_some(config)
    }
}

fn source_identity(section: &Section<'_>) -> Option<String> {
    let written = section.string("source-identity")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if matches!(written.value.len(), 2..=64) && written.value.chars().all(plain) {
        return Some(written.value);
    }
    let problem = written.place.problem("`source-identity` is no source identity");
    section.report(problem.hint("write 2 to 64 characters of A-Z, a-z, 0-9 and _+=,.@-"));
    None
}
