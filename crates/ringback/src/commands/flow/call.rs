//! `ringback flow call`: one API-call node, tried without a conversation.

use serde_json::{Value, json};

use super::Named;
use crate::client::{self, Client};
use crate::commands::desk::{by_name, variables};
use crate::commands::render;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::with_progress;

#[derive(Debug, clap::Args)]
pub(super) struct Call {
    #[command(flatten)]
    named: Named,
    /// The id of the node
    node: String,
    /// An input; one that is not given is sent as its fixed value, or empty
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Which version; the newest when left out
    #[arg(long, value_name = "N")]
    version: Option<i64>,
}

impl Call {
    /// Prints what came of it; fails where a run would take the exception edge.
    pub(super) async fn run(
        self,
        client: &Client,
        output: Output,
        app: &str,
    ) -> Result<(), Failure> {
        let body = json!({ "inputs": variables(&self.set)?, "version": self.version });
        let node = client::encode(&self.node);
        let path = format!("{}/nodes/{node}/call", self.named.path(app));
        let seen: Value = with_progress("calling", client.post(&path, &body)).await?;
        let member = |name: &str| seen.get(name).and_then(Value::as_str).map(str::to_owned);
        let failed = member("failure").map(|code| (code, member("detail").unwrap_or_default()));
        render::object(output, &by_name(seen));
        let Some((code, detail)) = failed else {
            return Ok(());
        };
        Err(Failure {
            exit: Exit::Failed,
            code: code.into(),
            message: detail,
            hint: None,
        })
    }
}
