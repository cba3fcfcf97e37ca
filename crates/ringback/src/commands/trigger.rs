//! `ringback trigger`: make an event or a callback from a fixture.

mod desk;
pub(super) mod feishu;
mod hints;
mod zone;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::input;
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
  ringback trigger zone auth_knowledge_base --set knowledge_base_name=Prices --app ww…/1000002
  ringback trigger desk Bot.OnC2CMessage --set MsgBody.0.MsgContent.Text=Hello
  ringback trigger desk ChatBot.OnAssignHuman")]
pub(crate) struct Arguments {
    /// The platform; `zone` is WeCom's, whose events go to the receiving program, `desk` is
    /// Tencent's, whose commands go to the app's URL for them
    #[arg(value_enum)]
    dialect: Dialect,
    /// Event type, callback type or command
    #[arg(value_name = "TYPE", required_unless_present = "list")]
    event_type: Option<String>,
    /// List the types that need no `--file`, and trigger nothing
    #[arg(long)]
    list: bool,
    /// Put a value somewhere below `event`, into the payload of a zone event, or into the body of a
    /// Desk command; JSON where it parses, else text
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// How many events
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// Which app, by app id, as CORPID/AGENTID or by SDKAppID; needed where there are several
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
    Desk,
}

/// What a zone event has none of, and a Desk command only the first of.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Feishu")]
struct FeishuOnly {
    /// The `event` object to send, from a file or `-`, in place of the fixture's; for Desk the body
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
        (Dialect::Desk, _) if arguments.feishu.schema.is_some() || arguments.feishu.force => {
            let message = "a Desk command has neither `--schema` nor `--force`";
            Err(Failure::usage("trigger.foreign_option", message)
                .with_hint("change its body with `--set PATH=VALUE`, or give it with `--file`"))
        }
        (Dialect::Desk, list) => desk::run(&arguments, output, list).await,
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

/// What `--file` holds.
fn read_json(path: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&input::text(path)?).map_err(|error| {
        let message = format!("`{}` is not JSON: {error}", path.display());
        Failure::usage("trigger.file", message)
    })
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
