//! What our own way is for, held as laws: a call costs less than by the SDK, and a lease is small until it needs the SDK.
//!
//! The bounds are wide: builds of tests are not optimised, and machines are busy. `just bench` has the figures.

use super::super::door::Ways;
use super::differential::{Answer, Side, bench, get};
use super::*;

const CALLS: u32 = 400;
const LEASES: usize = 2_000;

/// A lease's token is about so long.
fn credentials() -> Credentials {
    Credentials::new("AKID", "secret", Some("t".repeat(1_000)), None, "test")
}

/// User and system time of this process, in hundredths of a second (*proc(5)*).
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split(' ').collect();
    fields[12].parse::<u64>().unwrap() + fields[13].parse::<u64>().unwrap()
}

/// Resident memory of this process, in bytes.
fn memory() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn page() -> Answer {
    let item = |n: i32| {
        format!(
            r#"{{"pk":{{"S":"TENANT#acme#ORDER#{n}"}},"sk":{{"S":"META"}},"total":{{"N":"{n}.50"}},"tags":{{"SS":["a","b"]}},
            "lines":{{"L":[{{"M":{{"sku":{{"S":"COF-001"}},"quantity":{{"N":"2"}}}}}}]}},"note":{{"S":"{}"}}}}"#,
            "x".repeat(200)
        )
    };
    let items: Vec<_> = (0..25).map(item).collect();
    Answer::new(
        200,
        &[],
        format!(r#"{{"Items":[{}],"Count":25,"ScannedCount":25}}"#, items.join(",")).as_bytes(),
    )
}

/// Whether this is a process in which nothing else runs. Otherwise the test is run in one: what is measured is the process's.
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "INNKEEPER_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut own = std::process::Command::new(std::env::current_exe().unwrap());
    let ended =
        own.args(["--exact", &format!("credentials::wire::cost::{test}")]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    false
}

#[test]
fn a_call_costs_less_our_own_way_than_by_the_sdk() {
    if !is_alone("a_call_costs_less_our_own_way_than_by_the_sdk") {
        return;
    }
    let bench = bench();
    let item = Answer::new(200, &[], br#"{"Item":{"pk":{"S":"TENANT#acme#A"},"name":{"S":"A name"}}}"#);
    let query = QueryInputBuilder::default().table_name("main").key_condition_expression("#k = :k");
    let mut told = Vec::new();
    for (name, answer) in [("GetItem", item), ("Query", page())] {
        bench.say(vec![answer]);
        let spent = bench.sides.each_ref().map(|side| {
            side.with(|with| {
                let ways = Ways::new(with, credentials());
                let call = async |door| match name {
                    "GetItem" => get().send(door).await.map(drop),
                    _ => query.clone().send(door).await.map(drop),
                };
                bench.runtime.block_on(call(ways.door(with))).unwrap();
                let before = cpu();
                for _ in 0..CALLS {
                    bench.runtime.block_on(call(ways.door(with))).unwrap();
                }
                cpu() - before
            })
        });
        told.push((name, spent));
    }
    assert!(
        told.iter().all(|(_, [own, sdk])| own < sdk),
        "hundredths of a second for {CALLS} calls: {told:?}"
    );
}

#[test]
fn a_lease_is_small_until_a_call_needs_the_sdk() {
    if !is_alone("a_lease_is_small_until_a_call_needs_the_sdk") {
        return;
    }
    let of = |side: &Side| {
        side.with(|with| {
            // What is made once, whoever comes first.
            drop(Ways::new(with, credentials()));
            let before = memory();
            let leases: Vec<_> = (0..LEASES).map(|_| Ways::new(with, credentials())).collect();
            (memory().saturating_sub(before) / leases.len(), leases)
        })
    };
    let [own, sdk] = &bench().sides;
    let ((own, _kept), (sdk, _others)) = (of(own), of(sdk));
    assert!(own <= 3_000 && own * 2 < sdk, "{own} bytes, and {sdk} by the SDK");
}
