//! The way of a conversation's runs, node by node, as they go it.

use serde_json::{Value, json};

use super::calls::{self, steps};
use super::said::happening;
use super::{number, runs, text};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

/// What was shown of it.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// The run that was shown last, and the number of the last of its steps.
    run: Option<(String, i64)>,
}

impl Trace {
    /// Counts everything so far as shown.
    pub(super) async fn skip(
        &mut self,
        client: &Client,
        conversation: &str,
    ) -> Result<(), Failure> {
        let newest = runs(client, conversation).await?.into_iter().next();
        self.run = newest.map(|run| (text(&run, "id").to_owned(), number(&run, "steps")));
        Ok(())
    }

    /// Shows what has come since.
    pub(super) async fn catch_up(
        &mut self,
        client: &Client,
        output: Output,
        conversation: &str,
    ) -> Result<(), Failure> {
        let mut newer = Vec::new();
        for run in runs(client, conversation).await? {
            let known = self
                .run
                .as_ref()
                .is_some_and(|(id, _)| id == text(&run, "id"));
            newer.push(run);
            if known {
                break;
            }
        }
        for run in newer.iter().rev() {
            self.show(client, output, run).await?;
        }
        Ok(())
    }

    async fn show(&mut self, client: &Client, output: Output, run: &Value) -> Result<(), Failure> {
        let id = text(run, "id");
        let known = self.run.take().filter(|(known, _)| known == id);
        if known.is_none() && !output.is_json() {
            let (flow, version) = (text(run, "flow"), number(run, "version"));
            output.note(format_args!("{id}: version {version} of {flow}"));
        }
        let after = known.map_or(0, |(_, after)| after);
        let steps = steps(client, id, after).await?;
        for step in &steps {
            print(output, id, step);
        }
        // What was over before has said so then.
        let ending = text(run, "ending");
        if !steps.is_empty() && !ending.is_empty() && !output.is_json() {
            output.note(format_args!("{id}: over, {ending}"));
        }
        let last = steps.last().map_or(after, |step| number(step, "seq"));
        self.run = Some((id.to_owned(), last));
        Ok(())
    }
}

/// People read the way beside what is said; a program reads both in one stream.
fn print(output: Output, run: &str, step: &Value) {
    if output.is_json() {
        let mut step = happening("step", step);
        step["run"] = json!(run);
        output.json(&step);
    } else {
        output.note(format_args!("  {}  {}", clock(step), on_one_line(step)));
    }
}

/// The time of day of something that happened.
fn clock(happened: &Value) -> &str {
    let at = text(happened, "at");
    at.split_once('T')
        .map_or(at, |(_, time)| time.trim_end_matches('Z'))
}

/// A step on one line: from which node to which, and the call, where it made one.
pub(super) fn on_one_line(step: &Value) -> String {
    let way = match text(step, "next") {
        "" => text(step, "node").to_owned(),
        next => format!("{} → {next}", text(step, "node")),
    };
    match step.get("call") {
        Some(call) => format!("{way}  {}", calls::on_one_line(call)),
        None => way,
    }
}
