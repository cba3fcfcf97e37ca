//! `ringback corp`: the corps whose conversations the archive holds.

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Map, Value, json};

use super::wecom::{corp_path, the_corp};
use super::{input, render};
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

const COLUMNS: &[render::Column] = &[
    ("CORP", "/corpid"),
    ("NAME", "/name"),
    ("TEST", "/test"),
    ("PUBLIC KEY", "/public_key_ver"),
    ("APPS", "/apps"),
];

/// Arguments of `ringback corp`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is archived for a corp before it has a public key. Whoever holds the private key opens
the messages' own keys.

Examples:
  ringback corp create --name Acme --test
  openssl genrsa -out private.pem 2048 && openssl rsa -in private.pem -pubout |
    ringback corp public-key - --version 1
  ringback corp editions editions.json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the corps
    List,
    /// Show one corp
    Show(Named),
    /// Make a corp; what is left out is generated
    Create {
        /// ww and 16 hexadecimal digits
        #[arg(long)]
        corpid: Option<String>,
        /// What people call it
        #[arg(long)]
        name: Option<String>,
        /// A provider's test corp: programs that are not online may be used in it
        #[arg(long)]
        test: bool,
    },
    /// Change a corp; what is left out stays
    Set {
        #[command(flatten)]
        named: Named,
        /// What people call it
        #[arg(long)]
        name: Option<String>,
        /// Whether it is a test corp
        #[arg(long, value_name = "BOOL")]
        test: Option<bool>,
    },
    /// Set the public key to which the keys of messages are encrypted
    PublicKey {
        /// RSA with 2048 bits, PEM with BEGIN PUBLIC KEY; `-` for stdin
        file: PathBuf,
        /// Its version, greater than the one before
        #[arg(long, value_name = "N")]
        version: i64,
        /// Which corp; needed where there are several
        #[arg(long)]
        corp: Option<String>,
    },
    /// Set what archiving a corp has bought, as get_corp_auth_info lists it
    Editions {
        /// The list as JSON, `[{"edition":1,"status":3,"msg_duration_days":365}]`; `-` for stdin
        file: PathBuf,
        /// Which corp; needed where there are several
        #[arg(long)]
        corp: Option<String>,
    },
    /// Delete a corp that has no apps
    Delete {
        /// Its corp id
        corp: String,
        /// Show what would be deleted, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Its corp id; may be left out where there is one corp only
    corp: Option<String>,
}

impl Named {
    async fn path(&self, client: &Client) -> Result<String, Failure> {
        path(client, self.corp.as_deref()).await
    }
}

async fn path(client: &Client, named: Option<&str>) -> Result<String, Failure> {
    Ok(corp_path(&the_corp(client, named).await?))
}

/// Manages corps.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let answer: Value = match arguments.action {
        Action::List => {
            let items = render::items(client.get("wecom/corps").await?);
            render::list(output, &items, COLUMNS);
            return Ok(());
        }
        Action::Show(named) => client.get(&named.path(&client).await?).await?,
        Action::Create { corpid, name, test } => {
            let mut body = named_members([("corpid", corpid), ("name", name)]);
            body.insert("test".to_owned(), test.into());
            client.post("wecom/corps", &Value::Object(body)).await?
        }
        Action::Set { named, name, test } => {
            let mut body = named_members([("name", name)]);
            body.extend(test.map(|test| ("test".to_owned(), test.into())));
            change(&client, &named, body).await?
        }
        Action::PublicKey {
            file,
            version,
            corp,
        } => public_key(&client, &file, version, corp.as_deref()).await?,
        Action::Editions { file, corp } => editions(&client, &file, corp.as_deref()).await?,
        Action::Delete { corp, dry_run } => {
            let path = corp_path(&corp);
            return super::delete(&client, output, "corp", &path, dry_run).await;
        }
    };
    render::object(output, &answer);
    Ok(())
}

fn named_members<const N: usize>(texts: [(&str, Option<String>); N]) -> Map<String, Value> {
    let given = texts.into_iter();
    given
        .filter_map(|(name, text)| Some((name.to_owned(), text?.into())))
        .collect()
}

async fn change(
    client: &Client,
    named: &Named,
    body: Map<String, Value>,
) -> Result<Value, Failure> {
    if body.is_empty() {
        let hint = "write `ringback corp set CORP --name NAME`, or see `--help`";
        return Err(Failure::usage("corp.nothing", "nothing to change is given").with_hint(hint));
    }
    let path = named.path(client).await?;
    client
        .ask(Method::PATCH, &path, Some(&Value::Object(body)))
        .await
}

async fn public_key(
    client: &Client,
    file: &Path,
    version: i64,
    corp: Option<&str>,
) -> Result<Value, Failure> {
    let pem = input::text(file)?;
    let path = format!("{}/public-key", path(client, corp).await?);
    let body = json!({ "public_key": pem, "public_key_ver": version });
    client.ask(Method::PUT, &path, Some(&body)).await
}

async fn editions(client: &Client, file: &Path, corp: Option<&str>) -> Result<Value, Failure> {
    let list = input::json(file)?;
    let path = format!("{}/editions", path(client, corp).await?);
    let body = json!({ "auth_edition_list": list });
    client.ask(Method::PUT, &path, Some(&body)).await
}
