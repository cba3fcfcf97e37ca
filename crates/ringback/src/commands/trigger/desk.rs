//! Commands of the Chat framework, for the URLs of a Desk app (sheet `tencent-desk`, section 3).

use serde_json::{Map, Value, json};

use super::{Arguments, read_json, settings};
use crate::client::Client;
use crate::commands::desk::which::{app_path, the_app};
use crate::commands::render;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// What is shown of each notification that was made.
const COLUMNS: &[render::Column] = &[
    ("REQUEST ID", "/request_id"),
    ("EVENT", "/event"),
    ("DELIVERY", "/delivery"),
];

const FIXTURE_COLUMNS: &[render::Column] = &[("TYPE", "/type"), ("ANSWER AWAITED", "/call")];

/// Makes what is asked for, or lists what can be.
pub(super) async fn run(arguments: &Arguments, output: Output, list: bool) -> Result<(), Failure> {
    let body = request(arguments)?;
    let client = Client::locate(&arguments.connection)?;
    let fixtures = render::items(client.get("desk/fixtures").await?);
    if list {
        render::list(output, &fixtures, FIXTURE_COLUMNS);
        return Ok(());
    }
    let call = is_call(&fixtures, arguments.event_type());
    if call && arguments.count != 1 {
        let message = "the answer of this command is awaited: it is made once";
        return Err(Failure::usage("desk.one_call", message).with_hint("leave `--count` out"));
    }
    let app = app_path(&the_app(&client, arguments.app.as_deref()).await?);
    let path = format!("{app}/{}", if call { "call" } else { "trigger" });
    let made: Value = with_progress("triggering", client.post(&path, &body)).await?;
    if call {
        render::object(output, &made);
    } else {
        render::list(output, &render::items(made), COLUMNS);
    }
    Ok(())
}

/// Whether somebody waits for the answer; of a command that there is not the server says so.
fn is_call(fixtures: &[Value], command: &str) -> bool {
    let mut fixtures = fixtures.iter();
    let found = fixtures.find(|fixture| fixture.get("type").is_some_and(|it| it == command));
    found.is_some_and(|fixture| fixture["call"] == true)
}

fn request(arguments: &Arguments) -> Result<Value, Failure> {
    let mut body = Map::new();
    body.insert("type".to_owned(), json!(arguments.event_type()));
    body.insert("count".to_owned(), json!(arguments.count));
    if !arguments.set.is_empty() {
        let hint = "write `--set MsgBody.0.MsgContent.Text=Hello`: paths begin at the body";
        let set = settings(&arguments.set, hint)?;
        body.insert("set".to_owned(), Value::Object(set));
    }
    if let Some(file) = &arguments.feishu.file {
        body.insert("body".to_owned(), read_json(file)?);
    }
    Ok(Value::Object(body))
}
