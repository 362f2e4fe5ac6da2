//! What the operator looks up with an identity of its own: the account that it is in, the resource policy of a table.
//!
//! For `check --deployed`, and no door to tenants' data: `GetResourcePolicy` names a table and never a key, and the
//! client that sends it does not leave this file. Errors are told apart here for everything that is only looked up.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use thiserror::Error;

use super::client::operators_client;
use super::config::Config;
use super::reason::reason;
use super::sts::Sts;
use crate::aws::Aws;
use crate::id::{AccountId, Region};

/// The operator's own eyes.
#[derive(Debug)]
pub struct Operator {
    aws: Aws,
    config: Config,
    sts: Sts,
}

/// Why something could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LookupError {
    /// IAM does not let the operator look.
    #[error("denied: {0}")]
    Denied(String),
    /// AWS throttles it for longer than it may be retried.
    #[error("throttled: {0}")]
    Throttled(String),
    /// There is nothing of that name.
    #[error("not found: {0}")]
    Missing(String),
    /// No answer came, or none that is understood.
    #[error("no answer: {0}")]
    Failed(String),
}

impl Operator {
    /// Eyes with the identity of `aws`.
    pub fn new(aws: Aws, config: Config) -> Self {
        let sts = Sts::new(&aws, &config);
        Self { aws, config, sts }
    }

    /// The account of the identity, by `GetCallerIdentity`, which needs no permission.
    ///
    /// # Errors
    /// STS does not answer, or does not take the credentials.
    pub async fn account(&self) -> Result<AccountId, LookupError> {
        self.sts.caller_account().await
    }

    /// The resource policy of a table, as JSON text; none if it has none.
    ///
    /// # Errors
    /// IAM denies `dynamodb:GetResourcePolicy`, there is no such table, or DynamoDB does not answer.
    pub async fn table_policy(&self, region: &Region, table: &str) -> Result<Option<String>, LookupError> {
        let client = operators_client(&self.aws, &self.config, region);
        let sent = client.get_resource_policy().resource_arn(table).send();
        match Box::pin(sent).await {
            Ok(answer) => Ok(answer.policy),
            Err(error) if error.code() == Some("PolicyNotFoundException") => Ok(None),
            Err(error) => Err(LookupError::of(&error)),
        }
    }
}

impl LookupError {
    /// What an error of the SDK's means.
    pub(crate) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let code = error.code().unwrap_or_default();
        let text = || error.message().map_or_else(|| reason(error).to_string(), str::to_owned);
        match code {
            "AccessDenied" | "AccessDeniedException" => Self::Denied(text()),
            "NoSuchEntity" | "ResourceNotFoundException" => Self::Missing(text()),
            _ if code.contains("Throttl") || code == "RequestLimitExceeded" => Self::Throttled(text()),
            _ => Self::Failed(reason(error).to_string()),
        }
    }
}
