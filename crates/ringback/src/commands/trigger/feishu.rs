//! Feishu events and callbacks.

use serde_json::{Map, Value, json};

use super::{Arguments, hints, read_json, settings};
use crate::client::{self, Client};
use crate::commands::render;
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

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let event_type = arguments.event_type();
    let body = request(arguments)?;
    let client = Client::locate(&arguments.connection)?;
    if let (Some(set), None) = (body.get("set"), &arguments.feishu.file) {
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
        let hint = "write `--set message.chat_type=p2p`: paths begin below `event`";
        let set = settings(&arguments.set, hint)?;
        body.insert("set".to_owned(), Value::Object(set));
    }
    if let Some(file) = &arguments.feishu.file {
        body.insert("body".to_owned(), read_json(file)?);
    }
    let schema = arguments.feishu.schema.as_ref();
    body.extend(schema.map(|schema| ("schema".to_owned(), json!(schema))));
    if arguments.count != 1 {
        body.insert("count".to_owned(), json!(arguments.count));
    }
    if arguments.feishu.force {
        body.insert("force".to_owned(), json!(true));
    }
    Ok(Value::Object(body))
}

/// The app that is meant: the one that is named, or the only one there is.
pub(in crate::commands) async fn the_app(
    client: &Client,
    named: Option<&str>,
) -> Result<String, Failure> {
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
