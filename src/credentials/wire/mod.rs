//! A way to DynamoDB of our own, for the calls that most requests consist of, beside the SDK's: written, signed, sent and read
//! here, at a fraction of what the SDK's orchestrator costs.
//!
//! It is no second door. A [`Line`] belongs to a lease, and what is sent through it comes from `TenantSession::run` or a probe
//! alone, as on the SDK's way ([`super::door`]). Both ways have one vocabulary (the SDK's inputs and outputs), one judgement of errors
//! (`classify`), one of retries (`retries`), and one budget. `--wire sdk` goes the other way; `differential` below sends the same calls
//! both ways and wants the same of both.

mod answer;
mod attribute;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod cost;
#[cfg(test)]
mod differential;
mod failure;
mod line;
mod pool;
mod reader;
mod request;
mod signature;

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemInputBuilder;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemInputBuilder;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemInputBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemInputBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use bytes::Bytes;
use http::HeaderMap;
use thiserror::Error;

use self::answer::NotRead;
use self::failure::{Failure, Heard, Said};
use self::line::Endpoint;
use self::pool::Pool;
use self::request::NotWritten;
use super::budget::RetryBudget;
use super::call::{Call, CallError};
use super::config::Config;
use super::reason::NOT_MADE;
use super::retries::{FIRST_PAUSE, may_repeat};
use crate::aws::Aws;
use crate::clock::{Clock, Deadline};
use crate::entropy::Entropy;
use crate::id::Region;
use crate::telemetry::Metrics;

pub(super) use line::Line;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// The most bytes of an answer. A page holds 1 MB as DynamoDB counts it; as JSON, an attribute of two bytes can be fourteen long.
const MOST: usize = 16 * 1024 * 1024;
/// The same for a BatchGetItem, which holds 16 MB.
const MOST_OF_BATCH: usize = 64 * 1024 * 1024;
/// Codes by which a signature is refused that may have been made by another clock.
const OF_THE_CLOCK: [&str; 5] = [
    "AccessDeniedException",
    "AuthFailure",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// By which way calls are sent that have two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wire {
    /// Our own.
    #[default]
    Own,
    /// The SDK's, as all other calls.
    Sdk,
}

/// A way that there is not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no way to DynamoDB: write `own` or `sdk`")]
pub struct UnknownWire(String);

impl FromStr for Wire {
    type Err = UnknownWire;

    fn from_str(text: &str) -> Result<Self, UnknownWire> {
        match text {
            "own" => Ok(Self::Own),
            "sdk" => Ok(Self::Sdk),
            _ => Err(UnknownWire(text.to_owned())),
        }
    }
}

/// A call that can be sent this way.
pub(super) trait Hot: Call {
    /// `X-Amz-Target`.
    const TARGET: &'static str;

    /// The most bytes of its answer.
    const MOST: usize;

    /// Its body.
    fn write(&self) -> Result<Bytes, NotWritten>;

    /// Its answer, of the bytes of a success.
    fn read(body: Bytes) -> Result<Self::Output, NotRead>;
}

macro_rules! hot {
    ($($builder:ty, $target:literal, $most:ident, $name:ident;)*) => {$(
        impl Hot for $builder {
            const TARGET: &'static str = concat!("DynamoDB_20120810.", $target);

            const MOST: usize = $most;

            fn write(&self) -> Result<Bytes, NotWritten> {
                request::$name(self)
            }

            fn read(body: Bytes) -> Result<Self::Output, NotRead> {
                answer::$name(body)
            }
        }
    )*};
}

hot! {
    GetItemInputBuilder, "GetItem", MOST, get_item;
    BatchGetItemInputBuilder, "BatchGetItem", MOST_OF_BATCH, batch_get_item;
    QueryInputBuilder, "Query", MOST, query;
    PutItemInputBuilder, "PutItem", MOST, put_item;
    UpdateItemInputBuilder, "UpdateItem", MOST, update_item;
    DeleteItemInputBuilder, "DeleteItem", MOST, delete_item;
}

/// A request, but for its signature.
struct Outgoing {
    target: &'static str,
    body: Bytes,
}

/// What all lines share: connections, addresses, time, chance.
#[derive(Debug)]
pub(super) struct Exchange {
    pool: Pool,
    /// Where DynamoDB is, by Region. Life: the process's. As many as the tenants have Regions.
    endpoints: RwLock<HashMap<Region, Arc<Endpoint>>>,
    /// DynamoDB's address, where it is another.
    address: Option<String>,
    clock: Clock,
    entropy: Entropy,
    attempt_timeout: Duration,
    call_timeout: Duration,
}

