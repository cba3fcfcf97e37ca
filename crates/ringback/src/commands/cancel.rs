//! `ringback cancel`: take a delivery back that is still due or held.

use serde_json::{Value, json};

use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `ringback cancel`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Deliveries (`dlv_…`)
    #[arg(required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

/// Cancels one after the other, and stops at the first that cannot be.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    for id in &arguments.ids {
        let path = format!("deliveries/{}/cancel", client::encode(id));
        let cancelled: Value = client.post(&path, &json!({})).await?;
        if output.is_json() {
            output.json(&cancelled);
        } else {
            output.line(format_args!("{id} cancelled"));
        }
    }
    Ok(())
}
