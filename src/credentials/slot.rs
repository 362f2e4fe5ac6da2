//! A place for one lease: asked for once at a time, renewed ahead, kept until it really ends.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use tokio::sync::OwnedMutexGuard;
use tracing::Instrument as _;

use super::assumption::Assumption;
use super::budget::RetryBudget;
use super::call::LeaseError;
use super::cold::{Cold, Crowd, Place};
use super::config::Config;
use super::door::{Door, Ways, With};
use super::sts::{AssumeError, Assumed, Sts};
use super::wire::Exchange;
use crate::aws::Aws;
use crate::clock::Stopwatch;
use crate::entropy::Entropy;
use crate::id::{RequestId, RoleArn, TenantId};
use crate::telemetry::{Assumed as Became, Event, Lasting, Metrics, span};

/// How long a refusal of STS is remembered: a broken role asks a handful of times a minute, not once a request.
const REFUSAL_LIFE: Duration = Duration::from_secs(5);
/// How long a failure to reach STS is remembered.
const OUTAGE_LIFE: Duration = Duration::from_secs(1);
/// How long a renewal that failed rests before the next, at most; and the part of the window that this is, where that is
/// less.
const RENEWAL_REST: Duration = Duration::from_secs(10);
const RESTS: u32 = 6;

/// What every slot of a broker shares.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) aws: Aws,
    pub(super) sts: Sts,
    pub(super) cold: Cold,
    pub(super) exchange: Exchange,
    pub(super) config: Config,
    pub(super) entropy: Entropy,
    pub(super) metrics: Metrics,
}

/// The place of one lease. It belongs to one lease key for ever.
pub(super) struct LeaseSlot {
    pub(super) assumption: Assumption,
    /// What the tenant may have sent again.
    pub(super) budget: Arc<RetryBudget>,
    shared: Arc<Shared>,
    lease: ArcSwapOption<Lease>,
    /// Holding it is the right to ask STS.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// How many wait for it.
    crowd: Crowd,
    refusal: Mutex<Option<(SystemTime, LeaseError)>>,
    /// When a lease was last given up.
    given_up: Mutex<Option<SystemTime>>,
    renewing: AtomicBool,
}

/// Credentials of one session, in the ways that sign with them.
pub(super) struct Lease {
    ways: Ways,
    expires_at: SystemTime,
    /// From when on it is to be renewed; moved on by a renewal that fails.
    renew_at: Mutex<SystemTime>,
    /// Counts it while it is held.
    _held: Lasting,
}

/// The right to renew a lease ahead of its end. It is free again when this is dropped, so also after a renewal that panics:
/// the tenant would never be renewed ahead again.
struct Renewal(Arc<LeaseSlot>);

impl Renewal {
    /// None while another renewal is under way.
    fn begin(slot: &Arc<LeaseSlot>) -> Option<Self> {
        (!slot.renewing.swap(true, Ordering::AcqRel)).then(|| Self(Arc::clone(slot)))
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.renewing.store(false, Ordering::Release);
    }
}

/// What an operator may know of a lease: nothing that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseStatus {
    /// The tenant.
    pub tenant: TenantId,
    /// The role.
    pub role: RoleArn,
    /// `RoleSessionName`.
    pub session: String,
    /// `live`, `renewing`, `ended`, `refused`, or `none`: nobody has got one yet.
    pub state: &'static str,
    /// When it ends, where there is one.
    pub expires_at: Option<SystemTime>,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Fields appear only if named here, so that a new one stays out of the logs.
        f.debug_struct("Lease").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl fmt::Debug for LeaseSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseSlot").field("tenant", &self.assumption.tenant).finish_non_exhaustive()
    }
}

impl LeaseSlot {
    pub(super) fn new(assumption: Assumption, shared: Arc<Shared>) -> Self {
        let budget = Arc::new(RetryBudget::new(shared.config.retry_budget));
        Self {
            assumption,
            budget,
            shared,
            lease: ArcSwapOption::empty(),
            turn: Arc::default(),
            crowd: Crowd::default(),
            refusal: Mutex::default(),
            given_up: Mutex::default(),
            renewing: AtomicBool::default(),
        }
    }

