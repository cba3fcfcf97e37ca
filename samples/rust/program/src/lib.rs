//! A sample zone program.
//!
//! Its abilities pass SDK APIs through to an app (`invoke_<api>`, or `{"input":{"func":…}}` as the
//! platform's Python sample has it), hand out the events that the zone delivered
//! (`get_callback_data`), and sum up conversations that never leave the zone (`summarize`).
//! `program.toml` beside this crate describes it to a zone ([`DESCRIPTION`]).
//!
//! All of it is in this library, so that `ringback dev` and `ringback demo` have it in their one binary.

mod ability;
mod answer;
mod events;
mod jobs;
mod summary;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use ringback_zone_sdk::{Clock, Error, Request, Zone, log_info};

use crate::events::Events;
use crate::jobs::Jobs;

/// What the program is and can do, as a zone registers it: TOML.
pub const DESCRIPTION: &str = include_str!("../program.toml");

/// Environment variable of `--debug-token`.
pub const DEBUG_TOKEN: &str = "RINGBACK_DEBUG_TOKEN";
/// Environment variable of `--access-token`.
pub const ACCESS_TOKEN: &str = "RINGBACK_ACCESS_TOKEN";

/// A sample zone program.
///
/// It listens at RINGBACK_ZONE_LISTEN (0.0.0.0:8080 when that is not set), with the keys of the file that
/// RINGBACK_ZONE_CREDENTIALS names, or in debug mode.
#[derive(Debug, Parser)]
#[command(name = "zone-program", version)]
struct Arguments {
    /// Open debug mode before serving; the zone is at RINGBACK_ZONE_URL
    #[arg(long, requires_all = ["debug_token", "access_token"])]
    debug: bool,

    /// The debug token of the program
    #[arg(
        long,
        env = DEBUG_TOKEN,
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    debug_token: Option<String>,

    /// A valid access token of the app
    #[arg(
        long,
        env = ACCESS_TOKEN,
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    access_token: Option<String>,

    /// Keep events in files here, so that a restart loses none; without it in memory
    #[arg(long, value_name = "DIR")]
    events_dir: Option<PathBuf>,
}

/// What the handler needs; cheap to clone.
#[derive(Debug, Clone)]
struct Program {
    events: Events,
    jobs: Jobs,
}

/// Runs the program until SIGTERM or SIGINT. The first argument is its name, as in any process; wrong
/// ones end the process with a message.
#[tokio::main]
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let arguments = Arguments::parse_from(arguments);
    let program = Program {
        events: Events::open(arguments.events_dir, Clock::real()).context("cannot keep events")?,
        jobs: Jobs::default(),
    };
    let zone = Zone::from_environment().map_err(|error| explained(&error))?;
    if let (true, Some(token), Some(access)) = (
        arguments.debug,
        &arguments.debug_token,
        &arguments.access_token,
    ) {
        let session = zone.open_debug(token, access).await;
        let session = session.map_err(|error| explained(&error))?;
        log_info!("debug mode until {}", session.expires_at.to_rfc3339());
    }
    let jobs = program.jobs.clone();
    zone.serve(move |request| handle(program.clone(), request))
        .await?;
    jobs.finish().await;
    Ok(())
}

/// The error with its code and its hint.
fn explained(error: &Error) -> anyhow::Error {
    let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
    anyhow::anyhow!("{error} ({}){}", error.code(), hint.unwrap_or_default())
}

/// What any request gets. An error makes the zone deliver an event again.
async fn handle(program: Program, request: Request) -> Result<String, events::NotHandled> {
    if request.is_event() {
        program.events.take(&request).await?;
        return Ok("{}".to_owned());
    }
    if request.is_async {
        // The zone waits five seconds; the result follows when it is there.
        program.jobs.clone().start(program, &request);
        return Ok("{}".to_owned());
    }
    let answer = ability::perform(&program, &request).await;
    Ok(answer.unwrap_or_else(|failure| failure.to_json()))
}
