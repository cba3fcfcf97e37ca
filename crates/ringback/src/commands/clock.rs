//! `ringback clock`: the schedule clock of a server that runs on virtual time.

use std::time::Duration;

use serde_json::{Value, json};

use super::render;
use crate::cli::Connection;
use crate::client::Client;
use crate::duration;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// Arguments of `ringback clock`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the schedule clock
    Show,
    /// Go on in time and make every attempt that falls due on the way, such as `clock advance 6h`
    Advance {
        /// How far
        #[arg(value_parser = duration::parse)]
        by: Duration,
    },
}

/// Shows or advances.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let answer: Value = match arguments.action {
        Action::Show => client.get("clock").await?,
        Action::Advance { by } => {
            let body = json!({ "by_ms": by.as_millis() as u64 });
            with_progress("advancing", client.post("clock/advance", &body)).await?
        }
    };
    render::object(output, &answer);
    Ok(())
}
