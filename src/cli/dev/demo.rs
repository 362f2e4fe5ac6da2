//! What `dev` prints: where things are, and two commands that show what it is all about.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::seed::{Seeded, item_json};
use super::Embedded;
use crate::credentials::Assumption;
use crate::dev::IssuedCredentials;
use crate::id::TenantId;
use crate::item::compose;
use crate::schema::{Field, Guard, Object, Operation, Plan, Resolve, ValueSource};
use crate::tenant::{Mode, TenantRecord};

/// The query of an application whose seed has nothing to show.
const PLAIN_QUERY: &str = "{ __typename }";

/// An item of one tenant, and another tenant who shares its role.
pub(super) struct Demo {
    query: String,
    owner: Option<(TenantId, String)>,
    denied: Option<Denied>,
}

/// The same item asked for with another tenant's credentials.
struct Denied {
    tenant: TenantId,
    shares: &'static str,
    region: String,
    credentials: IssuedCredentials,
    body: String,
}

impl Demo {
    /// What can be shown of an application.
    pub(super) fn of(embedded: &Embedded, tokens: &[(TenantId, String)]) -> Self {
        let plan = &embedded.application.plan;
        let shown = embedded.seeded.iter().find_map(|seed| {
            let other = sharing(embedded, &seed.tenant)?;
            Some((seed, other, query(plan, seed)?))
        });
        let Some((seed, other, query)) = shown else {
            let owner = tokens.first().cloned();
            return Self { query: PLAIN_QUERY.to_owned(), owner, denied: None };
        };
        let owner = tokens.iter().find(|(tenant, _)| *tenant == seed.tenant.id).cloned();
        Self { query, owner, denied: denied(embedded, seed, &other) }
    }

    /// Whether the commands speak of a tenant. Where there is nothing to show, they speak of any.
    fn shows(&self, tenant: &TenantId) -> bool {
        let owner = self.owner.iter().map(|(owner, _)| owner);
        let mut shown = owner.chain(self.denied.iter().map(|denied| &denied.tenant));
        self.denied.is_none() || shown.any(|it| it == tenant)
    }

    /// A query that answers with something.
    pub(super) fn query(&self) -> &str {
        &self.query
    }
}

/// Another tenant in the same role and mode.
fn sharing(embedded: &Embedded, tenant: &TenantRecord) -> Option<Arc<TenantRecord>> {
    let same = |other: &&Arc<TenantRecord>| {
        other.id != tenant.id && other.role == tenant.role && other.mode == tenant.mode
    };
    embedded.application.registry.records().iter().find(same).cloned()
}

/// A query for a seeded item: a field of the query root that gets it by its key, with the key's fields as arguments.
fn query(plan: &Plan, seed: &Seeded) -> Option<String> {
    let root = plan.objects.get(&plan.query)?;
    root.fields.values().find_map(|field| {
        let Resolve::Operation(operation) = &field.resolve else { return None };
        let Operation::Get(get) = operation.as_ref() else { return None };
        // Whom the demonstration speaks for has no scopes.
        let is_open = [&root.guard, &field.guard, &plan.objects.get(&get.object)?.guard];
        if get.object != seed.object || get.each.is_some() || !is_open.into_iter().all(Guard::is_open) {
            return None;
        }
        let argument = |(name, source): (&crate::schema::Name, &ValueSource)| {
            let ValueSource::Argument(path) = source else { return None };
            let [argument] = path.as_slice() else { return None };
            Some(format!("{argument}: {}", seed.values.get(name)?))
        };
        let arguments: Option<Vec<_>> = get.key.iter().map(argument).collect();
        let object = plan.objects.get(&get.object)?;
        Some(format!(
            "{{ {}({}) {{ {} }} }}",
            field.name,
            arguments?.join(", "),
            leaves(plan, object).join(" ")
        ))
    })
}

/// Some fields of a type that need no selection of their own.
fn leaves(plan: &Plan, object: &Object) -> Vec<String> {
    const SHOWN: usize = 5;
    let is_leaf = |field: &&Arc<Field>| match &field.resolve {
        Resolve::Attribute(attribute) => {
            !attribute.hidden && field.guard.is_open() && !plan.objects.contains_key(field.ty.base())
        }
        Resolve::Page(_) | Resolve::Operation(_) => false,
    };
    object.fields.values().filter(is_leaf).take(SHOWN).map(|field| field.name.to_string()).collect()
}