impl Exchange {
    pub(super) fn new(aws: &Aws, config: &Config, entropy: Entropy) -> Self {
        let address = aws.dynamodb_endpoint.clone();
        let is_plain = address.as_ref().is_some_and(|address| address.starts_with("http://"));
        Self {
            pool: Pool::new(config.connect_timeout, is_plain),
            endpoints: RwLock::default(),
            address,
            clock: aws.clock.clone(),
            entropy,
            attempt_timeout: config.attempt_timeout,
            call_timeout: config.call_timeout,
        }
    }

    /// A line for a lease; none where no request could be made of it.
    pub(super) fn line(&self, credentials: &Credentials, region: &Region) -> Option<Line> {
        Line::new(credentials, region, self.endpoint(region)?)
    }

    fn endpoint(&self, region: &Region) -> Option<Arc<Endpoint>> {
        let known = self.endpoints.read().unwrap_or_else(PoisonError::into_inner).get(region).cloned();
        if known.is_some() {
            return known;
        }
        let endpoint = Arc::new(Endpoint::of(region, self.address.as_deref())?);
        let mut endpoints = self.endpoints.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(endpoints.entry(region.clone()).or_insert(endpoint)))
    }

    /// Sends a call, again while that is worth it and granted, until its time is over.
    pub(super) async fn send<C: Hot>(
        &self,
        call: &C,
        line: &Line,
        (budget, metrics): (&RetryBudget, &Metrics),
    ) -> Result<C::Output, CallError> {
        let body = call.write().map_err(|_unwritten| CallError::Refused(NOT_MADE.into()))?;
        let outgoing = Outgoing { target: C::TARGET, body };
        let until = Deadline::after(self.call_timeout);
        let mut attempt = 1;
        loop {
            let within = self.attempt_timeout.min(until.left());
            let trying = tokio::time::timeout(within, self.attempt::<C>(&outgoing, line)).await;
            let failure = match trying.unwrap_or(Err(Failure::Late)) {
                Ok(output) => return Ok(output),
                Err(failure) => failure,
            };
            let over = until.left().is_zero();
            let passing = failure.passing().filter(|_| !over);
            if !passing.is_some_and(|passing| may_repeat(C::KIND, passing, attempt, budget)) {
                return Err(failure.into_error(C::KIND));
            }
            let pause = self.pause(attempt);
            if pause >= until.left() {
                tokio::time::sleep(until.left()).await;
                return Err(Failure::Late.into_error(C::KIND));
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
            metrics.retried(C::NAME);
        }
    }

    async fn attempt<C: Hot>(&self, outgoing: &Outgoing, line: &Line) -> Result<C::Output, Failure> {
        let sent = self.clock.now();
        let request = line.request(outgoing, sent);
        let request = request.map_err(|_not_made| Failure::NotSent { why: None, passing: false })?;
        let (head, body) = self.pool.send(request, C::MOST).await?.into_parts();
        let heard = Heard::of(head.status, &head.headers);
        // An answer that says yes is asked for its time now and then, one that does not take the signature always.
        if line.is_due(sent) {
            line.learn(&head.headers, sent, self.clock.now());
        }
        if !is_whole(&head.headers, &body) {
            return Err(Failure::Unreadable(heard));
        }
        if head.status.is_success() {
            return C::read(body).map_err(|_unread| Failure::Unreadable(heard));
        }
        let mut said = Said::read(heard, &head.headers, &body);
        if said.code().is_some_and(|code| OF_THE_CLOCK.contains(&code)) {
            said.is_skewed = line.learn(&head.headers, sent, self.clock.now());
        }
        Err(Failure::Refused(Box::new(said)))
    }

    /// How long is waited after an attempt: up to twice as long as after the one before.
    fn pause(&self, attempt: u32) -> Duration {
        let most = FIRST_PAUSE * 2_u32.saturating_pow(attempt - 1);
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.entropy.below(micros))
    }
}

/// Whether an answer has the checksum that it says, if it says one.
fn is_whole(headers: &HeaderMap, body: &[u8]) -> bool {
    headers.get("x-amz-crc32").is_none_or(|said| {
        let said = said.to_str().ok().and_then(|said| said.parse::<u32>().ok());
        said == Some(crc32fast::hash(body))
    })
}
