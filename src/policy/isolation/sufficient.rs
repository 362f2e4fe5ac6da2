//! *Sufficient*: each request that the plan can send for a tenant is allowed by each layer of its policies.

use std::collections::{BTreeMap, BTreeSet};

use super::confirm::Concrete;
use super::grant::{Grant, Keys, Layered};
use super::narrowed::narrowed;
use super::subject::{Documents, Subject};
use crate::policy::requests::Asked;
use crate::policy::{Context, Counterexample, Finding, Layer, Rule};
use crate::schema::Plan;
use crate::schema::language::{Language, Letter, hull, meet, shortest, uncovered};

/// What stands in the way of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    /// No statement of the layer allows it.
    NotAllowed,
    /// A statement may deny it.
    Denied(String),
    /// A statement's condition looks at something that is not known.
    Unknown(String),
}

/// Requests that meet the same obstacle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    layer: u8,
    file: String,
    action: &'static str,
    obstacle: Obstacle,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Met {
    group: Group,
    arn: String,
    /// What the evaluator is to know of it.
    known: Context,
    /// A key that it can name.
    key: Vec<Letter>,
}

/// Whether each request of the plan is allowed for a subject, in the order of the requests, and why not.
pub(super) fn sufficient(
    plan: &Plan,
    subject: &Subject<'_>,
    documents: &Documents,
    requests: &[Asked<'_>],
) -> (Vec<bool>, Vec<Finding>) {
    let layers = documents.layers();
    let mut groups: BTreeMap<Group, Vec<(usize, Met)>> = BTreeMap::new();
    let mut allowed = Vec::with_capacity(requests.len());
    let mut fine: BTreeSet<String> = BTreeSet::new();
    for (at, asked) in requests.iter().enumerate() {
        let own = own_keys(plan, subject, asked);
        // Requests that are alike in all that a policy can see are looked at once.
        let alike = format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?}",
            asked.action,
            asked.table.name,
            asked.index,
            asked.select,
            asked.returns,
            asked.attributes,
            hull(&own)
        );
        if fine.contains(&alike) {
            allowed.push(true);
            continue;
        }
        let always = asked.attributes.as_ref().map(|it| &it.always);
        let met: Vec<_> =
            layers.iter().filter_map(|layer| obstacle(subject, layer, (asked, always), &own)).collect();
        if met.is_empty() {
            fine.insert(alike);
        }
        allowed.push(met.is_empty());
        for met in met {
            groups.entry(met.group.clone()).or_default().push((at, met));
        }
    }
    let narrowed = narrowed(subject, &layers, (requests, &allowed), |asked| own_keys(plan, subject, asked));
    let findings = groups.into_values().filter_map(|met| {
        let fields: Vec<_> =
            met.iter().filter_map(|(at, _)| requests.get(*at)).map(Asked::coordinate).collect();
        let arns: Vec<_> = met.iter().map(|(_, met)| met.arn.clone()).collect();
        let (_, first) = met.first()?;
        Some(finding(subject, documents, &layers, first, (&listed(&fields), &listed(&arns))))
    });
    let findings = findings.chain(narrowed).collect();
    (allowed, findings)
}

/// The keys that a request can name for the subject's tenants.
fn own_keys(plan: &Plan, subject: &Subject<'_>, asked: &Asked<'_>) -> Language {
    subject.spelled(plan.language(asked.object, &asked.keys.partition))
}

