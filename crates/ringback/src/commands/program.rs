//! `ringback program`: programs of the zone, from their description to where they run.

mod debug;
mod deploy;
pub(super) mod file;
mod logs;
mod status;

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Value, json};

use self::debug::Debug;
use self::deploy::{Credentials, Deploy};
use self::logs::Logs;
use super::render;
use super::wecom::{program_path, the_program};
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::output::{Output, Style};
use crate::progress::with_progress;

/// Arguments of `ringback program`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A program is described in a file, submitted, approved (`ringback dev` approves at once) and
deployed: where it runs already, or as processes of this server, which are not isolated.

Examples:
  ringback program apply program.toml
  ringback program submit progAbc123
  ringback program deploy progAbc123 --to http://127.0.0.1:8080
  ringback program deploy progAbc123 --process /srv/zone-program --arg=--verbose --instances 2
  ringback program credentials progAbc123 1 --out zone-credentials.json
  ringback program debug progAbc123 --to http://127.0.0.1:8081 --credential")]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the programs
    List,
    /// Show one program
    Show(Named),
    /// Show how instances are: of one program, or of all
    Status {
        /// Its id
        program: Option<String>,
    },
    /// Make a program, or bring it to what a file says
    Apply(Apply),
    /// Submit a draft for review
    Submit(Named),
    /// Approve a program that is in review
    Approve(Named),
    /// Send a program in review back
    Reject(Named),
    /// Deploy an approved program, or a deployed one at another place
    Deploy(Deploy),
    /// Take a program out of service; it stays approved
    Undeploy(Named),
    /// Give every instance a new secret beside the one it uses
    Rotate(Named),
    /// Show the credentials file of an instance that somebody else runs, or write it
    Credentials(Credentials),
    /// Set how much of a program's log is kept
    LogLevel {
        /// Its id
        program: String,
        /// From now on
        #[arg(value_parser = ["error", "info", "debug"])]
        level: String,
    },
    /// Show the log lines of a program that runs as a process here
    Logs(Logs),
    /// Show what an instance wrote besides log lines; it may be plaintext of messages
    Output {
        /// Its id
        program: String,
        /// Which instance
        #[arg(default_value_t = 1)]
        instance: u32,
    },
    /// Move one app's calls and events to a developer's machine
    Debug(Debug),
    /// Delete a program that no app uses
    Delete {
        #[command(flatten)]
        named: Named,
        /// Show what would be deleted, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Its id; may be left out where there is one program only
    program: Option<String>,
}

impl Named {
    async fn path(&self, client: &Client) -> Result<String, Failure> {
        let program = the_program(client, self.program.as_deref()).await?;
        Ok(program_path(&program))
    }

    async fn post(&self, client: &Client, below: &str, body: &Value) -> Result<Value, Failure> {
        let path = format!("{}/{below}", self.path(client).await?);
        client.post(&path, body).await
    }
}

/// Manages programs.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let nothing = json!({});
    let review = |approved: bool| json!({ "approved": approved });
    let answer: Value = match arguments.action {
        Action::List => return list(&client, output).await,
        Action::Show(named) => {
            show(output, client.get(&named.path(&client).await?).await?);
            return Ok(());
        }
        Action::Status { program } => {
            return status::run(&client, output, program.as_deref()).await;
        }
        Action::Apply(apply) => {
            show(output, apply.run(&client).await?);
            return Ok(());
        }
        Action::Submit(named) => named.post(&client, "submit", &nothing).await?,
        Action::Approve(named) => named.post(&client, "review", &review(true)).await?,
        Action::Reject(named) => named.post(&client, "review", &review(false)).await?,
        Action::Deploy(deploy) => deploy.run(&client, output).await?,
        Action::Undeploy(named) => {
            let stopping = named.post(&client, "undeploy", &nothing);
            with_progress("stopping", stopping).await?
        }
        Action::Rotate(named) => named.post(&client, "rotate", &nothing).await?,
        Action::Credentials(credentials) => return credentials.run(&client, output).await,
        Action::LogLevel { program, level } => {
            let path = format!("{}/log-level", program_path(&program));
            let body = json!({ "level": level });
            client.ask(Method::PUT, &path, Some(&body)).await?
        }
        Action::Logs(logs) => return logs.run(&client, output).await,
        Action::Output { program, instance } => {
            return logs::besides(&client, output, &program, instance).await;
        }
        Action::Debug(debug) => return debug.run(&client, output).await,
        Action::Delete { named, dry_run } => return delete(&client, output, &named, dry_run).await,
    };
    show_state(output, answer);
    Ok(())
}

