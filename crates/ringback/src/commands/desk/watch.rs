//! `ringback desk watch`: the live view of a conversation, a line for everything that happens.

use http_body_util::BodyExt;
use serde_json::Value;

use super::{path, said, text, trace};
use crate::client::Client;
use crate::commands::listen::Lines;
use crate::failure::Failure;
use crate::output::Output;

/// Prints until the conversation is closed, or until interrupted.
pub(super) async fn run(
    client: &Client,
    output: Output,
    conversation: &str,
) -> Result<(), Failure> {
    let mut body = client
        .stream(&format!("{}/live", path(conversation)))
        .await?;
    let (mut lines, mut event) = (Lines::default(), Event::default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Failure::unreachable("client.broken_answer", "the server closed the stream")
        })?;
        if let Some(bytes) = frame.data_ref() {
            lines.push(bytes, |line| {
                if let Some((name, data)) = event.take_in(line) {
                    print(output, &name, &data);
                }
            });
        }
    }
    Ok(())
}

/// A server-sent event as far as it has come.
#[derive(Debug, Default)]
struct Event {
    name: String,
    data: String,
}

impl Event {
    /// One more line; the empty one ends an event.
    fn take_in(&mut self, line: &[u8]) -> Option<(String, Value)> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            let Self { name, data } = std::mem::take(self);
            return Some((name, serde_json::from_str(&data).ok()?));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => self.data.push_str(value),
            // A comment that keeps the connection open, or the event's id.
            _ => {}
        }
        None
    }
}

fn print(output: Output, name: &str, data: &Value) {
    if output.is_json() {
        output.json(&said::happening(name, data));
    } else {
        let at = text(data, "at");
        match name {
            "message" => {
                let line = said::on_one_line(data);
                output.line(format_args!("{at}  {:<6} {line}", text(data, "speaker")));
            }
            "step" => output.line(format_args!("{at}  {name:<6} {}", trace::on_one_line(data))),
            _ => output.line(format_args!("{name}: {}", said::standing(data))),
        }
    }
    output.flush();
}
