//! The key sets of issuers (RFC 7517): fetched, kept, renewed in the background.
//!
//! A `kid` is an exact key of the configured set and nothing else. One that is not there may mean that the issuer
//! has rotated its keys, so the set is fetched again, but at most once in a set interval, whatever is sprayed at us. Only so
//! many requests wait for it: tokens that nobody signed would otherwise take the places of everybody else's requests. Where
//! there is no set yet, all may wait for a moment: a gateway that begins has good tokens by the hundred, and no key.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio::task::{JoinError, JoinHandle};
use tracing::Instrument as _;

use super::millis;
use crate::clock::{Clock, Deadline};
use crate::error::Chain;
use crate::fetch::{Bounds, Fetch, FetchError};
use crate::telemetry::span;

/// The largest key set.
const MAX_BODY: usize = 256 * 1024;
/// When a set is renewed in the background.
const RENEW_AFTER: Duration = Duration::from_mins(10);
/// How long a set counts while its issuer cannot be reached.
const KEEP_FOR: Duration = Duration::from_hours(24);
/// The least time between two fetches, whatever the reason.
const MIN_INTERVAL: Duration = Duration::from_secs(30);
/// How long a first fetch may take before those are turned away who wait for it and have no place.
const MOMENT: Duration = Duration::from_secs(1);
/// The least length of an RSA modulus, in bits (RFC 7518, section 3.3).
const MIN_RSA_BITS: usize = 2048;

/// A key set could not be had.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// The fetch failed.
    #[error("fetching the key set")]
    Fetch(#[source] FetchError),
    /// The answer was no success.
    #[error("the key set's address answers {0}")]
    Status(StatusCode),
    /// The answer is no key set.
    #[error("reading the key set")]
    Json(#[source] serde_json::Error),
    /// It failed a moment ago, and is not tried again yet.
    #[error("the key set could not be fetched a moment ago")]
    Resting,
    /// As many requests wait for it as may.
    #[error("too many requests wait for the key set")]
    Crowded,
    /// The fetch was given up: the gateway is stopping.
    #[error("the fetch of the key set was given up")]
    Abandoned(#[source] JoinError),
}

/// A key of a set, with what it may be used for.
#[derive(Debug)]
pub(super) struct Key {
    verifier: DecodingKey,
    kind: Kind,
    /// `alg`, where the key is for one algorithm alone.
    algorithm: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Key {
    pub(super) fn verifier(&self) -> &DecodingKey {
        &self.verifier
    }

    /// Whether the key's type is the algorithm's, and its `alg`, where it has one, the same.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::PS256 | Algorithm::PS384 => {
                Kind::Rsa
            }
            Algorithm::ES256 => Kind::P256,
            Algorithm::ES384 => Kind::P384,
            Algorithm::EdDSA => Kind::Ed25519,
            _ => return false,
        };
        let same = |name: &String| name.parse() == Ok::<_, jsonwebtoken::errors::Error>(algorithm);
        self.kind == kind && self.algorithm.as_ref().is_none_or(same)
    }
}

/// The key set of one issuer.
#[derive(Debug)]
pub(super) struct KeySets {
    uri: Uri,
    fetch: Arc<Fetch>,
    /// Of a fetch: key sets are small, and a request waits for the first one.
    bounds: Bounds,
    /// The last set that was fetched. Life: 24 hours; renewed after ten minutes. One fetch at a time.
    current: ArcSwapOption<KeySet>,
    /// When the last fetch began, in milliseconds since the epoch. Holding it is the right to fetch.
    last_fetch: Arc<Mutex<Option<u64>>>,
    /// One for each request that may wait for a fetch, however long it takes.
    places: Semaphore,
    /// Until when those may wait for the last fetch who have no place, if there was no set before.
    moment: ArcSwapOption<Deadline>,
}

/// What came of the wish for a newer set.
enum Refresh {
    /// Somebody has fetched it meanwhile.
    Done(Arc<KeySet>),
    /// It is being fetched.
    UnderWay(JoinHandle<Result<Arc<KeySet>, Unavailable>>),
}

