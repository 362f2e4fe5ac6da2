//! Laws: what must hold of every value, every key and every pair of tenants, tried on random ones.

mod fuzzed;
mod keys;
mod numbers;
mod policies;
mod proof;
mod reach;
mod shapes;
mod values;

use innkeeper::id::TenantId;
use proptest::prelude::*;
use proptest::test_runner::Config;

/// So many cases of a law. A case that fails is printed whole; nothing is kept in files.
fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// The characters of tenant ids, with those that keys and other ids are made of more often than others.
fn tenant_character() -> impl Strategy<Value = char> {
    prop_oneof![
        prop::sample::select(vec!['a', '-', '_', '0', 'T']),
        prop::char::range('a', 'z'),
        Just('Z'),
        Just('9')
    ]
}

/// A tenant.
fn tenant() -> impl Strategy<Value = TenantId> {
    prop::collection::vec(tenant_character(), 1..20)
        .prop_map(|characters| characters.into_iter().collect::<String>().parse().unwrap())
}

/// Two tenants that are not one. Often one's id begins as the other's does, or ends so.
fn two_tenants() -> impl Strategy<Value = (TenantId, TenantId)> {
    let joined = |one: &TenantId, other: &TenantId| format!("{one}{other}").parse::<TenantId>().unwrap();
    let two = (tenant(), tenant(), 0..4).prop_map(move |(one, other, how)| match how {
        0 => (one.clone(), joined(&one, &other)),
        1 => (joined(&one, &other), one),
        2 => (one.clone(), joined(&other, &one)),
        _ => (one, other),
    });
    two.prop_filter("two tenants", |(one, other)| one != other)
}
