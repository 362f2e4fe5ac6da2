//! What roles and tables are called, as far as the registry's records follow a rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::id::RoleArn;
use crate::tenant::{Mode, Registry, TenantRecord};

/// The modes in which tenants share a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    SessionPolicy,
    SessionTags,
}

impl Sharing {
    /// The role's name where no record has one.
    pub(super) const fn usual_name(self) -> &'static str {
        match self {
            Self::SessionPolicy => "innkeeper-pool",
            Self::SessionTags => "innkeeper-tags",
        }
    }

    pub(super) const fn mode(self) -> &'static str {
        match self {
            Self::SessionPolicy => "session-policy",
            Self::SessionTags => "session-tags",
        }
    }

    /// The tenants in this mode.
    pub(super) fn records(self, registry: &Registry) -> Vec<Arc<TenantRecord>> {
        let is_of_mode = |record: &Arc<TenantRecord>| match record.mode {
            Mode::Role => false,
            Mode::SessionPolicy(_) => self == Self::SessionPolicy,
            Mode::SessionTags => self == Self::SessionTags,
        };
        registry.records().into_iter().filter(is_of_mode).collect()
    }
}

/// The tenants that have a role of their own.
pub(super) fn with_own_role(registry: &Registry) -> Vec<Arc<TenantRecord>> {
    registry.records().into_iter().filter(|record| record.mode == Mode::Role).collect()
}

/// The rule that all names follow: what stands before and after the tenant's id. None if there is no name, or no rule.
pub(super) fn rule<'a>(names: &[(&'a str, &'a str)]) -> Option<(&'a str, &'a str)> {
    let (first_id, first) = *names.first()?;
    let rules = first
        .match_indices(first_id)
        .filter_map(|(at, _)| Some((first.get(..at)?, first.get(at + first_id.len()..)?)));
    rules.into_iter().find(|(before, after)| {
        names.iter().all(|(id, name)| {
            name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) == Some(*id)
        })
    })
}

/// The path that all roles have; none if it is the root, or not the same.
pub(super) fn path<'a>(roles: impl IntoIterator<Item = &'a RoleArn>) -> Option<String> {
    let paths: BTreeSet<&str> = roles.into_iter().map(RoleArn::path).collect();
    match paths.into_iter().collect::<Vec<_>>().as_slice() {
        [path] if *path != "/" => Some((*path).to_owned()),
        _ => None,
    }
}

/// The resources that stand for roles: a path where those of an account share one, otherwise each role.
pub(super) fn resources(roles: &BTreeSet<RoleArn>, every_role: bool) -> Vec<String> {
    let account = |role: &RoleArn| {
        role.as_str().split_once(":role").map_or_else(String::new, |(account, _)| account.to_owned())
    };
    let accounts: BTreeSet<String> = roles.iter().map(account).collect();
    let of_account = |it: String| {
        let own: Vec<&RoleArn> = roles.iter().filter(|role| account(role) == it).collect();
        let path = common_path(&own);
        match path.filter(|_| !every_role) {
            Some(path) => vec![format!("{it}:role{path}*")],
            None => own.into_iter().map(ToString::to_string).collect(),
        }
    };
    accounts.into_iter().flat_map(of_account).collect()
}

/// The longest path that all roles lie under; none if that is the root.
fn common_path(roles: &[&RoleArn]) -> Option<String> {
    let first = roles.first()?.path();
    let ends = first.match_indices('/').map(|(at, _)| at + 1).rev();
    let mut paths = ends.filter_map(|end| first.get(..end));
    let path = paths.find(|path| roles.iter().all(|role| role.path().starts_with(path)))?;
    (path != "/").then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_holds_for_all_names_or_is_none() {
        let of = |names: &[(&'static str, &'static str)]| rule(names);
        assert_eq!(of(&[("acme", "ik-acme"), ("globex", "ik-globex")]), Some(("ik-", "")));
        assert_eq!(of(&[("a", "data-a"), ("b", "data-b")]), Some(("data-", "")));
        assert_eq!(of(&[("acme", "ik-acme"), ("globex", "other")]), None);
        assert_eq!(of(&[("acme", "pool")]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn roles_of_an_account_are_named_by_the_path_that_they_share() {
        let roles =
            |arns: &[&str]| -> BTreeSet<RoleArn> { arns.iter().map(|arn| arn.parse().unwrap()).collect() };
        let all = roles(&[
            "arn:aws:iam::111122223333:role/ik/eu/a",
            "arn:aws:iam::111122223333:role/ik/us/b",
            "arn:aws:iam::444455556666:role/c",
            "arn:aws:iam::444455556666:role/ik/d",
        ]);
        assert_eq!(
            resources(&all, false),
            [
                "arn:aws:iam::111122223333:role/ik/*",
                "arn:aws:iam::444455556666:role/c",
                "arn:aws:iam::444455556666:role/ik/d",
            ]
        );
        assert_eq!(resources(&all, true).len(), 4);
    }
}
