//! `ringback app`: apps of the platforms, as the platforms' consoles keep them.

mod desk;
mod feishu;
mod set;
mod wecom;

use clap::ValueEnum;
use serde_json::Value;

use self::set::Set;
use super::desk::which;
use super::{render, secret};
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

pub(super) use self::feishu::fixtures;

/// Arguments of `ringback app`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A Feishu app is named by its app id, cli_…, a WeCom app as CORPID/AGENTID, a Desk app by its
SDKAppID, which is digits. Where no app is named, the only one is meant: of the platform that
`--platform` names or whose command it is, else of Feishu.

Examples:
  ringback app list
  ringback app request-url http://127.0.0.1:3000/feishu
  ringback app create --platform wecom --corp ww0123456789abcdef --name Orders
  ringback app use ww0123456789abcdef/1000002 progAbc123
  ringback app callback-url http://127.0.0.1:3000/wecom
  ringback app receive progAbc123
  ringback app create --platform desk --name Orders --set language=en
  ringback app set-url flow-events http://127.0.0.1:8090/notifications
  ringback app set 1400000000 --set idle_seconds=600")]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the apps of a platform
    List {
        /// Which platform
        #[arg(long, value_enum, default_value = "feishu")]
        platform: Platform,
    },
    /// Show one app
    Show(Named),
    /// Make an app; what is left out is generated
    Create(Create),
    /// Show an app's secrets
    Credentials(Named),
    /// Replace one secret of an app; it holds at once
    Rotate {
        #[command(flatten)]
        named: Named,
        /// Which secret; of WeCom corpsecret, of Desk callback_token when left out
        #[arg(long, value_parser = SECRETS)]
        secret: Option<String>,
        /// The new one: text, env:NAME or file:PATH; generated when left out
        #[arg(long, value_name = "SECRET")]
        value: Option<String>,
    },
    /// Delete an app
    Delete {
        #[command(flatten)]
        named: Named,
        /// Show what would be deleted, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    #[command(flatten)]
    Feishu(feishu::Action),
    #[command(flatten)]
    Wecom(wecom::Action),
    #[command(flatten)]
    Desk(desk::Action),
    /// WeCom, Desk: change an app; what is left out stays
    #[command(visible_alias = "update")]
    Set(Set),
}

/// The secrets that apps have.
const SECRETS: [&str; 6] = [
    "app_secret",
    "verification_token",
    "encrypt_key",
    "corpsecret",
    "callback_token",
    "model_key",
];

/// Whose app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Platform {
    /// Feishu.
    Feishu,
    /// WeCom.
    Wecom,
    /// Tencent Desk.
    Desk,
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Its app id, CORPID/AGENTID or SDKAppID; may be left out where there is one app only
    #[arg(value_name = "APP")]
    app: Option<String>,
    /// Which platform, where no app is named
    #[arg(long, value_enum)]
    platform: Option<Platform>,
}

impl Named {
    fn platform(&self) -> Platform {
        match &self.app {
            Some(app) if app.contains('/') => Platform::Wecom,
            Some(app) if which::is_app(app) => Platform::Desk,
            Some(_) => Platform::Feishu,
            None => self.platform.unwrap_or(Platform::Feishu),
        }
    }

    /// Where the app stands in the management API.
    async fn path(&self, client: &Client) -> Result<String, Failure> {
        let name = self.app.as_deref();
        match self.platform() {
            Platform::Feishu => feishu::path(client, name).await,
            Platform::Wecom => Ok(super::wecom::the_app(client, name).await?.path()),
            Platform::Desk => desk::path(client, name).await,
        }
    }

    async fn get(&self, client: &Client, below: &str) -> Result<Value, Failure> {
        let path = self.path(client).await?;
        client.get(&format!("{path}{below}")).await
    }
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Which platform
    #[arg(long, value_enum, default_value = "feishu")]
    platform: Platform,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    feishu: feishu::New,
    #[command(flatten)]
    wecom: wecom::New,
    #[command(flatten)]
    desk: desk::New,
}

