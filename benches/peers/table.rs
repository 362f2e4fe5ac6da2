//! The table, as Markdown.

use std::fmt::Write as _;

use crate::rounds::{Row, Series};

/// The peer that all are compared with.
pub(crate) const SDK: &str = "bare SDK in axum";

/// All series.
pub(crate) fn all(rows: &[Row]) -> String {
    let of = |series: Series| rows.iter().filter(|it| it.series == series).cloned().collect::<Vec<_>>();
    format!(
        "On one core, plain HTTP to DynamoDB:\n\n{}\nOver TLS:\n\n{}\nMore items, of 10 fields each:\n\n{}\n\
         More fields, of 100 items:\n\n{}",
        beside(&of(Series::Table)),
        beside(&of(Series::Tls)),
        beside(&of(Series::Items)),
        beside(&of(Series::Fields))
    )
}

/// Rows, each beside the bare SDK's.
fn beside(rows: &[Row]) -> String {
    let mut text = "| case | connections | peer | CPU µs | × SDK | requests/s | × SDK | p50 µs | p99 µs | MB | others on its core |\n\
                    |---|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for row in rows {
        let same = |it: &&Row| it.subject == SDK && (it.case, it.connections) == (row.case, row.connections);
        let sdk = rows.iter().find(same);
        let ratio = |own: f64, of: fn(&Row) -> f64| {
            sdk.map_or_else(|| "—".to_owned(), |sdk| format!("{:.2}", own / of(sdk)))
        };
        let it = row.median;
        writeln!(
            text,
            "| {} | {} | {} | {:.1} | {} | {:.0} | {} | {:.0} | {:.0} | {} | {:.0} % |",
            row.case.name(),
            row.connections,
            row.subject,
            it.cpu,
            ratio(it.cpu, |sdk| sdk.median.cpu),
            it.throughput,
            ratio(it.throughput, |sdk| sdk.median.throughput),
            it.p50,
            it.p99,
            row.resident / 1_000_000,
            it.others * 100.0,
        )
        .unwrap();
    }
    text
}
