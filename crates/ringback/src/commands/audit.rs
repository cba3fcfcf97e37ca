//! `ringback audit`: who changed what.

use serde_json::Value;

use super::render;
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;

const COLUMNS: &[render::Column] = &[
    ("TIME", "/at"),
    ("CALLER", "/caller"),
    ("ACTION", "/action"),
    ("TARGET", "/target"),
    ("DETAIL", "/detail"),
];

/// Arguments of `ringback audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Needs a token with the role `auditor` or `admin`. Secrets are never in it.")]
pub(crate) struct Arguments {
    /// How many rows at most, newest first
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Go on from here: the cursor that a page ended with
    #[arg(long, value_name = "CURSOR")]
    before: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

/// Shows one page.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let mut pairs = vec![("limit", arguments.limit.to_string())];
    pairs.extend(arguments.before.map(|before| ("before", before)));
    let mut page: Value = client.get(&client::with_query("audit", pairs)).await?;
    let next = page["next"].take();
    let items = render::items(page);
    render::list(output, &items, COLUMNS);
    if !next.is_null() && !output.is_json() {
        let next = render::cell(Some(&next));
        output.note(format_args!("there is more: `--before {next}`"));
    }
    Ok(())
}
