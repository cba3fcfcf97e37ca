//! `ringback replay`: deliver again, by id or by filter (design, section 4, number 5).

use serde_json::{Value, json};

use super::filters::Filters;
use super::render;
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// Arguments of `ringback replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Deliveries (`dlv_…`) or events (`evt_…`)
    ids: Vec<String>,
    #[command(flatten)]
    filters: Filters,
    /// To this endpoint, not to the one of before: its name or id
    #[arg(long, value_name = "ENDPOINT")]
    to: Option<String>,
    /// Show what would be delivered again, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Asks the server to deliver again, or what it would.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    check(&arguments)?;
    let client = Client::locate(&arguments.connection)?;
    let body = request(&arguments, &client).await?;
    let answer: Value = with_progress("replaying", client.post("replay", &body)).await?;
    render::object(output, &answer);
    Ok(())
}

/// Either ids or filters: nothing at all would be the whole log, both would be unclear.
fn check(arguments: &Arguments) -> Result<(), Failure> {
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
