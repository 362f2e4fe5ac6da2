//! A declared role beside the one that IAM holds.
//!
//! A declaration is rendered for each tenant that uses the role. A shared role is rendered once a tenant too: all of
//! them must come out alike, because IAM holds one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::super::Application;
use super::Verification;
use super::held::{Held, HeldRole};
use crate::credentials::variables;
use crate::id::{RoleArn, TenantId};
use crate::json::Step;
use crate::policy::normal::{Difference, Normal, compare as compare_statements};
use crate::policy::{DocumentAt, Finding, RoleTemplate, Rule};
use crate::problem::{Place, Problem, Source};

/// What is declared of a role.
pub(super) enum Declared {
    /// Nothing.
    Nothing,
    /// These renderings of one file, each with the first tenant that it is for. All but a mistake have one.
    As(Arc<Source>, Vec<(TenantId, Value)>),
    /// The declaration cannot be rendered.
    Not(Problem),
}

/// The roles that the tenants' records name, as they are declared.
pub(super) fn declared(application: &Application) -> BTreeMap<RoleArn, Declared> {
    let mut roles = BTreeMap::new();
    for record in application.registry.records() {
        let variables = variables(&record);
        let is_it = |role: &&RoleTemplate| role.declares(record.role.name(), &variables);
        let Some(template) = application.roles.iter().find(is_it) else {
            roles.entry(record.role.clone()).or_insert(Declared::Nothing);
            continue;
        };
        let entry = roles
            .entry(record.role.clone())
            .or_insert_with(|| Declared::As(Arc::clone(template.source()), Vec::new()));
        // Rendered as a role too, so that what is no role is found before it is compared.
        match (template.render(&variables).and_then(|_| template.fill(&variables)), &mut *entry) {
            (Ok(filled), Declared::As(_, renderings)) => {
                if renderings.iter().all(|(_, other)| *other != filled) {
                    renderings.push((record.id.clone(), filled));
                }
            }
            (Err(problem), _) => *entry = Declared::Not(problem),
            (Ok(_), Declared::Nothing | Declared::Not(_)) => {}
        }
    }
    roles
}

/// Compares a role with what IAM holds.
pub(super) fn compare(
    arn: &RoleArn,
    declared: &Declared,
    held: &Held,
    application: &Application,
) -> (Verification, Vec<Finding>) {
    let (source, renderings) = match declared {
        Declared::Nothing => {
            let reason = format!("no file under policies/roles declares `{}`", arn.name());
            return (Verification::NotVerified(reason), Vec::new());
        }
        Declared::Not(problem) => {
            return (Verification::Differs, vec![Finding::error(Rule::Deployed, problem.clone())]);
        }
        Declared::As(source, renderings) => (source, renderings),
    };
    let Some(role) = held.roles.get(arn) else {
        let problem = Place::named(source.name()).problem(format!("IAM has no role `{arn}`"));
        let hint = "create it as it is declared, or mend `role` in the tenants' records";
        return (Verification::Differs, vec![Finding::error(Rule::Deployed, problem.hint(hint))]);
    };
    let mut pair = Pair { arn, source, role, held, findings: Vec::new() };
    if let [(one, _), (other, _), ..] = renderings.as_slice() {
        let message = format!("the shared role `{arn}` is declared otherwise for `{one}` than for `{other}`");
        pair.report(
            &Place::named(source.name()),
            message,
            "a shared role's declaration must not depend on the tenant: IAM's `${aws:PrincipalTag/tenant}` may",
        );
    }
    if let Some((_, declared)) = renderings.first() {
        pair.trust(declared);
        pair.identity(declared);
        pair.boundary(declared);
        pair.max_session(declared, application.config.credentials.duration.as_secs());
    }
    let verification = if pair.findings.is_empty() { Verification::Verified } else { Verification::Differs };
    (verification, pair.findings)
}

/// A declaration's file and the role that IAM holds.
struct Pair<'a> {
    arn: &'a RoleArn,
    source: &'a Arc<Source>,
    role: &'a HeldRole,
    held: &'a Held,
    findings: Vec<Finding>,
}

