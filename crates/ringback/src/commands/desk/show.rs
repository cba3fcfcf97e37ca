//! `ringback desk show`: a conversation, whole.

use serde_json::{Value, json};

use super::said::on_one_line;
use super::{all_after, path, runs};
use crate::client::Client;
use crate::commands::render;
use crate::failure::Failure;
use crate::output::{Output, Style};

const MESSAGE_COLUMNS: &[render::Column] = &[
    ("", "/number"),
    ("TIME", "/at"),
    ("SPEAKER", "/speaker"),
    ("TYPE", "/message_type"),
    ("TEXT", "/line"),
];

/// What is shown of each run.
pub(in crate::commands) const RUN_COLUMNS: &[render::Column] = &[
    ("RUN", "/id"),
    ("FLOW", "/flow"),
    ("VERSION", "/version"),
    ("STATE", "/state"),
    ("ENDING", "/ending"),
    ("NODE", "/node"),
    ("STEPS", "/steps"),
    ("STARTED", "/started_at"),
];

/// Prints its state and variables, what was said, and its runs.
pub(super) async fn run(
    client: &Client,
    output: Output,
    conversation: &str,
) -> Result<(), Failure> {
    let path = path(conversation);
    let shown: Value = client.get(&path).await?;
    let mut messages = all_after(client, &format!("{path}/messages"), "number", 0).await?;
    let runs = runs(client, conversation).await?;
    if output.is_json() {
        let whole = json!({ "conversation": shown, "messages": messages, "runs": runs });
        output.json(&whole);
        return Ok(());
    }
    for message in &mut messages {
        message["line"] = on_one_line(message).into();
    }
    render::object(output, &shown);
    part(output, "messages", &messages, MESSAGE_COLUMNS);
    part(output, "runs", &runs, RUN_COLUMNS);
    Ok(())
}

fn part(output: Output, heading: &str, items: &[Value], columns: &[render::Column]) {
    if !items.is_empty() {
        output.line("");
        output.line(output.style(Style::Strong, heading));
        output.line(render::table(items, columns));
    }
}