impl Create {
    async fn run(self, client: &Client) -> Result<Value, Failure> {
        if let Some(foreign) = self.foreign() {
            return Err(foreign);
        }
        match self.platform {
            Platform::Feishu => {
                let body = self.feishu.body(self.name)?;
                client.post("feishu/apps", &body).await
            }
            Platform::Wecom => {
                let body = self.wecom.body(client, self.name).await?;
                client.post("wecom/apps", &body).await
            }
            Platform::Desk => self.desk.create(client, self.name).await,
        }
    }

    /// What is said of an option of another platform.
    fn foreign(&self) -> Option<Failure> {
        let other = |platform| self.platform != platform;
        if other(Platform::Wecom) && !self.wecom.is_empty() {
            return Some(foreign("WeCom", "add `--platform wecom`"));
        }
        if other(Platform::Desk) && !self.desk.is_empty() {
            return Some(foreign("Desk", "add `--platform desk`"));
        }
        let feishu = other(Platform::Feishu) && !self.feishu.is_empty();
        feishu.then(|| match self.platform {
            Platform::Desk => foreign("Feishu", "leave `--platform desk` out"),
            _ => foreign("Feishu", "leave `--platform wecom` out"),
        })
    }
}

fn foreign(platform: &str, hint: &'static str) -> Failure {
    let message = format!("an option of {platform} apps is given for an app of another platform");
    Failure::usage("app.foreign_option", message).with_hint(hint)
}

/// Manages apps.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let mut answer = match arguments.action {
        Action::List { platform } => return list(&client, output, platform).await,
        Action::Show(named) => named.get(&client, "").await?,
        Action::Create(create) => create.run(&client).await?,
        Action::Credentials(named) => named.get(&client, "/credentials").await?,
        Action::Rotate {
            named,
            secret,
            value,
        } => rotate(&client, &named, secret, value).await?,
        Action::Delete { named, dry_run } => {
            let path = named.path(&client).await?;
            return super::delete(&client, output, "app", &path, dry_run).await;
        }
        Action::Feishu(action) => return action.run(&client, output).await,
        Action::Wecom(action) => action.run(&client, output).await?,
        Action::Desk(action) => action.run(&client).await?,
        Action::Set(set) => set.run(&client).await?,
    };
    if !output.is_json() {
        wecom::say_debug_modes(&mut answer);
    }
    render::object(output, &answer);
    Ok(())
}

async fn list(client: &Client, output: Output, platform: Platform) -> Result<(), Failure> {
    match platform {
        Platform::Feishu => feishu::list(client, output).await,
        Platform::Wecom => wecom::list(client, output).await,
        Platform::Desk => desk::list(client, output).await,
    }
}

async fn rotate(
    client: &Client,
    named: &Named,
    which: Option<String>,
    value: Option<String>,
) -> Result<Value, Failure> {
    let value = value.as_deref().map(secret::given).transpose()?;
    let platform = named.platform();
    if let Some(foreign) = which
        .as_deref()
        .and_then(|which| foreign_secret(platform, which))
    {
        return Err(foreign);
    }
    let body = match platform {
        Platform::Desk => {
            let path = named.path(client).await?;
            return desk::rotate(client, &path, which.as_deref(), value).await;
        }
        Platform::Wecom => wecom::rotation(value),
        Platform::Feishu => feishu::rotation(which.as_deref(), value.as_deref())?,
    };
    let path = format!("{}/rotate", named.path(client).await?);
    client.post(&path, &body).await
}

/// What is said of a secret that only apps of another platform have.
fn foreign_secret(platform: Platform, which: &str) -> Option<Failure> {
    let (owner, name, hint) = match which {
        "corpsecret" => (Platform::Wecom, "WeCom", "name the app as CORPID/AGENTID"),
        "callback_token" | "model_key" => (Platform::Desk, "Desk", "name the app by its SDKAppID"),
        _ => (Platform::Feishu, "Feishu", "leave `--secret` out"),
    };
    (owner != platform).then(|| foreign(name, hint))
}
