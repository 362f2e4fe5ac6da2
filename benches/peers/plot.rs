//! The plots, as SVG by hand: bars of what a request costs, and lines of what longer answers cost.

use std::fmt::Write as _;

use crate::case::{CASES, Case};
use crate::rounds::{Row, Series};
use crate::subject::OURS;

const OWN: &str = "#54aeff";
const OTHER: &str = "#afb8c1";
const TEXT: &str = "#1f2328";
const FAINT: &str = "#d0d7de";

/// What a request costs, of each peer, on a scale of powers of ten.
pub(crate) fn bars(rows: &[Row]) -> String {
    const LEFT: f64 = 220.0;
    const DECADE: f64 = 170.0;
    let mut body = String::new();
    let mut y = 44.0;
    let x = |micros: f64| LEFT + micros.log10().max(0.0) * DECADE;
    for case in &CASES[..2] {
        writeln!(body, r#"<text x="16" y="{}" font-weight="600">{}</text>"#, y + 4.0, case.name()).unwrap();
        y += 14.0;
        let mut of: Vec<_> = rows
            .iter()
            .filter(|it| it.series == Series::Table && it.case == *case && it.connections > 1)
            .collect();
        of.sort_by(|one, other| one.median.cpu.total_cmp(&other.median.cpu));
        for row in of {
            let (fill, cpu) = (if row.subject.starts_with(OURS) { OWN } else { OTHER }, row.median.cpu);
            let (end, middle) = (x(cpu), y + 14.0);
            writeln!(
                body,
                r#"<rect x="{LEFT}" y="{y}" width="{:.1}" height="18" rx="2" fill="{fill}"/>"#,
                end - LEFT
            )
            .unwrap();
            writeln!(
                body,
                r#"<text x="{}" y="{middle}" text-anchor="end">{}</text>"#,
                LEFT - 8.0,
                row.subject
            )
            .unwrap();
            writeln!(body, r#"<text x="{:.1}" y="{middle}">{cpu:.0} µs</text>"#, end + 6.0).unwrap();
            y += 24.0;
        }
        y += 22.0;
    }
    let mut grid = String::new();
    for power in 0..=4 {
        let at = LEFT + f64::from(power) * DECADE;
        let label = ["1", "10", "100", "1,000", "10,000"][usize::try_from(power).unwrap()];
        writeln!(grid, r#"<path d="M{at} 36V{:.0}" stroke="{FAINT}"/>"#, y - 12.0).unwrap();
        writeln!(grid, r#"<text x="{at}" y="26" text-anchor="middle" font-size="12">{label}</text>"#)
            .unwrap();
    }
    svg("CPU time of a request in µs, on a logarithmic scale", 980.0, y, &(grid + &body))
}

/// What longer answers cost: by items, and by fields.
pub(crate) fn lines(rows: &[Row]) -> String {
    let points = |series: Series, of: fn(Case) -> f64| -> Vec<(f64, f64)> {
        let rows = rows.iter().filter(|it| it.series == series);
        rows.map(|it| (of(it.case), it.median.cpu)).collect()
    };
    #[expect(clippy::cast_precision_loss, reason = "counts of a thousand at most")]
    let items =
        points(Series::Items, |case| if let Case::Wide(items, _) = case { items as f64 } else { 0.0 });
    #[expect(clippy::cast_precision_loss, reason = "counts of fifty at most")]
    let fields =
        points(Series::Fields, |case| if let Case::Wide(_, fields) = case { fields as f64 } else { 0.0 });
    let body = panel(70.0, "items of 10 fields", &items) + &panel(560.0, "fields of 100 items", &fields);
    svg("CPU time of a request in µs, by the length of the answer", 980.0, 340.0, &body)
}

/// One panel, with the straight line that fits best.
fn panel(left: f64, name: &str, points: &[(f64, f64)]) -> String {
    const WIDTH: f64 = 380.0;
    const HEIGHT: f64 = 220.0;
    const TOP: f64 = 50.0;
    let most = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).fold(0.0, f64::max);
    let (widest, highest) = (most(|it| it.0), most(|it| it.1) * 1.05);
    let x = |value: f64| left + value / widest * WIDTH;
    let y = |value: f64| TOP + HEIGHT - value / highest * HEIGHT;
    let (base, slope) = fit(points);
    let bottom = TOP + HEIGHT;
    let mut text = format!(
        "<path d=\"M{left} {TOP}V{bottom}H{:.0}\" fill=\"none\" stroke=\"{FAINT}\"/>\n\
         <path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"{OTHER}\" stroke-dasharray=\"5 4\"/>\n\
         <text x=\"{left}\" y=\"{:.0}\">{base:.0} µs + {slope:.2} µs × {name}</text>\n",
        left + WIDTH,
        x(0.0),
        y(base),
        x(widest),
        y(base + slope * widest),
        TOP - 16.0,
    );
    for &(at, cpu) in points {
        writeln!(text, r#"<circle cx="{:.1}" cy="{:.1}" r="4" fill="{OWN}"/>"#, x(at), y(cpu)).unwrap();
        // The first ones lie too close for words.
        if at > widest / 20.0 {
            writeln!(
                text,
                r#"<text x="{:.1}" y="{:.0}" text-anchor="middle" font-size="12">{at}</text>"#,
                x(at),
                bottom + 18.0
            )
            .unwrap();
            writeln!(
                text,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="end" font-size="12">{cpu:.0}</text>"#,
                x(at) - 8.0,
                y(cpu) - 4.0
            )
            .unwrap();
        }
    }
    text
}

/// The straight line through points whose squares of distance, relative to their height, are least.
fn fit(points: &[(f64, f64)]) -> (f64, f64) {
    let (mut w, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for &(at, cpu) in points {
        let weight = 1.0 / (cpu * cpu);
        w += weight;
        x += weight * at;
        y += weight * cpu;
        xx += weight * at * at;
        xy += weight * at * cpu;
    }
    let slope = (w * xy - x * y) / (w * xx - x * x);
    ((y - slope * x) / w, slope)
}

fn svg(title: &str, width: f64, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-sans-serif, system-ui, \
         sans-serif\" font-size=\"14\" fill=\"{TEXT}\">\n<title>{title}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}
