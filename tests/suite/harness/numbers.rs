//! What `/metrics` says, as numbers.
#![expect(clippy::float_cmp, reason = "counts, and units in halves, are exact")]

use std::collections::{BTreeMap, BTreeSet};

use super::World;

/// The samples of one look, by name and labels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers(BTreeMap<String, f64>);

impl Numbers {
    pub(crate) async fn of(world: &World) -> Self {
        Self::read(&world.send(world.http.get(format!("{}/metrics", world.admin))).await.text)
    }

    #[track_caller]
    pub(crate) fn read(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            (sample.to_owned(), value.parse().unwrap())
        });
        Self(samples.collect())
    }

    /// A sample. Zero where there is none.
    pub(crate) fn get(&self, sample: &str) -> f64 {
        self.0.get(sample).copied().unwrap_or_default()
    }

    /// Everything that moved since, but for times and the connections of the test's own client.
    pub(crate) fn since(&self, before: &Self) -> Vec<String> {
        let is_work = |name: &str| {
            !name.contains("_bucket") && !name.contains("_seconds_sum") && !name.contains("_connections")
        };
        let moved = self.0.iter().filter(|(name, value)| is_work(name) && **value != before.get(name));
        moved.map(|(name, value)| format!("{name} {}", value - before.get(name))).collect()
    }

    /// The sum of a family's samples that have all of these labels.
    pub(crate) fn sum(&self, family: &str, labels: &[&str]) -> f64 {
        let is_of = |sample: &str| {
            sample.split('{').next() == Some(family) && labels.iter().all(|label| sample.contains(label))
        };
        self.0.iter().filter(|(sample, _)| is_of(sample)).map(|(_, value)| value).sum()
    }

    /// The labels of every family, each with its values.
    pub(crate) fn labels(&self) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
        let mut families: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for sample in self.0.keys() {
            let (family, labels) = sample.split_once('{').unwrap_or((sample, ""));
            let of_family = families.entry(family.to_owned()).or_default();
            for label in labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty()) {
                let (name, value) = label.split_once("=\"").unwrap();
                of_family.entry(name.to_owned()).or_default().insert(value.trim_end_matches('"').to_owned());
            }
        }
        families
    }
}
