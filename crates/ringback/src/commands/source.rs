//! `ringback source`: where events come in.

use serde_json::{Map, Value, json};

use super::{render, secret};
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;

const COLUMNS: &[render::Column] = &[
    ("NAME", "/name"),
    ("DIALECT", "/dialect"),
    ("PATH", "/path"),
    ("ID", "/id"),
];

/// Arguments of `ringback source`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the sources
    List,
    /// Show one source
    Show {
        /// Its name
        name: String,
    },
    /// Make a source; its path is /in/NAME
    Create {
        /// Its name: lower-case letters, digits, `-` and `_`
        name: String,
        /// Whose callbacks it receives
        #[arg(long, value_parser = ["desk", "feishu", "standard", "wecom"])]
        dialect: String,
        #[command(flatten)]
        secrets: Secrets,
        /// Name or id of the endpoint that callbacks are forwarded to
        #[arg(long, value_name = "ENDPOINT")]
        call_endpoint: Option<String>,
        /// How far a signed timestamp may be from now, in seconds; 0 for any
        #[arg(long, value_name = "SECONDS")]
        tolerance: Option<u64>,
        /// Answer events with the word `success`, as command callbacks of a provider want it (wecom)
        #[arg(long)]
        answer_success: bool,
        /// Take a command only in the platform's own capitals, the same in query and body, announced as
        /// JSON (desk)
        #[arg(long)]
        strict: bool,
    },
    /// Give a source new secrets; the old ones are accepted for an overlap
    Rotate {
        /// Its name
        name: String,
        #[command(flatten)]
        secrets: Secrets,
        /// How long the old secrets are still accepted, in seconds
        #[arg(long, value_name = "SECONDS")]
        overlap: Option<u64>,
    },
    /// Show the last refused requests, with reasons
    Refusals {
        /// Its name
        name: String,
    },
    /// Delete a source
    Delete {
        /// Its name
        name: String,
        /// Show what would be deleted, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// Secrets: the text itself, `env:NAME` or `file:PATH`.
#[derive(Debug, clap::Args)]
struct Secrets {
    /// The app's Verification Token (feishu)
    #[arg(long, value_name = "SECRET")]
    verification_token: Option<String>,
    /// The app's Encrypt Key (feishu)
    #[arg(long, value_name = "SECRET")]
    encrypt_key: Option<String>,
    /// The sender's signing key, whsec_… (standard)
    #[arg(long, value_name = "SECRET")]
    signing_key: Option<String>,
    /// The Token of the app's callback page (wecom), or of its callback authentication, where that is on
    /// (desk); `--token` is the server's own
    #[arg(long, value_name = "SECRET")]
    callback_token: Option<String>,
    /// The EncodingAESKey of the app's callback page (wecom)
    #[arg(long, value_name = "SECRET")]
    encoding_aes_key: Option<String>,
    /// The corp id, or the suite id for callbacks of a suite; empty for an individual owner (wecom)
    #[arg(long, value_name = "ID")]
    receive_id: Option<String>,
    /// The app's SDKAppID (desk)
    #[arg(long, value_name = "ID")]
    sdk_app_id: Option<String>,
}

impl Secrets {
    fn read(&self) -> Result<Value, Failure> {
        let named = [
            ("verification_token", &self.verification_token),
            ("encrypt_key", &self.encrypt_key),
            ("signing_key", &self.signing_key),
            ("token", &self.callback_token),
            ("encoding_aes_key", &self.encoding_aes_key),
        ];
        let mut secrets = Map::new();
        for (name, text) in named {
            if let Some(text) = text {
                secrets.insert(name.to_owned(), secret::given(text)?.into());
            }
        }
        for (name, id) in [
            ("receive_id", &self.receive_id),
            ("sdk_app_id", &self.sdk_app_id),
        ] {
            secrets.extend(id.as_ref().map(|id| (name.to_owned(), json!(id))));
        }
        Ok(Value::Object(secrets))
    }
}

/// Manages sources.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let answer = match arguments.action {
        Action::List => {
            let items = render::items(client.get("sources").await?);
            render::list(output, &items, COLUMNS);
            return Ok(());
        }
        Action::Show { name } => client.get(&path(&name)).await?,
        Action::Create {
            name,
            dialect,
            secrets,
            call_endpoint,
            tolerance,
            answer_success,
            strict,
        } => {
            let mut settings = Map::new();
            settings.extend(call_endpoint.map(|it| ("call_endpoint".to_owned(), json!(it))));
            settings.extend(tolerance.map(|it| ("tolerance_seconds".to_owned(), json!(it))));
            if answer_success {
                settings.insert("acknowledgement".to_owned(), json!("success"));
            }
            if strict {
                settings.insert("strict".to_owned(), json!(true));
            }
            let secrets = secrets.read()?;
            let body = json!({ "name": name, "dialect": dialect, "secrets": secrets, "settings": settings });
            client.post("sources", &body).await?
        }
        Action::Rotate {
            name,
            secrets,
            overlap,
        } => {
            let mut body = json!({ "secrets": secrets.read()? });
            if let Some(overlap) = overlap {
                body["overlap_seconds"] = json!(overlap);
            }
            client
                .post(&format!("{}/rotate", path(&name)), &body)
                .await?
        }
        Action::Refusals { name } => {
            let items = render::items(client.get(&format!("{}/refusals", path(&name))).await?);
            let columns = &[
                ("TIME", "/at"),
                ("REASON", "/reason"),
                ("PEER", "/peer"),
                ("BYTES", "/bytes"),
                ("CAUSE", "/message"),
            ];
            render::list(output, &items, columns);
            return Ok(());
        }
        Action::Delete { name, dry_run } => {
            return super::delete(&client, output, "source", &path(&name), dry_run).await;
        }
    };
    render::object(output, &answer);
    Ok(())
}

fn path(name: &str) -> String {
    format!("sources/{}", client::encode(name))
}
