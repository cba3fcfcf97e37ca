//! `ringback endpoint`: where events are sent.

use http::Method;
use serde_json::{Map, Value, json};

use super::{render, secret};
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;

const COLUMNS: &[render::Column] = &[
    ("NAME", "/name"),
    ("DIALECT", "/dialect"),
    ("URL", "/url"),
    ("TYPES", "/types"),
    ("PAUSED", "/paused"),
    ("DISABLED", "/disabled"),
    ("ID", "/id"),
];

/// Arguments of `ringback endpoint`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the endpoints
    List,
    /// Show one endpoint
    Show(Named),
    /// Make an endpoint
    Create(Create),
    /// Change an endpoint; what is left out stays
    Set(Set),
    /// Stop attempts; deliveries wait
    Pause(Named),
    /// Go on with what waits
    Resume(Named),
    /// Give an endpoint another key; a standard one signs with both for an overlap
    RotateSecret {
        #[command(flatten)]
        named: Named,
        /// The new key: text, env:NAME or file:PATH; generated when left out
        #[arg(long, value_name = "SECRET")]
        key: Option<String>,
        /// For how many seconds both keys sign
        #[arg(long, value_name = "SECONDS")]
        overlap: Option<u64>,
    },
    /// Show how an endpoint does
    Health(Named),
    /// Delete an endpoint; its open deliveries die
    Delete {
        #[command(flatten)]
        named: Named,
        /// Show what would be deleted, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Its name or id
    name: String,
}

impl Named {
    fn path(&self) -> String {
        format!("endpoints/{}", client::encode(&self.name))
    }
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Its name
    name: String,
    /// Where it is
    #[arg(value_name = "URL")]
    to: String,
    /// How it is spoken to
    #[arg(long, value_parser = ["standard", "feishu", "desk", "raw"], default_value = "standard")]
    dialect: String,
    /// Only from this source: its name or id; may be given several times
    #[arg(long)]
    source: Vec<String>,
    /// Only events of these types, globs; may be given several times
    #[arg(long = "type", value_name = "GLOB")]
    types: Vec<String>,
    /// Signing key (standard) or Encrypt Key (feishu): text, env:NAME or file:PATH
    #[arg(long, value_name = "SECRET")]
    key: Option<String>,
    /// Verification Token (feishu)
    #[arg(long, value_name = "SECRET")]
    verification_token: Option<String>,
    /// The token that signs, as the interface knows it (desk); `--token` is the server's own
    #[arg(long, value_name = "SECRET", conflicts_with = "verification_token")]
    callback_token: Option<String>,
    /// Send it no events; it only answers calls
    #[arg(long)]
    calls_only: bool,
    /// A setting of the policy, such as `deadline_ms=5000` or `ladder_ms=[1000,5000]`
    #[arg(long = "policy", value_name = "NAME=VALUE")]
    policy: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    named: Named,
    /// A new name
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// A new URL
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// All its sources from now on; may be given several times
    #[arg(long)]
    source: Vec<String>,
    /// All its types from now on, globs; may be given several times
    #[arg(long = "type", value_name = "GLOB")]
    types: Vec<String>,
    /// Whether events are sent to it, or calls only
    #[arg(long, value_name = "BOOL")]
    routed: Option<bool>,
    /// A setting of the policy, such as `deadline_ms=5000` or `ladder_ms=[1000,5000]`
    #[arg(long = "policy", value_name = "NAME=VALUE")]
    policy: Vec<String>,
}

impl Set {
    fn body(&self) -> Result<Value, Failure> {
        let mut body = Map::new();
        for (name, text) in [("name", &self.rename), ("url", &self.to)] {
            body.extend(text.as_ref().map(|text| (name.to_owned(), json!(text))));
        }
        for (name, texts) in [("sources", &self.source), ("types", &self.types)] {
            if !texts.is_empty() {
                body.insert(name.to_owned(), json!(texts));
            }
        }
        body.extend(self.routed.map(|it| ("routed".to_owned(), json!(it))));
        if !self.policy.is_empty() {
            body.insert("policy".to_owned(), policy(&self.policy)?.into());
        }
        if body.is_empty() {
            let message = "nothing to change is given";
            return Err(Failure::usage("endpoint.nothing", message)
                .with_hint("write `ringback endpoint set NAME --to URL`, or see `--help`"));
        }
        Ok(Value::Object(body))
    }
}

/// The URL stands after the name here; the server speaks of its own member.
fn with_own_hint(failure: Failure) -> Failure {
    if failure.code != "endpoint.no_url" {
        return failure;
    }
    failure.with_hint("give the URL after the name: `ringback endpoint create NAME URL`")
}

/// Manages endpoints.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let answer: Value = match arguments.action {
        Action::List => {
            let items = render::items(client.get("endpoints").await?);
            render::list(output, &items, COLUMNS);
            return Ok(());
        }
        Action::Show(named) => client.get(&named.path()).await?,
        Action::Create(create) => client
            .post("endpoints", &create.body()?)
            .await
            .map_err(with_own_hint)?,
        Action::Set(set) => {
            let body = set.body()?;
            client
                .ask(Method::PATCH, &set.named.path(), Some(&body))
                .await?
        }
        Action::Pause(named) => act(&client, &named, "pause").await?,
        Action::Resume(named) => act(&client, &named, "resume").await?,
        Action::RotateSecret {
            named,
            key,
            overlap,
        } => {
            let mut body = Map::new();
            if let Some(key) = key {
                body.insert("key".to_owned(), secret::given(&key)?.into());
            }
            body.extend(overlap.map(|seconds| ("overlap_ms".to_owned(), json!(seconds * 1000))));
            client
                .post(
                    &format!("{}/rotate-secret", named.path()),
                    &Value::Object(body),
                )
                .await?
        }
        Action::Health(named) => client.get(&format!("{}/health", named.path())).await?,
        Action::Delete { named, dry_run } => {
            return super::delete(&client, output, "endpoint", &named.path(), dry_run).await;
        }
    };
    render::object(output, &answer);
    Ok(())
}

async fn act(client: &Client, named: &Named, action: &str) -> Result<Value, Failure> {
    client
        .post(&format!("{}/{action}", named.path()), &json!({}))
        .await
}

impl Create {
    fn body(&self) -> Result<Value, Failure> {
        let mut body = json!({
            "name": self.name,
            "url": self.to,
            "dialect": self.dialect,
            "sources": self.source,
            "types": self.types,
            "routed": !self.calls_only,
            "policy": policy(&self.policy)?,
        });
        let token = self.verification_token.as_ref();
        let token = token.or(self.callback_token.as_ref());
        for (name, text) in [("key", self.key.as_ref()), ("token", token)] {
            if let Some(text) = text {
                body[name] = secret::given(text)?.into();
            }
        }
        Ok(body)
    }
}

fn policy(pairs: &[String]) -> Result<Map<String, Value>, Failure> {
    let read = |pair: &String| {
        let (name, text) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(
                "endpoint.policy",
                format!("`--policy {pair}` is not of the form NAME=VALUE"),
            )
            .with_hint("write `--policy deadline_ms=5000`")
        })?;
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        Ok((name.to_owned(), value))
    };
    pairs.iter().map(read).collect()
}