#[derive(Debug)]
struct KeySet {
    by_kid: HashMap<String, Arc<Key>>,
    /// The key of a set that holds just one, for tokens without `kid`.
    only: Option<Arc<Key>>,
    fetched_at: u64,
}

impl KeySets {
    pub(super) fn new(uri: Uri, fetch: Arc<Fetch>, (time, waiting): (Duration, usize)) -> Self {
        Self {
            uri,
            fetch,
            bounds: Bounds { time, body: MAX_BODY },
            current: ArcSwapOption::empty(),
            last_fetch: Arc::default(),
            places: Semaphore::new(waiting.min(Semaphore::MAX_PERMITS)),
            moment: ArcSwapOption::empty(),
        }
    }

    /// The key of a `kid`; of a set with a single key, where there is no `kid`.
    pub(super) async fn find(
        self: &Arc<Self>,
        kid: Option<&str>,
        clock: &Clock,
    ) -> Result<Option<Arc<Key>>, Unavailable> {
        let now = clock.unix_millis();
        let current = self.current.load_full().filter(|set| now < set.fetched_at + millis(KEEP_FOR));
        let Some(set) = current else {
            return Ok(self.refresh(None, clock).await?.find(kid));
        };
        if let Some(key) = set.find(kid) {
            if now >= set.fetched_at + millis(RENEW_AFTER) {
                self.refresh_in_background(&set, clock);
            }
            return Ok(Some(key));
        }
        match self.refresh(Some(&set), clock).await {
            Ok(set) => Ok(set.find(kid)),
            // Nobody has looked whether it is among them by now.
            Err(crowded @ Unavailable::Crowded) => Err(crowded),
            // The known keys go on; this token's is not among them.
            Err(_) => Ok(None),
        }
    }

    /// Renews the set without anybody waiting for it. Where the right to fetch is taken, a fetch is under way.
    fn refresh_in_background(self: &Arc<Self>, set: &Arc<KeySet>, clock: &Clock) {
        if let Ok(turn) = Arc::clone(&self.last_fetch).try_lock_owned() {
            drop(self.take_turn(turn, Some(set), clock));
        }
    }

    /// Fetches the set, unless somebody has just done so. `seen` is the set that was found wanting.
    async fn refresh(
        self: &Arc<Self>,
        seen: Option<&Arc<KeySet>>,
        clock: &Clock,
    ) -> Result<Arc<KeySet>, Unavailable> {
        let newer = self.newer(seen, clock);
        match (self.places.try_acquire(), seen) {
            (Ok(_place), _) => newer.await,
            (Err(_full), Some(_)) => Err(Unavailable::Crowded),
            (Err(_full), None) => {
                let moment = self.moment.load().as_deref().copied();
                let moment = moment.unwrap_or_else(|| Deadline::after(MOMENT));
                moment.keep(newer).await.unwrap_or(Err(Unavailable::Crowded))
            }
        }
    }

