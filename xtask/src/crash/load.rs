//! Signed events, and posting them over a few connections.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::api;
use super::http::Connection;
use crate::tools::Tools;

/// One push, ready to be sent.
#[derive(Debug)]
pub(crate) struct Push {
    /// The platform's own event id.
    pub(crate) id: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// What became of the pushes.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Answered 200.
    pub(crate) accepted: Vec<String>,
    /// Answered something else.
    pub(crate) refused: Vec<u16>,
    /// Not answered at all.
    pub(crate) unanswered: usize,
}

/// Makes so many events, encrypted and signed by the official SDK's own code.
pub(crate) fn sign(tools: &Tools, round: usize, count: usize) -> anyhow::Result<Vec<Push>> {
    let ids: Vec<_> = (0..count)
        .map(|index| format!("{round:08x}{index:024x}"))
        .collect();
    let lines: String = ids
        .iter()
        .map(|id| json!({"body": event(id)}).to_string() + "\n")
        .collect();
    let signed = filter(
        tools
            .peer("feishu_sign.js")
            .env("FEISHU_ENCRYPT_KEY", api::ENCRYPT_KEY),
        lines,
    )?;
    ensure!(
        signed.lines().count() == count,
        "the signer answered fewer lines than it was asked"
    );
    ids.into_iter()
        .zip(signed.lines())
        .map(|(id, line)| push(id, line))
        .collect()
}

/// An event of a type whose duplicates are told by the event id, about a kilobyte long.
fn event(id: &str) -> Value {
    json!({
        "schema": "2.0",
        "header": {
            "event_id": id,
            "token": api::VERIFICATION_TOKEN,
            "create_time": "1700000000000",
            "event_type": "contact.user.updated_v3",
            "tenant_key": "2ca1d211f64f6438",
            "app_id": "cli_9f5343c580712544",
        },
        "event": {"object": {"open_id": format!("ou_{id}"), "name": "x".repeat(700)}},
    })
}

fn push(id: String, line: &str) -> anyhow::Result<Push> {
    let signed: Value = serde_json::from_str(line).context("the signer did not print JSON")?;
    let headers = signed["headers"].as_object().context("no headers")?;
    let headers = headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
    Ok(Push {
        id,
        headers: headers.collect(),
        body: signed["body"].as_str().context("no body")?.to_owned(),
    })
}

/// Gives a program its whole input and takes its whole output.
fn filter(command: &mut Command, input: String) -> anyhow::Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the signer")?;
    let mut stdin = child.stdin.take().context("stdin is a pipe")?;
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output()?;
    writer
        .join()
        .ok()
        .context("the writer panicked")?
        .context("the signer closed its input")?;
    ensure!(
        output.status.success(),
        "the signer ended with {}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Posts all pushes over so many connections. `accepted` is called at once for each 200. A
/// connection that breaks ends its thread: the server is gone.
pub(crate) fn post<F>(
    address: SocketAddr,
    pushes: &[Push],
    connections: usize,
    accepted: F,
) -> anyhow::Result<Outcome>
where
    F: Fn(&str) -> anyhow::Result<()> + Sync,
{
    let next = AtomicUsize::new(0);
    let outcome = Mutex::new(Outcome::default());
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                if let Err(error) = post_some(address, pushes, &next, &outcome, &accepted) {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    Ok(outcome.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn post_some<F>(
    address: SocketAddr,
    pushes: &[Push],
    next: &AtomicUsize,
    outcome: &Mutex<Outcome>,
    accepted: &F,
) -> anyhow::Result<()>
where
    F: Fn(&str) -> anyhow::Result<()>,
{
    let Ok(mut connection) = Connection::open(address) else {
        return Ok(());
    };
    let path = api::receive_path();
    while let Some(push) = pushes.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut headers: Vec<_> = push
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        headers.push(("Content-Type", "application/json;charset=utf-8"));
        let answer = connection.exchange("POST", &path, &headers, push.body.as_bytes());
        let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(answer) if answer.status == 200 => {
                outcome.accepted.push(push.id.clone());
                accepted(&push.id)?;
            }
            Ok(answer) => outcome.refused.push(answer.status),
            Err(_) => {
                outcome.unanswered += 1;
                return Ok(());
            }
        }
    }
    Ok(())
}
