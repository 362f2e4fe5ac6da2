//! Whom a role trusts: the gateway, for its own tenants, with the tag that says whose the session is.

use std::sync::Arc;

use super::subject::Subject;
use crate::json::Step as In;
use crate::policy::condition::Comparison;
use crate::policy::document::{Effect, Principals, Version};
use crate::policy::evaluate::trust::{Principal, Trust, judge};
use crate::policy::pattern::Pattern;
use crate::policy::{Context, Counterexample, Document, DocumentAt, Finding, Rule};
use crate::problem::{Place, Source};
use crate::schema::language::{Language, Meeting, Step, collide};

const TENANT_TAG: &str = "aws:RequestTag/tenant";
const EXTERNAL_ID: &str = "sts:ExternalId";
const ACTIONS: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

/// A role's trust policy, and who the gateway is.
struct Trusting<'a> {
    subject: &'a Subject<'a>,
    source: &'a Arc<Source>,
    document: &'a Document,
    gateway: &'a str,
}

/// Whether the role's trust policy lets the gateway assume it for its tenants, and nobody for another.
pub(super) fn trust(subject: &Subject<'_>, gateway: Option<&str>) -> Vec<Finding> {
    let Ok(documents) = subject.for_all() else { return Vec::new() };
    let Some((source, role)) = &documents.role else { return Vec::new() };
    // Where the configuration does not say who the gateway is, it is whom the role names.
    let Some(gateway) = gateway.or_else(|| named(&role.trust)) else {
        let problem =
            DocumentAt::Trust.place(source).problem("the trust policy names no role that may assume it");
        let hint = "name the gateway's role under `Principal`";
        return vec![Finding::error(Rule::Trust, problem.hint(hint))];
    };
    let trusting = Trusting { subject, source, document: &role.trust, gateway };
    let mut findings = trusting.principals();
    findings.extend(trusting.is_trusted());
    findings.extend(trusting.other_tenants());
    findings
}

fn named(trust: &Document) -> Option<&str> {
    trust.statements.iter().find_map(|statement| match &statement.principals {
        Some(Principals::These(names)) => names.first().map(String::as_str),
        Some(Principals::Everybody) | None => None,
    })
}

