//! `ringback flow`: the task flows of a Desk bot, from a file to what users meet.

mod call;
mod check;
mod draw;

use std::path::PathBuf;

use serde_json::Value;
use serde_json::value::RawValue;

use super::desk::which::{app_path, the_app};
use super::desk::{RUN_COLUMNS, runs};
use super::{input, render};
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Arguments of `ringback flow`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A flow is a JSON document. Saving makes a new version; users meet the one that is published, so
publishing an older one is the way back. Checking and the schema need no server.

Examples:
  ringback flow check order-status.flow.json
  ringback flow save order-status.flow.json --publish
  ringback flow call order-status node-api-1 --set OrderID=12345
  ringback flow publish order-status --version 1
  ringback flow draw order-status --output order-status.svg
  ringback flow draw order-status --mermaid --run run_…")]
pub(crate) struct Arguments {
    /// Which app; may be left out where there is one only
    #[arg(long, global = true, value_name = "SDKAPPID")]
    app: Option<String>,
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List every fault of a document with its node and edge
    Check {
        /// The document; `-` for stdin
        file: PathBuf,
    },
    /// Print the JSON Schema of a document
    Schema,
    /// Save a document as the newest version of the flow of its name
    Save {
        /// The document; `-` for stdin
        file: PathBuf,
        /// Let users meet it at once
        #[arg(long)]
        publish: bool,
    },
    /// List an app's flows
    List,
    /// Print the document of a flow
    Show(Versioned),
    /// List the versions of a flow
    Versions(Named),
    /// Let users meet the newest version, or an older one
    Publish(Versioned),
    /// Let no user meet a flow any more; runs under way go on
    Unpublish(Named),
    /// Delete a flow with its versions
    Delete {
        #[command(flatten)]
        named: Named,
        /// Show what would be deleted, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Draw a flow, and the way of a run in it
    Draw(draw::Draw),
    /// Call the interface of one node as a run would, and print what comes of it
    Call(call::Call),
    /// List the runs of a conversation
    Runs {
        /// Its id, conv_…
        conversation: String,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Its name
    name: String,
}

#[derive(Debug, clap::Args)]
struct Versioned {
    #[command(flatten)]
    named: Named,
    /// Which version; the newest when left out
    #[arg(long, value_name = "N")]
    version: Option<i64>,
}

impl Versioned {
    /// `below` this flow's path, with the version that is asked for.
    fn path(&self, app: &str, below: &str) -> String {
        let pairs = self.version.map(|version| ("version", version.to_string()));
        client::with_query(&format!("{}{below}", self.named.path(app)), pairs)
    }
}

impl Named {
    /// Where the flow stands in the management API.
    fn path(&self, app: &str) -> String {
        format!("{}/{}", flows_path(app), client::encode(&self.name))
    }
}

/// Where the flows of an app stand there.
fn flows_path(app: &str) -> String {
    format!("{}/flows", app_path(app))
}

/// Manages flows.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.action {
        Action::Check { file } => check::run(output, &file),
        Action::Schema => {
            document(output, &ringback_flow::schema().to_string());
            Ok(())
        }
        action => {
            let client = Client::locate(&arguments.connection)?;
            if let Action::Runs { conversation } = action {
                render::list(output, &runs(&client, &conversation).await?, RUN_COLUMNS);
                return Ok(());
            }
            let app = the_app(&client, arguments.app.as_deref()).await?;
            action.ask(&client, output, &app).await
        }
    }
}

const COLUMNS: &[render::Column] = &[
    ("NAME", "/name"),
    ("LATEST", "/latest"),
    ("PUBLISHED", "/published"),
    ("TASK ID", "/task_id"),
    ("UPDATED", "/updated_at"),
];

const VERSION_COLUMNS: &[render::Column] = &[
    ("VERSION", "/version"),
    ("PUBLISHED", "/published"),
    ("SAVED", "/created_at"),
    ("BY", "/created_by"),
];

impl Action {
    /// Asks the server about the flows of an app.
    async fn ask(self, client: &Client, output: Output, app: &str) -> Result<(), Failure> {
        let nothing = serde_json::json!({});
        let flow: Value = match self {
            Self::Save { file, publish } => save(client, app, &file, publish).await?,
            Self::Publish(flow) => client.post(&flow.path(app, "/publish"), &nothing).await?,
            Self::Unpublish(named) => {
                let path = format!("{}/unpublish", named.path(app));
                client.post(&path, &nothing).await?
            }
            Self::List => {
                let items = render::items(client.get(&flows_path(app)).await?);
                render::list(output, &items, COLUMNS);
                return Ok(());
            }
            Self::Versions(named) => {
                let path = format!("{}/versions", named.path(app));
                let items = render::items(client.get(&path).await?);
                render::list(output, &items, VERSION_COLUMNS);
                return Ok(());
            }
            Self::Show(flow) => return show(client, output, &flow.path(app, "")).await,
            Self::Delete { named, dry_run } => {
                return delete(client, output, &named.path(app), dry_run).await;
            }
            Self::Draw(draw) => return draw.run(client, output, app).await,
            Self::Call(call) => return call.run(client, output, app).await,
            Self::Check { .. } | Self::Schema | Self::Runs { .. } => return Ok(()),
        };
        render::object(output, &flow);
        Ok(())
    }
}

/// The server reads the document itself: what is wrong in it is named as it stands there.
async fn save(
    client: &Client,
    app: &str,
    file: &std::path::Path,
    publish: bool,
) -> Result<Value, Failure> {
    let text = input::text(file)?;
    let path = format!("{}?publish={publish}", flows_path(app));
    let saved = client.post_text(&path, text).await;
    saved.map_err(|failure| {
        if failure.exit != Exit::Failed {
            return failure;
        }
        let message = format!("`{}`: {}", file.display(), failure.message);
        Failure { message, ..failure }
    })
}

/// A version of a flow, its document as it was saved.
#[derive(serde::Deserialize)]
struct Shown {
    version: i64,
    flow: Value,
    document: Box<RawValue>,
}

async fn show(client: &Client, output: Output, path: &str) -> Result<(), Failure> {
    let shown: Shown = client.get(path).await?;
    let published = render::cell(shown.flow.get("published"));
    output.note(format_args!(
        "version {}; published: {published}",
        shown.version
    ));
    document(output, shown.document.get());
    Ok(())
}

/// Prints a JSON document: for people with a line per member, which is how it stands in a file.
fn document(output: Output, text: &str) {
    if output.is_json() {
        output.line(text);
    } else {
        output.line(render::indented(text));
    }
}

async fn delete(client: &Client, output: Output, path: &str, dry_run: bool) -> Result<(), Failure> {
    if dry_run {
        // Not its document: `ringback flow show` prints that.
        let shown: Shown = client.get(path).await?;
        output.note("this flow would be deleted:");
        render::object(output, &shown.flow);
        return Ok(());
    }
    super::delete(client, output, "flow", path, false).await
}
