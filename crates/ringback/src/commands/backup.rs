//! `ringback backup`: a copy of the store, made while it runs.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::render;
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// Arguments of `ringback backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The server writes the file, on its own host; it never overwrites one. The master key is not in it:
keep `master.key` of the data directory, or the file that the configuration names, beside it.")]
pub(crate) struct Arguments {
    /// Where to, on the server's host
    file: PathBuf,
    #[command(flatten)]
    connection: Connection,
}

/// Asks the server to copy its store.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let absolute = std::path::absolute(&arguments.file)
        .map_err(|error| Failure::file("name", &arguments.file, &error))?;
    let body = json!({ "file": absolute });
    let answer: Value = with_progress("copying", client.post("backup", &body)).await?;
    render::object(output, &answer);
    Ok(())
}
