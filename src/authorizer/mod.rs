//! Who is calling? Turns a bearer token into a [`Caller`], or refuses it.
//!
//! jsonwebtoken verifies the signature and nothing more: which claims must be there, of which type, and what the
//! times mean is decided here, because a library's defaults let too much pass. Every refusal looks the same from
//! outside; the log tells them apart. Nothing here knows whether a tenant exists.

mod bearer;
mod claims;
mod config;
mod issuer;
mod keys;
mod token;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use moka::future::Cache;
use thiserror::Error;
use tracing::Instrument as _;

pub use bearer::Bearer;
pub use claims::Caller;
pub use config::{Config, IssuerConfig, KeySource, SpeaksFor};
use issuer::Issuer;
pub use token::Refusal;
use token::Unverified;

use crate::clock::Clock;
use crate::error::{Code, Public};
use crate::fetch::Fetch;
use crate::id::TenantId;
use crate::telemetry::{Metrics, Token, span};
use claims::{Verified, times};

/// How long a verified token is taken as such before its signature is checked again: a key that its issuer has
/// withdrawn stops counting after that.
const VERIFIED_LIFE: Duration = Duration::from_mins(5);
/// How long a refusal is remembered, so that a client that repeats itself costs little.
const REFUSED_LIFE: Duration = Duration::from_secs(10);
/// How many refusals are remembered. They have a cache of their own, so that a spray of bad tokens evicts no good ones.
const MAX_REFUSALS: u64 = 4_096;

/// The SHA-256 of a token.
type Digest = [u8; 32];

/// Checks bearer tokens.
#[derive(Debug)]
pub struct Authorizer {
    issuers: Vec<Arc<Issuer>>,
    clock: Clock,
    metrics: Metrics,
    /// Verified tokens by the SHA-256 of their text. Life: five minutes, and never beyond `exp`, which is compared
    /// anew on every request. At most `max_tokens`. One verification a token at a time.
    verified: Cache<Digest, Arc<Verified>>,
    /// Refusals by the SHA-256 of the token. Life: ten seconds. At most 4,096.
    refused: Cache<Digest, (Refusal, u64)>,
}

/// The token was refused, or could not be judged.
#[derive(Debug, Error)]
pub enum Rejection {
    /// The token was refused.
    #[error("the token was refused: {0}")]
    Refused(#[from] Refusal),
    /// The issuer's keys are not known and cannot be fetched.
    #[error("the issuer's keys cannot be had")]
    Keys(#[source] Arc<keys::Unavailable>),
}

impl Public for Rejection {
    fn code(&self) -> Code {
        match self {
            Self::Refused(_) => Code::Unauthenticated,
            Self::Keys(_) => Code::Unavailable,
        }
    }

    fn message(&self) -> std::borrow::Cow<'static, str> {
        match self {
            Self::Refused(_) => "The request needs a valid bearer token.".into(),
            Self::Keys(_) => "The token cannot be checked at the moment. Try again shortly.".into(),
        }
    }
}

impl Authorizer {
    /// An authorizer for the configured issuers. Nothing is fetched yet. So many requests may wait for key sets, all issuers'
    /// together: each has its own part of them.
    pub fn new(
        config: Config,
        clock: Clock,
        fetch: &Arc<Fetch>,
        metrics: Metrics,
        most_waiting: usize,
    ) -> Self {
        let waiting = most_waiting.checked_div(config.issuers.len()).unwrap_or(most_waiting).max(1);
        let made = |issuer| Arc::new(Issuer::new(issuer, fetch, (config.fetch_timeout, waiting)));
        let issuers = config.issuers.into_iter().map(made).collect();
        let (verified, refused) = (Cache::new(config.max_tokens), Cache::new(MAX_REFUSALS));
        Self { issuers, clock, metrics, verified, refused }
    }

    /// Says who sent a token.
    ///
    /// # Errors
    /// [`Rejection::Refused`] for every token that is not accepted, whatever the reason; [`Rejection::Keys`] if the
    /// issuer's keys have never been had and cannot be had now, or the token's is not known and too many wait for theirs.
    pub async fn authorize(&self, bearer: &Bearer) -> Result<Caller, Rejection> {
        let span = span::authorize();
        let judged = self.judge(bearer).instrument(span.clone()).await;
        let became = match &judged {
            Ok((_, became)) => *became,
            Err(Rejection::Refused(_)) => Token::Refused,
            Err(Rejection::Keys(_)) => Token::Unjudged,
        };
        self.metrics.token(became);
        span::became(&span, became.as_str());
        judged.map(|(caller, _)| caller)
    }

    /// Forgets the verified tokens of a tenant: each is verified again when it comes. Gives how many there were.
    pub async fn forget(&self, tenant: &TenantId) -> usize {
        let mut forgotten = 0;
        for (key, verified) in &self.verified {
            if verified.is_for(tenant) {
                self.verified.invalidate(&*key).await;
                forgotten += 1;
            }
        }
        forgotten
    }

    async fn judge(&self, bearer: &Bearer) -> Result<(Caller, Token), Rejection> {
        let key = fingerprint(bearer);
        let now = self.clock.unix_millis();
        let (verified, became) = match self.verified.get(&key).await {
            Some(verified) if now < verified.check_again_at => (verified, Token::Remembered),
            stale => {
                if let Some((refusal, _)) = self.refused.get(&key).await.filter(|(_, until)| now < *until) {
                    return Err(refusal.into());
                }
                if stale.is_some() {
                    self.verified.invalidate(&key).await;
                }
                // Boxed: most tokens are known, and what verifies a new one is large.
                (Box::pin(self.verify_once(key, bearer)).await?, Token::Verified)
            }
        };
        // The signature may be remembered; the time is not.
        times(&verified.times, self.clock.unix_seconds(), verified.max_lifetime)?;
        Ok((Caller::new(verified), became))
    }

    /// Verifies a token, and remembers it if it is refused. That a key cannot be had is no refusal.
    async fn verify_once(&self, digest: Digest, bearer: &Bearer) -> Result<Arc<Verified>, Rejection> {
        let verified = self.verify(digest, bearer).await;
        if let Err(Rejection::Refused(refusal)) = &verified {
            let until = self.clock.unix_millis() + millis(REFUSED_LIFE);
            self.refused.insert(digest, (*refusal, until)).await;
        }
        verified
    }

    async fn verify(&self, digest: Digest, bearer: &Bearer) -> Result<Arc<Verified>, Rejection> {
        let unverified = Unverified::parse(bearer)?;
        // The issuer is trusted before any key is fetched.
        let issuer = self.issuers.iter().find(|issuer| issuer.name() == unverified.issuer());
        let issuer = issuer.ok_or(Refusal::UnknownIssuer)?;
        // The key comes before the place of the verification: whoever waited there for another's key would not be counted
        // among those who wait for one.
        let key = issuer.key(&unverified, &self.clock).await?;
        let verifying = async { issuer.verify(&unverified, &key, &self.clock).map(Arc::new) };
        let verified = self.verified.try_get_with(digest, verifying).await;
        verified.map_err(|refusal| Rejection::Refused(*refusal))
    }
}

fn fingerprint(bearer: &Bearer) -> Digest {
    let mut key = Digest::default();
    key.copy_from_slice(digest(&SHA256, bearer.text().as_bytes()).as_ref());
    key
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
