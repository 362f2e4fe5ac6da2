//! The documents that follow from the schema, printed: with their variables, or for one tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::layout::lay_out;
use super::names::{self, Sharing};
use super::{Gateway, Part, Rendered, Role, SessionPolicy};
use crate::cli::application::Groundwork;
use crate::cli::{Common, Failure, say, say_error};
use crate::config::{self, Config};
use crate::credentials::variables;
use crate::id::{RoleArn, TenantId};
use crate::policy::derive::{self, Grant, RoleShape, Subject, grants};
use crate::policy::{MAX_SESSION_POLICY_CHARS, TemplateError};
use crate::problem::{Problem, did_you_mean};
use crate::schema::Name;
use crate::tenant::TenantRecord;

/// The gateway's role, where the configuration names none.
const USUAL_GATEWAY: &str = "innkeeper-gateway";

fn load(common: &Common) -> Result<Groundwork, Failure> {
    let config = Config::load(&common.config, &config::variables())?;
    Ok(Groundwork::load(config)?)
}

/// What the requests of the schema need. A schema that asks for nothing needs no policy.
fn needed(ground: &Groundwork, subject: Subject) -> Result<Vec<Grant>, Problem> {
    let grants = grants(&ground.plan, subject);
    let nothing = || {
        let problem = Problem::of(ground.config.schema.display().to_string(), "no field runs an operation");
        problem
            .hint("a policy allows what fields run: write `@get`, `@query`, `@put`, `@update` or `@delete`")
    };
    if grants.is_empty() { Err(nothing()) } else { Ok(grants) }
}

/// The record of the tenant that the document is rendered for.
fn record(ground: &Groundwork, rendered: &Rendered) -> Result<Option<Arc<TenantRecord>>, Problem> {
    let Some(tenant) = &rendered.tenant else { return Ok(None) };
    let record = ground.registry.find(tenant);
    record.map(Some).ok_or_else(|| unknown_tenant(ground, tenant))
}

fn unknown_tenant(ground: &Groundwork, tenant: &TenantId) -> Problem {
    let records = ground.registry.records();
    let hint = did_you_mean(tenant.as_str(), records.iter().map(|record| record.id.as_str()));
    Problem::of("--tenant", format!("there is no tenant `{tenant}`")).hint(hint)
}

/// A document with the variables of a tenant in their places; as it is, where there is none.
fn filled(document: Value, record: Option<&TenantRecord>) -> Result<Value, Problem> {
    let Some(record) = record else { return Ok(document) };
    variables(record).fill(&document).map_err(|error| {
        let problem = Problem::of(format!("tenant {}", record.id), error.to_string());
        match error {
            TemplateError::Unknown(name) if name == "external-id" => problem
                .hint("a tenant's own role asks for an external id of its own: write `external-id = \"…\"`"),
            TemplateError::Unknown(_) | TemplateError::Malformed(_) => problem,
        }
    })
}

pub(super) fn session_policy(arguments: &SessionPolicy) -> Result<(), Failure> {
    let ground = load(&arguments.common)?;
    let record = record(&ground, &arguments.rendered)?;
    let document = derive::document(&needed(&ground, Subject::Variable)?, &derive::table_variable);
    say(&lay_out(&filled(document.clone(), record.as_deref())?));
    let longest = longest(&ground, &document)?;
    if longest <= MAX_SESSION_POLICY_CHARS {
        return Ok(());
    }
    say_error(&format!(
        "warning: for a tenant id of {} characters it has {longest} characters, and STS takes \
         {MAX_SESSION_POLICY_CHARS}\n  = hint: put the tables of some types into fewer keys or tables, or use mode \
         `role` or `session-tags`, whose policies may have 10,240",
        TenantId::MAX_LEN
    ));
    Err(Failure::Found)
}

/// How many characters the session policy has for the longest tenant id, with the tables of any tenant. Without tenants
/// the names of the schema stand for the tables, and the longest Region and partition for where they are.
fn longest(ground: &Groundwork, document: &Value) -> Result<usize, Problem> {
    let long = "x".repeat(TenantId::MAX_LEN);
    let records = ground.registry.records();
    let mut all: Vec<_> = records.iter().map(|record| variables(record)).collect();
    if all.is_empty() {
        let mut usual = crate::policy::Variables::default();
        for (name, value) in
            [("account", "111122223333"), ("region", "us-gov-east-1"), ("partition", "aws-us-gov")]
        {
            usual.set(name, value);
        }
        for table in ground.plan.tables.keys() {
            let physical = ground.config.tables.get(table.as_str()).map_or(table.as_str(), |it| it.as_str());
            usual.set(format!("table.{table}"), physical);
        }
        all.push(usual);
    }
    let mut longest = 0;
    for mut variables in all {
        variables.set("tenant", long.as_str());
        let text =
            variables.fill(document).map_err(|error| Problem::of("the document", error.to_string()))?;
        longest = longest.max(text.to_string().chars().count());
    }
    Ok(longest)
}

pub(super) fn role(arguments: &Role) -> Result<(), Failure> {
    let ground = load(&arguments.common)?;
    let record = record(&ground, &arguments.rendered)?;
    let own = names::with_own_role(&ground.registry);
    let named: Vec<_> = own.iter().map(|it| (it.id.as_str(), it.role.name())).collect();
    let rule = names::rule(&named).map_or_else(
        || "innkeeper-{{tenant}}".to_owned(),
        |(before, after)| format!("{before}{{{{tenant}}}}{after}"),
    );
    // The record's own word on its role stands above the rule.
    let recorded = record.as_ref().filter(|record| own.contains(record)).map(|record| record.role.clone());
    let shape = RoleShape {
        name: recorded.as_ref().map_or(rule, |role| role.name().to_owned()),
        path: names::path(
            recorded.iter().chain(own.iter().map(|it| &it.role).filter(|_| recorded.is_none())),
        ),
        ..trusting(&ground, arguments)
    };
    let role = derive::tenant_role(&shape, &needed(&ground, Subject::Variable)?);
    print(filled(role, record.as_deref())?, &arguments.part);
    Ok(())
}

