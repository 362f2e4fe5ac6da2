//! What the registry holds of a tenant.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::quota::STANDARD;
use super::registry::Requirements;
use crate::id::{ExternalId, Region, RoleArn, TableName, TenantId};
use crate::problem::{Located, did_you_mean, nearest};
use crate::settings::Section;

/// A tenant's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRecord {
    /// The tenant.
    pub id: TenantId,
    /// Whether it may use the service.
    pub state: State,
    /// How its session is kept to its own items.
    pub mode: Mode,
    /// The role that is assumed for it.
    pub role: RoleArn,
    /// `sts:ExternalId`, where the role asks for one.
    pub external_id: Option<ExternalId>,
    /// The Region of its tables.
    pub region: Region,
    /// The physical table of each table of the schema.
    pub tables: BTreeMap<String, TableName>,
    /// The tables that are this tenant's alone, by the schema's name.
    pub own_tables: Vec<String>,
    /// The tier, for limits.
    pub tier: String,
}

/// Whether a tenant may use the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It may.
    Active,
    /// It may not, for the time being.
    Suspended,
}

/// How a tenant's session is kept to its own items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// The tenant has a role of its own.
    Role,
    /// A shared role, narrowed by a session policy; the name of its template.
    SessionPolicy(String),
    /// A shared role, whose policy looks at the session's tags.
    SessionTags,
}

impl Mode {
    /// The mode's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::SessionPolicy(_) => "session-policy",
            Self::SessionTags => "session-tags",
        }
    }
}

impl FromStr for State {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            _ => Err("must be \"active\" or \"suspended\""),
        }
    }
}

impl TenantRecord {
    /// Reads `[tenants.ID]`. What is not said there is taken from `[defaults]`.
    pub(super) fn read(
        name: &Located<String>,
        section: &Section<'_>,
        defaults: &Section<'_>,
        requirements: &Requirements,
    ) -> Option<Self> {
        let id = match name.value.parse::<TenantId>() {
            Ok(id) => Some(id),
            Err(error) => {
                section.report(name.place.problem(format!("`{}`: {error}", name.value)));
                None
            }
        };
        let from = |key: &str| if defaults.has(key) && !section.has(key) { defaults } else { section };
        let role = from("role").required::<RoleArn>("role", "write the ARN of the role to assume");
        let region = from("region").required::<Region>("region", "write the Region of the tenant's tables");
        let state = section.parse::<State>("state").map_or(State::Active, |state| state.value);
        let mode = mode(from("mode"), from("policy"), requirements);
        let external_id = section.parse::<ExternalId>("external-id");
        if matches!(mode, Some(Mode::Role)) && !section.has("external-id") {
            let problem = section.place().problem("`external-id` is missing");
            section.report(problem.hint("a tenant's own role must ask for an external id of its own"));
        }
        let tier = tier(from("tier"), requirements);
        let (tables, own_tables) = tables(section, requirements)?;
        Some(Self {
            id: id?,
            state,
            mode: mode?,
            role: role?.value,
            external_id: external_id.map(|id| id.value),
            region: region?.value,
            tables,
            own_tables,
            tier,
        })
    }
}

/// The tier; one that the configuration has.
fn tier(section: &Section<'_>, requirements: &Requirements) -> String {
    let Some(written) = section.string("tier") else { return STANDARD.to_owned() };
    if let Some(known) = requirements.tiers.as_ref().filter(|known| !known.contains(&written.value)) {
        let hint = did_you_mean(&written.value, known.iter().map(String::as_str));
        let hint = format!("{hint}; a tier is written `[admission.tiers.NAME]` in the configuration");
        section.report(written.place.problem(format!("there is no tier `{}`", written.value)).hint(hint));
    }
    written.value
}

fn mode(section: &Section<'_>, policy: &Section<'_>, requirements: &Requirements) -> Option<Mode> {
    const MODES: [&str; 3] = ["role", "session-policy", "session-tags"];
    let written =
        section.required::<String>("mode", "write \"role\", \"session-policy\" or \"session-tags\"")?;
    match written.value.as_str() {
        "role" => Some(Mode::Role),
        "session-tags" => Some(Mode::SessionTags),
        "session-policy" => {
            let name = policy
                .required::<String>("policy", "write the name of a file under policies/, without .json")?;
            let Some(known) = requirements.policies.as_ref().filter(|known| !known.contains(&name.value))
            else {
                return Some(Mode::SessionPolicy(name.value));
            };
            let hint = nearest(&name.value, known.iter().map(String::as_str)).map_or_else(
                || format!("`innkeeper policy session-policy > policies/{}.json` makes it", name.value),
                |near| format!("did you mean `{near}`?"),
            );
            section.report(name.place.problem(format!("there is no policy `{}`", name.value)).hint(hint));
            None
        }
        other => {
            let problem = written.place.problem(format!("`{other}` is no mode"));
            section.report(problem.hint(did_you_mean(other, MODES)));
            None
        }
    }
}

/// The physical tables: those that the tenant names are its own, the others are shared.
fn tables(
    section: &Section<'_>,
    requirements: &Requirements,
) -> Option<(BTreeMap<String, TableName>, Vec<String>)> {
    let own = section.section("tables");
    let mut tables = requirements.shared_tables.clone();
    let mut own_tables = Vec::new();
    let mut complete = true;
    for name in own.names() {
        if !requirements.is_table(&name.value) {
            let known = requirements.silo_tables.iter().chain(requirements.shared_tables.keys());
            let hint = did_you_mean(&name.value, known.map(String::as_str));
            section
                .report(name.place.problem(format!("the schema has no table `{}`", name.value)).hint(hint));
            complete = false;
            continue;
        }
        match own.parse::<TableName>(&name.value) {
            Some(table) => {
                tables.insert(name.value.clone(), table.value);
                own_tables.push(name.value);
            }
            None => complete = false,
        }
    }
    for silo in requirements.silo_tables.iter().filter(|silo| !tables.contains_key(*silo)) {
        let problem =
            section.place().problem(format!("the silo table `{silo}` has no table of this tenant's own"));
        section.report(problem.hint(format!("write `tables = {{ {silo} = \"…\" }}`")));
        complete = false;
    }
    complete.then_some((tables, own_tables))
}
