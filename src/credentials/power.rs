//! How a session is kept to one tenant: by a role of its own, by a session policy, or by tags.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::{Kind, MAX_SESSION_POLICY_CHARS, Rendered, Template, Variables};
use crate::problem::{Problem, Problems};
use crate::tenant::{Mode, Registry, TenantRecord};

/// What narrows a session. No constructor leaves the policy optional: a shared role is never assumed as it is,
/// unless its own policy looks at the tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Power {
    /// The tenant's own role.
    Role,
    /// A shared role, narrowed by this policy.
    SessionPolicy(Rendered),
    /// A shared role whose policy looks at the session's tags.
    SessionTags,
}

/// The session policies of `policies/`, by name.
#[derive(Debug, Default)]
pub struct PolicyTemplates(BTreeMap<String, Template>);

impl PolicyTemplates {
    /// The templates by their names.
    pub fn new(templates: BTreeMap<String, Template>) -> Self {
        Self(templates)
    }

    /// The names of the templates.
    pub fn names(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// The template of a name.
    pub fn find(&self, name: &str) -> Option<&Template> {
        self.0.get(name)
    }

    /// What narrows a tenant's sessions, or why nothing can.
    pub fn power(&self, record: &TenantRecord) -> Result<Power, Problem> {
        let name = match &record.mode {
            Mode::Role => return Ok(Power::Role),
            Mode::SessionTags => return Ok(Power::SessionTags),
            Mode::SessionPolicy(name) => name,
        };
        let missing = || Problem::of(format!("tenant {}", record.id), format!("there is no policy `{name}`"));
        let template = self.0.get(name).ok_or_else(missing)?;
        let at_start = |message: String| {
            template.source().problem(0..1, message).hint("see policies/ in the example for one that works")
        };
        let rendered = template
            .render(Kind::Identity, &variables(record))
            .map_err(|error| at_start(format!("for tenant `{}`: {error}", record.id)))?;
        if rendered.chars() > MAX_SESSION_POLICY_CHARS {
            let message = format!(
                "for tenant `{}` it has {} characters, and STS takes {MAX_SESSION_POLICY_CHARS}",
                record.id,
                rendered.chars()
            );
            return Err(at_start(message));
        }
        Ok(Power::SessionPolicy(rendered))
    }

    /// Whether every tenant's policy can be made; all that cannot, with the reasons.
    pub fn check(&self, registry: &Registry) -> Result<(), Problems> {
        let problems: Problems =
            registry.records().iter().filter_map(|record| self.power(record).err()).collect();
        problems.or(())
    }
}

/// The variables of a tenant, as policies and declared roles may use them.
pub fn variables(record: &TenantRecord) -> Variables {
    let mut variables = Variables::default();
    variables.set("tenant", record.id.as_str());
    variables.set("account", record.role.account().as_str());
    variables.set("region", record.region.as_str());
    variables.set("partition", record.region.partition());
    if let Some(id) = &record.external_id {
        variables.set("external-id", id.as_str());
    }
    for (name, table) in &record.tables {
        variables.set(format!("table.{name}"), table.as_str());
    }
    variables
}