impl Pair<'_> {
    fn report(&mut self, place: &Place, message: impl Into<String>, hint: &str) {
        self.findings.push(Finding::error(Rule::Deployed, place.problem(message).hint(hint)));
    }

    fn unreadable(&mut self, what: &str, reason: &str) {
        let message = format!("role `{}` in IAM: {what} cannot be read: {reason}", self.arn);
        self.report(&Place::named(self.source.name()), message, "what cannot be read is not verified");
    }

    fn trust(&mut self, declared: &Value) {
        let declared = declared.get("AssumeRolePolicyDocument").cloned().unwrap_or_default();
        match &self.role.trust {
            Ok(deployed) => {
                let deployed = [("the trust policy".to_owned(), deployed)];
                self.documents(&[(DocumentAt::Trust, &declared)], &deployed);
            }
            Err(reason) => self.unreadable("the trust policy", &reason.clone()),
        }
    }

    /// Inline and attached policies alike are the role's identity policies.
    fn identity(&mut self, declared: &Value) {
        let policies = declared.get("Policies").and_then(Value::as_array).cloned().unwrap_or_default();
        let documents: Vec<_> =
            policies.iter().map(|it| it.get("PolicyDocument").cloned().unwrap_or_default()).collect();
        let declared: Vec<_> =
            documents.iter().enumerate().map(|(at, it)| (DocumentAt::RolePolicy(at), it)).collect();
        let mut deployed = Vec::new();
        let (role, held) = (self.role, self.held);
        let inline =
            role.inline.iter().map(|(name, document)| (format!("the inline policy `{name}`"), document));
        let attached = role.attached.iter().filter_map(|arn| {
            held.policies.get(arn).map(|document| (format!("the attached policy `{arn}`"), document))
        });
        for (name, document) in inline.chain(attached) {
            match document {
                Ok(document) => deployed.push((name, document)),
                Err(reason) => self.unreadable(&name, reason),
            }
        }
        // A policy of AWS's own: its document is no customer's, and no declaration is meant by it.
        for arn in role.attached.iter().filter(|arn| !held.policies.contains_key(*arn)) {
            let message = format!(
                "role `{}` in IAM: the policy `{arn}` is attached, and nothing declares it",
                self.arn
            );
            self.report(
                &Place::named(self.source.name()),
                message,
                "detach it: what it grants is not proved",
            );
        }
        self.documents(&declared, &deployed);
    }

    fn boundary(&mut self, declared: &Value) {
        let declared = declared.get("PermissionsBoundary");
        let place = || DocumentAt::Boundary.place(self.source);
        match (declared, &self.role.boundary) {
            (None, None) => {}
            (Some(_), None) => {
                let message = format!("role `{}` in IAM has no permissions boundary", self.arn);
                self.report(&place(), message, "set it as it is declared");
            }
            (None, Some(boundary)) => {
                let message = format!("role `{}` in IAM has the permissions boundary `{boundary}`", self.arn);
                let place = Place::named(self.source.name());
                self.report(&place, message, "declare it as `PermissionsBoundary`, or remove it");
            }
            (Some(declared), Some(arn)) => match self.held.policies.get(arn) {
                Some(Ok(deployed)) => {
                    let deployed = [(format!("the permissions boundary `{arn}`"), deployed)];
                    self.documents(&[(DocumentAt::Boundary, declared)], &deployed);
                }
                Some(Err(reason)) => self.unreadable(&format!("the permissions boundary `{arn}`"), reason),
                None => {
                    let what = format!("the permissions boundary `{arn}`");
                    self.unreadable(&what, "it is no policy of this account's");
                }
            },
        }
    }

    fn max_session(&mut self, declared: &Value, asked: u64) {
        let is_declared = declared.get("MaxSessionDuration").and_then(Value::as_u64);
        let wanted = is_declared.unwrap_or(3_600);
        let Some(deployed) = self.role.max_session.and_then(|seconds| u64::try_from(seconds).ok()) else {
            return self.unreadable("`MaxSessionDuration`", "ListRoles does not list the role");
        };
        let place = Place::named(self.source.name());
        if deployed != wanted {
            let said = if is_declared.is_some() { "declared" } else { "IAM's default, and none is declared" };
            let message = format!(
                "role `{}` in IAM: MaxSessionDuration is {deployed} s in the place of {wanted} s ({said})",
                self.arn
            );
            let hint = if deployed > wanted {
                "stolen credentials live as long as the role allows"
            } else {
                "set it as it is declared"
            };
            self.report(&place, message, hint);
        }
        if asked > deployed {
            let message = format!(
                "role `{}` in IAM: MaxSessionDuration is {deployed} s, and `credentials.duration` asks for {asked} s",
                self.arn
            );
            self.report(&place, message, "STS refuses a session that is longer than the role allows");
        }
    }

    /// Compares the statements of documents, and reports each that is not the same.
    fn documents(&mut self, declared: &[(DocumentAt, &Value)], deployed: &[(String, &Value)]) {
        let mut ours = Vec::new();
        for (at, (_, value)) in declared.iter().enumerate() {
            match Normal::of(at, value) {
                Ok(statements) => ours.extend(statements),
                Err(error) => self.unreadable("a declared document", &error.to_string()),
            }
        }
        let mut theirs = Vec::new();
        for (at, (name, value)) in deployed.iter().enumerate() {
            match Normal::of(at, value) {
                Ok(statements) => theirs.extend(statements),
                Err(error) => self.unreadable(name, &error.to_string()),
            }
        }
        for difference in compare_statements(&ours, &theirs) {
            let which = |statement: &Normal| {
                let sid = statement.sid.as_ref().map_or_else(String::new, |sid| format!(" (`{sid}`)"));
                format!("statement {}{sid}", statement.statement + 1)
            };
            let there = |statement: &Normal| {
                let policy = deployed.get(statement.document).map_or("", |(name, _)| name);
                format!("{} of {policy}", which(statement))
            };
            let here = |statement: &Normal, part: &[Step<'_>]| match declared.get(statement.document) {
                Some((document, _)) => document.part(self.source, statement.statement, part),
                None => Place::named(self.source.name()),
            };
            let (place, message, hint) = match difference {
                Difference::Missing(statement) => (
                    here(statement, &[]),
                    format!("{} is declared, and not there", which(statement)),
                    "deploy the role as it is declared",
                ),
                Difference::Extra(statement) => (
                    Place::named(self.source.name()),
                    format!("{} is not declared: {}", there(statement), statement.summary()),
                    "remove it, or declare it: what it grants is not proved",
                ),
                Difference::Changed { declared, deployed, elements } => {
                    // The caret stands under the element, where just one differs.
                    let part = match elements.as_slice() {
                        [one] => vec![Step::Member(&one.name)],
                        _ => Vec::new(),
                    };
                    let texts: Vec<_> = elements.iter().map(ToString::to_string).collect();
                    let message = format!("{} differs: {}", there(deployed), texts.join("; "));
                    (
                        here(declared, &part),
                        message,
                        "deploy the role as it is declared, or declare what is meant",
                    )
                }
            };
            self.report(&place, format!("role `{}` in IAM: {message}", self.arn), hint);
        }
    }
}
