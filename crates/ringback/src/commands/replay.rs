//! `ringback replay`: deliver again, by id or by filter (design, section 4, number 5).

use serde_json::{Map, Value, json};

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
    let client = Client::locate(&arguments.connection)?;
    let body = request(&arguments, &client).await?;
    let answer: Value = with_progress("replaying", client.post("replay", &body)).await?;
    render::object(output, &answer);
    Ok(())
}

async fn request(arguments: &Arguments, client: &Client) -> Result<Value, Failure> {
    let mut body = Map::new();
    match (arguments.ids.is_empty(), arguments.filters.is_empty()) {
        (false, true) => drop(body.insert("ids".to_owned(), json!(arguments.ids))),
        (true, false) => {
            let filter = arguments.filters.object(client).await?;
            body.insert("filter".to_owned(), Value::Object(filter));
        }
        (true, true) => {
            let message = "neither ids nor filters are given";
            return Err(Failure::usage("replay.nothing", message).with_hint(
                "name deliveries, or filter: `ringback replay --state dead --since 1h`",
            ));
        }
        (false, false) => {
            let message = "ids and filters are given together";
            return Err(Failure::usage("replay.both", message).with_hint("give one of the two"));
        }
    }
    body.extend(arguments.to.as_ref().map(|to| ("to".to_owned(), json!(to))));
    body.insert("dry_run".to_owned(), json!(arguments.dry_run));
    Ok(Value::Object(body))
}
