//! `ringback trigger`: make an event or a callback from a fixture.

pub(super) mod feishu;
mod hints;
mod zone;

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `ringback trigger`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ringback trigger feishu im.message.receive_v1
  ringback trigger feishu contact.user.created_v3 --set object.name=Wang --count 5
  ringback trigger feishu card.action.trigger --set action.value.key=approve
  ringback trigger zone conversation_new_message
  ringback trigger zone auth_knowledge_base --set knowledge_base_name=Prices --app ww…/1000002")]
pub(crate) struct Arguments {
    /// The platform; `zone` is WeCom's, whose events go to the receiving program
    #[arg(value_enum)]
    dialect: Dialect,
    /// Event type or callback type
    #[arg(value_name = "TYPE", required_unless_present = "list")]
    event_type: Option<String>,
    /// List the types that need no `--file`, and trigger nothing
    #[arg(long)]
    list: bool,
    /// Put a value somewhere below `event`, or into the payload of a zone event; JSON where it parses,
    /// else text
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// How many events
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// Which app, by app id or as CORPID/AGENTID; needed where there are several
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    #[command(flatten)]
    feishu: FeishuOnly,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Dialect {
    Feishu,
    Zone,
}

/// What a zone event has none of.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Feishu")]
struct FeishuOnly {
    /// The `event` object to send, from a file or `-`, in place of the fixture's
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Schema, where a type exists in both
    #[arg(long, value_parser = ["v1", "v2"])]
    schema: Option<String>,
    /// Send it although the app is not subscribed to it
    #[arg(long)]
    force: bool,
}

/// Triggers, and prints what came of it.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match (arguments.dialect, arguments.list) {
        (Dialect::Zone, _) if arguments.feishu != FeishuOnly::default() => {
            let message = "a zone event has neither `--file` nor `--schema` nor `--force`";
            Err(Failure::usage("trigger.foreign_option", message)
                .with_hint("change its payload with `--set NAME=VALUE`"))
        }
        (Dialect::Feishu, true) => {
            let client = Client::locate(&arguments.connection)?;
            super::app::fixtures(&client, output).await
        }
        (Dialect::Zone, true) => {
            let client = Client::locate(&arguments.connection)?;
            zone::fixtures(&client, output).await
        }
        (Dialect::Feishu, false) => feishu::run(&arguments, output).await,
        (Dialect::Zone, false) => zone::run(&arguments, output).await,
    }
}

impl Arguments {
    fn event_type(&self) -> &str {
        self.event_type.as_deref().unwrap_or_default()
    }
}

fn settings(pairs: &[String], hint: &'static str) -> Result<Map<String, Value>, Failure> {
    let read = |pair: &String| {
        let (path, text) = pair.split_once('=').ok_or_else(|| {
            let message = format!("`--set {pair}` is not of the form PATH=VALUE");
            Failure::usage("trigger.set", message).with_hint(hint)
        })?;
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        Ok((path.to_owned(), value))
    };
    pairs.iter().map(read).collect()
}
