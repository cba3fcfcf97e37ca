//! Debug mode: where calls and events of an app go instead, and by which credential it is opened.

use std::io::{BufRead as _, IsTerminal as _};

use http::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::commands::render;
use crate::commands::wecom::{AppName, program_path, the_program};
use crate::failure::Failure;
use crate::output::{Output, Style};

/// What is to be done with a program's debug page.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Debug mode is on for an app once both have opened it with the credential, in either order: the app's
server with `open_debug_mode`, the debug program with its SDK. Then that app's calls and events go to
the receive URL, and nothing else does.

Examples:
  ringback program debug progAbc123 --to http://127.0.0.1:8081
  RINGBACK_DEBUG_TOKEN=$(ringback program debug progAbc123 --credential --yes --format json | jq -r .debug_token)
  ringback program debug progAbc123 --status")]
pub(super) struct Debug {
    /// Its id; may be left out where there is one program only
    program: Option<String>,
    /// Where calls and events go in debug mode, exactly as written
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Take that URL away
    #[arg(long, conflicts_with = "to")]
    clear: bool,
    /// Show the debug credential: the same for three days, then a new one
    #[arg(long)]
    credential: bool,
    /// Do not ask whether it may be shown
    #[arg(long, requires = "credential")]
    yes: bool,
    /// Take the credential away, and with it every debug session
    #[arg(long, conflicts_with = "credential")]
    revoke: bool,
    /// Show the page and what of debug mode is open, besides
    #[arg(long)]
    status: bool,
}

impl Debug {
    pub(super) async fn run(self, client: &Client, output: Output) -> Result<(), Failure> {
        let program = the_program(client, self.program.as_deref()).await?;
        let path = program_path(&program);
        if self.to.is_some() || self.clear {
            let body = json!({ "url": self.to });
            let set = format!("{path}/debug-url");
            let _: Value = client.ask(Method::PUT, &set, Some(&body)).await?;
            output.note(if self.clear {
                "the receive URL is taken away"
            } else {
                "the receive URL is set"
            });
        }
        if self.revoke {
            let credential = format!("{path}/debug-credential");
            let _: Value = client.ask(Method::DELETE, &credential, None).await?;
            output.note("the debug credential is revoked, and every debug session is over");
        }
        if self.credential {
            show_credential(client, output, &program, self.yes).await?;
        }
        let did_something = self.to.is_some() || self.clear || self.revoke || self.credential;
        if self.status || !did_something {
            show_status(client, output, &path).await?;
        }
        Ok(())
    }
}

async fn show_credential(
    client: &Client,
    output: Output,
    program: &str,
    yes: bool,
) -> Result<(), Failure> {
    if !yes {
        confirm(output, program)?;
    }
    let path = format!("{}/debug-credential", program_path(program));
    let credential: Value = client.post(&path, &json!({ "confirm": true })).await?;
    render::object(output, &credential);
    Ok(())
}

/// Asks a person; without one to ask it must have been said before.
fn confirm(output: Output, program: &str) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let message = "the debug credential is shown only after a confirmation";
        return Err(Failure::usage("program.unconfirmed", message)
            .with_hint("add `--yes`; the audit keeps who has seen it"));
    }
    output.note(output.language.pick(
        "Whoever has the credential sees for three days what the program sees; the audit keeps that you asked.",
        "持有调试凭证的人三天内能看到该程序能看到的内容；审计会记下这次查看。",
    ));
    output.ask(format_args!(
        "{} `{program}`? [y/N] ",
        output
            .language
            .pick("Show the debug credential of", "显示调试凭证："),
    ));
    let mut answer = String::new();
    // Nothing read is a no.
    let _ = stdin.lock().read_line(&mut answer);
    if ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::failed(
        "program.declined",
        "the debug credential is not shown",
    ))
}

const COLUMNS: &[render::Column] = &[
    ("APP", "/app"),
    ("OPENED BY APP", "/opened_by_app"),
    ("SESSION UNTIL", "/session_expires_at"),
    ("ON", "/on"),
];

/// The debug page of a program, and debug mode as each app has it.
async fn show_status(client: &Client, output: Output, path: &str) -> Result<(), Failure> {
    let program: Value = client.get(path).await?;
    let mut apps = Vec::new();
    for label in render::items(program.get("apps").cloned().unwrap_or_default()) {
        let label = render::cell(Some(&label));
        apps.push(of_app(client, &label, &program["program_id"]).await?);
    }
    let page = json!({
        "program_id": program["program_id"],
        "receive_url": program.pointer("/debug/url"),
        "credential_expires_at": program.pointer("/debug/credential_expires_at"),
    });
    if output.is_json() {
        let mut whole = page;
        whole["apps"] = Value::Array(apps);
        output.json(&whole);
        return Ok(());
    }
    render::object(output, &page);
    if !apps.is_empty() {
        output.line("");
        output.line(output.style(Style::Strong, "debug mode"));
        output.line(render::table(&apps, COLUMNS));
    }
    Ok(())
}

async fn of_app(client: &Client, label: &str, program: &Value) -> Result<Value, Failure> {
    let app: Value = client.get(&AppName::parse(label)?.path()).await?;
    let programs = render::items(app.get("programs").cloned().unwrap_or_default());
    let association = programs
        .into_iter()
        .find(|it| it.get("program_id") == Some(program));
    let mut debug = association
        .and_then(|it| it.get("debug").cloned())
        .unwrap_or_else(|| json!({}));
    debug["app"] = label.into();
    Ok(debug)
}
