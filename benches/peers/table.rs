//! The tables, as Markdown: a row for each peer and case, beside the bare SDK's.

use std::fmt::Write as _;

use crate::case::Case;
use crate::rounds::{Row, Series};

/// The peer that all are compared with.
pub(crate) const SDK: &str = "bare SDK in axum";

/// All series, for a terminal.
pub(crate) fn all(rows: &[Row]) -> String {
    format!(
        "One core, plain HTTP to DynamoDB:\n\n{}\nTLS to DynamoDB:\n\n{}\nBoth cores, shared with the load:\n\n{}\n{}",
        beside(rows, Series::Table),
        beside(rows, Series::Tls),
        beside(rows, Series::Cores),
        others(rows)
    )
}

/// A series: what a request costs with many connections, how long it takes with one.
pub(crate) fn beside(rows: &[Row], series: Series) -> String {
    let mut text = "| | | CPU µs | × SDK | requests/s | × SDK | p99 ms | × SDK | p50 ms, 1 connection | × SDK | CPU µs, 1 connection | MB |\n\
                    |---|---|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let many = rows.iter().filter(|it| it.series == series && it.connections > 1);
    let mut last = None;
    for row in many {
        let name = if last.replace(row.case) == Some(row.case) { String::new() } else { row.case.name() };
        let sdk = find(rows, series, SDK, row.case, row.connections);
        let (alone, sdk_alone) =
            (find(rows, series, &row.subject, row.case, 1), find(rows, series, SDK, row.case, 1));
        let ratio = |own: Option<&Row>, sdk: Option<&Row>, of: fn(&Row) -> f64| match (own, sdk) {
            (Some(own), Some(sdk)) => format!("{:.2}", of(own) / of(sdk)),
            (_, None) | (None, _) => String::new(),
        };
        let millis = |micros: f64| {
            if micros < 10_000.0 { format!("{:.2}", micros / 1e3) } else { format!("{:.0}", micros / 1e3) }
        };
        let of_alone = |of: fn(&Row) -> f64| alone.map(of);
        writeln!(
            text,
            "| {name} | {} | {:.1} | {} | {:.0} | {} | {} | {} | {} | {} | {} | {} |",
            row.subject,
            row.median.cpu,
            ratio(Some(row), sdk, |it| it.median.cpu),
            row.median.throughput,
            ratio(Some(row), sdk, |it| it.median.throughput),
            millis(row.median.p99),
            ratio(Some(row), sdk, |it| it.median.p99),
            of_alone(|it| it.median.p50).map_or_else(String::new, millis),
            ratio(alone, sdk_alone, |it| it.median.p50),
            of_alone(|it| it.median.cpu).map_or_else(String::new, |it| format!("{it:.1}")),
            row.resident / 1_000_000,
        )
        .unwrap();
    }
    text
}

/// The row of a peer and a case.
pub(crate) fn find<'r>(
    rows: &'r [Row],
    series: Series,
    subject: &str,
    case: Case,
    connections: usize,
) -> Option<&'r Row> {
    rows.iter().find(|it| {
        (it.series, it.subject.as_str(), it.case, it.connections) == (series, subject, case, connections)
    })
}

/// What others took of the peers' core: how much the times are to be trusted.
pub(crate) fn others(rows: &[Row]) -> String {
    let mut shares: Vec<_> = rows
        .iter()
        .filter(|it| it.series != Series::Cores && it.connections > 1)
        .map(|it| it.median.others)
        .collect();
    shares.sort_by(f64::total_cmp);
    let (middle, most) = (shares[shares.len() / 2], shares[shares.len() - 1]);
    format!(
        "While many connections were open, other programs took {:.0} % of the peers' core in the middle, {:.0} % at most.",
        middle * 100.0,
        most * 100.0
    )
}

/// The lengths, in one line each.
pub(crate) fn lengths(rows: &[Row], series: Series) -> String {
    let mut text = "| items × fields | CPU µs |\n|---|---|\n".to_owned();
    for row in rows.iter().filter(|it| it.series == series) {
        writeln!(text, "| {} | {:.0} |", row.case.name(), row.median.cpu).unwrap();
    }
    text
}
