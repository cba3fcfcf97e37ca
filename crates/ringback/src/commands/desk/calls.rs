//! The calls that a conversation's runs have made.

use serde_json::{Value, json};

use super::{all_after, runs, text};
use crate::client::{self, Client};
use crate::commands::render;
use crate::failure::Failure;
use crate::output::Output;

const COLUMNS: &[render::Column] = &[
    ("NODE", "/node"),
    ("RESULT", "/result"),
    ("MS", "/cost_ms"),
    ("TRIES", "/attempts"),
    ("INPUTS", "/inputs"),
    ("OUTPUTS", "/outputs"),
    ("DELIVERY", "/delivery"),
    ("DETAIL", "/detail"),
];

/// Prints every call so far, in order.
pub(super) async fn print(
    client: &Client,
    output: Output,
    conversation: &str,
) -> Result<(), Failure> {
    let mut calls = Vec::new();
    for run in runs(client, conversation).await?.iter().rev() {
        let id = text(run, "id");
        for step in steps(client, id, 0).await? {
            if let Some(call) = step.get("call") {
                let mut call = by_name(call.clone());
                call["run"] = json!(id);
                call["node"] = step["node"].clone();
                let failure = call.get("failure").cloned();
                call["result"] = failure.unwrap_or_else(|| "ok".into());
                calls.push(call);
            }
        }
    }
    let failed = calls.iter().any(|call| call.get("detail").is_some());
    let shown = COLUMNS.len() - usize::from(!failed);
    render::list(output, &calls, &COLUMNS[..shown]);
    Ok(())
}

/// The nodes that a run has passed after the step of number `after`.
pub(super) async fn steps(client: &Client, run: &str, after: i64) -> Result<Vec<Value>, Failure> {
    let path = format!("desk/runs/{}", client::encode(run));
    all_after(client, &path, "seq", after).await
}

/// A call with its inputs and outputs as members in the place of pairs.
pub(in crate::commands) fn by_name(mut call: Value) -> Value {
    for member in ["inputs", "outputs"] {
        let pairs = call.get(member).and_then(Value::as_array);
        let pairs = pairs.into_iter().flatten();
        let members =
            pairs.filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].clone())));
        call[member] = Value::Object(members.collect());
    }
    call
}

/// A call on one line: how long it took, what was sent, and what was answered or failed.
pub(super) fn on_one_line(call: &Value) -> String {
    let cost = render::cell(call.get("cost_ms"));
    let sent = pairs(call, "inputs");
    match text(call, "failure") {
        "" => format!("{cost} ms  {sent} → {}", pairs(call, "outputs")),
        failure => format!("{cost} ms  {sent} → {failure}: {}", text(call, "detail")),
    }
}

fn pairs(call: &Value, member: &str) -> String {
    let pairs = call.get(member).and_then(Value::as_array);
    let pairs = pairs.into_iter().flatten();
    let pairs: Vec<String> = pairs
        .map(|pair| format!("{}={}", render::cell(pair.get(0)), shown(&pair[1])))
        .collect();
    if pairs.is_empty() {
        return "nothing".to_owned();
    }
    pairs.join(" ")
}

/// A value that may be empty or hold spaces.
fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && !text.contains([' ', '\n', '"']) => text.to_owned(),
        _ => value.to_string(),
    }
}