    async fn newer(
        self: &Arc<Self>,
        seen: Option<&Arc<KeySet>>,
        clock: &Clock,
    ) -> Result<Arc<KeySet>, Unavailable> {
        let turn = Arc::clone(&self.last_fetch).lock_owned().await;
        match self.take_turn(turn, seen, clock)? {
            Refresh::Done(set) => Ok(set),
            Refresh::UnderWay(fetch) => fetch.await.map_err(Unavailable::Abandoned)?,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a fetch is everybody's: were it to end with the request that began it, a client that goes away \
                  would leave all others without keys for the rest of the interval"
    )]
    fn take_turn(
        self: &Arc<Self>,
        mut last_fetch: OwnedMutexGuard<Option<u64>>,
        seen: Option<&Arc<KeySet>>,
        clock: &Clock,
    ) -> Result<Refresh, Unavailable> {
        let now = clock.unix_millis();
        let current = self.current.load_full();
        let is_newer = match (&current, seen) {
            (Some(current), Some(seen)) => !Arc::ptr_eq(current, seen),
            (Some(current), None) => now < current.fetched_at + millis(KEEP_FOR),
            (None, _) => false,
        };
        if let Some(current) = current.filter(|_| is_newer) {
            return Ok(Refresh::Done(current));
        }
        if last_fetch.is_some_and(|last| now < last + millis(MIN_INTERVAL)) {
            return Err(Unavailable::Resting);
        }
        *last_fetch = Some(now);
        self.moment.store(Some(Arc::new(Deadline::after(MOMENT))));
        let this = Arc::clone(self);
        let span = span::key_set(&self.uri);
        let fetch = async move {
            let fetched = this.fetch_set(now).await;
            span::fetched(fetched.is_ok());
            match &fetched {
                Ok(set) => this.current.store(Some(Arc::clone(set))),
                Err(error) => tracing::warn!(uri = %this.uri, error = %Chain(error), "no key set"),
            }
            // Whoever waits for the turn finds the new set in its place.
            drop(last_fetch);
            fetched
        };
        Ok(Refresh::UnderWay(tokio::spawn(fetch.instrument(span))))
    }

    async fn fetch_set(&self, now: u64) -> Result<Arc<KeySet>, Unavailable> {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = self.uri.clone();
        span::inject_into(request.headers_mut());
        let answer = self.fetch.send(request, self.bounds).await.map_err(Unavailable::Fetch)?;
        if !answer.status().is_success() {
            return Err(Unavailable::Status(answer.status()));
        }
        let raw: RawSet = serde_json::from_slice(answer.body()).map_err(Unavailable::Json)?;
        Ok(Arc::new(KeySet::new(raw, now)))
    }
}

impl KeySet {
    fn new(raw: RawSet, fetched_at: u64) -> Self {
        let alone = raw.keys.len() == 1;
        let mut by_kid: HashMap<String, Option<Arc<Key>>> = HashMap::new();
        let mut only = None;
        for value in raw.keys {
            // A key of a kind that we do not use is no mistake: sets hold keys for other purposes.
            let Ok(raw) = serde_json::from_value::<RawKey>(value) else { continue };
            let kid = raw.kid.clone();
            let Some(key) = raw.key().map(Arc::new) else { continue };
            only = alone.then(|| Arc::clone(&key));
            if let Some(kid) = kid {
                // Two keys of one name: neither can be meant.
                let twice = by_kid.contains_key(&kid);
                by_kid.insert(kid, (!twice).then_some(key));
            }
        }
        let by_kid = by_kid.into_iter().filter_map(|(kid, key)| key.map(|key| (kid, key))).collect();
        Self { by_kid, only, fetched_at }
    }

    fn find(&self, kid: Option<&str>) -> Option<Arc<Key>> {
        match kid {
            Some(kid) => self.by_kid.get(kid).cloned(),
            None => self.only.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct RawSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct RawKey {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl RawKey {
    /// The key, if it is one that a signature can be checked with. Shared secrets in a public set never are.
    fn key(self) -> Option<Key> {
        let for_signatures = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let may_verify =
            self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|it| it == "verify"));
        if !for_signatures || !may_verify {
            return None;
        }
        let (kind, verifier) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => {
                let (n, e) = (self.n?, self.e?);
                let bits = URL_SAFE_NO_PAD.decode(&n).ok()?.len() * 8;
                if bits < MIN_RSA_BITS {
                    return None;
                }
                (Kind::Rsa, DecodingKey::from_rsa_components(&n, &e).ok()?)
            }
            ("EC", Some("P-256")) => (Kind::P256, DecodingKey::from_ec_components(&self.x?, &self.y?).ok()?),
            ("EC", Some("P-384")) => (Kind::P384, DecodingKey::from_ec_components(&self.x?, &self.y?).ok()?),
            ("OKP", Some("Ed25519")) => (Kind::Ed25519, DecodingKey::from_ed_components(&self.x?).ok()?),
            _ => return None,
        };
        Some(Key { verifier, kind, algorithm: self.alg })
    }
}
