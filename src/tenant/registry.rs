//! `tenants.toml`: every tenant with its role, and the rules that no two of them may break together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{Kept, Mode, Standing, State, TenantRecord};
use crate::id::{AccountId, ExternalId, Region, RoleArn, TableName, TenantId};
use crate::problem::{Place, Problems, Source};
use crate::settings::{Section, Variables, read};

/// What the schema and the configuration ask of every record.
#[derive(Debug, Clone, Default)]
pub struct Requirements {
    /// The physical table of each table that tenants share, by the schema's name.
    pub shared_tables: BTreeMap<String, TableName>,
    /// The tables of which each tenant must have one of its own.
    pub silo_tables: BTreeSet<String>,
    /// The names of the session policies that there are; none, where that is not looked at.
    pub policies: Option<BTreeSet<String>>,
    /// The names of the tiers that there are; none, where that is not looked at.
    pub tiers: Option<BTreeSet<String>>,
}

impl Requirements {
    pub(super) fn is_table(&self, name: &str) -> bool {
        self.silo_tables.contains(name) || self.shared_tables.contains_key(name)
    }
}

/// The tenants by their ids.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    records: HashMap<TenantId, Arc<TenantRecord>>,
}

impl Registry {
    /// Reads a registry. All that is wrong with it is said at once.
    pub fn parse(source: &Arc<Source>, requirements: &Requirements) -> Result<Self, Problems> {
        read(source, &Variables::default(), |file| {
            let defaults = file.section("defaults");
            for key in ["role", "region", "mode", "policy", "tier"] {
                defaults.expect(key);
            }
            defaults.finish();
            let mut rules = Rules::default();
            let mut records = HashMap::new();
            for (name, section) in file.section("tenants").named_sections() {
                let record = TenantRecord::read(&name, &section, &defaults, requirements);
                for key in ["state", "mode", "role", "region", "policy", "external-id", "tier", "tables"] {
                    section.expect(key);
                }
                section.finish();
                let Some(record) = record else { continue };
                rules.check(&record, &section, requirements);
                records.insert(record.id.clone(), Arc::new(record));
            }
            if !file.has("tenants") {
                let hint = "write `[tenants.acme]` and below it `mode`, `role` and `region`";
                file.report(file.place().problem("there are no tenants").hint(hint));
            }
            Some(Self { records })
        })
    }

    /// The record of a tenant, to the letter.
    pub fn find(&self, tenant: &TenantId) -> Option<Arc<TenantRecord>> {
        self.records.get(tenant).cloned()
    }

    /// How many tenants there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// How many of them are served.
    pub fn active(&self) -> usize {
        self.records.values().filter(|record| record.state == State::Active).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All records, in the order of their ids.
    pub fn records(&self) -> Vec<Arc<TenantRecord>> {
        let mut records: Vec<_> = self.records.values().cloned().collect();
        records.sort_by(|one, other| one.id.cmp(&other.id));
        records
    }

    /// This registry, with the former one's records where they are equal.
    pub(super) fn keeping_unchanged(mut self, former: &Self) -> Self {
        for (id, record) in &mut self.records {
            if let Some(kept) = former.records.get(id).filter(|kept| **kept == *record) {
                *record = Arc::clone(kept);
            }
        }
        self
    }

    /// This registry without those whom another puts out. Who that is, is noted.
    pub(super) fn withdrawing(&self, standing: &Standing, kept: &mut Kept) -> Self {
        let mut records = HashMap::new();
        for record in self.records() {
            let Some(left) = standing.withdraw(&record) else {
                kept.removed.push(record.id.clone());
                continue;
            };
            if left.state != record.state {
                kept.suspended.push(record.id.clone());
            }
            records.insert(record.id.clone(), left);
        }
        Self { records }
    }
}

/// What has been seen so far, to find two tenants that would share what nobody may share.
#[derive(Default)]
struct Rules {
    own_roles: HashMap<RoleArn, TenantId>,
    shared_roles: HashMap<RoleArn, TenantId>,
    external_ids: HashMap<ExternalId, TenantId>,
    own_tables: HashMap<(AccountId, Region, TableName), TenantId>,
}

impl Rules {
    fn check(&mut self, record: &TenantRecord, section: &Section<'_>, requirements: &Requirements) {
        let report =
            |place: Place, message: String, hint: &str| section.report(place.problem(message).hint(hint));
        let (own, others) = match record.mode {
            Mode::Role => (&mut self.own_roles, &self.shared_roles),
            Mode::SessionPolicy(_) | Mode::SessionTags => (&mut self.shared_roles, &self.own_roles),
        };
        if let Some(other) = others.get(&record.role) {
            let message = format!("the role is `{other}`'s too, in another mode");
            report(section.place_of("role"), message, "a tenant's own role is shared with nobody");
        }
        let former = own.insert(record.role.clone(), record.id.clone());
        if let Some(other) = former.filter(|_| record.mode == Mode::Role) {
            let message = format!("the role is `{other}`'s too");
            report(section.place_of("role"), message, "in mode `role` each tenant has a role of its own");
        }
        if let Some(id) = &record.external_id
            && let Some(other) = self.external_ids.insert(id.clone(), record.id.clone())
        {
            let message = format!("the external id is `{other}`'s too");
            report(
                section.place_of("external-id"),
                message,
                "give each tenant one of its own, such as a random UUID",
            );
        }
        for table in record.own_tables.iter().filter_map(|name| record.tables.get(name)) {
            let place = (record.role.account().clone(), record.region.clone(), table.clone());
            let message = if requirements.shared_tables.values().any(|shared| shared == table) {
                Some(format!("the table `{table}` is the shared one"))
            } else {
                let other = self.own_tables.insert(place, record.id.clone());
                other
                    .filter(|other| *other != record.id)
                    .map(|other| format!("the table `{table}` is `{other}`'s too"))
            };
            if let Some(message) = message {
                report(section.place_of("tables"), message, "a tenant's own table is its alone");
            }
        }
    }
}
