//! Tenants that are alike, and the documents that keep them apart.
//!
//! Ten thousand tenants with one shared role and one session policy are one subject: their documents are rendered once,
//! with a sign in the tenant's place, and what is shown of that sign holds for every tenant id there can be. A tenant
//! whose role is declared for it alone, with its id spelled out, is a subject of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::grant::{Grant, Layered};
use crate::id::TenantId;
use crate::policy::pattern::Spelling;
use crate::policy::{Context, DocumentAt, Kind, Layer, Role, RoleTemplate, Template, Variables};
use crate::problem::{Problem, Source};
use crate::schema::language::{Language, Step};

/// Stands for every tenant's id in a document that is rendered for all of them. It is in no tenant's alphabet.
pub(super) const ANYBODY: &str = "\u{f0000}";

/// The physical table of one of the schema's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableOf {
    /// Its name in DynamoDB.
    pub physical: String,
    /// Whether it is one tenant's alone.
    pub own: bool,
}

/// A tenant that the registry holds.
#[derive(Debug, Clone)]
pub struct Member {
    /// The tenant.
    pub tenant: TenantId,
    /// The variables of its documents.
    pub variables: Variables,
    /// Its tables, by the names of the schema.
    pub tables: BTreeMap<String, TableOf>,
}

/// Tenants that are alike but for their ids, external ids and own tables.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// What it is called: the mode, and the policy or the role.
    pub label: String,
    /// The mode.
    pub mode: &'static str,
    /// The tenant whose documents spell its id out; none where the documents are for any tenant.
    pub only: Option<TenantId>,
    /// The tenants of the registry that it stands for. Never empty.
    pub members: Vec<Member>,
    /// `arn:PARTITION:dynamodb:REGION:ACCOUNT`, of their tables.
    pub tables_arn: String,
    /// The ARN of the role; of the first member's, where each has its own.
    pub role_arn: String,
    /// The declaration of the role, if there is one.
    pub role: Option<&'a RoleTemplate>,
    /// The session policy.
    pub session: Option<&'a Template>,
}

/// A role's documents or a session policy's, for one reading of the tenant.
#[derive(Debug, Clone)]
pub(super) struct Documents {
    pub(super) role: Option<(Arc<Source>, Role)>,
    pub(super) session: Option<(Arc<Source>, crate::policy::Document)>,
}

impl Subject<'_> {
    /// The first of the tenants that it stands for.
    pub(super) fn example(&self) -> Option<&Member> {
        self.members.first()
    }

    /// How the tenant stands in its documents.
    pub(super) fn spelling(&self) -> Spelling<'_> {
        match &self.only {
            Some(tenant) => Spelling::Only(tenant.as_str()),
            None => Spelling::Any(ANYBODY),
        }
    }

    /// What stands for the tenant in its documents.
    pub(super) fn sign(&self) -> &str {
        self.only.as_ref().map_or(ANYBODY, TenantId::as_str)
    }

    /// A language of keys, with the only tenant's id spelled out.
    pub(super) fn spelled(&self, language: Language) -> Language {
        let Some(only) = &self.only else { return language };
        let spell = |step: Step| match step {
            Step::Tenant => only.as_str().chars().map(Step::One).collect(),
            step => vec![step],
        };
        language.into_iter().flat_map(spell).collect()
    }

    /// The documents for all tenants at once, or for the only one.
    pub(super) fn for_all(&self) -> Result<Documents, Problem> {
        self.rendered(self.sign(), self.example())
    }

    /// The documents for a tenant, registered or not.
    pub(super) fn for_tenant(&self, tenant: &str) -> Result<Documents, Problem> {
        let member = self.members.iter().find(|member| member.tenant.as_str() == tenant);
        self.rendered(tenant, member.or_else(|| self.example()))
    }

    fn rendered(&self, tenant: &str, member: Option<&Member>) -> Result<Documents, Problem> {
        let mut variables = member.map(|member| member.variables.clone()).unwrap_or_default();
        variables.set("tenant", tenant);
        let role =
            self.role.map(|role| Ok::<_, Problem>((Arc::clone(role.source()), role.render(&variables)?)));
        let session = self.session.map(|template| {
            let rendered = template.render(Kind::Identity, &variables);
            let rendered = rendered.map_err(|error| template.source().problem(0..1, error.to_string()))?;
            Ok::<_, Problem>((Arc::clone(template.source()), rendered.document))
        });
        Ok(Documents { role: role.transpose()?, session: session.transpose()? })
    }

    /// The ARN of a table of the schema's, or of an index of it, for a member.
    pub(super) fn arn(&self, table: &str, index: Option<&str>, member: &Member) -> Option<String> {
        let physical = &member.tables.get(table)?.physical;
        Some(match index {
            None => format!("{}:table/{physical}", self.tables_arn),
            Some(index) => format!("{}:table/{physical}/index/{index}", self.tables_arn),
        })
    }

    /// Whether a table of the schema's is each tenant's own.
    pub(super) fn is_own(&self, table: &str) -> bool {
        self.example().and_then(|member| member.tables.get(table)).is_some_and(|table| table.own)
    }

    /// The condition keys that every call of a tenant's session brings with it.
    pub(super) fn principal(&self, tenant: &str) -> Context {
        let mut context = Context::default();
        context.set("aws:PrincipalTag/tenant", tenant);
        let parts: Vec<_> = self.role_arn.split(':').collect();
        if let Some(account) = parts.get(4) {
            context.set("aws:PrincipalAccount", *account);
        }
        if let Some(region) = self.tables_arn.split(':').nth(3) {
            context.set("aws:RequestedRegion", region);
        }
        context.set("aws:PrincipalType", "AssumedRole");
        context.set("aws:SecureTransport", "true");
        context
    }
}

impl Documents {
    /// The layers whose statements decide, each with its documents.
    pub(super) fn layers(&self) -> Vec<Layered<'_>> {
        let role = self.role.iter().flat_map(|(source, role)| {
            let documents: Vec<_> =
                role.identity.iter().enumerate().map(|(at, it)| (DocumentAt::RolePolicy(at), it)).collect();
            let identity = Layered { layer: Layer::Identity, source, documents };
            let boundary = role.boundary.iter().map(move |it| Layered {
                layer: Layer::Boundary,
                source,
                documents: vec![(DocumentAt::Boundary, it)],
            });
            std::iter::once(identity).chain(boundary)
        });
        let session = self.session.iter().map(|(source, document)| Layered {
            layer: Layer::Session,
            source,
            documents: vec![(DocumentAt::Whole, document)],
        });
        role.chain(session).collect()
    }
}

impl Layered<'_> {
    /// The statements of all its documents.
    pub(super) fn grants(&self) -> Vec<Grant<'_>> {
        let documents = self.documents.iter();
        documents
            .flat_map(|(at, document)| {
                document.statements.iter().enumerate().map(|(statement, it)| Grant {
                    source: self.source,
                    at: *at,
                    index: statement,
                    version: document.version,
                    statement: it,
                })
            })
            .collect()
    }
}