pub(super) fn shared(arguments: &Role, sharing: Sharing) -> Result<(), Failure> {
    let ground = load(&arguments.common)?;
    let record = record(&ground, &arguments.rendered)?;
    let mut sharers = sharing.records(&ground.registry);
    if let Some(record) = record.as_ref().filter(|record| sharers.contains(record)) {
        sharers.retain(|other| other.role == record.role);
    }
    let roles: BTreeSet<&RoleArn> = sharers.iter().map(|record| &record.role).collect();
    let name = shared_name(&ground, &roles, sharing)?;
    let shape = RoleShape { name, path: names::path(roles), ..trusting(&ground, arguments) };
    let grants = needed(&ground, Subject::PrincipalTag)?;
    let names = shared_tables(&ground, &grants, &sharers)?;
    let tables = |table: &Name| {
        let named = names.iter().find(|(name, _)| name == table);
        named.map_or_else(|| derive::table_variable(table), |(_, text)| text.clone())
    };
    let role = derive::shared_role(&shape, &grants, &tables);
    print(filled(role, record.as_deref())?, &arguments.part);
    Ok(())
}

/// The name of the role that the tenants share.
fn shared_name(ground: &Groundwork, roles: &BTreeSet<&RoleArn>, sharing: Sharing) -> Result<String, Problem> {
    let names: Vec<_> = roles.iter().map(|role| role.name()).collect::<BTreeSet<_>>().into_iter().collect();
    match names.as_slice() {
        [] => Ok(sharing.usual_name().to_owned()),
        [one] => Ok((*one).to_owned()),
        several => {
            let message = format!(
                "the tenants in mode `{}` have several roles: `{}`",
                sharing.mode(),
                several.join("`, `")
            );
            let problem = Problem::of(ground.config.tenants.display().to_string(), message);
            Err(problem.hint("name one of the tenants: --tenant TENANT"))
        }
    }
}

/// The tables that a shared role cannot name by a variable, because the tenants who share it have others each: by the
/// rule that their names follow, with the session's tag in it.
fn shared_tables(
    ground: &Groundwork,
    grants: &[Grant],
    sharers: &[Arc<TenantRecord>],
) -> Result<Vec<(Name, String)>, Failure> {
    let tables: BTreeSet<&Name> =
        grants.iter().flat_map(|grant| &grant.resources).map(|resource| &resource.table).collect();
    let mut names = Vec::new();
    let mut problems = crate::problem::Problems::default();
    for table in tables {
        let physical: Vec<(&str, &str)> = sharers
            .iter()
            .filter_map(|record| Some((record.id.as_str(), record.tables.get(table.as_str())?.as_str())))
            .collect();
        let distinct: BTreeSet<&str> = physical.iter().map(|(_, name)| *name).collect();
        if distinct.len() <= 1 && (physical.is_empty() || derive::is_kept_by_keys(&ground.plan, table)) {
            continue;
        }
        if let Some((before, after)) = names::rule(&physical) {
            names.push((table.clone(), format!("{before}{}{after}", Subject::PrincipalTag.as_str())));
            continue;
        }
        let message = format!(
            "a shared role cannot name each tenant's own `{table}`: the tables' names follow no rule"
        );
        let problem = Problem::of(ground.config.tenants.display().to_string(), message);
        problems.push(
            problem.hint("name them alike, such as `orders-TENANT`, or give these tenants mode `role`"),
        );
    }
    Ok(problems.or(names)?)
}

pub(super) fn gateway(arguments: &Gateway) -> Result<(), Failure> {
    let ground = load(&arguments.common)?;
    let roles: BTreeSet<RoleArn> =
        ground.registry.records().iter().map(|record| record.role.clone()).collect();
    if roles.is_empty() {
        let problem = Problem::of(ground.config.tenants.display().to_string(), "there are no tenants");
        return Err(problem.hint("the gateway may assume the roles of the tenants, and no others").into());
    }
    let own = ground.config.aws.gateway_role.as_ref();
    let shape = RoleShape {
        name: own.map_or(USUAL_GATEWAY, RoleArn::name).to_owned(),
        path: names::path(own),
        gateway: String::new(),
        sets_source_identity: ground.config.credentials.source_identity.is_some(),
    };
    let roles = names::resources(&roles, arguments.every_role);
    print(derive::gateway_role(&shape, &arguments.service, &roles), &arguments.part);
    Ok(())
}

/// Whom a tenant's role trusts.
fn trusting(ground: &Groundwork, arguments: &Role) -> RoleShape {
    let known = arguments.gateway.as_ref().or(ground.config.aws.gateway_role.as_ref());
    let usual = || format!("arn:{{{{partition}}}}:iam::{{{{account}}}}:role/{USUAL_GATEWAY}");
    RoleShape {
        name: String::new(),
        path: None,
        gateway: known.map_or_else(usual, ToString::to_string),
        sets_source_identity: ground.config.credentials.source_identity.is_some(),
    }
}

fn print(role: Value, part: &Part) {
    let chosen = match (part.trust, part.document) {
        (true, _) => role.get("AssumeRolePolicyDocument").cloned(),
        (_, true) => role.pointer("/Policies/0/PolicyDocument").cloned(),
        (false, false) => Some(role),
    };
    say(&lay_out(&chosen.unwrap_or_default()));
}
