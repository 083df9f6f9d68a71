//! What was measured: as a table for people, as JSON for machines, as a picture for both.

use std::fmt::Write as _;

use serde::Serialize;

use crate::measure::{Sample, Series, median};

/// One scenario's series; the first contender is what the others are held against.
#[derive(Debug, Serialize)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What one piece of work is.
    pub(crate) unit: &'static str,
    pub(crate) series: Vec<Series>,
}

impl Scenario {
    fn reference(&self, concurrency: usize) -> Option<&Series> {
        self.series.iter().find(|it| it.concurrency == concurrency)
    }

    /// The table.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("\n{} ({})\n", self.name, self.unit);
        let _ = writeln!(
            text,
            "{:<28} {:>5} {:>10} {:>19} {:>8} {:>8} {:>7} {:>7}",
            "", "at", "/s", "spread", "p50 ms", "p99 ms", "rate ×", "p99 ×"
        );
        for it in &self.series {
            let (least, most) = it.spread(rate);
            let ratio = |of: fn(&Sample) -> f64| {
                self.reference(it.concurrency).map_or(f64::NAN, |reference| it.ratio(reference, of))
            };
            let _ = write!(
                text,
                "{:<28} {:>5} {:>10.0} {:>9.0}–{:<9.0} {:>8.2} {:>8.2} {:>7.2} {:>7.2}",
                it.contender,
                it.concurrency,
                it.median(rate),
                least,
                most,
                it.median(|it| it.p50),
                it.median(|it| it.p99),
                ratio(rate),
                ratio(|it| it.p99),
            );
            for (what, figures) in &it.more {
                let _ = write!(text, "  {what} {:.1}", median(figures.clone()));
            }
            text.push('\n');
        }
        text
    }
}

fn rate(it: &Sample) -> f64 {
    it.per_second
}

const COLOURS: [&str; 6] = ["#64748b", "#2563eb", "#16a34a", "#d97706", "#9333ea", "#dc2626"];
const WIDTH: f64 = 720.0;
const ROW: f64 = 22.0;
const LABELS: f64 = 250.0;

/// Bars: each contender's median rate at each concurrency, with its spread as a line.
pub(crate) fn picture(scenarios: &[Scenario]) -> String {
    let mut body = String::new();
    let mut y = 10.0;
    for scenario in scenarios {
        let most = scenario.series.iter().map(|it| it.spread(rate).1).fold(1.0, f64::max);
        let scale = (WIDTH - LABELS - 80.0) / most;
        y += ROW;
        let _ = writeln!(
            body,
            r#"<text x="10" y="{y}" font-weight="bold">{} ({})</text>"#,
            scenario.name, scenario.unit
        );
        let mut names: Vec<&str> = Vec::new();
        for it in &scenario.series {
            y += ROW;
            let n = names.iter().position(|name| *name == it.contender).unwrap_or_else(|| {
                names.push(it.contender);
                names.len() - 1
            });
            let (least, most) = it.spread(rate);
            let (bar, colour) = (it.median(rate) * scale, COLOURS[n % COLOURS.len()]);
            let (from, to, middle) = (LABELS + least * scale, LABELS + most * scale, y - 6.0);
            let _ = writeln!(
                body,
                r#"<text x="20" y="{y}">{} at {}</text><rect x="{LABELS}" y="{}" width="{bar:.1}" height="14" fill="{colour}"/><path d="M{from:.1} {middle}H{to:.1}" stroke="black"/><text x="{:.1}" y="{y}">{:.0}/s</text>"#,
                it.contender,
                it.concurrency,
                y - 13.0,
                to + 6.0,
                it.median(rate),
            );
        }
        y += ROW / 2.0;
    }
    let height = y + ROW;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui,sans-serif\" \
         font-size=\"13\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}
