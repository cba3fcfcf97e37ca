//! `ringback apply`: bring what the server has to what a file says, and show the difference.
//!
//! [`mod@file`] reads what is wanted, [`check`] refuses what cannot be, [`plan`] compares it with what the
//! server has, and the steps of the plan are then carried out in an order in which each finds what it
//! needs.

mod check;
mod difference;
mod document;
mod file;
mod plan;
mod step;

use std::path::PathBuf;

use serde_json::{Value, json};

use self::file::Wanted;
use self::plan::Plan;
use self::step::{Action, Step};
use super::render;
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Style};

/// Arguments of `ringback apply`.
#[derive(Debug, clap::Args)]
#[command(after_help = file::EXAMPLE)]
pub(crate) struct Arguments {
    /// What is wanted, as TOML
    file: PathBuf,
    /// Show the difference, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Also delete what the file does not name
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Compares, shows, and unless it is a dry run changes.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let wanted = Wanted::read(&arguments.file)?;
    let client = Client::locate(&arguments.connection)?;
    let found = plan::Found::read(&client, &wanted).await?;
    check::check(&wanted, &found, arguments.prune)?;
    let plan = Plan::new(&wanted, &found, arguments.prune)?;
    if plan.steps.is_empty() {
        output.note("nothing to change");
    }
    for (made, step) in plan.steps.iter().enumerate() {
        if arguments.dry_run {
            show(output, step);
            continue;
        }
        let answer = step.carry_out(&client).await;
        let answer = answer.map_err(|failure| stopped(output, &plan.steps, made, failure))?;
        show(output, step);
        show_made_key(output, step, &answer);
    }
    Ok(())
}

/// Says how far it came: what stands on stdout was made, the rest was not.
fn stopped(output: Output, steps: &[Step], made: usize, failure: Failure) -> Failure {
    output.note(format_args!("{made} of {} changes were made", steps.len()));
    for step in &steps[made..] {
        output.note(format_args!("not made: {}", step.title()));
    }
    let message = format!("{}: {}", steps[made].title(), failure.message);
    Failure { message, ..failure }
}

fn show(output: Output, step: &Step) {
    if output.is_json() {
        output.json(step);
        return;
    }
    let style = match step.action {
        Action::Create => Style::Good,
        Action::Change | Action::SaveUrl => Style::Notice,
        Action::Delete => Style::Bad,
    };
    output.line(output.style(style, step.title()));
    for line in &step.difference {
        output.line(format_args!("    {line}"));
    }
}

/// A standard endpoint without a key gets one, and the server shows it this once.
fn show_made_key(output: Output, step: &Step, answer: &Value) {
    let Some(key) = answer.get("made_key").filter(|key| !key.is_null()) else {
        return;
    };
    if output.is_json() {
        output.json(&json!({ "kind": step.kind, "name": step.name, "made_key": key }));
    } else {
        let key = render::cell(Some(key));
        output.line(format_args!(
            "the key of endpoint {}, shown this once: {key}",
            step.name
        ));
    }
}
