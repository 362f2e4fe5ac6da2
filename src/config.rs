//! `innkeeper.toml` and `INNKEEPER_…`: every module's own configuration, composed.
//!
//! Each module reads its part; nobody imports this one. All mistakes are reported at once, each with its key, its
//! place and a hint. Paths in the file are relative to the file, so that a folder with schema, policies, tenants and
//! configuration is a whole application that can be run from anywhere. Only this module reads the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::claim::{ClaimKind, ClaimKinds};
use crate::id::TableName;
use crate::problem::{Problems, Source};
use crate::settings::{Section, Variables, read};
use crate::{authorizer, aws, credentials, graphql, operation, server, telemetry, tenant};

/// A whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the file.
    pub folder: PathBuf,
    /// `schema.graphql`.
    pub schema: PathBuf,
    /// `policies/`.
    pub policies: PathBuf,
    /// `tenants.toml`.
    pub tenants: PathBuf,
    /// The documents that are trusted, if no others are to be run.
    pub trusted_documents: Option<PathBuf>,
    /// The physical tables that tenants share, by the schema's names.
    pub tables: BTreeMap<String, TableName>,
    /// The claims that are kept.
    pub claims: Arc<ClaimKinds>,
    /// What tenants may use at once.
    pub tiers: tenant::Tiers,
    /// Where to listen.
    pub server: server::Config,
    /// Whom to trust.
    pub authorizer: authorizer::Config,
    /// Where AWS is.
    pub aws: aws::Config,
    /// How sessions are made.
    pub credentials: credentials::Config,
    /// How much a document may ask.
    pub graphql: graphql::Config,
    /// How much a request may read.
    pub operation: operation::Config,
    /// How it is observed.
    pub telemetry: telemetry::Config,
    /// What `dev` needs beside.
    pub dev: Dev,
}

/// What `dev` needs beside the application itself.
#[derive(Debug, Clone)]
pub struct Dev {
    /// The items to begin with.
    pub seed: Option<PathBuf>,
}

/// The environment's variables that are ours.
pub fn variables() -> Variables {
    Variables::new(std::env::vars())
}

/// The value of `RUST_LOG`, where it is set.
#[expect(clippy::disallowed_methods, reason = "this is `config`")]
pub fn log_filter() -> Option<String> {
    std::env::var("RUST_LOG").ok()
}

impl Config {
    /// Reads a configuration file.
    pub fn load(path: &Path, variables: &Variables) -> Result<Self, Problems> {
        let source = Source::read(path).map_err(|problem| {
            problem.hint("run it in the application's folder, or name its file: --config FILE")
        })?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::parse(&source, folder, variables)
    }

    /// Reads a configuration text, whose paths are relative to `folder`.
    pub fn parse(source: &Arc<Source>, folder: &Path, variables: &Variables) -> Result<Self, Problems> {
        read(source, variables, |file| {
            let path = |key: &str, default: &str| {
                folder.join(file.string(key).map_or_else(|| default.to_owned(), |path| path.value))
            };
            let claims = Arc::new(claims(file));
            let limits = file.section("limits");
            let graphql = graphql::Config::read(file, &limits);
            let operation = operation::Config::read(file, &limits);
            limits.finish();
            let admission = file.section("admission");
            let tiers = tenant::Tiers::read(&admission);
            let server = server::Config::read(file, folder, (&admission, tiers.most()));
            let credentials = credentials::Config::read(file, &admission);
            admission.finish();
            let aws = aws::Config::read(file);
            let authorizer = authorizer::Config::read(file, &claims);
            let (telemetry, tables, dev) = (telemetry::Config::read(file), tables(file), dev(file, folder));
            Some(Self {
                folder: folder.to_path_buf(),
                schema: path("schema", "schema.graphql"),
                policies: path("policies", "policies"),
                tenants: path("tenants", "tenants.toml"),
                trusted_documents: file.string("trusted-documents").map(|path| folder.join(path.value)),
                tables,
                claims,
                tiers,
                server: server?,
                authorizer: authorizer?,
                aws: aws?,
                credentials: credentials?,
                graphql,
                operation: operation?,
                telemetry,
                dev,
            })
        })
    }
}

/// `[claims]`: names and kinds.
fn claims(file: &Section<'_>) -> ClaimKinds {
    let section = file.section("claims");
    let names = section.names();
    let kinds = names.into_iter().filter_map(|name| {
        let kind = section.parse::<ClaimKind>(&name.value)?;
        Some((name.value, kind.value))
    });
    kinds.collect()
}

/// `[tables]`: the physical table of each of the schema's, where it is another.
fn tables(file: &Section<'_>) -> BTreeMap<String, TableName> {
    let section = file.section("tables");
    let names = section.names();
    let tables = names.into_iter().filter_map(|name| {
        let table = section.parse::<TableName>(&name.value)?;
        Some((name.value, table.value))
    });
    tables.collect()
}

fn dev(file: &Section<'_>, folder: &Path) -> Dev {
    let section = file.section("dev");
    let seed = section.string("seed").map(|path| folder.join(path.value));
    section.finish();
    Dev { seed }
}
