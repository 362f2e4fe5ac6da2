//! The least that a tenant must be allowed, read off the schema, and the documents that allow just that.
//!
//! Every triple of an action, a resource and a pattern of keys that these documents allow is needed by some request of
//! the plan: nothing is granted because it is usual. Indexes are named, never `index/*`. The documents have variables
//! (`{{…}}`), as those that people write; who fills them in, and with what, is the caller's affair.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::requests::{Asked, requests};
use crate::schema::{Name, Part, Plan, Template};

/// How a document names its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `{{tenant}}`: the document is rendered for each tenant.
    Variable,
    /// `${aws:PrincipalTag/tenant}`: IAM fills in the tag of the session that asks.
    PrincipalTag,
}

impl Subject {
    /// The subject as it stands in a document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Variable => "{{tenant}}",
            Self::PrincipalTag => "${aws:PrincipalTag/tenant}",
        }
    }
}

/// A table or one of its indexes, by the schema's names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// The table.
    pub table: Name,
    /// The index; none for the table itself.
    pub index: Option<Name>,
}

/// What one statement allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The actions.
    pub actions: BTreeSet<&'static str>,
    /// On what: tables, or indexes.
    pub resources: Vec<Resource>,
    /// The partition keys, as patterns. None where the table's keys hold no tenant: the table is the tenant's own.
    pub keys: Option<BTreeSet<String>>,
}

/// The keys that an action is needed for; none for all of them.
type Keys = Option<BTreeSet<String>>;

/// What the requests of a plan need, and no more.
pub fn grants(plan: &Plan, subject: Subject) -> Vec<Grant> {
    let mut needs: IndexMap<Resource, IndexMap<&'static str, Keys>> = IndexMap::new();
    for asked in requests(plan) {
        let resource = Resource { table: asked.table.name.clone(), index: asked.index.cloned() };
        let keys =
            needs.entry(resource).or_default().entry(asked.action).or_insert_with(|| Some(BTreeSet::new()));
        match pattern(&asked.keys.partition, subject) {
            Some(pattern) => {
                if let Some(keys) = keys {
                    keys.insert(pattern);
                }
            }
            None => *keys = None,
        }
    }
    // Tables first, then indexes; each in the order of the schema.
    needs.sort_by(|one, _, other, _| one.index.is_some().cmp(&other.index.is_some()));
    let mut grants: Vec<Grant> = Vec::new();
    for (resource, actions) in needs {
        let mut by_keys: IndexMap<Keys, BTreeSet<&'static str>> = IndexMap::new();
        for (action, keys) in actions {
            by_keys.entry(keys).or_default().insert(action);
        }
        for (keys, actions) in by_keys {
            // What differs in the resource alone shares a statement: STS counts every character.
            match grants.iter_mut().find(|grant| grant.keys == keys && grant.actions == actions) {
                Some(grant) => grant.resources.push(resource.clone()),
                None => grants.push(Grant { actions, resources: vec![resource.clone()], keys }),
            }
        }
    }
    grants
}

/// The keys that a template makes for one tenant and for no other: what stands before the tenant, the tenant, and the
/// sign that ends it. None where the key does not begin so; only a silo's may.
fn pattern(template: &Template, subject: Subject) -> Option<String> {
    let at = template.parts.iter().position(|part| *part == Part::Tenant)?;
    let mut text = String::new();
    for part in template.parts.get(..at)? {
        match part {
            Part::Literal(literal) => literal.chars().for_each(|c| text.push_str(&literally(c))),
            Part::Field(_) | Part::Tenant => return None,
        }
    }
    text.push_str(subject.as_str());
    match template.parts.get(at + 1) {
        None => {}
        Some(Part::Literal(literal)) => {
            text.extend(literal.chars().next().map(literally));
            text.push('*');
        }
        Some(Part::Field(_) | Part::Tenant) => return None,
    }
    Some(text)
}

/// A character that stands for itself in `StringLike`.
fn literally(c: char) -> String {
    if matches!(c, '*' | '?') { format!("${{{c}}}") } else { c.to_string() }
}

/// The physical name of a table, as a document has it.
pub type TableNames<'a> = &'a dyn Fn(&Name) -> String;

/// `{{table.NAME}}`: each tenant's own physical table.
pub fn table_variable(table: &Name) -> String {
    format!("{{{{table.{table}}}}}")
}

/// The document of some grants.
pub fn document(grants: &[Grant], tables: TableNames<'_>) -> Value {
    let mut sids = Sids::default();
    let statements: Vec<_> = grants.iter().map(|grant| statement(grant, &mut sids, tables)).collect();
    policy(&statements)
}

fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The names of statements, each once.
#[derive(Default)]
struct Sids(IndexMap<&'static str, usize>);

impl Sids {
    fn next(&mut self, name: &'static str) -> String {
        let count = self.0.entry(name).or_insert(0);
        *count += 1;
        if *count == 1 { name.to_owned() } else { format!("{name}{count}") }
    }
}

fn statement(grant: &Grant, sids: &mut Sids, tables: TableNames<'_>) -> Value {
    let is_of_indexes = grant.resources.iter().all(|resource| resource.index.is_some());
    let sid = match (&grant.keys, is_of_indexes) {
        (Some(_), false) => "OwnItems",
        (Some(_), true) => "OwnIndexes",
        (None, false) => "OwnTable",
        (None, true) => "OwnTableIndexes",
    };
    let mut statement = Map::new();
    let mut member = |name: &str, value: Value| statement.insert(name.to_owned(), value);
    member("Sid", sids.next(sid).into());
    member("Effect", "Allow".into());
    member("Action", one_or_more(grant.actions.iter().copied().map(Value::from)));
    member("Resource", one_or_more(grant.resources.iter().map(|it| Value::String(arn(it, tables)))));
    if let Some(keys) = &grant.keys {
        let keys = one_or_more(keys.iter().cloned().map(Value::String));
        // ForAllValues holds where there is no value: the guard refuses a request that names no key.
        let condition = json!({
            "ForAllValues:StringLike": { "dynamodb:LeadingKeys": keys },
            "Null": { "dynamodb:LeadingKeys": "false" },
        });
        member("Condition", condition);
    }
    Value::Object(statement)
}

/// A single value may stand without a list.
fn one_or_more(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<_> = values.collect();
    match (values.pop(), values.is_empty()) {
        (Some(one), true) => one,
        (last, _) => values.into_iter().chain(last).collect(),
    }
}

/// The ARN of a resource, with variables.
pub fn arn(resource: &Resource, tables: TableNames<'_>) -> String {
    let table = tables(&resource.table);
    let arn = format!("arn:{{{{partition}}}}:dynamodb:{{{{region}}}}:{{{{account}}}}:table/{table}");
    match &resource.index {
        None => arn,
        Some(index) => format!("{arn}/index/{index}"),
    }
}

/// A role to be derived, besides what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleShape {
    /// `RoleName`.
    pub name: String,
    /// `Path`; none for the root.
    pub path: Option<String>,
    /// The ARN of the role that the gateway runs under: the only one that may assume it.
    pub gateway: String,
    /// Whether the gateway sets `SourceIdentity`, which is an action of its own.
    pub sets_source_identity: bool,
}

/// A tenant's own role: it trusts the gateway for this tenant and this external id alone.
pub fn tenant_role(shape: &RoleShape, grants: &[Grant]) -> Value {
    let named = json!({ "aws:RequestTag/tenant": "{{tenant}}", "sts:ExternalId": "{{external-id}}" });
    let trust = trust(shape, "GatewayForThisTenant", ("StringEquals", named));
    role(shape, &trust, ("own-items", &document(grants, &table_variable)))
}

/// A role that tenants share. What it allows looks at the session's tag, so that a session without a tag reaches
/// nothing, whatever else narrows it.
pub fn shared_role(shape: &RoleShape, grants: &[Grant], tables: TableNames<'_>) -> Value {
    let tagged = json!({ "aws:RequestTag/tenant": "?*" });
    let trust = trust(shape, "GatewayWithTenantTag", ("StringLike", tagged));
    role(shape, &trust, ("own-items", &document(grants, tables)))
}

fn trust(shape: &RoleShape, sid: &str, (operator, tags): (&str, Value)) -> Value {
    let mut condition = Map::new();
    condition.insert(operator.to_owned(), tags);
    condition.insert("ForAllValues:StringEquals".to_owned(), json!({ "aws:TagKeys": "tenant" }));
    policy(&[json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": { "AWS": shape.gateway },
        "Action": assume(shape.sets_source_identity),
        "Condition": condition,
    })])
}

/// The actions that it takes to assume a role with a tag.
fn assume(sets_source_identity: bool) -> Vec<&'static str> {
    let both = ["sts:AssumeRole", "sts:TagSession"];
    both.into_iter().chain(sets_source_identity.then_some("sts:SetSourceIdentity")).collect()
}

fn role(shape: &RoleShape, trust: &Value, (policy_name, document): (&str, &Value)) -> Value {
    let mut role = Map::new();
    let mut member = |name: &str, value: Value| role.insert(name.to_owned(), value);
    if let Some(path) = &shape.path {
        member("Path", path.as_str().into());
    }
    member("RoleName", shape.name.as_str().into());
    member("AssumeRolePolicyDocument", trust.clone());
    member("Policies", json!([{ "PolicyName": policy_name, "PolicyDocument": document }]));
    Value::Object(role)
}

/// The gateway's own role: it may assume these roles, and nothing else. `service` is what it runs on, such as
/// `ecs-tasks.amazonaws.com`.
pub fn gateway_role(shape: &RoleShape, service: &str, roles: &[String]) -> Value {
    // EKS Pod Identity tags the sessions that it makes.
    let tags = (service == "pods.eks.amazonaws.com").then_some("sts:TagSession");
    let actions = std::iter::once("sts:AssumeRole").chain(tags);
    let trust = policy(&[json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": one_or_more(actions.map(Value::from)),
    })]);
    let document = policy(&[json!({
        "Sid": "AssumeTenants",
        "Effect": "Allow",
        "Action": assume(shape.sets_source_identity),
        "Resource": one_or_more(roles.iter().cloned().map(Value::String)),
    })]);
    role(shape, &trust, ("assume-tenants", &document))
}

/// Whether the keys of everything that is asked of a table hold the tenant, so that tenants may share it.
pub fn is_kept_by_keys(plan: &Plan, table: &Name) -> bool {
    let of_table = |asked: &Asked<'_>| asked.table.name == *table;
    requests(plan)
        .iter()
        .filter(|asked| of_table(asked))
        .all(|asked| pattern(&asked.keys.partition, Subject::Variable).is_some())
}
