//! `innkeeper token`: a token of the dev issuer, and nothing else on standard output.

use std::time::Duration;

use serde_json::Value;

use super::{Application, Because, Common, Failure, say};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::dev::{Claims, Issuer};
use crate::id::TenantId;
use crate::problem::Problem;
use crate::settings::parse_duration;

/// How many tenants are listed at most.
const LISTED: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The tenant to speak for. Without one, the tenants that there are are listed.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<TenantId>,
    /// `sub` of the token.
    #[arg(long, value_name = "NAME", default_value = "dev")]
    subject: String,
    /// `scope` of the token: words parted by spaces.
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// Another claim of the token, such as role=admin or level=3: JSON, or else text. May be repeated.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = claim)]
    claims: Vec<(String, Value)>,
    /// How long the token lives, such as 5m or 1h.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    expires_in: Duration,
}

/// The claims that the issuer writes by itself.
const ITS_OWN: [&str; 5] = ["iss", "aud", "sub", "iat", "exp"];

fn claim(text: &str) -> Result<(String, Value), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as role=admin")?;
    if ITS_OWN.contains(&name) {
        return Err("the issuer writes it by itself; --subject says `sub`, and --expires-in `exp`");
    }
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_no_json| value.into())))
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    parse_duration(text).ok_or("write a time such as 30s, 5m or 1h")
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(tenant) = &arguments.tenant else { return Err(nobody(&arguments.common)?.into()) };
    let folder = super::dev::private_folder(&arguments.common.config);
    let issuer = Issuer::open(&folder).map_err(Because)?;
    let claims = Claims {
        tenant,
        subject: &arguments.subject,
        scope: arguments.scope.as_deref(),
        others: arguments.claims.iter().cloned().collect(),
        expires_in: arguments.expires_in,
    };
    say(&issuer.token(&claims, &Clock::system()).map_err(Because)?);
    Ok(())
}

/// What is said where no tenant is named: a script must not take a list for a token.
fn nobody(common: &Common) -> Result<Problem, Failure> {
    let config = Config::load(&common.config, &config::variables())?;
    let application = Application::load(config)?;
    let tenants: Vec<_> = application.registry.records().iter().map(|record| record.id.to_string()).collect();
    let (listed, rest) = tenants.split_at(tenants.len().min(LISTED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let hint = format!("write `--tenant T` with one of {}{more}", listed.join(", "));
    Ok(Problem::of("--tenant", "there is no tenant to speak for").hint(hint))
}
