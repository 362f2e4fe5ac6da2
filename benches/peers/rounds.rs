//! The rounds: which peers are measured in which series, interleaved, and what is made of it.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::case::{CASES, Case};
use crate::load::{self, Requests};
use crate::process;
use crate::stub::Stub;
use crate::subject::{Subject, Surroundings, Variant};
use crate::{Command, Options, subject, table, tls};

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Series {
    /// The peers, on one core, over plain HTTP.
    Table,
    /// The same over TLS to DynamoDB.
    Tls,
    /// Answers of more and more items.
    Items,
    /// Answers of more and more fields.
    Fields,
}

/// Everything that runs, and what is measured of it.
struct Run {
    stub: Rc<Stub>,
    subjects: Vec<Subject>,
    cells: Vec<Cell>,
}

/// One thing that is measured in every round.
struct Cell {
    series: Series,
    subject: usize,
    case: Case,
    connections: usize,
    requests: Requests,
    expected: Rc<Vec<u8>>,
    samples: Vec<Sample>,
}

/// What a window has shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// User and system time of the peer's process, of a request.
    pub(crate) cpu: f64,
    /// Requests in a second.
    pub(crate) throughput: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// How much of the peer's core others took meanwhile, from 0 to 1.
    pub(crate) others: f64,
}

/// The medians of a cell; times in microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) series: Series,
    pub(crate) subject: String,
    pub(crate) case: Case,
    pub(crate) connections: usize,
    pub(crate) median: Sample,
    /// The memory of the peer at the end, in bytes.
    pub(crate) resident: u64,
}

/// Runs what is asked for.
pub(crate) async fn run(options: &Options) {
    let quick = matches!(options.command, Some(Command::Quick));
    let issuer = crate::issuer::Issuer::new();
    let stub = Stub::new(issuer.jwks());
    let secured = tls::Secured::new();
    let around = Surroundings {
        issuer,
        stub: stub.serve(None).await,
        tls: (stub.serve(Some(secured.acceptor())).await, secured.certificate()),
        cores: "0".to_owned(),
        innkeeper: options.innkeeper.clone(),
    };
    process::bind_to("1");
    let variants: Vec<_> = options.also.iter().map(|also| variant(&around, also)).collect();
    let mut run = Run { stub, subjects: Vec::new(), cells: Vec::new() };
    run.table(&around, &variants, quick).await;
    run.tenants(&around).await;
    run.secured(&around).await;
    run.lengths().await;
    let rounds = options.rounds.unwrap_or(if quick { 5 } else { 10 });
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        run.round(Duration::from_millis(options.window)).await;
    }
    println!("{}", table::all(&run.rows()));
}

/// `NAME=PATH ARG…`.
fn variant(around: &Surroundings, also: &str) -> Variant {
    let (name, command) = also.split_once('=').expect("--also is NAME=PATH");
    let mut words = command.split_whitespace();
    let program = words.next().expect("--also is NAME=PATH").into();
    Variant { name: name.to_owned(), program, arguments: words.map(str::to_owned).collect(), ..around.ours() }
}

impl Run {
    /// The peers side by side, on one core.
    async fn table(&mut self, around: &Surroundings, variants: &[Variant], quick: bool) {
        let sdk = self.add(Subject::sdk(around, table::SDK, false, 1).await);
        self.cell(Series::Table, sdk, Case::Constant, 64).await;
        let mut compared = vec![sdk, self.add(Subject::gateway(around, &around.ours()).await)];
        for variant in variants {
            compared.push(self.add(Subject::gateway(around, variant).await));
        }
        let cases = if quick { &CASES[..2] } else { &CASES[..] };
        for &case in cases {
            for connections in [1, 64] {
                for &subject in &compared {
                    self.cell(Series::Table, subject, case, connections).await;
                }
            }
        }
    }

    /// Ten thousand tenants, each with its token and its lease.
    async fn tenants(&mut self, around: &Surroundings) {
        let many = Variant { name: "Innkeeper, 10,000 tenants".to_owned(), tenants: 10_000, ..around.ours() };
        let many = self.add(Subject::gateway(around, &many).await);
        for case in &CASES[..2] {
            self.cell(Series::Table, many, *case, 64).await;
        }
    }

