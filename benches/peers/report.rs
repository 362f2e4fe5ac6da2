//! Writes `docs/benchmarks.md` and its plots: the text of `report.md` with the tables of this run in their places.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::case::{CASES, Case};
use crate::cold::Cold;
use crate::rounds::{Row, Series};
use crate::subject::OURS;
use crate::table::{self, SDK};
use crate::{plot, subject};

/// Writes it all.
pub(crate) fn write(rows: &[Row], colds: &[Cold], rounds: usize) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    fs::write(docs.join("benchmarks-cpu.svg"), plot::bars(rows)).unwrap();
    fs::write(docs.join("benchmarks-length.svg"), plot::lines(rows)).unwrap();
    let text = include_str!("report.md")
        .replace("{{machine}}", &machine())
        .replace("{{versions}}", &versions())
        .replace("{{rounds}}", &rounds.to_string())
        .replace("{{others}}", &table::others(rows))
        .replace("{{targets}}", &targets(rows, colds))
        .replace("{{table}}", &table::beside(rows, Series::Table))
        .replace("{{tls}}", &table::beside(rows, Series::Tls))
        .replace("{{cores}}", &table::beside(rows, Series::Cores))
        .replace("{{cold}}", &Cold::table(colds))
        .replace("{{items}}", &table::lengths(rows, Series::Items))
        .replace("{{fields}}", &table::lengths(rows, Series::Fields));
    fs::write(docs.join("benchmarks.md"), text).unwrap();
}

/// What was wished for, and what it is.
fn targets(rows: &[Row], colds: &[Cold]) -> String {
    let mut text = "| target | is | |\n|---|---|---|\n".to_owned();
    let mut say = |target: &str, is: Option<f64>, limit: f64, below: bool| {
        let (is, holds) = match is {
            Some(is) => (format!("{is:.2}"), if (is <= limit) == below { "✔" } else { "✘" }),
            None => ("not measured".to_owned(), ""),
        };
        writeln!(text, "| {target} | {is} | {holds} |").unwrap();
    };
    let ratio = |case: Case, connections: usize, peer: &str, of: fn(&Row) -> f64| {
        let own = table::find(rows, Series::Table, OURS, case, connections)?;
        Some(of(own) / of(table::find(rows, Series::Table, peer, case, connections)?))
    };
    let cpu = |it: &Row| it.median.cpu;
    let [get, query, ..] = CASES;
    say("CPU of GetItem ≤ 0.45 × bare SDK", ratio(get, 64, SDK, cpu), 0.45, true);
    say("CPU of Query(25) ≤ 0.40 × bare SDK", ratio(query, 64, SDK, cpu), 0.40, true);
    say("CPU of GetItem below Tailcall's", ratio(get, 64, subject::TAILCALL, cpu), 1.0, true);
    say("CPU of Query(25) below Tailcall's", ratio(query, 64, subject::TAILCALL, cpu), 1.0, true);
    say("CPU of GetItem ≤ 1/15 of Mercurius", ratio(get, 64, subject::MERCURIUS, cpu), 1.0 / 15.0, true);
    say("CPU of Query(25) ≤ 1/15 of Mercurius", ratio(query, 64, subject::MERCURIUS, cpu), 1.0 / 15.0, true);
    say("Throughput of GetItem ≥ 2 × bare SDK", ratio(get, 64, SDK, |it| it.median.throughput), 2.0, false);
    say(
        "Throughput of Query(25) ≥ 2 × bare SDK",
        ratio(query, 64, SDK, |it| it.median.throughput),
        2.0,
        false,
    );
    for case in [get, query] {
        let p50 = ratio(case, 1, SDK, |it| it.median.p50);
        say(&format!("p50 of {} at one connection ≤ 1.1 × bare SDK", case.name()), p50, 1.1, true);
        let p99 = ratio(case, 64, SDK, |it| it.median.p99);
        say(&format!("p99 of {} at 64 connections ≤ bare SDK", case.name()), p99, 1.0, true);
        let many = table::find(rows, Series::Table, &format!("{OURS}, 10,000 tenants"), case, 64);
        let one = table::find(rows, Series::Table, OURS, case, 64);
        let tenants = many.zip(one).map(|(many, one)| cpu(many) / cpu(one));
        say(&format!("CPU of {} with 10,000 tenants ≤ 1.15 × one", case.name()), tenants, 1.15, true);
    }
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let most = colds.iter().find(|it| it.tenants == 100_000);
    say("100,000 tenants ≤ 200 MB", most.map(|it| megabytes(it.resident)), 200.0, true);
    let idle = colds.iter().find(|it| it.tenants == 1);
    say("Idle ≤ 25 MB", idle.map(|it| megabytes(it.idle)), 25.0, true);
    say("Start ≤ 150 ms", idle.map(|it| it.started.as_secs_f64() * 1e3), 150.0, true);
    text
}

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("", |it| it.1);
    let cores = std::thread::available_parallelism().unwrap();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    format!("{model}, {} cores for all, Linux {}", cores.max(2.try_into().unwrap()), kernel.trim())
}

fn versions() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        output.map_or_else(|_| String::new(), |it| String::from_utf8_lossy(&it.stdout).trim().to_owned())
    };
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let krate = |name: &str| {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let rest = lock.split_once(&entry).map_or("", |it| it.1);
        format!("{name} {}", rest.split('"').next().unwrap_or_default())
    };
    let packages = [
        include_str!("node/mercurius/package.json"),
        include_str!("node/appsync/package.json"),
        include_str!("tailcall/package.json"),
    ];
    let peers = packages.iter().flat_map(|it| it.lines()).filter_map(|line| {
        let (name, version) = line.trim().trim_end_matches(',').split_once(": ")?;
        let version = version.trim_matches('"');
        version
            .starts_with(|it: char| it.is_ascii_digit())
            .then(|| format!("{} {version}", name.trim_matches('"')))
    });
    let mut all = vec![
        format!(
            "Innkeeper {} ({})",
            env!("CARGO_PKG_VERSION"),
            said("git", &["rev-parse", "--short", "HEAD"])
        ),
        said("rustc", &["--version"]),
        krate("aws-sdk-dynamodb"),
        krate("axum"),
        format!("Node {}", said("node", &["--version"])),
    ];
    all.extend(peers);
    all.join(", ")
}
