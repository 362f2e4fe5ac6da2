//! The law that pooled tenants rest on: the example's session policy, rendered for a tenant, admits every partition
//! key that the example's requests name for that tenant, and none that they name for another.

use std::sync::LazyLock;

use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::id::TenantId;
use innkeeper::item::{KeyTexts, render};
use innkeeper::policy::requests::requests;
use innkeeper::policy::{Context, Document, Kind, Policies, Request, Template, Variables};
use innkeeper::problem::Source;
use innkeeper::schema::{self, Plan, compile};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{cases, two_tenants};

pub(super) const TABLE: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/innkeeper-shops";

pub(super) static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let claims = ClaimKinds::from([("sub".to_owned(), ClaimKind::String)]);
    compile(&Source::new("schema.graphql", include_str!("../../../schema.graphql")), &claims).unwrap()
});

static POLICY: LazyLock<Template> = LazyLock::new(|| {
    let known = ["tenant", "account", "region", "partition", "table.main"].map(str::to_owned).into();
    Template::parse(&Source::new("shop.json", include_str!("../../../policies/shop.json")), &known).unwrap()
});

/// The session policy of a tenant.
fn policy(tenant: &TenantId) -> Document {
    let mut variables = Variables::default();
    for (name, value) in [
        ("account", "111122223333"),
        ("region", "eu-central-1"),
        ("partition", "aws"),
        ("table.main", "innkeeper-shops"),
        ("tenant", tenant.as_str()),
    ] {
        variables.set(name, value);
    }
    POLICY.render(Kind::Identity, &variables).unwrap().document
}

/// The partition keys of the example: of its table and of its indexes, each with its resource.
pub(super) fn partitions() -> Vec<(schema::Template, String)> {
    let items = PLAN.objects.values().filter_map(|object| object.item.as_ref());
    let of_item = |item: &schema::Item| {
        let indexes = item
            .indexes
            .iter()
            .map(|index| (index.keys.partition.clone(), format!("{TABLE}/index/{}", index.name)));
        std::iter::once((item.keys.partition.clone(), TABLE.to_owned())).chain(indexes).collect::<Vec<_>>()
    };
    items.flat_map(of_item).collect()
}

/// What the example asks of DynamoDB: actions, each with its resource and the template of the partition key.
fn asked() -> Vec<(&'static str, String, schema::Template)> {
    let resource = |index: Option<&schema::Name>| {
        index.map_or_else(|| TABLE.to_owned(), |index| format!("{TABLE}/index/{index}"))
    };
    requests(&PLAN)
        .iter()
        .map(|asked| (asked.action, resource(asked.index), asked.keys.partition.clone()))
        .collect()
}

pub(super) fn is_allowed(policy: &Document, action: &str, resource: &str, keys: Vec<String>) -> bool {
    let everything =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let role = [Document::parse(Kind::Identity, everything).unwrap()];
    let mut context = Context::default();
    context.set_all("dynamodb:LeadingKeys", keys);
    let policies = Policies { identity: &role, boundary: None, session: Some(policy) };
    policies.evaluate(&Request { action, resource, context: &context }).is_allowed()
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_tenants_policy_admits_its_own_keys_and_no_other_tenants(
        (own, foreign) in two_tenants(),
        values in vec(prop_oneof![any::<String>(), "[*?$#{}A-Z]{1,6}", "TENANT|acme|\\*"], 4),
    ) {
        let policy = policy(&own);
        for (action, resource, template) in asked() {
            let texts: KeyTexts = template.fields().cloned().zip(values.iter().cloned()).collect();
            // A value that holds the sign after it makes no key.
            let (Ok(Some(mine)), Ok(Some(theirs))) =
                (render(&template, &own, &texts), render(&template, &foreign, &texts)) else { continue };
            let allowed = |keys: &[&String]| {
                is_allowed(&policy, action, &resource, keys.iter().map(|key| (*key).clone()).collect())
            };
            prop_assert!(allowed(&[&mine]), "{} may not reach {}", own, mine);
            prop_assert!(!allowed(&[&theirs]), "{} reaches {}", own, theirs);
            // Beside its own, another's is not let through; nor is a call that names no key.
            prop_assert!(!allowed(&[&mine, &theirs]));
            prop_assert!(!allowed(&[]));
        }
    }
}

#[test]
fn the_policy_allows_nothing_that_names_no_key() {
    let policy = policy(&"acme".parse().unwrap());
    for action in ["Scan", "ExecuteStatement", "PartiQLSelect", "DeleteTable", "DescribeTable"] {
        assert!(!is_allowed(&policy, &format!("dynamodb:{action}"), TABLE, Vec::new()), "{action}");
    }
    let own = || vec!["TENANT#acme#X".to_owned()];
    assert!(!is_allowed(&policy, "dynamodb:Scan", TABLE, own()));
    assert!(!is_allowed(&policy, "dynamodb:GetItem", &format!("{TABLE}2"), own()));
}
