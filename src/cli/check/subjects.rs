//! The registry as the proof sees it: tenants that are alike, together.

use std::collections::{BTreeMap, BTreeSet};

use super::Grounds;
use crate::credentials::variables;
use crate::id::RoleArn;
use crate::policy::RoleTemplate;
use crate::policy::isolation::{Member, Subject, TableOf};
use crate::tenant::{Mode, Registry, TenantRecord};

/// What tenants must have in common to be one subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    mode: &'static str,
    policy: Option<String>,
    /// The file of the role's declaration where that is for any tenant, and the role itself otherwise.
    role: String,
    tables_arn: String,
    tables: BTreeMap<String, Option<String>>,
}

/// The subjects of a registry, in the order of their modes.
pub(super) fn subjects<'a>(grounds: &'a Grounds, registry: &Registry) -> Vec<Subject<'a>> {
    let mut subjects: BTreeMap<Alike, Subject<'a>> = BTreeMap::new();
    for record in registry.records() {
        let member = member(&record);
        let declared = grounds.roles.iter().find(|it| it.declares(record.role.name(), &member.variables));
        let alike = alike(&record, &member, declared);
        let subject =
            subjects.entry(alike).or_insert_with_key(|alike| subject(grounds, &record, alike, declared));
        subject.members.push(member);
    }
    subjects.into_values().collect()
}

/// The roles of tenants that no file declares, and which so are not looked at.
pub(super) fn undeclared(subjects: &[Subject<'_>], registry: &Registry) -> BTreeSet<RoleArn> {
    let members = subjects.iter().filter(|it| it.role.is_none()).flat_map(|it| &it.members);
    members.filter_map(|it| registry.find(&it.tenant)).map(|record| record.role.clone()).collect()
}

fn member(record: &TenantRecord) -> Member {
    let tables = record.tables.iter().map(|(name, physical)| {
        let own = record.own_tables.contains(name);
        (name.clone(), TableOf { physical: physical.to_string(), own })
    });
    Member { tenant: record.id.clone(), variables: variables(record), tables: tables.collect() }
}

fn alike(record: &TenantRecord, member: &Member, declared: Option<&RoleTemplate>) -> Alike {
    let policy = match &record.mode {
        Mode::SessionPolicy(name) => Some(name.clone()),
        Mode::Role | Mode::SessionTags => None,
    };
    let role = match declared {
        Some(role) if role.is_per_tenant() => role.source().name().to_owned(),
        None if record.mode == Mode::Role => String::new(),
        Some(_) | None => record.role.to_string(),
    };
    // Which table is one's own matters; what it is called does not.
    let tables =
        member.tables.iter().map(|(name, it)| (name.clone(), (!it.own).then(|| it.physical.clone())));
    Alike { mode: record.mode.name(), policy, role, tables_arn: tables_arn(record), tables: tables.collect() }
}

fn tables_arn(record: &TenantRecord) -> String {
    format!("arn:{}:dynamodb:{}:{}", record.region.partition(), record.region, record.role.account())
}

fn subject<'a>(
    grounds: &'a Grounds,
    record: &TenantRecord,
    alike: &Alike,
    declared: Option<&'a RoleTemplate>,
) -> Subject<'a> {
    let session = alike.policy.as_ref().and_then(|name| grounds.policies.find(name));
    let role = declared.map_or_else(|| record.role.name().to_owned(), |role| role.name().to_owned());
    let is_one_tenants = record.mode == Mode::Role && declared.is_some_and(|role| !role.is_per_tenant());
    Subject {
        label: alike.policy.as_ref().map_or(role, |policy| format!("policies/{policy}.json")),
        mode: alike.mode,
        only: is_one_tenants.then(|| record.id.clone()),
        members: Vec::new(),
        tables_arn: alike.tables_arn.clone(),
        role_arn: record.role.to_string(),
        role: declared,
        session,
    }
}