const COLUMNS: &[render::Column] = &[
    ("PROGRAM", "/program_id"),
    ("NAME", "/name"),
    ("KIND", "/kind"),
    ("STATE", "/state"),
    ("HOST", "/host/kind"),
    ("ABILITIES", "/abilities"),
    ("APPS", "/apps"),
];

async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let mut programs = render::items(client.get("wecom/programs").await?);
    if !output.is_json() {
        for program in &mut programs {
            program["abilities"] = abilities_of(program).len().into();
        }
    }
    render::list(output, &programs, COLUMNS);
    Ok(())
}

/// Shows a program: for people with the ids of its abilities, its protocols being long.
fn show(output: Output, mut program: Value) {
    if output.is_json() {
        output.json(&program);
        return;
    }
    let ids = abilities_of(&program).iter().map(|it| it["id"].clone());
    program["abilities"] = Value::Array(ids.collect());
    let warnings = taken(&mut program, "warnings");
    let instances = taken(&mut program, "instances");
    render::object(output, &program);
    show_instances(output, &instances);
    for warning in warnings {
        output.note(format_args!("warning: {}", render::cell(Some(&warning))));
    }
}

/// Shows where a program stands, without what it is.
fn show_state(output: Output, mut program: Value) {
    if output.is_json() {
        output.json(&program);
        return;
    }
    let instances = taken(&mut program, "instances");
    let members = ["program_id", "name", "state", "host", "log_level"];
    let named = members.map(|name| (name.to_owned(), program[name].clone()));
    render::object(output, &Value::Object(named.into_iter().collect()));
    show_instances(output, &instances);
}

fn show_instances(output: Output, instances: &[Value]) {
    if !instances.is_empty() {
        output.line("");
        output.line(output.style(Style::Strong, "instances"));
        output.line(status::table(instances));
    }
}

/// A list that a program has, no longer in it.
fn taken(program: &mut Value, member: &str) -> Vec<Value> {
    let taken = program.as_object_mut().and_then(|it| it.remove(member));
    render::items(taken.unwrap_or_default())
}

fn abilities_of(program: &Value) -> &[Value] {
    let abilities = program.get("abilities").and_then(Value::as_array);
    abilities.map_or(&[], Vec::as_slice)
}

async fn delete(
    client: &Client,
    output: Output,
    named: &Named,
    dry_run: bool,
) -> Result<(), Failure> {
    let path = named.path(client).await?;
    if dry_run {
        output.note("this program would be deleted:");
        show(output, client.get(&path).await?);
        return Ok(());
    }
    super::delete(client, output, "program", &path, false).await
}

#[derive(Debug, clap::Args)]
#[command(after_help = file::EXAMPLE)]
struct Apply {
    /// The program's description, as TOML
    file: PathBuf,
    /// Its id; left out here and in the file, the program of this name is meant, or a new one
    #[arg(long, value_name = "PROGRAM")]
    id: Option<String>,
}

impl Apply {
    async fn run(self, client: &Client) -> Result<Value, Failure> {
        let mut program = file::read(&self.file)?;
        program.program_id = match self.id.or(program.program_id) {
            None => id_of(client, &program.name).await?,
            given => given,
        };
        let body = serde_json::to_value(&program).map_err(Failure::internal)?;
        let applied = client.ask(Method::PUT, "wecom/programs", Some(&body)).await;
        applied.map_err(|failure| of_file(&self.file, failure))
    }
}

/// The id of the program that has this name, where there is one.
async fn id_of(client: &Client, name: &str) -> Result<Option<String>, Failure> {
    let programs = render::items(client.get("wecom/programs").await?);
    let mut named = programs
        .iter()
        .filter(|program| program.get("name").is_some_and(|it| it == name));
    let first = named.next();
    if named.next().is_some() {
        let message = format!("several programs are called `{name}`");
        return Err(Failure::usage("program.which", message)
            .with_hint("name one with `--id`; `ringback program list` shows them"));
    }
    Ok(first.map(|program| render::cell(program.get("program_id"))))
}

/// What the server refuses of a description stands in its file.
fn of_file(path: &Path, failure: Failure) -> Failure {
    if failure.exit != Exit::Failed {
        return failure;
    }
    let message = format!("`{}`: {}", path.display(), failure.message);
    Failure { message, ..failure }
}
