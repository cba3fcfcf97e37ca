//! What a program that runs as a process here has written.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::client::{self, Client};
use crate::commands::render;
use crate::commands::wecom::{program_path, the_program};
use crate::failure::Failure;
use crate::output::Output;

/// How often `--follow` looks for new lines.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// Which log lines.
#[derive(Debug, clap::Args)]
pub(super) struct Logs {
    /// Its id; may be left out where there is one program only
    program: Option<String>,
    /// This level and what is more important
    #[arg(long, value_parser = ["error", "info", "debug"])]
    level: Option<String>,
    /// Only of this instance
    #[arg(long, value_name = "N")]
    instance: Option<u32>,
    /// Only of this request, as the SDK numbered it
    #[arg(long, value_name = "ID")]
    req_id: Option<String>,
    /// How many lines at most, the last ones
    #[arg(long, default_value_t = 200)]
    limit: u32,
    /// Print lines as they come, until interrupted
    #[arg(long, short)]
    follow: bool,
}

#[derive(Debug, Deserialize)]
struct Page {
    lines: Vec<Value>,
    counts: Value,
}

impl Logs {
    pub(super) async fn run(self, client: &Client, output: Output) -> Result<(), Failure> {
        let program = the_program(client, self.program.as_deref()).await?;
        let path = format!("{}/logs", program_path(&program));
        let mut page = self.page(client, &path, None).await?;
        if page.lines.is_empty() && !self.follow {
            output.note("nothing to show");
        }
        say_what_is_missing(output, &page.counts);
        let mut last = None;
        loop {
            for line in &page.lines {
                print(output, line);
                last = line.get("number").and_then(Value::as_u64).or(last);
            }
            output.flush();
            if !self.follow {
                return Ok(());
            }
            tokio::time::sleep(FOLLOW_EVERY).await;
            page = self.page(client, &path, last.or(Some(0))).await?;
        }
    }

    async fn page(&self, client: &Client, path: &str, after: Option<u64>) -> Result<Page, Failure> {
        let pairs = [
            ("level", self.level.clone()),
            ("instance", self.instance.map(|it| it.to_string())),
            ("req_id", self.req_id.clone()),
            ("after", after.map(|it| it.to_string())),
            ("limit", Some(self.limit.to_string())),
        ];
        let given = pairs.into_iter();
        let given = given.filter_map(|(name, value)| Some((name, value?)));
        client.get(&client::with_query(path, given)).await
    }
}

fn print(output: Output, line: &Value) {
    if output.is_json() {
        output.json(line);
        return;
    }
    let word = |member: &str| render::cell(line.get(member));
    output.line(format_args!(
        "{}  {:4}  {}  {}  {}:{}  {}",
        word("at"),
        word("level"),
        word("instance"),
        word("req_id"),
        word("file"),
        word("line"),
        word("text"),
    ));
}

/// Lines are dropped where there are too many; nobody should look for them in vain.
fn say_what_is_missing(output: Output, counts: &Value) {
    let reasons = [
        (
            "over_hour",
            "dropped, because the hour's bytes were used up",
        ),
        (
            "not_written",
            "kept in memory only, because the disk did not take them",
        ),
    ];
    for (member, reason) in reasons {
        let count = counts.get(member).and_then(Value::as_u64);
        if let Some(count) = count.filter(|count| *count > 0) {
            output.note(format_args!("{count} lines were {reason}"));
        }
    }
}

/// Prints the end of what an instance wrote besides log lines.
pub(super) async fn besides(
    client: &Client,
    output: Output,
    program: &str,
    instance: u32,
) -> Result<(), Failure> {
    let path = format!("{}/instances/{instance}/output", program_path(program));
    let lines = render::items(client.get(&path).await?);
    if lines.is_empty() {
        output.note("nothing to show");
    }
    for line in &lines {
        if output.is_json() {
            output.json(line);
        } else {
            output.line(render::cell(Some(line)));
        }
    }
    Ok(())
}
