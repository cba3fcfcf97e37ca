//! `ringback app`: apps of both platforms, as the platforms' consoles keep them.

mod feishu;
mod wecom;

use clap::ValueEnum;
use serde_json::Value;

use super::{render, secret};
use crate::cli::Connection;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

pub(super) use self::feishu::fixtures;

/// Arguments of `ringback app`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A Feishu app is named by its app id, cli_…, a WeCom app as CORPID/AGENTID. Where no app is named,
the only one is meant: of WeCom with `--platform wecom` or in a command of WeCom alone, else of
Feishu.

Examples:
  ringback app list
  ringback app request-url http://127.0.0.1:3000/feishu
  ringback app create --platform wecom --corp ww0123456789abcdef --name Orders
  ringback app use ww0123456789abcdef/1000002 progAbc123
  ringback app callback-url http://127.0.0.1:3000/wecom
  ringback app receive progAbc123")]
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
        /// Which secret; corpsecret is the only one of WeCom
        #[arg(long, value_parser = ["app_secret", "verification_token", "encrypt_key", "corpsecret"])]
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
}

/// Whose app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Platform {
    /// Feishu.
    Feishu,
    /// WeCom.
    Wecom,
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Its app id, or CORPID/AGENTID; may be left out where there is one app only
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
}

impl Create {
    async fn run(self, client: &Client) -> Result<Value, Failure> {
        match self.platform {
            Platform::Feishu if self.wecom.is_empty() => {
                client
                    .post("feishu/apps", &self.feishu.body(self.name)?)
                    .await
            }
            Platform::Wecom if self.feishu.is_empty() => {
                let body = self.wecom.body(client, self.name).await?;
                client.post("wecom/apps", &body).await
            }
            Platform::Feishu => Err(foreign("WeCom", "add `--platform wecom`")),
            Platform::Wecom => Err(foreign("Feishu", "leave `--platform wecom` out")),
        }
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
    }
}

async fn rotate(
    client: &Client,
    named: &Named,
    which: Option<String>,
    value: Option<String>,
) -> Result<Value, Failure> {
    let value = value.as_deref().map(secret::given).transpose()?;
    let body = match (named.platform(), which.as_deref()) {
        (Platform::Wecom, None | Some("corpsecret")) => wecom::rotation(value),
        (Platform::Wecom, Some(_)) => return Err(foreign("Feishu", "leave `--secret` out")),
        (Platform::Feishu, Some("corpsecret")) => {
            return Err(foreign("WeCom", "name the app as CORPID/AGENTID"));
        }
        (Platform::Feishu, which) => feishu::rotation(which, value.as_deref())?,
    };
    let path = format!("{}/rotate", named.path(client).await?);
    client.post(&path, &body).await
}