/// What a layer has against a request that names these attributes.
pub(super) fn obstacle(
    subject: &Subject<'_>,
    layer: &Layered<'_>,
    (asked, attributes): (&Asked<'_>, Option<&BTreeSet<String>>),
    own: &Language,
) -> Option<Met> {
    let member = subject.example()?;
    let arn = subject.arn(&asked.table.name, asked.index.map(AsRef::as_ref), member)?;
    let sign = subject.sign();
    let known = known(asked, attributes);
    let mut context = known.clone();
    context.extend(subject.principal(sign));
    let grants = layer.grants();
    let about: Vec<&Grant<'_>> =
        grants.iter().filter(|it| it.speaks_of(asked.action) && it.reaches(&arn, &context)).collect();
    let found = denying(subject, &about, own, &context).map(|it| (it, shortest(own))).or_else(|| {
        let mut languages = Vec::new();
        let mut unknown = None;
        for grant in about.iter().filter(|grant| grant.allows()) {
            match grant.others_hold(&context) {
                Some(true) => languages.extend(grant.keys(subject.spelling()).at_least()),
                Some(false) => {}
                None => {
                    unknown = grant
                        .unknown_key(&context)
                        .map(|key| format!("{}, which looks at `{key}`", grant.name()));
                }
            }
        }
        uncovered(&hull(own), &languages)?;
        let key = uncovered(own, &languages)?;
        Some((unknown.map_or(Obstacle::NotAllowed, Obstacle::Unknown), key))
    });
    found.map(|(obstacle, key)| Met {
        group: Group {
            layer: order(layer.layer),
            file: layer.source.name().to_owned(),
            action: asked.action,
            obstacle,
        },
        arn,
        known,
        key,
    })
}

/// What is known of every such request, whoever sends it.
fn known(asked: &Asked<'_>, attributes: Option<&BTreeSet<String>>) -> Context {
    let mut context = Context::default();
    if let Some(select) = asked.select {
        context.set("dynamodb:Select", select);
    }
    if let Some(returns) = asked.returns {
        context.set("dynamodb:ReturnValues", returns);
    }
    if let Some(attributes) = attributes {
        context.set_all("dynamodb:Attributes", attributes.iter().cloned().collect());
    }
    context
}

/// A statement that denies the request, or may.
fn denying(
    subject: &Subject<'_>,
    about: &[&Grant<'_>],
    own: &Language,
    context: &Context,
) -> Option<Obstacle> {
    for grant in about.iter().filter(|grant| !grant.allows()) {
        let holds = grant.others_hold(context);
        if holds == Some(false) {
            continue;
        }
        let said = grant.keys(subject.spelling());
        let spares = said.0.iter().any(|keys| match keys {
            Keys::NoneOf(languages) => uncovered(own, languages).is_none(),
            Keys::Among { languages, .. } => !languages.iter().any(|it| meet(own, it)),
            Keys::Unclear => false,
        });
        if spares {
            continue;
        }
        let name = grant.name();
        return Some(match (holds, said.is_empty()) {
            (Some(true), true) => Obstacle::Denied(name),
            (_, false)
                if matches!(said.0.as_slice(), [Keys::NoneOf(_) | Keys::Among { .. }])
                    && holds == Some(true) =>
            {
                Obstacle::Denied(name)
            }
            _ => Obstacle::Unknown(name),
        });
    }
    None
}

fn order(layer: Layer) -> u8 {
    match layer {
        Layer::Identity => 0,
        Layer::Boundary => 1,
        Layer::Session => 2,
    }
}

/// What a layer is called.
pub(super) fn what(layer: &Layered<'_>) -> &'static str {
    match layer.layer {
        Layer::Identity => "role's policy",
        Layer::Boundary => "permissions boundary",
        Layer::Session => "session policy",
    }
}

fn finding(
    subject: &Subject<'_>,
    documents: &Documents,
    layers: &[Layered<'_>],
    met: &Met,
    (fields, arns): (&str, &str),
) -> Finding {
    let group = &met.group;
    let layer = layers.iter().find(|it| order(it.layer) == group.layer && it.source.name() == group.file);
    let place = layer.and_then(|layer| {
        let (at, _) = layer.documents.first()?;
        Some(at.place(layer.source))
    });
    let place = place.unwrap_or_else(|| crate::problem::Place::named(group.file.clone()));
    let what = layer.map_or("policy", what);
    let needed = format!("`{}` on {arns}", group.action);
    match &group.obstacle {
        Obstacle::Unknown(name) => {
            let message = format!("it cannot be decided whether the {what} allows {fields}: {needed}");
            let hint = format!("it depends on {name}; take that condition out, or grant without it");
            Finding::error(Rule::Undecided, place.problem(message).hint(hint))
        }
        Obstacle::Denied(name) => {
            let message = format!("the {what} denies {fields}: {needed}");
            Finding::error(Rule::Sufficient, place.problem(message).hint(format!("it is denied by {name}")))
        }
        Obstacle::NotAllowed => {
            let tenant = subject.example().map_or("a", |member| member.tenant.as_str());
            let key = spelled(&met.key, tenant);
            let concrete = Concrete {
                known: met.known.clone(),
                ..Concrete::new(group.action, &met.arn, vec![key.clone()])
            };
            let only = layer.map(|layer| layer.layer);
            let documents = subject.for_tenant(tenant).unwrap_or_else(|_same| documents.clone());
            if concrete.judged(subject, tenant, &documents, only).is_allowed() {
                let message = format!("it cannot be decided whether the {what} allows {fields}: {needed}");
                let hint = "write the key's pattern as `PREFIX#{{tenant}}#*`";
                return Finding::error(Rule::Undecided, place.problem(message).hint(hint));
            }
            let message = format!("the {what} does not allow {fields}: {needed}");
            let hint = format!(
                "grant `{}` for such keys, or take the fields out; `innkeeper policy` prints what is needed",
                group.action
            );
            let counterexample = Counterexample {
                tenant: tenant.to_owned(),
                other: None,
                action: group.action.to_owned(),
                resource: met.arn.clone(),
                keys: vec![key],
                statement: None,
            };
            Finding::error(Rule::Sufficient, place.problem(message).hint(hint)).with(counterexample)
        }
    }
}

/// A key with a tenant's id in its place.
pub(super) fn spelled(key: &[Letter], tenant: &str) -> String {
    let mut text = String::new();
    for letter in key {
        match letter {
            Letter::Char(c) => text.push(*c),
            Letter::Tenant => text.push_str(tenant),
        }
    }
    text
}

/// The first few of a list, each once.
pub(super) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut distinct: Vec<&str> = Vec::new();
    for name in names {
        if !distinct.contains(&name.as_str()) {
            distinct.push(name);
        }
    }
    let shown: Vec<_> = distinct.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match distinct.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
