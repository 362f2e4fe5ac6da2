//! The gateway's own place in AWS: its identity, its HTTP client, the addresses that it calls.
//!
//! The identity is for STS and for nothing else. No client of DynamoDB is ever made with it: `credentials` makes
//! those, each with a tenant's lease.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use thiserror::Error;

use crate::clock::Clock;
use crate::id::{Region, RoleArn};
use crate::settings::Section;

/// Where AWS is.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The gateway's own Region, where it asks STS. The environment's, where it is not given.
    pub region: Option<Region>,
    /// The role that the gateway runs under, which the tenants' roles trust. `dev` runs under it, and `check` and
    /// `policy` go by it; `serve` has whatever identity its environment gives it.
    pub gateway_role: Option<RoleArn>,
    /// Another address for STS.
    pub sts_endpoint: Option<String>,
    /// Another address for DynamoDB.
    pub dynamodb_endpoint: Option<String>,
    /// Another address for IAM, which `check --deployed` alone asks.
    pub iam_endpoint: Option<String>,
}

/// Why AWS cannot be called.
#[derive(Debug, Error)]
pub enum AwsError {
    /// No Region is known.
    #[error("no Region is configured: set `region` under `[aws]`, or AWS_REGION")]
    NoRegion,
    /// The Region's name is none.
    #[error("the Region of the environment is no Region: {0}")]
    Region(#[from] crate::id::InvalidName),
}

/// The gateway's own place in AWS. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Aws {
    /// The gateway's own identity.
    pub(crate) identity: SharedCredentialsProvider,
    /// The Region where STS is asked.
    pub(crate) region: Region,
    /// One client, and so one pool of connections, for everything that the SDK calls.
    pub(crate) http: SharedHttpClient,
    pub(crate) clock: Clock,
    pub(crate) sts_endpoint: Option<String>,
    pub(crate) dynamodb_endpoint: Option<String>,
    pub(crate) iam_endpoint: Option<String>,
}

impl Config {
    /// Reads `[aws]`.
    pub fn read(file: &Section<'_>) -> Option<Self> {
        let aws = file.section("aws");
        let region = aws.parse::<Region>("region");
        let gateway_role = aws.parse::<RoleArn>("gateway-role");
        let is_missing = |found: bool, key: &str| !found && aws.has(key);
        let complete =
            !is_missing(region.is_some(), "region") && !is_missing(gateway_role.is_some(), "gateway-role");
        let (sts_endpoint, sts) = endpoint(&aws, "sts-endpoint");
        let (dynamodb_endpoint, dynamodb) = endpoint(&aws, "dynamodb-endpoint");
        let (iam_endpoint, iam) = endpoint(&aws, "iam-endpoint");
        aws.finish();
        let (region, gateway_role) = (region.map(|it| it.value), gateway_role.map(|it| it.value));
        let whole = complete && sts && dynamodb && iam;
        whole.then_some(Self { region, gateway_role, sts_endpoint, dynamodb_endpoint, iam_endpoint })
    }
}

/// An address, and whether what is written is one.
fn endpoint(section: &Section<'_>, key: &str) -> (Option<String>, bool) {
    let Some(uri) = section.parse::<http::Uri>(key) else { return (None, !section.has(key)) };
    let whole = uri.value.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"));
    if !whole {
        let problem = uri.place.problem(format!("`{key}` is no address"));
        section.report(problem.hint("write it with its scheme, such as http://127.0.0.1:8000"));
    }
    (whole.then(|| uri.value.to_string()), whole)
}

impl Aws {
    /// AWS as the environment describes it: identity by the SDK's default chain.
    #[expect(clippy::disallowed_methods, reason = "this is where the gateway's own identity is found")]
    pub async fn from_environment(config: Config, clock: Clock) -> Result<Self, AwsError> {
        let http = http_client(&config);
        let sdk: SdkConfig =
            aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone()).load().await;
        let found = || sdk.region().map(|region| region.as_ref().parse::<Region>());
        let region = match config.region.clone() {
            Some(region) => region,
            None => found().ok_or(AwsError::NoRegion)??,
        };
        // The default chain always gives a provider; whether it finds anything shows at the first call.
        let identity = sdk.credentials_provider().ok_or(AwsError::NoRegion)?;
        Ok(Self::new(config, identity, region, http, clock))
    }

    /// AWS with an identity that is given: the embedded AWS has one ready.
    pub fn with_identity(config: Config, identity: Identity, region: Region, clock: Clock) -> Self {
        let http = http_client(&config);
        let credentials = Credentials::new(
            identity.access_key_id,
            identity.secret_access_key,
            Some(identity.session_token),
            None,
            "innkeeper",
        );
        Self::new(config, SharedCredentialsProvider::new(credentials), region, http, clock)
    }

    fn new(
        config: Config,
        identity: SharedCredentialsProvider,
        region: Region,
        http: SharedHttpClient,
        clock: Clock,
    ) -> Self {
        Self {
            identity,
            region,
            http,
            clock,
            sts_endpoint: config.sts_endpoint,
            dynamodb_endpoint: config.dynamodb_endpoint,
            iam_endpoint: config.iam_endpoint,
        }
    }
}

/// Credentials of the gateway's own.
pub struct Identity {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Fields appear only if named here, so that a new one stays out of the logs.
        f.debug_struct("Identity").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// One HTTP client for all calls. Where all addresses are plain HTTP it has no TLS, and reads no certificates.
fn http_client(config: &Config) -> SharedHttpClient {
    let plain = |endpoint: &Option<String>| endpoint.as_ref().is_some_and(|it| it.starts_with("http://"));
    let builder = aws_smithy_http_client::Builder::new();
    let iam = config.iam_endpoint.is_none() || plain(&config.iam_endpoint);
    if plain(&config.sts_endpoint) && plain(&config.dynamodb_endpoint) && iam {
        return builder.build_http();
    }
    builder.tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc)).build_https()
}
