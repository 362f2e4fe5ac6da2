//! Which statements let a request through: judged by the evaluator, with a key that the request's template makes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cli::Application;
use crate::credentials::variables;
use crate::operation::describe::Described;
use crate::policy::requests::Asked;
use crate::policy::{
    Decision, Document, DocumentAt, Kind, Layer, Policies, Role, RoleTemplate, Sample, StatementRef,
    Template, Verdict, Whose,
};
use crate::problem::Problem;
use crate::tenant::{Mode, TenantRecord};

/// How a tenant's request is judged.
pub(super) struct Granted {
    /// The tenant.
    pub(super) tenant: String,
    /// Its mode.
    pub(super) mode: &'static str,
    /// The ARN that is asked.
    pub(super) resource: String,
    /// The partition key that it was judged with.
    pub(super) key: String,
    /// Whether it passes; none where that is not known here.
    pub(super) allowed: Option<bool>,
    /// The statements that allow it, or the one that denies it.
    pub(super) by: Vec<String>,
    /// What else there is to say.
    pub(super) note: Option<String>,
}

/// The tenants whose requests are judged: the one that was asked for, or one for each set of policies.
pub(super) struct Judge<'a> {
    application: &'a Application,
    records: Vec<Arc<TenantRecord>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(application: &'a Application, record: Option<&Arc<TenantRecord>>) -> Self {
        let records = match record {
            Some(record) => vec![Arc::clone(record)],
            None => one_for_each_set_of_policies(application),
        };
        Self { application, records }
    }

    pub(super) fn judge(&self, asked: &Asked<'_>, described: &Described) -> Result<Vec<Granted>, Problem> {
        self.records.iter().filter_map(|record| self.of(record, asked, described).transpose()).collect()
    }

    fn of(
        &self,
        record: &TenantRecord,
        asked: &Asked<'_>,
        described: &Described,
    ) -> Result<Option<Granted>, Problem> {
        let Some(table) = record.tables.get(asked.table.name.as_str()) else { return Ok(None) };
        let whose =
            Whose { tenant: &record.id, account: record.role.account(), region: &record.region, table };
        let mut sample = Sample::of(&self.application.plan, asked, whose);
        sample.context.set("aws:PrincipalArn", record.role.as_str());
        sample.context.set_all("dynamodb:Attributes", described.attributes.iter().cloned().collect());
        let own = Own::of(self.application, record)?;
        let (mut allowed, mut by) = own.judge(&sample);
        let mut narrowed = None;
        // A policy may keep attributes back, and let through what does not ask for them.
        if let (Some(false), Some(attributes)) = (allowed, &asked.attributes) {
            let mut least = sample.clone();
            least.context.set_all("dynamodb:Attributes", attributes.always.iter().cloned().collect());
            if let (Some(true), allowing) = own.judge(&least) {
                (allowed, by) = (Some(true), allowing);
                narrowed = Some("not with every attribute that may be selected".to_owned());
            }
        }
        let undeclared = own.role.is_none().then(|| {
            format!(
                "no file under policies/roles declares `{}`: what IAM holds of it is not judged",
                record.role.name()
            )
        });
        let missing = own.missing(&sample).filter(|_| narrowed.is_none()).or(narrowed);
        let Sample { resource, key, .. } = sample;
        let note = undeclared.or(missing);
        let (tenant, mode) = (record.id.to_string(), record.mode.name());
        Ok(Some(Granted { tenant, mode, resource, key, allowed, by, note }))
    }
}

/// A tenant for each combination of mode, session policy and declared role.
fn one_for_each_set_of_policies(application: &Application) -> Vec<Arc<TenantRecord>> {
    let mut seen = BTreeSet::new();
    let mut records = application.registry.records();
    records.retain(|record| {
        let policy = match &record.mode {
            Mode::SessionPolicy(name) => name.clone(),
            Mode::Role | Mode::SessionTags => String::new(),
        };
        // Of roles that are declared nowhere nothing is known: one stands for all of a mode.
        let role = declared(application, record).map(|role| role.source().name().to_owned());
        seen.insert((record.mode.name(), policy, role))
    });
    records
}

fn declared<'a>(application: &'a Application, record: &TenantRecord) -> Option<&'a RoleTemplate> {
    let variables = variables(record);
    application.roles.iter().find(|role| role.declares(record.role.name(), &variables))
}

/// The policies of a tenant, and the files that they stand in.
struct Own<'a> {
    role: Option<(&'a RoleTemplate, Role)>,
    session: Option<(&'a Template, Document)>,
}

impl<'a> Own<'a> {
    fn of(application: &'a Application, record: &TenantRecord) -> Result<Self, Problem> {
        let variables = variables(record);
        let role = declared(application, record)
            .map(|template| template.render(&variables).map(|role| (template, role)))
            .transpose()?;
        let template = match &record.mode {
            Mode::SessionPolicy(name) => application.policies.find(name),
            Mode::Role | Mode::SessionTags => None,
        };
        let session = template.map(|template| {
            let rendered = template.render(Kind::Identity, &variables);
            let problem =
                |error: crate::policy::TemplateError| template.source().problem(0..1, error.to_string());
            rendered.map(|rendered| (template, rendered.document)).map_err(problem)
        });
        Ok(Self { role, session: session.transpose()? })
    }

    fn decide(&self, sample: &Sample) -> Option<Decision> {
        let session = self.session.as_ref().map(|(_, document)| document);
        let policies = match (&self.role, session) {
            (Some((_, role)), session) => {
                Policies { identity: &role.identity, boundary: role.boundary.as_ref(), session }
            }
            // Of a role that is declared nowhere, what narrows it is judged alone.
            (None, Some(session)) => {
                Policies { identity: std::slice::from_ref(session), boundary: None, session: Some(session) }
            }
            (None, None) => return None,
        };
        Some(policies.evaluate(&sample.request()))
    }

    fn judge(&self, sample: &Sample) -> (Option<bool>, Vec<String>) {
        let Some(decision) = self.decide(sample) else { return (None, Vec::new()) };
        let mut by: Vec<_> = decision.by.iter().filter_map(|it| self.name_of(*it)).collect();
        by.dedup();
        (Some(decision.is_allowed()), by)
    }

    /// The layer that has no statement for it.
    fn missing(&self, sample: &Sample) -> Option<String> {
        let layer = match self.decide(sample)?.verdict {
            Verdict::Allowed | Verdict::ExplicitlyDenied => return None,
            Verdict::ImplicitlyDenied(layer) => layer,
        };
        let source = match (layer, &self.role, &self.session) {
            (Layer::Session, _, Some((template, _))) | (_, None, Some((template, _))) => {
                template.source().name()
            }
            (_, Some((role, _)), _) => role.source().name(),
            (_, None, None) => return None,
        };
        Some(format!("no statement of {source} allows it"))
    }

    fn name_of(&self, by: StatementRef) -> Option<String> {
        let (source, at) = match (by.layer, &self.role) {
            (Layer::Session, _) | (_, None) => (self.session.as_ref()?.0.source(), DocumentAt::Whole),
            (Layer::Identity, Some((role, _))) => (role.source(), DocumentAt::RolePolicy(by.document)),
            (Layer::Boundary, Some((role, _))) => (role.source(), DocumentAt::Boundary),
        };
        Some(at.name_of(source, by.statement))
    }
}
