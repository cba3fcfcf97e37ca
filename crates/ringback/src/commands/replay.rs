//! `ringback replay`: deliver again, by id or by filter (design, section 4, number 5).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::filters::Filters;
use super::render;
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Table};
use crate::progress::with_progress;

/// How many deliveries are asked for at once.
const PAGE: usize = 500;

/// Arguments of `ringback replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Deliveries (`dlv_…`) or events (`evt_…`)
    ids: Vec<String>,
    #[command(flatten)]
    filters: Filters,
    /// Stop after so many deliveries, newest first; all that match when left out
    #[arg(long, value_name = "N", conflicts_with = "ids")]
    limit: Option<usize>,
    /// To this endpoint, not to the one of before: its name or id
    #[arg(long, value_name = "ENDPOINT")]
    to: Option<String>,
    /// Show what would be delivered again, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What one request, or all of them, came to.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Answer {
    dry_run: bool,
    chosen: Vec<Value>,
    replayed: Vec<Value>,
    refused: Vec<Value>,
    #[serde(skip_serializing)]
    next: Option<String>,
}

/// Asks the server to deliver again, or what it would, page by page until nothing is left.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    check(&arguments)?;
    let client = Client::locate(&arguments.connection)?;
    let mut body = request(&arguments, &client).await?;
    let mut whole = Answer {
        dry_run: arguments.dry_run,
        ..Answer::default()
    };
    loop {
        if arguments.ids.is_empty() {
            let left = arguments.limit.map(|limit| limit - whole.chosen.len());
            body["filter"]["limit"] = json!(left.unwrap_or(PAGE).min(PAGE));
        }
        let page: Answer = with_progress("replaying", client.post("replay", &body)).await?;
        print(output, &page);
        let next = page.next.clone();
        whole.take(page);
        let enough = arguments
            .limit
            .is_some_and(|limit| whole.chosen.len() >= limit);
        match next.filter(|_| !enough) {
            Some(next) => body["filter"]["before"] = json!(next),
            None => break,
        }
    }
    if output.is_json() {
        output.json(&whole);
    }
    conclude(&arguments, output, &whole)
}

impl Answer {
    fn take(&mut self, page: Self) {
        self.chosen.extend(page.chosen);
        self.replayed.extend(page.replayed);
        self.refused.extend(page.refused);
    }
}

/// A line per delivery, as they come.
fn print(output: Output, page: &Answer) {
    if output.is_json() {
        return;
    }
    if page.dry_run {
        for delivery in &page.chosen {
            output.line(render::cell(Some(delivery)));
        }
    }
    if !page.replayed.is_empty() {
        let mut table = Table::bare();
        for replayed in &page.replayed {
            let cell = |name: &str| render::cell(replayed.get(name));
            let of = format!("of {}", cell("of"));
            table.row([cell("delivery"), of, cell("event"), cell("endpoint")]);
        }
        output.line(table);
    }
    for refused in &page.refused {
        let cell = |name: &str| render::cell(refused.get(name));
        output.note(format_args!(
            "refused: {} [{}]",
            cell("message"),
            cell("code")
        ));
    }
    output.flush();
}

/// The count; nothing at all where something was named is a failure.
fn conclude(arguments: &Arguments, output: Output, whole: &Answer) -> Result<(), Failure> {
    if whole.chosen.is_empty() && !arguments.ids.is_empty() {
        let message = format!(
            "`{}` has no deliveries to repeat",
            arguments.ids.join("`, `")
        );
        return Err(Failure::failed("replay.no_deliveries", message).with_hint(
            "an event that went nowhere has none: look at the endpoints' sources and types",
        ));
    }
    let deliveries = |count: usize| match count {
        1 => "1 delivery".to_owned(),
        count => format!("{count} deliveries"),
    };
    if whole.dry_run {
        let count = deliveries(whole.chosen.len());
        output.note(format_args!("{count} would be replayed"));
        return Ok(());
    }
    let count = deliveries(whole.replayed.len());
    if whole.refused.is_empty() {
        output.note(format_args!("{count} replayed"));
        return Ok(());
    }
    let refused = whole.refused.len();
    let message = format!("{count} replayed, {refused} refused");
    Err(Failure::failed("replay.refused", message))
}

/// Either ids or filters: nothing at all would be the whole log, both would be unclear.
fn check(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.limit == Some(0) {
        let message = "`--limit 0` would replay nothing";
        return Err(Failure::usage("replay.nothing", message).with_hint("give 1 or more"));
    }
    match (arguments.ids.is_empty(), arguments.filters.is_empty()) {
        (false, true) | (true, false) => Ok(()),
        (true, true) => {
            let message = "neither ids nor filters are given";
            Err(Failure::usage("replay.nothing", message)
                .with_hint("name deliveries, or filter: `ringback replay --state dead --since 1h`"))
        }
        (false, false) => {
            let message = "ids and filters are given together";
            Err(Failure::usage("replay.both", message).with_hint("give one of the two"))
        }
    }
}

async fn request(arguments: &Arguments, client: &Client) -> Result<Value, Failure> {
    let mut body = json!({ "dry_run": arguments.dry_run });
    if arguments.ids.is_empty() {
        body["filter"] = Value::Object(arguments.filters.object(client).await?);
    } else {
        body["ids"] = json!(arguments.ids);
    }
    if let Some(to) = &arguments.to {
        body["to"] = json!(to);
    }
    Ok(body)
}
