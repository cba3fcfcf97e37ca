//! `ringback log`: search the log, follow it, show one event or delivery with its attempts.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::filters::Filters;
use super::render;
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::progress::with_progress;

/// How often `--follow` looks for new rows.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// What a search shows of each delivery.
const COLUMNS: &[render::Column] = &[
    ("TIME", "/time"),
    ("DELIVERY", "/delivery"),
    ("TYPE", "/type"),
    ("ENDPOINT", "/endpoint"),
    ("STATE", "/state"),
    ("STATUS", "/status"),
    ("TRIES", "/attempts"),
    ("REASON", "/reason"),
];

/// Arguments of `ringback log`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    filters: Filters,
    /// How many rows at most, newest first
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Go on from here: the cursor that a search ended with
    #[arg(long, value_name = "CURSOR", conflicts_with = "follow")]
    before: Option<String>,
    /// Print rows as they come and change, until interrupted
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show one event or delivery with all its attempts
    Show {
        /// `evt_…` or `dlv_…`
        id: String,
        /// Open what went to a program of the zone; needs the role auditor, and the audit keeps it
        #[arg(long)]
        plaintext: bool,
    },
}

/// A page of the log.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// The rows, newest first.
    pub(super) entries: Vec<Value>,
    next: Option<Value>,
    looked_back_to: Option<String>,
    #[serde(default = "yes")]
    complete: bool,
}

fn yes() -> bool {
    true
}

/// Searches, follows or shows.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    if let Some(Action::Show { id, plaintext }) = &arguments.action {
        return show(&client, output, id, *plaintext).await;
    }
    if arguments.follow {
        return follow(&client, output, &arguments).await;
    }
    let page = with_progress("searching", search(&client, &arguments)).await?;
    render::list(output, &page.entries, COLUMNS);
    if !output.is_json() {
        say_how_far(output, &page);
    }
    Ok(())
}

async fn search(client: &Client, arguments: &Arguments) -> Result<Page, Failure> {
    let mut pairs = arguments.filters.query(client).await?;
    pairs.push(("limit", arguments.limit.to_string()));
    pairs.extend(arguments.before.clone().map(|before| ("before", before)));
    client.get(&client::with_query("log", pairs)).await
}

/// A search is bounded: it says where it stopped, and how to go on.
fn say_how_far(output: Output, page: &Page) {
    let Some(next) = &page.next else { return };
    let next = render::cell(Some(next));
    if page.complete {
        output.note(format_args!("there is more: `--before {next}`"));
        return;
    }
    let back = page.looked_back_to.as_deref().unwrap_or("an unknown time");
    output.note(format_args!(
        "looked back to {back} only; go on with `--before {next}`"
    ));
}

async fn show(client: &Client, output: Output, id: &str, plaintext: bool) -> Result<(), Failure> {
    let plain = plaintext.then(|| ("plaintext", "true".to_owned()));
    let path = client::with_query(&format!("log/{}", client::encode(id)), plain);
    let mut entry: Value = client.get(&path).await?;
    if output.is_json() {
        output.json(&entry);
        return Ok(());
    }
    let attempts = entry
        .as_object_mut()
        .and_then(|entry| entry.remove("attempts_made"));
    let body = entry.as_object_mut().and_then(|entry| entry.remove("body"));
    render::object(output, &entry);
    if let Some(Value::Array(attempts)) = attempts {
        output.line("");
        output.line(output.style(Style::Strong, "attempts"));
        output.line(render::table(&attempts, ATTEMPT_COLUMNS));
    }
    if let Some(Value::String(body)) = body {
        output.line("");
        output.line(output.style(Style::Strong, "body"));
        output.line(render::indented(&body));
    }
    Ok(())
}

const ATTEMPT_COLUMNS: &[render::Column] = &[
    ("#", "/number"),
    ("STARTED", "/started_at"),
    ("TOOK µs", "/duration_us"),
    ("OUTCOME", "/outcome"),
    ("STATUS", "/status"),
    ("FAILURE", "/failure"),
    ("DETAIL", "/detail"),
];

/// Prints each row once per state and number of attempts, oldest first.
async fn follow(client: &Client, output: Output, arguments: &Arguments) -> Result<(), Failure> {
    let mut seen: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    let mut first = true;
    loop {
        let page = search(client, arguments).await?;
        for entry in page.entries.iter().rev() {
            // An event that went nowhere has no delivery.
            let id = entry
                .pointer("/delivery")
                .or_else(|| entry.pointer("/event"));
            let id = render::cell(id);
            let state =
                ["/state", "/attempts", "/status"].map(|at| render::cell(entry.pointer(at)));
            let state = state.join(" ");
            let known = seen.insert(id, state.clone());
            // What stood there before is not news.
            if !first && known.as_ref() != Some(&state) {
                print_followed(output, entry);
            }
        }
        first = false;
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}

fn print_followed(output: Output, entry: &Value) {
    if output.is_json() {
        output.json(entry);
    } else {
        let cells = COLUMNS
            .iter()
            .map(|(_, pointer)| render::cell(entry.pointer(pointer)));
        output.line(cells.collect::<Vec<_>>().join("  "));
    }
    output.flush();
}
