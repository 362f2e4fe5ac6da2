//! Asks STS.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sts::config::{BehaviorVersion, IdentityCache, StalledStreamProtectionConfig};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::types::Tag;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::assumption::{Assumption, TENANT_TAG};
use super::config::Config;
use super::operator::LookupError;
use super::reason::reason;
use super::traced::TraceHeaders;
use crate::aws::Aws;
use crate::id::AccountId;

/// How long the SDK waits before it asks a second time, at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Why STS gave no credentials. Cheap to clone, so that it can be remembered.
#[derive(Debug, Clone, Error)]
pub(super) enum AssumeError {
    /// STS refuses: the role does not trust the gateway, the policy is malformed, the duration too long.
    #[error("STS refuses the role: {0}")]
    Refused(Arc<str>),
    /// STS could not be reached, is throttling or failing.
    #[error("STS does not answer: {0}")]
    Unavailable(Arc<str>),
}

/// The gateway's own client of STS.
#[derive(Debug)]
pub(super) struct Sts {
    client: aws_sdk_sts::Client,
    /// Bounds the calls under way, so that a restart with many tenants is no stampede.
    turns: Semaphore,
    /// Bounds how many begin in a second: the quota is one for all gateways of the account.
    rate: DefaultDirectRateLimiter,
    /// How long a call may wait for its turn.
    patience: Duration,
}

/// Credentials of a tenant's session, and when they end.
pub(super) struct Assumed {
    pub(super) credentials: Credentials,
    pub(super) expires_at: SystemTime,
    /// `PackedPolicySize`, in percent of what STS takes.
    pub(super) packed_percent: Option<i32>,
}

impl Sts {
    #[expect(clippy::disallowed_methods, reason = "this is where STS is asked")]
    pub(super) fn new(aws: &Aws, config: &Config) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(config.connect_timeout)
            .operation_attempt_timeout(config.attempt_timeout)
            .operation_timeout(config.call_timeout)
            .build();
        let mut builder = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_sdk_sts::config::Region::new(aws.region.to_string()))
            .credentials_provider(aws.identity.clone())
            .identity_cache(IdentityCache::lazy().build())
            .http_client(aws.http.clone())
            .time_source(aws.clock.clone())
            .sleep_impl(TokioSleep::new())
            .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(FIRST_PAUSE))
            .retry_partition(RetryPartition::custom("sts").build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts)
            .interceptor(TraceHeaders);
        if let Some(endpoint) = &aws.sts_endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        Self {
            client: aws_sdk_sts::Client::from_conf(builder.build()),
            turns: Semaphore::new(config.max_assume_role),
            rate: RateLimiter::direct(Quota::per_second(config.assume_role_rate)),
            patience: config.call_timeout,
        }
    }

    /// A turn to ask: there are so many at one time, and so many in a second.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, AssumeError> {
        let turn = self.turns.acquire().await;
        let turn = turn.map_err(|closed| AssumeError::Unavailable(closed.to_string().into()))?;
        while let Err(until) = self.rate.check() {
            tokio::time::sleep(until.wait_time_from(DefaultClock::default().now())).await;
        }
        Ok(turn)
    }

    pub(super) async fn assume(&self, assumption: &Assumption) -> Result<Assumed, AssumeError> {
        let unavailable = |text: &str| AssumeError::Unavailable(text.into());
        let turn = tokio::time::timeout(self.patience, self.turn()).await;
        let _turn = turn.map_err(|_elapsed| unavailable("too many AssumeRole calls are waiting"))??;
        let tag = Tag::builder().key(TENANT_TAG).value(assumption.tenant.as_str()).build();
        let tag = tag.map_err(|error| unavailable(&error.to_string()))?;
        let sent = self
            .client
            .assume_role()
            .role_arn(assumption.role.as_str())
            .role_session_name(&assumption.session_name)
            .set_external_id(assumption.external_id.as_ref().map(ToString::to_string))
            .set_policy(assumption.policy().map(str::to_owned))
            .duration_seconds(assumption.duration_seconds)
            .set_source_identity(assumption.source_identity.clone())
            .tags(tag)
            .send();
        let answer = Box::pin(sent).await.map_err(|error| classify(&error))?;
        let issued = answer.credentials.ok_or_else(|| unavailable("the answer holds no credentials"))?;
        let expires_at = SystemTime::try_from(issued.expiration)
            .map_err(|error| unavailable(&format!("the answer's expiration: {error}")))?;
        let credentials = Credentials::new(
            issued.access_key_id,
            issued.secret_access_key,
            Some(issued.session_token),
            Some(expires_at),
            "innkeeper",
        );
        #[expect(
            deprecated,
            reason = "`PackedPolicyTooLarge` speaks of this figure; its successor, of the whole token, stands in where \
                      STS gives that alone"
        )]
        let packed_percent = answer.packed_policy_size.or(answer.session_token_utilization);
        Ok(Assumed { credentials, expires_at, packed_percent })
    }

    /// The account of the gateway's own identity.
    pub(super) async fn caller_account(&self) -> Result<AccountId, LookupError> {
        let sent = Box::pin(self.client.get_caller_identity().send()).await;
        let answer = sent.map_err(|error| LookupError::of(&error))?;
        let account = answer.account().unwrap_or_default();
        account.parse().map_err(|error| LookupError::Failed(format!("`{account}`: {error}")))
    }
}

/// A refusal is an answer of STS that says no, and will say it again. Everything else may pass.
fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> AssumeError {
    let text = reason(error);
    let passing = [
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "InternalFailure",
    ];
    match error {
        SdkError::ServiceError(service)
            if service.err().code().is_some_and(|code| !passing.contains(&code)) =>
        {
            AssumeError::Refused(text)
        }
        _ => AssumeError::Unavailable(text),
    }
}