impl Trusting<'_> {
    fn place(&self) -> Place {
        DocumentAt::Trust.place(self.source)
    }

    /// The external id of the subject's example.
    fn external_id(&self) -> Option<&str> {
        self.subject.example().and_then(|member| member.variables.get("external-id"))
    }

    /// What the role says of an assumption with this tag and this external id.
    fn judged(&self, action: &str, tag: Option<&str>, external_id: Option<&str>) -> Trust {
        self.judged_by(self.document, action, tag, external_id)
    }

    fn judged_by(
        &self,
        document: &Document,
        action: &str,
        tag: Option<&str>,
        external_id: Option<&str>,
    ) -> Trust {
        let mut context = Context::default();
        context.set("aws:PrincipalArn", self.gateway);
        if let Some(tag) = tag {
            context.set(TENANT_TAG, tag);
            context.set_all("aws:TagKeys", vec!["tenant".to_owned()]);
        }
        if let Some(id) = external_id {
            context.set(EXTERNAL_ID, id);
        }
        let account = self.gateway.split(':').nth(4).unwrap_or_default();
        let principal = Principal { account, identity: self.gateway, session: self.gateway };
        judge(document, principal, action, &context)
    }

    fn trusts(&self, tag: Option<&str>, external_id: Option<&str>) -> bool {
        let action = "sts:AssumeRole";
        self.judged(action, tag, external_id).is_trust()
    }

    /// The gateway may assume the role for its own tenants.
    fn is_trusted(&self) -> Option<Finding> {
        let sign = self.subject.sign();
        let refused = ACTIONS
            .into_iter()
            .find(|action| !self.judged(action, Some(sign), self.external_id()).is_trust())?;
        let message =
            format!("the trust policy does not let the gateway do {refused} ({})", self.subject.label);
        let hint = format!(
            "allow sts:AssumeRole and sts:TagSession to {} for the tag `tenant` and the external id of the record",
            self.gateway
        );
        Some(Finding::error(Rule::Trust, self.place().problem(message).hint(hint)))
    }

    /// Nobody else may.
    fn principals(&self) -> Vec<Finding> {
        let statements = self.document.statements.iter().enumerate();
        statements.filter_map(|(at, it)| self.others(at, it)).collect()
    }

    fn others(&self, at: usize, statement: &crate::policy::Statement) -> Option<Finding> {
        if statement.effect == Effect::Deny {
            return None;
        }
        let place = DocumentAt::Trust.part(self.source, at, &[In::Member("Principal")]);
        let names = match statement.principals.as_ref()? {
            Principals::Everybody => {
                let problem = place.problem("everybody may assume the role, and pass any tenant's tag");
                return Some(Finding::error(Rule::Trust, problem.hint("name the gateway's role alone")));
            }
            Principals::These(names) => names,
        };
        let other = names.iter().find(|name| *name != self.gateway)?;
        let message = format!("{other} may assume the role too, and pass any tag that the conditions leave");
        Some(Finding::warning(Rule::Trust, place.problem(message).hint("name the gateway's role alone")))
    }

    /// It is not assumed for another tenant, nor without saying for whom.
    fn other_tenants(&self) -> Vec<Finding> {
        if self.subject.mode == "role" { self.own_role() } else { self.shared_role().into_iter().collect() }
    }

    /// A shared role's policy looks at the tag, so a session without one reaches nothing; it had better not be there.
    fn shared_role(&self) -> Option<Finding> {
        self.trusts(None, self.external_id()).then(|| {
            let problem = self.place().problem("the role can be assumed without the tag `tenant`");
            let hint = "add the condition `\"StringLike\": {\"aws:RequestTag/tenant\": \"?*\"}`";
            Finding::warning(Rule::Trust, problem.hint(hint))
        })
    }

    fn own_role(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let tenant = self.subject.example().map_or("a", |member| member.tenant.as_str());
        if let Some(other) = self.another_tag() {
            findings.push(self.assumable(
                format!("the role of a tenant can be assumed for another: the tag `tenant` may be `{other}`"),
                "add the condition `\"StringEquals\": {\"aws:RequestTag/tenant\": \"{{tenant}}\"}`",
                tenant,
                Some(other),
            ));
        }
        if self.trusts(None, self.external_id()) {
            findings.push(self.assumable(
                "the role of a tenant can be assumed without the tag `tenant`".to_owned(),
                "add the condition `\"StringEquals\": {\"aws:RequestTag/tenant\": \"{{tenant}}\"}`",
                tenant,
                None,
            ));
        }
        let sign = Some(self.subject.sign());
        if self.trusts(sign, None) || self.trusts(sign, Some("not-the-external-id")) {
            findings.push(self.assumable(
                "the role of a tenant can be assumed without its external id".to_owned(),
                "add the condition `\"StringEquals\": {\"sts:ExternalId\": \"{{external-id}}\"}`",
                tenant,
                None,
            ));
        }
        findings
    }

    fn assumable(&self, message: String, hint: &str, tenant: &str, other: Option<String>) -> Finding {
        let counterexample = Counterexample {
            tenant: tenant.to_owned(),
            other,
            action: "sts:AssumeRole".to_owned(),
            resource: self.subject.role_arn.clone(),
            keys: Vec::new(),
            statement: Some(DocumentAt::Trust.name_of(self.source, 0)),
        };
        Finding::error(Rule::Trust, self.place().problem(message).hint(hint)).with(counterexample)
    }

    /// Another tenant's id that the conditions on the tag leave, if there is one.
    fn another_tag(&self) -> Option<String> {
        let tenant = self.subject.example()?.tenant.as_str();
        let documents = self.subject.for_tenant(tenant).ok()?;
        let (_, role) = documents.role.as_ref()?;
        let passes = |other: &str| {
            let judged = self.judged_by(&role.trust, "sts:AssumeRole", Some(other), self.external_id());
            other != tenant && judged.is_trust()
        };
        let patterns = self.tag_patterns();
        let own: Language = self.subject.spelled(vec![Step::Tenant]);
        let anybody: Language = vec![Step::Tenant];
        let mut candidates: Vec<String> = vec![format!("{tenant}2"), "a".to_owned()];
        for pattern in &patterns {
            let met = if self.subject.only.is_some() {
                crate::schema::language::collide_only(self.subject.sign(), pattern, &anybody)
            } else {
                collide(pattern, &own)
            };
            if let Meeting::At(found) = met {
                // The collision is for some tenant; the same way leads from this one.
                candidates.push(found.other.replace(&found.tenant, tenant));
                candidates.push(found.other);
            }
        }
        candidates.into_iter().find(|other| passes(other))
    }

    /// What the statements' conditions on the tag let it be.
    fn tag_patterns(&self) -> Vec<Language> {
        let statements = self.document.statements.iter().filter(|it| it.effect == Effect::Allow);
        let conditions = statements.flat_map(|it| it.conditions.iter());
        let about = conditions.filter(|it| it.key.eq_ignore_ascii_case(TENANT_TAG));
        about
            .filter_map(|it| {
                let like = match it.operator.comparison {
                    Comparison::StringLike => true,
                    Comparison::StringEquals => false,
                    _ => return None,
                };
                let variables = self.document.version == Version::V2012;
                let language =
                    |value: &String| Pattern::new(value, variables).language(like, self.subject.spelling());
                Some(it.values.iter().filter_map(language).collect::<Vec<_>>())
            })
            .flatten()
            .collect()
    }
}
