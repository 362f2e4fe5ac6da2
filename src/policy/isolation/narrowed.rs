//! Reads that are allowed, but not with every attribute that a client may select: `dynamodb:Attributes` in a policy.
//!
//! That is no gap. Whoever writes such a policy means it, and IAM denies the selection that asks for more. It is said,
//! so that nobody wonders.

use std::collections::{BTreeMap, BTreeSet};

use super::grant::Layered;
use super::subject::Subject;
use super::sufficient::{listed, obstacle, what};
use crate::policy::requests::Asked;
use crate::policy::{Finding, Rule};
use crate::problem::Place;
use crate::schema::language::Language;

/// The attributes that a layer's policies keep from requests, with the fields that send them.
pub(super) fn narrowed(
    subject: &Subject<'_>,
    layers: &[Layered<'_>],
    (requests, allowed): (&[Asked<'_>], &[bool]),
    own: impl Fn(&Asked<'_>) -> Language,
) -> Vec<Finding> {
    let mut kept: BTreeMap<(usize, &str, BTreeSet<String>), Vec<String>> = BTreeMap::new();
    for asked in requests.iter().zip(allowed).filter(|(_, allowed)| **allowed).map(|(asked, _)| asked) {
        let Some(attributes) = &asked.attributes else { continue };
        let own = own(asked);
        for (at, layer) in layers.iter().enumerate() {
            let is_kept =
                |names: &BTreeSet<String>| obstacle(subject, layer, (asked, Some(names)), &own).is_some();
            if !is_kept(&attributes.at_most) {
                continue;
            }
            let more = attributes.at_most.difference(&attributes.always);
            let one = |name: &&String| {
                let mut names = attributes.always.clone();
                names.insert((*name).clone());
                is_kept(&names)
            };
            let names: BTreeSet<String> = more.filter(one).cloned().collect();
            kept.entry((at, asked.action, names)).or_default().push(asked.coordinate());
        }
    }
    let finding = |((at, _, names), fields): ((usize, &str, BTreeSet<String>), Vec<String>)| {
        let layer = layers.get(at)?;
        let place = layer.documents.first().map(|(at, _)| at.place(layer.source));
        let place = place.unwrap_or_else(|| Place::named(layer.source.name().to_owned()));
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let names = if names.is_empty() { "some attributes together".to_owned() } else { names.join(", ") };
        let message = format!("the {} allows {} only without {names}", what(layer), listed(&fields));
        let hint =
            "a selection that needs more is FORBIDDEN; put it behind a scope too, so that nobody tries";
        Some(Finding::warning(Rule::Sufficient, place.problem(message).hint(hint)))
    };
    kept.into_iter().filter_map(finding).collect()
}
