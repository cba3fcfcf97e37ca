//! What commands print: data to stdout, everything else to stderr (style: CLI manners).

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::environment;
use crate::failure::Failure;
use crate::messages::Language;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Where a command prints to, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// How data is printed.
    pub(crate) format: Format,
    /// The language of diagnoses and hints.
    pub(crate) language: Language,
    colour_out: bool,
    colour_err: bool,
}

/// A style of the terminal; nothing depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    /// Something held.
    Good,
    /// Something did not.
    Bad,
    /// Something to look at.
    Notice,
    /// A heading.
    Strong,
    /// Something beside the point.
    Faint,
}

impl Style {
    const fn escape(self) -> &'static str {
        match self {
            Self::Good => "\u{1b}[32m",
            Self::Bad => "\u{1b}[31m",
            Self::Notice => "\u{1b}[33m",
            Self::Strong => "\u{1b}[1m",
            Self::Faint => "\u{1b}[2m",
        }
    }
}

#[expect(
    clippy::unused_self,
    reason = "one handle prints everything, whatever it needs to know for it"
)]
impl Output {
    /// Output in this format, as the environment and the terminal want it.
    pub(crate) fn new(format: Format) -> Self {
        let colour = !environment::no_color();
        Self {
            format,
            language: environment::language(),
            colour_out: colour && io::stdout().is_terminal(),
            colour_err: colour && io::stderr().is_terminal(),
        }
    }

    /// Whether data is printed as JSON.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// One line of data on stdout.
    pub(crate) fn line(self, text: impl Display) {
        // A reader that went away (`ringback log | head`) is no error of ours.
        let _ = writeln!(io::stdout().lock(), "{text}");
    }

    /// One object on one line of stdout.
    pub(crate) fn json(self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.line(text),
            Err(error) => self.note(format_args!("cannot be printed as JSON: {error}")),
        }
    }

    /// Flushes what was printed, for a reader that follows line by line.
    pub(crate) fn flush(self) {
        let _ = io::stdout().lock().flush();
    }

    /// One line on stderr.
    pub(crate) fn note(self, text: impl Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// A question on stderr, whose answer is read behind it.
    pub(crate) fn ask(self, text: impl Display) {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
    }

    /// A text for stdout in a style, where stdout shows styles.
    pub(crate) fn style(self, style: Style, text: impl Display) -> String {
        paint(self.colour_out, style, text)
    }

    /// What a failed command says on stderr.
    pub(crate) fn failure(self, failure: &Failure) {
        let (error, hint) = self.language.error_and_hint();
        let (message, advice) = self.language.translate(failure);
        self.note(format_args!(
            "{}: {message} [{}]",
            paint(self.colour_err, Style::Bad, error),
            failure.code,
        ));
        if let Some(advice) = advice {
            self.note(format_args!(
                "{}: {advice}",
                paint(self.colour_err, Style::Notice, hint)
            ));
        }
    }
}

fn paint(on: bool, style: Style, text: impl Display) -> String {
    if on {
        format!("{}{text}\u{1b}[0m", style.escape())
    } else {
        text.to_string()
    }
}

/// Rows under headings, each column as wide as its widest cell.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![
                headings
                    .iter()
                    .map(|heading| (*heading).to_owned())
                    .collect(),
            ],
        }
    }

    /// A table without headings.
    pub(crate) const fn bare() -> Self {
        Self { rows: Vec::new() }
    }

    /// A table of these rows, without headings.
    pub(crate) fn of_rows(rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        Self {
            rows: rows.into_iter().collect(),
        }
    }

    /// One more row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether nothing stands under the headings.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

impl Display for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(|column| self.width(column)).collect();
        for (index, row) in self.rows.iter().enumerate() {
            let cells = row.iter().zip(&widths);
            let line: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}", width = *width))
                .collect();
            let end = if index + 1 == self.rows.len() {
                ""
            } else {
                "\n"
            };
            write!(formatter, "{}{end}", line.join("  ").trim_end())?;
        }
        Ok(())
    }
}
