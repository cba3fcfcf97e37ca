//! `ringback call`: call a zone program as an app would.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};

use super::wecom::AppName;
use super::{input, render};
use crate::cli::Connection;
use crate::client::Client;
use crate::duration;
use crate::failure::Failure;
use crate::messages::errcodes;
use crate::output::Output;
use crate::progress::with_progress;

/// What `async_program_result` answers until there is a result (sheet `wecom-zone-app`, 2.3).
const WAITING: i32 = 710_642;
/// The first pause between two questions for a result, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Arguments of `ringback call`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is printed is `response_data`. A refusal is printed as its errcode and errmsg, with the cause
that the platform does not tell, and the exit status is 1.

Examples:
  ringback call progAbc123 invoke_sync_msg '{\"limit\":10}'
  ringback call progAbc123 get_callback_data --notify-id abc
  ringback call progAbc123 summarize @request.json --async --wait")]
pub(crate) struct Arguments {
    /// The program's id
    program: String,
    /// Which of its abilities
    ability: String,
    /// What is asked: JSON, @FILE, or - for stdin; sent as it is
    #[arg(default_value = "{}", value_name = "JSON")]
    request: String,
    /// Make a job of it, and print its id
    #[arg(long = "async")]
    is_async: bool,
    /// Wait for the job's result; 1m when no time is given
    #[arg(
        long,
        requires = "is_async",
        value_name = "DURATION",
        value_parser = duration::parse,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1m"
    )]
    wait: Option<Duration>,
    /// The notification it is about
    #[arg(
        long,
        value_name = "ID",
        conflicts_with = "is_async",
        allow_hyphen_values = true
    )]
    notify_id: Option<String>,
    /// On behalf of which app, as CORPID/AGENTID; needed where there are several
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Print `response_data` as the program has written it
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What the platform answers.
#[derive(Debug, Deserialize)]
struct Answer {
    errcode: i32,
    errmsg: String,
    cause: Option<String>,
    response_data: Option<String>,
    jobid: Option<String>,
    response_errcode: Option<i64>,
    delivery: Option<String>,
}

/// Calls, and prints what came of it.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let app = arguments.app.as_deref().map(AppName::parse).transpose()?;
    let app = app.map(|app| app.members()).unwrap_or_default();
    let body = request(&arguments, app.clone())?;
    let client = Client::locate(&arguments.connection)?;
    let answer = with_progress("calling", client.post("wecom/call", &body)).await?;
    let answer = succeeded(output, answer)?;
    let Some(jobid) = answer.jobid else {
        print(output, answer.response_data, arguments.raw);
        return Ok(());
    };
    match arguments.wait {
        None if output.is_json() => output.json(&json!({ "jobid": jobid })),
        None => output.line(jobid),
        Some(limit) => {
            let waiting = timeout(limit, result(&client, output, app, &jobid));
            let waited = with_progress("waiting for the result", waiting).await;
            let answer = waited.map_err(|_| no_result(&jobid, limit))??;
            return finish(output, answer, arguments.raw);
        }
    }
    Ok(())
}

fn request(arguments: &Arguments, app: Map<String, Value>) -> Result<Value, Failure> {
    let text = match arguments.request.strip_prefix('@') {
        Some(file) => input::text(file.as_ref())?,
        None if arguments.request == "-" => input::text("-".as_ref())?,
        None => arguments.request.clone(),
    };
    let mut body = app;
    body.extend(
        [
            ("program_id", json!(arguments.program)),
            ("ability_id", json!(arguments.ability)),
            ("request_data", json!(text)),
            ("async", json!(arguments.is_async)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if let Some(id) = &arguments.notify_id {
        body.insert("notify_id".to_owned(), json!(id));
    }
    Ok(Value::Object(body))
}

/// The answer, unless it is a refusal.
fn succeeded(output: Output, answer: Answer) -> Result<Answer, Failure> {
    if answer.errcode == 0 {
        return Ok(answer);
    }
    if let Some(delivery) = &answer.delivery {
        output.note(format_args!("see `ringback log show {delivery}`"));
    }
    let (language, cause) = (output.language, answer.cause.as_deref());
    Err(errcodes::failure(
        language,
        answer.errcode,
        &answer.errmsg,
        cause,
    ))
}

/// Asks for the result until it is there.
async fn result(
    client: &Client,
    output: Output,
    app: Map<String, Value>,
    jobid: &str,
) -> Result<Answer, Failure> {
    let mut body = app;
    body.insert("jobid".to_owned(), json!(jobid));
    let body = Value::Object(body);
    let mut pause = FIRST_PAUSE;
    loop {
        let answer: Answer = client.post("wecom/result", &body).await?;
        if answer.errcode != WAITING {
            return succeeded(output, answer);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn no_result(jobid: &str, limit: Duration) -> Failure {
    let limit = duration::readable(limit);
    let message = format!("no result of the job `{jobid}` within {limit}");
    Failure::failed("call.no_result", message).with_hint(
        "wait longer with `--wait=10m`; by a virtual clock, `ringback clock advance` lets run what is due",
    )
}

/// Prints the result of a job, and fails where the program reported an error.
fn finish(output: Output, answer: Answer, raw: bool) -> Result<(), Failure> {
    let reported = answer.response_errcode.unwrap_or(0);
    print(output, answer.response_data, raw);
    if reported == 0 {
        return Ok(());
    }
    let message = format!("the program reported the error {reported} for the job");
    Err(Failure::failed("call.program_error", message)
        .with_hint("see its log with `ringback program logs`"))
}

/// Prints `response_data`: indented for people, on one line as JSON, or as it is. A job may have none.
fn print(output: Output, data: Option<String>, raw: bool) {
    let Some(data) = data.filter(|data| !data.is_empty()) else {
        return;
    };
    if raw {
        output.line(data);
    } else if !output.is_json() {
        output.line(render::indented(&data));
    } else {
        output.line(render::compact(&data));
    }
}
