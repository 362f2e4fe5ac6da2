//! What a tenant may use of the gateway at once: a share that the others cannot lose.
//!
//! A tier bounds how many requests of a tenant are under way and how many begin in a second. Both are looked at before
//! anything is asked of STS or DynamoDB, so a loud tenant costs a look into memory. Every replica counts for itself.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, RateLimiter};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::TenantRecord;
use crate::id::TenantId;
use crate::settings::Section;

/// The tier of a tenant that names none.
pub const STANDARD: &str = "standard";

/// The most tenants whose use is remembered, and for how long after their last request. It is longer than a request may
/// take, so that nothing that is under way is forgotten.
const TENANTS: u64 = 100_000;
const IDLE: Duration = Duration::from_mins(10);

/// How long a tenant should wait that has all its places taken.
const A_MOMENT: Duration = Duration::from_secs(1);

/// How much the tenants of a tier may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// How many of a tenant's requests may be under way.
    pub concurrency: usize,
    /// How many may begin in a second, and how many more after a pause; none where there is no such bound.
    pub rate: Option<(NonZeroU32, NonZeroU32)>,
}

impl Default for Tier {
    fn default() -> Self {
        Self { concurrency: 64, rate: None }
    }
}

/// The tiers, by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiers(BTreeMap<String, Tier>);

impl Default for Tiers {
    fn default() -> Self {
        Self([(STANDARD.to_owned(), Tier::default())].into())
    }
}

impl Tiers {
    /// Reads `[admission.tiers]`. What a tier does not say is as in a tier that nobody wrote.
    pub fn read(admission: &Section<'_>) -> Self {
        let mut tiers = Self::default();
        let section = admission.section("tiers");
        for (name, written) in section.named_sections() {
            tiers.0.insert(name.value, Tier::read(&written));
        }
        tiers
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The most requests that a tenant of any tier may have under way.
    pub fn most(&self) -> usize {
        self.0.values().map(|tier| tier.concurrency).max().unwrap_or(0)
    }

    fn of(&self, record: &TenantRecord) -> Tier {
        self.0.get(&record.tier).copied().unwrap_or_default()
    }
}

impl Tier {
    fn read(section: &Section<'_>) -> Self {
        let mut tier = Self::default();
        if let Some(most) = section.count("concurrency", 1..=100_000) {
            tier.concurrency = usize::try_from(most).unwrap_or(tier.concurrency);
        }
        let number = |key| {
            let number = section.count(key, 1..=1_000_000)?;
            NonZeroU32::new(u32::try_from(number).ok()?)
        };
        let (rate, burst) = (number("rate"), number("burst"));
        if rate.is_none() && section.has("burst") {
            let problem = section.place_of("burst").problem("`burst` is what may come at once above `rate`");
            section.report(problem.hint("write `rate` beside it: how many requests may begin in a second"));
        }
        tier.rate = rate.map(|rate| (rate, burst.unwrap_or(rate)));
        section.finish();
        tier
    }
}

/// What each tenant uses at the moment.
#[derive(Debug)]
pub(super) struct Quotas {
    tiers: Tiers,
    /// By tenant. Life: ten minutes after the last request. At most 100,000.
    used: Cache<TenantId, Arc<Used>>,
}

#[derive(Debug)]
struct Used {
    tier: Tier,
    places: Arc<Semaphore>,
    rate: Option<DefaultDirectRateLimiter>,
}

/// A tenant's place for one request. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place(
    #[expect(dead_code, reason = "what counts is when it is dropped")] OwnedSemaphorePermit,
);

impl Quotas {
    pub(super) fn new(tiers: Tiers) -> Self {
        // By how lately they were used: a newcomer whose use is forgotten at once has no bound.
        let used = Cache::builder().max_capacity(TENANTS).eviction_policy(EvictionPolicy::lru());
        Self { tiers, used: used.time_to_idle(IDLE).build() }
    }

    /// Takes a place for a request; or says how long to wait for one.
    pub(super) fn enter(&self, record: &TenantRecord) -> Result<Place, Duration> {
        let tier = self.tiers.of(record);
        let used = self.used.get_with_by_ref(&record.id, || Arc::new(Used::new(tier)));
        // A tenant that has got another tier begins anew.
        let used = if used.tier == tier {
            used
        } else {
            let used = Arc::new(Used::new(tier));
            self.used.insert(record.id.clone(), Arc::clone(&used));
            used
        };
        let place = Arc::clone(&used.places).try_acquire_owned().map_err(|_full| A_MOMENT)?;
        if let Some(rate) = &used.rate {
            rate.check().map_err(|until| until.wait_time_from(DefaultClock::default().now()))?;
        }
        Ok(Place(place))
    }
}

impl Used {
    fn new(tier: Tier) -> Self {
        let rate = tier
            .rate
            .map(|(rate, burst)| RateLimiter::direct(governor::Quota::per_second(rate).allow_burst(burst)));
        Self { tier, places: Arc::new(Semaphore::new(tier.concurrency)), rate }
    }
}
