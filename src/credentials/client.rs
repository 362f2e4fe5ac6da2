//! The client of a lease: the SDK's, with one tenant's credentials in it. And the operator's, for what is looked up.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, IdentityCache, StalledStreamProtectionConfig};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::assumption::Assumption;
use super::budget::RetryBudget;
use super::config::Config;
use super::retries::{Attempts, FIRST_PAUSE, MAX_ATTEMPTS, Retries};
use super::traced::TraceHeaders;
use crate::aws::Aws;
use crate::id::Region;
use crate::telemetry::Metrics;

/// A client that signs with these credentials, and has no others to fall back on.
pub(super) fn client(
    aws: &Aws,
    config: &Config,
    assumption: &Assumption,
    (credentials, budget, metrics): (Credentials, &Arc<RetryBudget>, &Metrics),
) -> aws_sdk_dynamodb::Client {
    let lease = common(aws, config, &assumption.region)
        .credentials_provider(credentials)
        // Each credentials provider is a partition of the identity cache, which is capped; these are static.
        .identity_cache(IdentityCache::no_cache())
        // A custom partition: the SDK's default retry budget is per Region and process-wide, so one throttled
        // tenant would spend everybody's. This one is owned by the client and counts nothing: the tenant's budget does,
        // which outlives the lease and is spent by what is repeated elsewhere, too.
        .retry_partition(
            RetryPartition::custom(assumption.tenant.to_string()).token_bucket(TokenBucket::unlimited()).build(),
        )
        .interceptor(Attempts(metrics.clone()))
        .retry_classifier(Retries::within(budget));
    made(lease)
}

/// A client with the operator's own identity, for what is looked up about tables. It does not leave `operator.rs`.
pub(super) fn operators_client(aws: &Aws, config: &Config, region: &Region) -> aws_sdk_dynamodb::Client {
    made(common(aws, config, region).credentials_provider(aws.identity.clone()))
}

fn common(aws: &Aws, config: &Config, region: &Region) -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(config.connect_timeout)
        .operation_attempt_timeout(config.attempt_timeout)
        .operation_timeout(config.call_timeout)
        .build();
    let mut builder = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new(region.to_string()))
        .http_client(aws.http.clone())
        .time_source(aws.clock.clone())
        .sleep_impl(TokioSleep::new())
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(FIRST_PAUSE))
        // Attempt and operation timeouts do the same, for 6 µs a call less.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts)
        .interceptor(TraceHeaders);
    if let Some(endpoint) = &aws.dynamodb_endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    builder
}

#[expect(clippy::disallowed_methods, reason = "this file is the one place that makes clients of DynamoDB")]
fn made(builder: Builder) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}