    /// With TLS to DynamoDB.
    async fn secured(&mut self, around: &Surroundings) {
        let ours = self.add(Subject::gateway(around, &Variant { tls: true, ..around.ours() }).await);
        let sdk = self.add(Subject::sdk(around, table::SDK, true, 1).await);
        for &case in &CASES[..2] {
            for subject in [sdk, ours] {
                self.cell(Series::Tls, subject, case, 64).await;
            }
        }
    }

    /// Longer and longer answers, of the gateway that is measured first.
    async fn lengths(&mut self) {
        let ours = self.subjects.iter().position(|it| it.name == subject::OURS).unwrap();
        for items in [1, 10, 100, 250, 500, 1000] {
            self.cell(Series::Items, ours, Case::Wide(items, 10), 16).await;
        }
        for fields in [1, 10, 20, 30, 40, 50] {
            self.cell(Series::Fields, ours, Case::Wide(100, fields), 16).await;
        }
    }

    fn add(&mut self, subject: Subject) -> usize {
        self.subjects.push(subject);
        self.subjects.len() - 1
    }

    /// Adds a cell. Its subject is asked once for each of its tenants: it is warm then, and what it answers is what
    /// all others have answered.
    async fn cell(&mut self, series: Series, subject: usize, case: Case, connections: usize) {
        let asked = &self.subjects[subject];
        let requests = asked.requests(case);
        let expected = Rc::new(load::once(&requests, 32).await);
        let answer = || serde_json::from_slice::<serde_json::Value>(&expected).unwrap();
        assert!(answer().get("errors").is_none(), "{} answers {}", asked.name, answer());
        if let Some(other) = self.cells.iter().find(|it| it.case == case) {
            let others: serde_json::Value = serde_json::from_slice(&other.expected).unwrap();
            assert_eq!(others, answer(), "{} answers {} otherwise", asked.name, case.name());
        }
        self.cells.push(Cell { series, subject, case, connections, requests, expected, samples: Vec::new() });
    }

    async fn round(&mut self, time: Duration) {
        for cell in &mut self.cells {
            let sample = measure(&self.stub, &self.subjects[cell.subject], cell, time).await;
            cell.samples.push(sample);
        }
    }

    fn rows(&self) -> Vec<Row> {
        let row = |cell: &Cell| Row {
            series: cell.series,
            subject: self.subjects[cell.subject].name.clone(),
            case: cell.case,
            connections: cell.connections,
            median: median(&cell.samples),
            resident: self.subjects[cell.subject].running.resident(),
        };
        self.cells.iter().map(row).collect()
    }
}

/// One window.
async fn measure(stub: &Stub, subject: &Subject, cell: &Cell, time: Duration) -> Sample {
    let running = &subject.running;
    assert!(running.owns_its_port(), "somebody else answers for {}", subject.name);
    let _before = stub.take();
    let (busy, cpu, start) = (process::busy(), running.cpu(), Instant::now());
    let window = load::window(&cell.requests, &cell.expected, cell.connections, time).await;
    let busy = process::busy().saturating_sub(busy);
    let (cpu, elapsed) = (running.cpu().saturating_sub(cpu), start.elapsed());
    let asked = u64::try_from(window.count()).unwrap();
    let calls = stub.take();
    let data = calls.get + calls.query + calls.batch + calls.put;
    assert_eq!(data, asked * cell.case.calls(), "{} made other calls: {calls:?}", subject.name);
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let count = window.count() as f64;
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    Sample {
        cpu: micros(cpu) / count,
        throughput: count / window.elapsed.as_secs_f64(),
        p50: micros(window.quantile(0.5)),
        p99: micros(window.quantile(0.99)),
        others: busy.saturating_sub(cpu).as_secs_f64() / elapsed.as_secs_f64(),
    }
}

fn median(samples: &[Sample]) -> Sample {
    let of = |member: fn(&Sample) -> f64| {
        let mut values: Vec<_> = samples.iter().map(member).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
    };
    Sample {
        cpu: of(|it| it.cpu),
        throughput: of(|it| it.throughput),
        p50: of(|it| it.p50),
        p99: of(|it| it.p99),
        others: of(|it| it.others),
    }
}
