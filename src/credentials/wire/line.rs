//! What a lease has of this path: its credentials, where they are used, and what is remembered for signing.
//!
//! It is small, some hundreds of bytes and the credentials themselves, since there may be a hundred thousand leases. The SDK's
//! client, which is not, is made of it when a call needs one.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use futures_util::FutureExt as _;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Request, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};

use super::signature::{DayKey, Signed, Stamp, authorization, day_key};
use super::{CONTENT_TYPE, Outgoing};
use crate::id::Region;
use crate::telemetry::span;

/// What a path has of its own; all else is encoded once more where it is signed.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// How far the clocks may differ before a refused signature is taken for that.
const TOLERATED: Duration = Duration::from_mins(4);
/// How often the clocks are compared while nothing is wrong. A signature is refused when they differ by more than five minutes.
const LOOK: Duration = Duration::from_mins(1);
/// Who asks.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("innkeeper/", env!("CARGO_PKG_VERSION")));
/// How many headers a request has, with those of a trace.
const HEADERS: usize = 10;

/// A lease's line to DynamoDB.
pub(in super::super) struct Line {
    access_key: Box<str>,
    secret: SecretString,
    /// The session token, as a header that is marked as a secret.
    token: HeaderValue,
    region: Region,
    endpoint: Arc<Endpoint>,
    /// The key of the day that was last signed for.
    day: Mutex<Option<(Box<str>, DayKey)>>,
    /// By how many milliseconds DynamoDB's clock is ahead of ours.
    skew: AtomicI64,
    /// When that was last looked at, in seconds since the epoch.
    learned: AtomicU64,
}

/// Where DynamoDB is.
#[derive(Debug)]
pub(super) struct Endpoint {
    uri: Uri,
    host: HeaderValue,
    /// The path as it is signed.
    path: String,
}

/// A request that cannot be made: no address, or credentials that are no headers.
#[derive(Debug)]
pub(super) struct NotMade;

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Fields appear only if named here, so that a new one stays out of the logs.
        f.debug_struct("Line").field("endpoint", &self.endpoint.uri).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Asks the SDK's own resolver, which also knows what another address means.
    pub(super) fn of(region: &Region, address: Option<&str>) -> Option<Self> {
        let params = Params::builder()
            .region(region.to_string())
            .set_endpoint(address.map(str::to_owned))
            .account_id_endpoint_mode("preferred")
            .build()
            .ok()?;
        let resolved = DefaultResolver::new().resolve_endpoint(&params).now_or_never()?.ok()?;
        let uri: Uri = resolved.url().parse().ok()?;
        let authority = uri.authority()?;
        let is_default = match (uri.scheme(), authority.port_u16()) {
            (Some(scheme), Some(80)) => *scheme == Scheme::HTTP,
            (Some(scheme), Some(443)) => *scheme == Scheme::HTTPS,
            _ => false,
        };
        let host = if is_default { authority.host() } else { authority.as_str() };
        let host = HeaderValue::from_str(host).ok()?;
        let path = format!("{}/", uri.path().trim_end_matches('/'));
        let mut parts = uri.into_parts();
        parts.path_and_query = Some(path.parse().ok()?);
        let path = utf8_percent_encode(&path, PATH).to_string();
        Some(Self { uri: Uri::from_parts(parts).ok()?, host, path })
    }
}

impl Line {
    /// A line with credentials; none if they have no session token or one that is no header.
    pub(super) fn new(credentials: &Credentials, region: &Region, endpoint: Arc<Endpoint>) -> Option<Self> {
        let mut token = HeaderValue::from_str(credentials.session_token()?).ok()?;
        token.set_sensitive(true);
        Some(Self {
            access_key: credentials.access_key_id().into(),
            secret: credentials.secret_access_key().to_owned().into(),
            token,
            region: region.clone(),
            endpoint,
            day: Mutex::default(),
            skew: AtomicI64::default(),
            learned: AtomicU64::default(),
        })
    }

    /// The credentials, for the SDK's client.
    pub(in super::super) fn credentials(&self) -> Credentials {
        let token = self.token.to_str().ok().map(str::to_owned);
        Credentials::new(&*self.access_key, self.secret.expose_secret(), token, None, "innkeeper")
    }

    /// A request, signed as of now.
    pub(super) fn request(
        &self,
        outgoing: &Outgoing,
        now: SystemTime,
    ) -> Result<Request<http_body_util::Full<bytes::Bytes>>, NotMade> {
        let stamp = Stamp::of(self.corrected(now));
        let (host, token) = (text(&self.endpoint.host)?, text(&self.token)?);
        let signed =
            Signed { path: &self.endpoint.path, host, token, target: outgoing.target, body: &outgoing.body };
        let key = self.key_of(stamp.day());
        let authorization = authorization(&signed, (&self.access_key, &key), &stamp, self.region.as_str());
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_invalid| NotMade);
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(header::HOST, self.endpoint.host.clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        headers.insert(header::USER_AGENT, AGENT);
        headers.insert("x-amz-target", HeaderValue::from_static(outgoing.target));
        headers.insert("x-amz-date", value(stamp.as_str())?);
        headers.insert("x-amz-security-token", self.token.clone());
        let mut authorization = value(&authorization)?;
        authorization.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, authorization);
        // As `traced` does on the SDK's path: after the signature, and no part of it.
        span::inject_into(&mut headers);
        let mut request = Request::new(http_body_util::Full::new(outgoing.body.clone()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.endpoint.uri.clone();
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Whether it is time to look at DynamoDB's clock again, though nothing was wrong with ours.
    pub(super) fn is_due(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let last = self.learned.load(Ordering::Relaxed);
        let is_due = now.abs_diff(last) >= LOOK.as_secs();
        if is_due {
            self.learned.store(now, Ordering::Relaxed);
        }
        is_due
    }

    /// Learns DynamoDB's time from the `Date` of an answer to what was sent between two moments. Whether the clocks differ by
    /// so much that a signature is refused for it.
    pub(super) fn learn(&self, headers: &HeaderMap, sent: SystemTime, received: SystemTime) -> bool {
        // What a cache answers is dated when the cache was filled.
        let date = headers.get(header::DATE).filter(|_| !headers.contains_key(header::AGE));
        let date = date.and_then(|date| date.to_str().ok());
        let Some(theirs) = date.and_then(http_date) else { return false };
        let half = received.duration_since(sent).unwrap_or_default() / 2;
        let ours = sent + half;
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let skew = match theirs.duration_since(ours) {
            Ok(ahead) => millis(ahead),
            Err(behind) => -millis(behind.duration()),
        };
        self.skew.store(skew, Ordering::Relaxed);
        Duration::from_millis(skew.unsigned_abs()) > TOLERATED
    }

    fn corrected(&self, now: SystemTime) -> SystemTime {
        let skew = self.skew.load(Ordering::Relaxed);
        let by = Duration::from_millis(skew.unsigned_abs());
        let corrected = if skew < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        corrected.unwrap_or(now)
    }

    fn key_of(&self, day: &str) -> DayKey {
        let mut kept = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, key)) if **of == *day => *key,
            _ => {
                let key = day_key(self.secret.expose_secret(), day, self.region.as_str());
                *kept = Some((day.into(), key));
                key
            }
        }
    }
}

fn text(value: &HeaderValue) -> Result<&str, NotMade> {
    value.to_str().map_err(|_invalid| NotMade)
}

fn http_date(text: &str) -> Option<SystemTime> {
    use aws_smithy_types::DateTime;
    use aws_smithy_types::date_time::Format;
    SystemTime::try_from(DateTime::from_str(text, Format::HttpDate).ok()?).ok()
}
