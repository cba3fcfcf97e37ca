//! `ringback status`: how the server is.

use serde_json::Value;

use super::render;
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `ringback status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
}

/// Asks and shows.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let answer: Value = client.get("status").await?;
    render::object(output, &answer);
    Ok(())
}