    /// The lease: the one that is there, or a new one. One STS call at a time, however many wait for it.
    pub(super) async fn lease(self: &Arc<Self>, request: &RequestId) -> Result<Arc<Lease>, LeaseError> {
        if let Some(lease) = self.live() {
            self.renew_if_due(&lease, request);
            return Ok(lease);
        }
        // Boxed: nearly always there is one.
        Box::pin(self.wait(request)).await
    }

    async fn wait(self: &Arc<Self>, request: &RequestId) -> Result<Arc<Lease>, LeaseError> {
        if let Some(refusal) = self.remembered() {
            return Err(refusal);
        }
        let _waiting = self.shared.cold.wait(&self.crowd)?;
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if let Some(lease) = self.live() {
            return Ok(lease);
        }
        if let Some(refusal) = self.remembered() {
            return Err(refusal);
        }
        let asking = self.shared.cold.ask()?;
        self.assume_for_all((turn, asking), request.clone()).await
    }

    /// Asks STS on behalf of everybody who waits for the turn.
    #[expect(
        clippy::disallowed_methods,
        reason = "the call is everybody's: were it to end with the request that began it, clients that go away would \
                  cause one call each, and where all of them are hastier than STS there would never be a lease"
    )]
    async fn assume_for_all(
        self: &Arc<Self>,
        (turn, asking): (OwnedMutexGuard<()>, Place),
        request: RequestId,
    ) -> Result<Arc<Lease>, LeaseError> {
        let slot = Arc::clone(self);
        let assumed = async move {
            let assumed = slot.assume(&request).await;
            // Whoever waits for the turn finds the lease, or the refusal, in its place.
            drop((asking, turn));
            assumed
        };
        let assumed = tokio::spawn(assumed.in_current_span());
        assumed.await.map_err(|abandoned| LeaseError::Unavailable(abandoned.to_string().into()))?
    }

    /// What a call is sent through.
    pub(super) fn door<'a>(&'a self, lease: &'a Lease) -> Door<'a> {
        lease.ways.door(self.with())
    }

    fn with(&self) -> With<'_> {
        let Shared { aws, config, exchange, metrics, .. } = &*self.shared;
        With { aws, config, exchange, metrics, assumption: &self.assumption, budget: &self.budget }
    }

    /// What is counted.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Gives up a lease whose credentials DynamoDB does not take any more. False if the one before was given up a moment
    /// ago: then new ones are not what helps, and every request would ask STS for some.
    pub(super) fn give_up(&self, lease: &Arc<Lease>) -> bool {
        let now = self.shared.aws.clock.now();
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        // Another is there already, or is being asked for.
        if !self.lease.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, lease)) {
            return true;
        }
        if given_up.is_some_and(|last| now < last + REFUSAL_LIFE) {
            return false;
        }
        *given_up = Some(now);
        self.lease.store(None);
        true
    }

    /// Drops the lease, and what is remembered of a refusal.
    pub(super) fn clear(&self) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.lease.store(None);
    }

    /// How it stands with the lease.
    pub(super) fn status(&self) -> LeaseStatus {
        let Assumption { tenant, role, session_name, .. } = &self.assumption;
        let (lease, is_live) = (self.lease.load_full(), self.has_lease());
        let state = match &lease {
            Some(_) if is_live && self.renewing.load(Ordering::Acquire) => "renewing",
            Some(_) if is_live => "live",
            _ if self.remembered().is_some() => "refused",
            Some(_) => "ended",
            None => "none",
        };
        LeaseStatus {
            tenant: tenant.clone(),
            role: role.clone(),
            session: session_name.clone(),
            state,
            expires_at: lease.map(|lease| lease.expires_at),
        }
    }

    /// Whether there are credentials that have not ended.
    pub(super) fn has_lease(&self) -> bool {
        self.live().is_some()
    }

    /// The lease, unless it has ended.
    fn live(&self) -> Option<Arc<Lease>> {
        let now = self.shared.aws.clock.now();
        self.lease.load_full().filter(|lease| now < lease.expires_at)
    }

    fn remembered(&self) -> Option<LeaseError> {
        let now = self.shared.aws.clock.now();
        let refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        refusal.as_ref().filter(|(until, _)| now < *until).map(|(_, error)| error.clone())
    }

    /// Asks STS. Called by whoever holds the turn, for the request that needs it.
    async fn assume(&self, request: &RequestId) -> Result<Arc<Lease>, LeaseError> {
        let principal = self.assumption.principal();
        let asked = Stopwatch::begin();
        let span = span::assume_role(principal);
        let assumed = self.shared.sts.assume(&self.assumption).instrument(span.clone()).await;
        // Kept, they would have every request ask for new ones.
        let now = self.shared.aws.clock.now();
        let assumed = match assumed {
            Ok(Assumed { expires_at, .. }) if expires_at <= now => {
                Err(AssumeError::Unavailable("the credentials have ended already".into()))
            }
            assumed => assumed,
        };
        let became = match &assumed {
            Ok(_) => Became::Granted,
            Err(AssumeError::Refused(_)) => Became::Refused,
            Err(AssumeError::Unavailable(_)) => Became::Unavailable,
        };
        self.shared.metrics.assumed(became, asked.elapsed());
        span::became(&span, became.as_str());
        match assumed {
            Ok(assumed) => {
                let granted = match self.live() {
                    Some(_due) => Event::LeaseRenewed { request, principal },
                    None => Event::LeaseGranted { request, principal },
                };
                granted.emit();
                let lease = Arc::new(Lease {
                    ways: Ways::new(self.with(), assumed.credentials),
                    expires_at: assumed.expires_at,
                    renew_at: Mutex::new(self.renewal_time(assumed.expires_at)),
                    _held: self.shared.metrics.leased(),
                });
                self.lease.store(Some(Arc::clone(&lease)));
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = None;
                Ok(lease)
            }
            Err(error) => {
                Event::LeaseRefused { request, principal, reason: &error }.emit();
                let error = LeaseError::from(error);
                let life = match error {
                    LeaseError::Refused(_) => REFUSAL_LIFE,
                    LeaseError::Unavailable(_) | LeaseError::Busy => OUTAGE_LIFE,
                };
                let until = self.shared.aws.clock.now() + life;
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some((until, error.clone()));
                Err(error)
            }
        }
    }

    /// The window before the end, made wider by up to a half at random: leases that began together are not renewed
    /// together.
    fn renewal_time(&self, expires_at: SystemTime) -> SystemTime {
        let ahead = self.shared.config.renew_ahead;
        expires_at.checked_sub(self.jittered(ahead)).unwrap_or(expires_at)
    }

    /// How long a renewal rests that failed.
    fn rest(&self) -> Duration {
        self.jittered(RENEWAL_REST.min(self.shared.config.renew_ahead / RESTS))
    }

    /// A time, made longer by up to a half at random.
    fn jittered(&self, time: Duration) -> Duration {
        let half = u64::try_from(time.as_millis() / 2).unwrap_or_default();
        time + Duration::from_millis(self.shared.entropy.below(half))
    }

    /// Renews a lease that nears its end, while it goes on serving.
    #[expect(
        clippy::disallowed_methods,
        reason = "a renewal serves the requests to come; none of them should wait for it"
    )]
    fn renew_if_due(self: &Arc<Self>, lease: &Arc<Lease>, request: &RequestId) {
        let now = self.shared.aws.clock.now();
        let due = now >= *lease.renew_at.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(renewal) = due.then(|| Renewal::begin(self)).flatten() else { return };
        let (lease, request) = (Arc::clone(lease), request.clone());
        let span = span::renewal(self.assumption.principal());
        let renewing = async move {
            let slot = &renewal.0;
            let _turn = slot.turn.lock().await;
            // A failed renewal keeps the lease that is there, and rests before it tries again.
            *lease.renew_at.lock().unwrap_or_else(PoisonError::into_inner) = now + slot.rest();
            slot.assume(&request).await.map(drop)
        };
        tokio::spawn(renewing.instrument(span));
    }
}
