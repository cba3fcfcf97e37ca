//! `cargo xtask test`: the README's test command.

mod steps;
mod tally;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::shell::say;
use crate::workspace::{Workspace, now};

use self::tally::Tally;

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run one step instead of all
    #[arg(long, value_enum)]
    only: Option<Step>,
    /// What the test runner gets, such as a part of test names
    #[arg(last = true, value_name = "FILTER")]
    filter: Vec<OsString>,
}

/// The steps, in the order in which they run: what fails fastest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// `cargo fmt --check`
    Fmt,
    /// `cargo clippy` on all targets, warnings are errors
    Clippy,
    /// `cargo doc` with private items, warnings are errors
    Doc,
    /// How many crates the shipped binary is made of
    Dependencies,
    /// `cargo machete` and `cargo deny`, where they are installed
    Audit,
    /// Every test, with real peers and PostgreSQL
    Tests,
}

/// A step that ran, for the closing table.
#[derive(Debug)]
struct Done {
    step: Step,
    took: Duration,
    note: String,
    ok: bool,
}

/// Runs the steps, stops at the first that fails, and ends with a table.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    let mut table = Vec::new();
    let mut outcome = Ok(());
    for &step in Step::value_variants() {
        if options.only.is_some_and(|only| only != step) {
            continue;
        }
        say(format_args!("step {}", step.name()));
        let started: Instant = now();
        let result = step.run(workspace, &options.filter, &mut tally);
        let ok = result.is_ok();
        let (note, error) = match result {
            Ok(note) => (note, Ok(())),
            Err(error) => ("failed".to_owned(), Err(error)),
        };
        table.push(Done {
            step,
            took: started.elapsed(),
            note,
            ok,
        });
        outcome = error;
        if !ok {
            break;
        }
    }
    print_table(&table);
    if !tally.is_empty() {
        println!("{tally}");
    }
    outcome
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Runs the step; what it answers stands in the table.
    fn run(
        self,
        workspace: &Workspace,
        filter: &[OsString],
        tally: &mut Tally,
    ) -> anyhow::Result<String> {
        match self {
            Self::Fmt => steps::fmt(workspace),
            Self::Clippy => steps::clippy(workspace),
            Self::Doc => steps::doc(workspace),
            Self::Dependencies => steps::dependencies(workspace),
            Self::Audit => steps::audit(workspace),
            Self::Tests => steps::tests(workspace, filter, tally),
        }
    }
}

fn print_table(table: &[Done]) {
    println!();
    for done in table {
        let mark = if done.ok { "ok" } else { "FAILED" };
        let seconds = format!("{:.1} s", done.took.as_secs_f64());
        println!(
            "{:<14}{mark:<8}{seconds:>9}   {}",
            done.step.name(),
            done.note
        );
    }
    println!();
}
