//! `ringback archive`: conversations for the zone's archive, real and synthetic ones.

mod import;

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::render;
use super::wecom::{corp_path, the_corp};
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// Arguments of `ringback archive`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A line is an object with a `kind`: message, member, customer, chat, consent, tag_group,
knowledge_base or knowledge. Messages that are there already are counted and stay as they were, so
that an import that broke off is simply run again.

Examples:
  ringback archive generate --messages 200 --seed 7
  ringback archive import conversations.ndjson --corp ww0123456789abcdef
  zcat conversations.ndjson.gz | ringback archive import -")]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Import conversations, one JSON object a line
    Import {
        /// The lines; `-` for stdin
        file: PathBuf,
        /// Which corp; needed where there are several
        #[arg(long)]
        corp: Option<String>,
    },
    /// Make synthetic conversations and import them
    Generate(Generate),
}

#[derive(Debug, clap::Args)]
struct Generate {
    /// Which corp; needed where there are several
    #[arg(long)]
    corp: Option<String>,
    /// Make the same ones again
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many messages; 1000 when left out
    #[arg(long, value_name = "N")]
    messages: Option<u64>,
    /// Members of the corp; 8 when left out
    #[arg(long, value_name = "N")]
    members: Option<u64>,
    /// Customers; 30 when left out
    #[arg(long, value_name = "N")]
    customers: Option<u64>,
    /// Group chats; 6 when left out
    #[arg(long, value_name = "N")]
    groups: Option<u64>,
    /// Over how many days before now; 4 when left out
    #[arg(long, value_name = "N")]
    days: Option<u64>,
}

/// Imports or generates, and prints what came of it.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let imported = match arguments.action {
        Action::Import { file, corp } => {
            let corp = the_corp(&client, corp.as_deref()).await?;
            import::run(&client, output, &file, &corp).await
        }
        Action::Generate(generate) => generate.run(&client).await,
    };
    render::object(output, &imported.map_err(with_own_hint)?);
    Ok(())
}

/// The server speaks of the platform's API; here is a command for it.
fn with_own_hint(failure: Failure) -> Failure {
    if failure.code != "archive.no_public_key" {
        return failure;
    }
    failure.with_hint("set one first: `ringback corp public-key FILE --version 1`")
}

impl Generate {
    async fn run(self, client: &Client) -> Result<Value, Failure> {
        let corp = the_corp(client, self.corp.as_deref()).await?;
        let wish = [
            ("seed", self.seed),
            ("messages", self.messages),
            ("members", self.members),
            ("customers", self.customers),
            ("groups", self.groups),
            ("days", self.days),
        ];
        let given = wish.into_iter();
        let given: Map<String, Value> = given
            .filter_map(|(name, number)| Some((name.to_owned(), number?.into())))
            .collect();
        let path = format!("{}/archive/generate", corp_path(&corp));
        let body = Value::Object(given);
        with_progress("generating", client.post(&path, &body)).await
    }
}
