//! `ringback token`: who may use the management API.

use serde_json::{Value, json};

use super::render;
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;

const COLUMNS: &[render::Column] = &[
    ("ID", "/id"),
    ("NAME", "/name"),
    ("ROLE", "/role"),
    ("MADE", "/created_at"),
    ("LAST USED", "/last_used_at"),
];

/// Arguments of `ringback token`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    // `create` has a token of its own to show; the one to ask with is the server's.
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the tokens; their texts are not kept
    List,
    /// Make a token and print it, this once
    Create {
        /// Who or what holds it
        name: String,
        /// viewer reads without bodies, operator also changes, auditor also reads the audit, admin all
        #[arg(long, value_parser = ["viewer", "operator", "auditor", "admin"], default_value = "operator")]
        role: String,
    },
    /// Revoke a token
    Revoke {
        /// Its id or name
        #[arg(value_name = "TOKEN")]
        which: String,
    },
}

/// Manages tokens.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    match arguments.action {
        Action::List => {
            let items = render::items(client.get("tokens").await?);
            render::list(output, &items, COLUMNS);
        }
        Action::Create { name, role } => {
            let body = json!({ "name": name, "role": role });
            let made: Value = client.post("tokens", &body).await?;
            render::object(output, &made);
        }
        Action::Revoke { which } => {
            let id = id_of(&client, which).await?;
            let path = format!("tokens/{}", client::encode(&id));
            let _: Value = client.ask(http::Method::DELETE, &path, None).await?;
            output.note("token revoked");
        }
    }
    Ok(())
}

/// The id of the token that is meant by an id or a name.
async fn id_of(client: &Client, which: String) -> Result<String, Failure> {
    let tokens = render::items(client.get("tokens").await?);
    let is = |token: &&Value, member: &str| token.get(member).is_some_and(|it| *it == which);
    if tokens.iter().any(|token| is(&token, "id")) {
        return Ok(which);
    }
    let named: Vec<&Value> = tokens.iter().filter(|token| is(token, "name")).collect();
    match named.as_slice() {
        [only] => Ok(render::cell(only.get("id"))),
        // The server says that there is none.
        [] => Ok(which),
        _ => {
            let message = format!("several tokens are called `{which}`");
            Err(Failure::usage("token.which", message)
                .with_hint("give the id; `ringback token list` shows it"))
        }
    }
}
