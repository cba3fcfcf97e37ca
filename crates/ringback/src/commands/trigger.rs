//! `ringback trigger`: make an event or a callback from a fixture.

mod hints;

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::render;
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// Types that a user waits for: they are callbacks, not events (sheet `feishu-events`, 4.4).
const CALLBACKS: [&str; 2] = ["card.action.trigger", "url.preview.get"];

/// What is shown of each event that was made.
const COLUMNS: &[render::Column] = &[
    ("EVENT ID", "/event_id"),
    ("EVENT", "/event"),
    ("DELIVERY", "/delivery"),
];

/// Arguments of `ringback trigger`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ringback trigger feishu im.message.receive_v1
  ringback trigger feishu contact.user.created_v3 --set object.name=Wang --count 5
  ringback trigger feishu card.action.trigger --set action.value.key=approve")]
pub(crate) struct Arguments {
    /// The platform
    #[arg(value_parser = ["feishu"])]
    dialect: String,
    /// Event type or callback type
    #[arg(value_name = "TYPE", required_unless_present = "list")]
    event_type: Option<String>,
    /// List the types that need no `--file`, and trigger nothing
    #[arg(long)]
    list: bool,
    /// Put a value somewhere below `event`; JSON where it parses, else text
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// How many events
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// The `event` object to send, from a file or `-`, in place of the fixture's
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Which app; needed where there are several
    #[arg(long, value_name = "APP_ID")]
    app: Option<String>,
    /// Schema, where a type exists in both
    #[arg(long, value_parser = ["v1", "v2"])]
    schema: Option<String>,
    /// Send it although the app is not subscribed to it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Triggers, and prints what came of it.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    if arguments.list {
        let client = Client::locate(&arguments.connection)?;
        return super::app::fixtures(&client, output).await;
    }
    let event_type = arguments.event_type.as_deref().unwrap_or_default();
    let body = request(&arguments)?;
    let client = Client::locate(&arguments.connection)?;
    if let (Some(set), None) = (body.get("set"), &arguments.file) {
        hints::warn_of_paths(&client, output, event_type, set).await?;
    }
    let app = the_app(&client, arguments.app.as_deref()).await?;
    let callback = CALLBACKS.contains(&event_type);
    let route = if callback { "callbacks" } else { "trigger" };
    let path = format!("feishu/apps/{}/{route}", client::encode(&app));
    let answer: Result<Value, Failure> =
        with_progress("triggering", client.post(&path, &body)).await;
    let answer = answer.map_err(|failure| hints::for_trigger(failure, &app, event_type))?;
    match answer.get("events").and_then(Value::as_array) {
        Some(events) if !output.is_json() => render::list(output, events, COLUMNS),
        _ => render::object(output, &answer),
    }
    Ok(())
}

fn request(arguments: &Arguments) -> Result<Value, Failure> {
    let mut body = Map::new();
    body.insert("type".to_owned(), json!(arguments.event_type));
    if !arguments.set.is_empty() {
        body.insert("set".to_owned(), Value::Object(settings(&arguments.set)?));
    }
    if let Some(file) = &arguments.file {
        body.insert("body".to_owned(), read_json(file)?);
    }
    body.extend(
        arguments
            .schema
            .as_ref()
            .map(|schema| ("schema".to_owned(), json!(schema))),
    );
    if arguments.count != 1 {
        body.insert("count".to_owned(), json!(arguments.count));
    }
    if arguments.force {
        body.insert("force".to_owned(), json!(true));
    }
    Ok(Value::Object(body))
}

fn settings(pairs: &[String]) -> Result<Map<String, Value>, Failure> {
    let read = |pair: &String| {
        let (path, text) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(
                "trigger.set",
                format!("`--set {pair}` is not of the form PATH=VALUE"),
            )
            .with_hint("write `--set message.chat_type=p2p`: paths begin below `event`")
        })?;
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        Ok((path.to_owned(), value))
    };
    pairs.iter().map(read).collect()
}

fn read_json(path: &Path) -> Result<Value, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|content| text = content)
    };
    read.map_err(|error| Failure::file("read", path, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(
            "trigger.file",
            format!("`{}` is not JSON: {error}", path.display()),
        )
    })
}

/// The app that is meant: the one that is named, or the only one there is.
pub(super) async fn the_app(client: &Client, named: Option<&str>) -> Result<String, Failure> {
    if let Some(name) = named {
        return Ok(name.to_owned());
    }
    let apps = render::items(client.get("feishu/apps").await?);
    match apps.as_slice() {
        [] => Err(Failure::failed("trigger.no_app", "there is no Feishu app")
            .with_hint("make one with `ringback app create`")),
        [only] => Ok(render::cell(only.pointer("/app_id"))),
        _ => Err(
            Failure::usage("trigger.which_app", "there are several Feishu apps")
                .with_hint("name one with `--app cli_…`; `ringback app list` shows them"),
        ),
    }
}
