//! Debug mode: where calls and events of an app go instead, and by which credential it is opened.

use std::io::{BufRead as _, IsTerminal as _};

use http::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::commands::render;
use crate::commands::wecom::{AppName, program_path, the_program};
use crate::failure::Failure;
use crate::messages::Language;
use crate::output::{Output, Style};

/// What is to be done with a program's debug page.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Debug mode is on for an app once both have opened it with the credential, in either order: the
app's server with `open_debug_mode`, the debug program with its SDK. Then that app's calls and
events go to the receive URL, and nothing else does.

Examples:
  ringback program debug progAbc123 --to http://127.0.0.1:8081
  ringback program debug progAbc123 --credential --yes --format json | jq -r .debug_token
  ringback program debug progAbc123 --status")]
pub(super) struct Debug {
    /// Its id; may be left out where there is one program only
    program: Option<String>,
    #[command(flatten)]
    receiver: Receiver,
    #[command(flatten)]
    token: Token,
    /// Show the page and what of debug mode is open, besides
    #[arg(long)]
    status: bool,
}

#[derive(Debug, clap::Args)]
#[group(id = "debug_receiver")]
struct Receiver {
    /// Where calls and events go in debug mode, exactly as written
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Take that URL away
    #[arg(long, conflicts_with = "to")]
    clear: bool,
}

#[derive(Debug, clap::Args)]
#[group(id = "debug_token")]
struct Token {
    /// Show the debug credential: the same for three days, then a new one
    #[arg(long)]
    credential: bool,
    /// Do not ask whether it may be shown
    #[arg(long, requires = "credential")]
    yes: bool,
    /// Take that credential away, and with it every debug session
    #[arg(long, conflicts_with = "credential")]
    revoke: bool,
}

impl Debug {
    pub(super) async fn run(self, client: &Client, output: Output) -> Result<(), Failure> {
        let program = the_program(client, self.program.as_deref()).await?;
        let path = program_path(&program);
        let set = self.receiver.set(client, output, &path).await?;
        let shown = self.token.run(client, output, &program).await?;
        if self.status || !(set || shown) {
            show_status(client, output, &path).await?;
        }
        Ok(())
    }
}

impl Receiver {
    /// Sets or clears the URL; whether it was to.
    async fn set(&self, client: &Client, output: Output, path: &str) -> Result<bool, Failure> {
        if self.to.is_none() && !self.clear {
            return Ok(false);
        }
        let body = json!({ "url": self.to });
        let path = format!("{path}/debug-url");
        let _: Value = client.ask(Method::PUT, &path, Some(&body)).await?;
        output.note(if self.clear {
            "the receive URL is taken away"
        } else {
            "the receive URL is set"
        });
        Ok(true)
    }
}

impl Token {
    /// Revokes or shows the credential; whether it was to.
    async fn run(&self, client: &Client, output: Output, program: &str) -> Result<bool, Failure> {
        if self.revoke {
            let path = format!("{}/debug-credential", program_path(program));
            let _: Value = client.ask(Method::DELETE, &path, None).await?;
            output.note("the debug credential is revoked, and every debug session is over");
        } else if self.credential {
            show_credential(client, output, program, self.yes).await?;
        }
        Ok(self.revoke || self.credential)
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
    output.ask(match output.language {
        Language::English => format!("Show the debug credential of `{program}`? [y/N] "),
        Language::Chinese => format!("显示 `{program}` 的调试凭证？[y/N] "),
    });
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
    let word = |member: &str| render::cell(page.get(member));
    let words = ["program_id", "receive_url", "credential_expires_at"];
    let words = words.map(|member| (member.to_owned(), word(member).into()));
    render::object(output, &Value::Object(words.into_iter().collect()));
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
