//! Platform events of the zone, for an app's receiving program (sheet `wecom-zone-app`, 4.3).

use serde_json::{Map, Value, json};

use super::{Arguments, settings};
use crate::client::Client;
use crate::commands::render;
use crate::commands::wecom::AppName;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

const COLUMNS: &[render::Column] = &[
    ("EVENT", "/event"),
    ("DELIVERY", "/delivery"),
    ("PROGRAM", "/program_id"),
];

const FIXTURE_COLUMNS: &[render::Column] = &[("TYPE", "/type"), ("PAYLOAD", "/payload")];

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let body = request(arguments)?;
    let client = Client::locate(&arguments.connection)?;
    if let Some(set) = body.get("set") {
        warn_of_members(&client, output, arguments.event_type(), set).await?;
    }
    let made = with_progress("triggering", client.post("wecom/trigger", &body)).await?;
    render::list(output, &render::items(made), COLUMNS);
    Ok(())
}

fn request(arguments: &Arguments) -> Result<Value, Failure> {
    let app = arguments.app.as_deref().map(AppName::parse).transpose()?;
    let mut body = app.map(|app| app.members()).unwrap_or_default();
    body.insert("type".to_owned(), json!(arguments.event_type));
    body.insert("count".to_owned(), json!(arguments.count));
    if !arguments.set.is_empty() {
        let hint = "write `--set knowledge_base_name=Prices`: names are members of the payload";
        let set = settings(&arguments.set, hint)?;
        body.insert("set".to_owned(), Value::Object(set));
    }
    Ok(Value::Object(body))
}

/// Prints the types with what they carry.
pub(super) async fn fixtures(client: &Client, output: Output) -> Result<(), Failure> {
    let items = render::items(client.get("wecom/fixtures").await?);
    render::list(output, &items, FIXTURE_COLUMNS);
    Ok(())
}

/// Says which members the payload does not have: often a typing mistake.
async fn warn_of_members(
    client: &Client,
    output: Output,
    event_type: &str,
    set: &Value,
) -> Result<(), Failure> {
    let fixtures = render::items(client.get("wecom/fixtures").await?);
    let fixture = fixtures
        .iter()
        .find(|fixture| fixture.get("type").is_some_and(|it| it == event_type));
    let Some(payload) = fixture.and_then(|fixture| fixture.get("payload")) else {
        return Ok(());
    };
    let members = set.as_object().into_iter().flat_map(Map::keys);
    for member in members.filter(|member| payload.get(member.as_str()).is_none()) {
        output.note(format_args!(
            "warning: the payload has no `{member}`; it is added"
        ));
    }
    Ok(())
}
