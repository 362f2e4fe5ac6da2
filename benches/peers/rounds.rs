//! The rounds: each cell has a short window of load in every round, one after the other.
//!
//! A cell is a peer, a case and a number of connections. What is said of it is the median over the rounds.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::load::{self, Requests};
use crate::process;
use crate::stub::Stub;
use crate::subject::Subject;

/// How many tenants are asked for at one time, when all are made warm.
const WARMING: usize = 32;

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Series {
    /// The peers, on one core, over plain HTTP.
    Table,
    /// The same over TLS to DynamoDB.
    Tls,
    /// On both cores, which load and stub have a part of too.
    Cores,
    /// Answers of more and more items.
    Items,
    /// Answers of more and more fields.
    Fields,
}

/// Everything that runs, and what is measured of it.
pub(crate) struct Run {
    pub(crate) stub: Rc<Stub>,
    pub(crate) subjects: Vec<Subject>,
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

/// What a window has shown. Times are in microseconds.
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

/// The medians of a cell.
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

impl Run {
    pub(crate) fn new(stub: Rc<Stub>) -> Self {
        Self { stub, subjects: Vec::new(), cells: Vec::new() }
    }

    pub(crate) fn add(&mut self, subject: Subject) -> usize {
        self.subjects.push(subject);
        self.subjects.len() - 1
    }

    /// Adds a cell. Its subject is asked once for each of its tenants: it is warm then, and what it answers is what
    /// all others have answered.
    pub(crate) async fn cell(&mut self, series: Series, subject: usize, case: Case, connections: usize) {
        let asked = &self.subjects[subject];
        let requests = asked.requests(case);
        let expected = Rc::new(load::once(&requests, WARMING).await);
        let answer = || serde_json::from_slice::<serde_json::Value>(&expected).unwrap();
        assert!(answer().get("errors").is_none(), "{} answers {}", asked.name, answer());
        if let Some(other) = self.cells.iter().find(|it| it.case == case) {
            let others: serde_json::Value = serde_json::from_slice(&other.expected).unwrap();
            assert_eq!(others, answer(), "{} answers {} otherwise", asked.name, case.name());
        }
        self.cells.push(Cell { series, subject, case, connections, requests, expected, samples: Vec::new() });
    }

    /// All rounds, after one that does not count: what compiles while it runs is compiled then.
    pub(crate) async fn rounds(&mut self, rounds: usize, time: Duration) {
        for round in 0..=rounds {
            eprintln!("round {round} of {rounds}, {} windows", self.cells.len());
            let mut cores = None;
            for cell in &mut self.cells {
                let wanted = if cell.series == Series::Cores { process::BOTH } else { process::LOAD };
                if cores.replace(wanted) != Some(wanted) {
                    process::bind_to(wanted);
                }
                let sample = measure(&self.stub, &self.subjects[cell.subject], cell, time).await;
                if round > 0 {
                    cell.samples.push(sample);
                }
            }
        }
        process::bind_to(process::LOAD);
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
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
    assert_eq!(calls.data(), asked * cell.case.calls(), "{} made other calls: {calls:?}", subject.name);
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
