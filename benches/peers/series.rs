//! Which peers are measured in which series, and the order in which everything runs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::case::{CASES, Case};
use crate::cold::{self, Cold};
use crate::issuer::Issuer;
use crate::rounds::{Run, Series};
use crate::stub::Stub;
use crate::subject::{Subject, Surroundings, Variant};
use crate::{Kind, Options, instructions, process, report, table, tls};

/// The cases that every peer can do with the same calls.
const COMMON: &[Case] = &[CASES[0], CASES[1]];
/// Many connections: enough that the peer's core is never idle.
const MANY: usize = 64;
/// Enough for long answers.
const SOME: usize = 16;

/// Runs what is asked for.
pub(crate) async fn run(options: &Options) {
    let full = matches!(options.command, None | Some(Kind::Full));
    let issuer = Issuer::new();
    let stub = Stub::new(issuer.jwks());
    let secured = tls::Secured::new();
    let mut around = Surroundings {
        issuer,
        stub: stub.serve(None).await,
        tls: (stub.serve(Some(secured.acceptor())).await, secured.certificate()),
        cores: process::PEERS,
        innkeeper: found(&options.innkeeper),
    };
    if let Some(Kind::Instructions { accept }) = options.command {
        return instructions::check(&around, accept).await;
    }
    // The bare SDK is in this program: without optimisation it would lose to everybody.
    assert!(!cfg!(debug_assertions), "peers are compared in a release build alone");
    let peers = full && installed();
    process::bind_to(process::LOAD);
    let variants: Vec<_> = options.also.iter().map(|also| variant(&around, also)).collect();
    let mut run = Run::new(stub);
    compared(&mut run, &around, &variants, full, peers).await;
    let mut colds = vec![cold::measure(&mut run, &around, 1, &[]).await];
    colds.push(cold::measure(&mut run, &around, 10_000, COMMON).await);
    secured_too(&mut run, &around).await;
    lengths(&mut run, full).await;
    if full {
        around.cores = process::BOTH;
        both_cores(&mut run, &around).await;
        around.cores = process::PEERS;
    }
    let rounds = options.rounds.unwrap_or(if full { 10 } else { 5 });
    run.rounds(rounds, Duration::from_millis(options.window)).await;
    let rows = run.rows();
    run.subjects.clear();
    if full && options.tenants > 0 {
        colds.push(cold::measure(&mut run, &around, options.tenants, &[]).await);
    }
    println!("{}\n{}", table::all(&rows), Cold::table(&colds));
    if full {
        report::write(&rows, &colds, rounds);
    }
}

/// A program, wherever it is started from.
fn found(program: &Path) -> PathBuf {
    program.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// `NAME=PATH ARG…`.
fn variant(around: &Surroundings, also: &str) -> Variant {
    let (name, command) = also.split_once('=').expect("--also is NAME=PATH");
    let mut words = command.split_whitespace();
    let program = found(Path::new(words.next().expect("--also is NAME=PATH")));
    Variant { name: name.to_owned(), program, arguments: words.map(str::to_owned).collect(), ..around.ours() }
}

/// Whether the peers that are not Rust are there, once they have been asked for.
fn installed() -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/install");
    let status = Command::new("bash").arg(script).arg(crate::subject::target()).status();
    let installed = status.is_ok_and(|it| it.success());
    if !installed {
        eprintln!("the peers on Node cannot be installed, and are left out");
    }
    installed
}

/// The peers side by side, on one core.
async fn compared(run: &mut Run, around: &Surroundings, variants: &[Variant], full: bool, peers: bool) {
    let sdk = run.add(Subject::sdk(around, table::SDK, false, 1).await);
    run.cell(Series::Table, sdk, Case::Constant, MANY).await;
    let mut everything = vec![sdk, run.add(Subject::gateway(around, &around.ours()).await)];
    for variant in variants {
        everything.push(run.add(Subject::gateway(around, variant).await));
    }
    let mut common = Vec::new();
    if peers {
        everything.push(run.add(Subject::mercurius(around).await));
        common.push(run.add(Subject::appsync(around).await));
        if let Some(tailcall) = Subject::tailcall(around).await {
            common.push(run.add(tailcall));
        }
    }
    for &case in if full { &CASES[..] } else { COMMON } {
        for connections in [1, MANY] {
            for &subject in &everything {
                run.cell(Series::Table, subject, case, connections).await;
            }
            for &subject in common.iter().filter(|_| COMMON.contains(&case)) {
                run.cell(Series::Table, subject, case, connections).await;
            }
        }
    }
}

/// With TLS to DynamoDB.
async fn secured_too(run: &mut Run, around: &Surroundings) {
    let sdk = run.add(Subject::sdk(around, table::SDK, true, 1).await);
    let ours = run.add(Subject::gateway(around, &Variant { tls: true, ..around.ours() }).await);
    for &case in COMMON {
        for subject in [sdk, ours] {
            run.cell(Series::Tls, subject, case, MANY).await;
        }
    }
}

/// On both cores.
async fn both_cores(run: &mut Run, around: &Surroundings) {
    let sdk = run.add(Subject::sdk(around, table::SDK, false, 2).await);
    let ours = run.add(Subject::gateway(around, &around.ours()).await);
    for &case in COMMON {
        for subject in [sdk, ours] {
            run.cell(Series::Cores, subject, case, MANY).await;
        }
    }
}

/// Longer and longer answers, of the gateway that is measured first.
async fn lengths(run: &mut Run, full: bool) {
    let ours = run.subjects.iter().position(|it| it.name == crate::subject::OURS).unwrap();
    let (items, fields): (&[usize], &[usize]) = if full {
        (&[1, 10, 100, 250, 500, 750, 1000], &[1, 10, 20, 30, 40, 50])
    } else {
        (&[1, 100, 1000], &[1, 50])
    };
    for &items in items {
        run.cell(Series::Items, ours, Case::Wide(items, 10), SOME).await;
    }
    for &fields in fields {
        run.cell(Series::Fields, ours, Case::Wide(100, fields), SOME).await;
    }
}
