//! `ringback flow draw`: a flow as a picture, with the way of a run.

use std::path::PathBuf;

use super::Named;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, clap::Args)]
pub(super) struct Draw {
    #[command(flatten)]
    named: Named,
    /// The text of a Mermaid flowchart in the place of an SVG
    #[arg(long)]
    mermaid: bool,
    /// Show the way of this run
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Which version; that of the run, or the newest, when left out
    #[arg(long, value_name = "N")]
    version: Option<i64>,
    /// Where it is written; stdout when left out
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Draw {
    pub(super) async fn run(
        self,
        client: &Client,
        output: Output,
        app: &str,
    ) -> Result<(), Failure> {
        let format = if self.mermaid { "mermaid" } else { "svg" };
        let mut pairs = vec![("format", format.to_owned())];
        pairs.extend(self.run.map(|run| ("run", run)));
        pairs.extend(self.version.map(|version| ("version", version.to_string())));
        let path = format!("{}/drawing", self.named.path(app));
        let drawn = client.text(&client::with_query(&path, pairs)).await?;
        let Some(file) = self.output else {
            output.line(drawn.trim_end());
            return Ok(());
        };
        std::fs::write(&file, drawn).map_err(|error| Failure::file("write", &file, &error))?;
        output.note(format_args!("written to `{}`", file.display()));
        Ok(())
    }
}