/// The `GetItem` that IAM denies: the item's key, signed with the credentials of a tenant that shares the role.
fn denied(embedded: &Embedded, seed: &Seeded, other: &TenantRecord) -> Option<Denied> {
    let application = &embedded.application;
    let object = application.plan.objects.get(&seed.object)?;
    let composed = compose(&application.plan, object, &seed.tenant.id, &seed.values).ok()?;
    let table = seed.tenant.tables.get(object.item.as_ref()?.table.as_str())?;
    let body = json!({ "TableName": table.as_str(), "Key": item_json(&composed.key) });
    let assumption = Assumption::of(other, &application.policies, &application.config.credentials).ok()?;
    let mut parameters = vec![
        ("RoleArn", assumption.role.as_str()),
        ("RoleSessionName", &assumption.session_name),
        ("Tags.member.1.Key", "tenant"),
        ("Tags.member.1.Value", assumption.tenant.as_str()),
    ];
    parameters.extend(assumption.policy().map(|policy| ("Policy", policy)));
    parameters.extend(assumption.external_id.as_ref().map(|id| ("ExternalId", id.as_str())));
    Some(Denied {
        tenant: other.id.clone(),
        shares: if matches!(other.mode, Mode::SessionPolicy(_)) { "role and policy" } else { "role" },
        region: other.region.to_string(),
        credentials: embedded.aws.assume_role(&embedded.gateway_role, &parameters).ok()?,
        body: body.to_string(),
    })
}

/// Where everything is.
pub(super) struct Banner {
    pub(super) address: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) endpoint: String,
    pub(super) ready_in: Duration,
}

impl Banner {
    /// What is printed when everything is ready.
    pub(super) fn text(&self, demo: &Demo, tokens: &[(TenantId, String)]) -> String {
        let (shown, others): (Vec<_>, Vec<_>) = tokens.iter().partition(|(tenant, _)| demo.shows(tenant));
        let of_them = match shown.as_slice() {
            [] | [_] => "A tenant, with a token",
            [_, ..] => "Two tenants, each with a token",
        };
        let mut text = format!(
            "\nInnkeeper dev: the gateway, and an embedded AWS that enforces IAM. Ready in {} ms.\n\n  \
             GraphQL    http://{1}/graphql\n  GraphiQL   http://{1}/\n  \
             health     http://{2}/readyz\n  AWS        {3}  (STS and DynamoDB)\n\n\
             {of_them} for 12 hours:\n\n",
            self.ready_in.as_millis(),
            self.address,
            self.admin,
            self.endpoint,
        );
        for (tenant, token) in shown {
            // Writing to a string does not fail.
            let _written = writeln!(text, "  {tenant}\n    {token}");
        }
        if !others.is_empty() {
            let names: Vec<_> = others.iter().map(|(tenant, _)| tenant.as_str()).collect();
            let _written = writeln!(
                text,
                "\n  There is also {}. `innkeeper token --tenant ID` prints a token.",
                names.join(", ")
            );
        }
        if let Some((tenant, token)) = &demo.owner {
            let body = json!({ "query": demo.query }).to_string();
            let is_plain = demo.query == PLAIN_QUERY;
            let what = if is_plain { "the gateway" } else { "for an item of its own" };
            let _written = write!(
                text,
                "\n1. `{tenant}` asks {what}:\n\n\
                 curl -s http://{}/graphql \\\n  -H 'authorization: Bearer {token}' \\\n  \
                 -H 'content-type: application/json' \\\n  -d '{}'\n",
                self.address,
                quoted(&body),
            );
        }
        if let Some(denied) = &demo.denied {
            text.push_str(&self.denied(denied));
        }
        text
    }

    fn denied(&self, denied: &Denied) -> String {
        let Denied { tenant, shares, region, credentials, body } = denied;
        format!(
            "\n2. The same item, asked of DynamoDB itself with the credentials of `{tenant}`, who shares that {shares}. \
             IAM denies it:\n\n\
             curl -s {}/ --aws-sigv4 'aws:amz:{region}:dynamodb' \\\n  --user '{}:{}' \\\n  \
             -H 'x-amz-security-token: {}' \\\n  -H 'x-amz-target: DynamoDB_20120810.GetItem' \\\n  \
             -H 'content-type: application/x-amz-json-1.0' \\\n  -d '{}'\n",
            self.endpoint,
            credentials.access_key_id,
            credentials.secret_access_key,
            credentials.session_token,
            quoted(body),
        )
    }
}

/// Text inside single quotes of a shell.
fn quoted(text: &str) -> String {
    text.replace('\'', "'\\''")
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;

    use super::*;

    #[test]
    fn a_value_prints_itself_as_graphql() {
        assert_eq!(Value::String("a\"b".to_owned()).to_string(), r#""a\"b""#);
        assert_eq!(quoted("it's"), r"it'\''s");
    }
}
