//! What IAM holds, read in few calls: all roles of an account with their policies, page by page.
//!
//! `GetAccountAuthorizationDetails` gives documents and attachments, and not `MaxSessionDuration`; `ListRoles` gives that.
//! Asking role by role would be five calls a role, and IAM throttles at some tens a second.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::config::{BehaviorVersion, StalledStreamProtectionConfig};
use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail, RoleDetail};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Options;
use crate::aws::Aws;
use crate::credentials::LookupError;
use crate::id::RoleArn;

/// The most pages that are read: 5,000 roles, the most that an account has, are five full ones, and IAM may give fewer
/// on a page than it is asked for.
const MAX_PAGES: usize = 1_000;

/// What IAM holds of the roles that are wanted.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) roles: BTreeMap<RoleArn, HeldRole>,
    /// The documents of the account's own managed policies, by ARN.
    pub(super) policies: BTreeMap<String, Result<Value, String>>,
}

/// A role as IAM holds it. A document that cannot be read is kept with the reason.
#[derive(Debug)]
pub(super) struct HeldRole {
    pub(super) trust: Result<Value, String>,
    /// Inline policies, by name.
    pub(super) inline: Vec<(String, Result<Value, String>)>,
    /// The ARNs of attached managed policies.
    pub(super) attached: Vec<String>,
    /// The ARN of the permissions boundary.
    pub(super) boundary: Option<String>,
    /// `MaxSessionDuration`, in seconds.
    pub(super) max_session: Option<i32>,
}

/// Reads the wanted roles, and what is attached to them.
pub(super) async fn read(
    aws: &Aws,
    wanted: &BTreeSet<RoleArn>,
    options: &Options,
) -> Result<Held, LookupError> {
    if wanted.is_empty() {
        return Ok(Held::default());
    }
    let client = client(aws, options);
    let reading = async {
        let mut held = details(&client, wanted, options).await?;
        max_sessions(&client, &mut held, options).await?;
        Ok(held)
    };
    match tokio::time::timeout(options.time, reading).await {
        Ok(held) => held,
        Err(_elapsed) => {
            Err(LookupError::Failed(format!("nothing came to an end within {:?}", options.time)))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where IAM is asked")]
fn client(aws: &Aws, options: &Options) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(std::time::Duration::from_secs(3))
        // A full page of an account with thousands of roles takes IAM seconds.
        .operation_attempt_timeout(std::time::Duration::from_secs(30))
        .operation_timeout(std::time::Duration::from_mins(2))
        .build();
    let mut builder = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_sdk_iam::config::Region::new(aws.region.to_string()))
        .credentials_provider(aws.identity.clone())
        .http_client(aws.http.clone())
        .time_source(aws.clock.clone())
        .sleep_impl(TokioSleep::new())
        .retry_config(RetryConfig::standard().with_max_attempts(options.attempts))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts);
    if let Some(endpoint) = &aws.iam_endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    Client::from_conf(builder.build())
}

async fn details(
    client: &Client,
    wanted: &BTreeSet<RoleArn>,
    options: &Options,
) -> Result<Held, LookupError> {
    let mut held = Held::default();
    let mut marker = None;
    for _ in 0..MAX_PAGES {
        let sent = client
            .get_account_authorization_details()
            .filter(EntityType::Role)
            .filter(EntityType::LocalManagedPolicy)
            .max_items(options.page)
            .set_marker(marker)
            .send();
        let page = Box::pin(sent).await.map_err(|error| LookupError::of(&error))?;
        let roles = page.role_detail_list.unwrap_or_default().into_iter().filter_map(|detail| {
            let arn = detail.arn.as_deref()?.parse().ok().filter(|arn| wanted.contains(arn))?;
            Some((arn, role(detail)))
        });
        held.roles.extend(roles);
        held.policies.extend(page.policies.unwrap_or_default().into_iter().filter_map(policy));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(held);
        }
    }
    Err(LookupError::Failed(format!("more than {MAX_PAGES} pages")))
}

async fn max_sessions(client: &Client, held: &mut Held, options: &Options) -> Result<(), LookupError> {
    let mut marker = None;
    for _ in 0..MAX_PAGES {
        let sent = client.list_roles().max_items(options.page).set_marker(marker).send();
        let page = Box::pin(sent).await.map_err(|error| LookupError::of(&error))?;
        for listed in page.roles {
            let arn = listed.arn.parse::<RoleArn>().ok();
            if let Some(role) = arn.and_then(|arn| held.roles.get_mut(&arn)) {
                role.max_session = listed.max_session_duration;
            }
        }
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(());
        }
    }
    Err(LookupError::Failed(format!("more than {MAX_PAGES} pages")))
}

fn role(detail: RoleDetail) -> HeldRole {
    let inline =
        detail.role_policy_list.unwrap_or_default().into_iter().map(|policy| {
            (policy.policy_name.unwrap_or_default(), document(policy.policy_document.as_deref()))
        });
    let attached = detail.attached_managed_policies.unwrap_or_default();
    HeldRole {
        trust: document(detail.assume_role_policy_document.as_deref()),
        inline: inline.collect(),
        attached: attached.into_iter().filter_map(|policy| policy.policy_arn).collect(),
        boundary: detail.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn),
        max_session: None,
    }
}

/// The default version of a managed policy: the one that counts.
fn policy(detail: ManagedPolicyDetail) -> Option<(String, Result<Value, String>)> {
    let versions = detail.policy_version_list.unwrap_or_default();
    let version = versions.into_iter().find(|version| version.is_default_version);
    Some((detail.arn?, document(version.and_then(|version| version.document).as_deref())))
}

/// A document as IAM answers it: JSON, URL-encoded as RFC 3986 has it.
fn document(text: Option<&str>) -> Result<Value, String> {
    let text = text.ok_or("IAM gives no document")?;
    let json = percent_decode_str(text).decode_utf8().map_err(|error| format!("its document: {error}"))?;
    crate::json::strict(json.as_bytes()).map_err(|error| format!("its document is no JSON: {error}"))
}
