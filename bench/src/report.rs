//! Medians, ranges and ratios, as a table for people and for `docs/benchmarks.md`.

use std::time::Duration;

/// Several rounds of one figure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// Middle, smallest and largest.
    pub(crate) fn spread(&self) -> (f64, f64, f64) {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        (
            at(sorted.len() / 2),
            at(0),
            at(sorted.len().saturating_sub(1)),
        )
    }

    pub(crate) fn median(&self) -> f64 {
        self.spread().0
    }
}

/// One line of the report.
pub(crate) struct Line {
    what: String,
    figure: String,
    aim: &'static str,
}

/// The report as it grows.
#[derive(Default)]
pub(crate) struct Report(Vec<Line>);

impl Report {
    pub(crate) fn line(
        &mut self,
        what: impl Into<String>,
        figure: impl Into<String>,
        aim: &'static str,
    ) {
        let line = Line {
            what: what.into(),
            figure: figure.into(),
            aim,
        };
        self.print(&line);
        self.0.push(line);
    }

    /// A rate and how it compares with the bare server of the same rounds.
    pub(crate) fn ratio(&mut self, what: &str, ours: &Rounds, bare: &Rounds, aim: &'static str) {
        let (middle, low, high) = ours.spread();
        let ratio = middle / bare.median();
        let figure = format!(
            "{ratio:.3} × ({middle:.0}/s [{low:.0}, {high:.0}] against {:.0}/s)",
            bare.median()
        );
        self.line(what, figure, aim);
    }

    #[expect(
        clippy::print_stdout,
        reason = "the report is what this program is for"
    )]
    fn print(&self, line: &Line) {
        if self.0.is_empty() {
            println!("| what | measured | aim |\n|---|---|---|");
        }
        println!("| {} | {} | {} |", line.what, line.figure, line.aim);
    }
}

/// A duration as milliseconds with two decimals.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}
