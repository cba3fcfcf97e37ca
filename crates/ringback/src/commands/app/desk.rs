//! Desk apps.

use http::Method;
use ringback_desk::{Settings, UrlUse};
use ringback_types::{Random, set_member};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::commands::desk::pairs;
use crate::commands::desk::which::{APPS, app_path, the_app};
use crate::commands::{render, secret};
use crate::failure::Failure;
use crate::output::Output;

/// What only a Desk app can do.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Desk: set the URL that a kind of callback goes to
    SetUrl {
        /// Which kind
        #[arg(value_name = "USE", value_parser = uses())]
        which: String,
        /// Where it goes
        #[arg(value_name = "URL")]
        to: String,
        /// Its SDKAppID; may be left out where there is one app only
        #[arg(long, value_name = "SDKAPPID")]
        app: Option<String>,
    },
    /// Desk: take a URL away; that kind of callback is switched off
    ClearUrl {
        /// Which kind
        #[arg(value_name = "USE", value_parser = uses())]
        which: String,
        /// Its SDKAppID; may be left out where there is one app only
        #[arg(long, value_name = "SDKAPPID")]
        app: Option<String>,
    },
}

fn uses() -> clap::builder::PossibleValuesParser {
    let uses = UrlUse::ALL.iter().map(|which| which.as_str());
    clap::builder::PossibleValuesParser::new(uses)
}

impl Action {
    pub(super) async fn run(self, client: &Client) -> Result<Value, Failure> {
        let (app, which, url) = match self {
            Self::SetUrl { which, to, app } => (app, which, Some(to)),
            Self::ClearUrl { which, app } => (app, which, None),
        };
        let path = app_path(&the_app(client, app.as_deref()).await?);
        let app: Value = client.get(&path).await?;
        // The server takes them whole.
        let mut urls = app.get("urls").cloned().unwrap_or_default();
        if let Some(urls) = urls.as_object_mut() {
            urls.remove(&which);
            urls.extend(url.map(|url| (which, url.into())));
        }
        let body = json!({ "urls": urls });
        client.ask(Method::PATCH, &path, Some(&body)).await
    }
}

/// What an app may be made with, besides its name.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Desk")]
#[group(id = "new_desk")]
pub(super) struct New {
    /// Its SDKAppID, digits
    #[arg(long, value_name = "SDKAPPID")]
    sdkappid: Option<String>,
    #[command(flatten)]
    change: Change,
}

/// What may be changed about one, besides its name.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Desk")]
#[group(id = "desk_change")]
pub(super) struct Change {
    /// The token that signs its callbacks: text, env:NAME or file:PATH; without one nothing is signed
    #[arg(long, value_name = "SECRET")]
    callback_token: Option<String>,
    /// The key of the model that it asks: text, env:NAME or file:PATH
    #[arg(long, value_name = "SECRET")]
    model_key: Option<String>,
    /// A setting, such as `language=en` or `texts.no_match=Pardon?`
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl New {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) async fn create(
        self,
        client: &Client,
        name: Option<String>,
    ) -> Result<Value, Failure> {
        let defaults = serde_json::to_value(Settings::default()).map_err(Failure::internal)?;
        let mut body = self.change.body(name, defaults)?;
        let id = self.sdkappid;
        body.extend(id.map(|id| ("sdk_app_id".to_owned(), id.into())));
        client.post(APPS, &Value::Object(body)).await
    }
}

impl Change {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) async fn make(
        self,
        client: &Client,
        app: Option<&str>,
        name: Option<String>,
    ) -> Result<Value, Failure> {
        let path = app_path(&the_app(client, app).await?);
        // The server takes settings whole.
        let mut current: Value = client.get(&path).await?;
        let body = Value::Object(self.body(name, current["settings"].take())?);
        client.ask(Method::PATCH, &path, Some(&body)).await
    }

    /// What is given, with the settings put over those that there are.
    fn body(
        self,
        name: Option<String>,
        mut settings: Value,
    ) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        body.extend(name.map(|name| ("name".to_owned(), name.into())));
        for (member, given) in [
            ("token", self.callback_token),
            ("model_key", self.model_key),
        ] {
            if let Some(given) = given {
                body.insert(member.to_owned(), secret::given(&given)?.into());
            }
        }
        for (path, value) in pairs(&self.set, "write `--set language=en`")? {
            set_member(&mut settings, &path, &value).map_err(|reason| {
                Failure::usage("desk.set", format!("`{path}` cannot be set: {reason}"))
                    .with_hint("`ringback app show SDKAPPID` shows the settings")
            })?;
        }
        if !self.set.is_empty() {
            body.insert("settings".to_owned(), settings);
        }
        Ok(body)
    }
}

/// Replaces a secret; a token that is not given is made.
pub(super) async fn rotate(
    client: &Client,
    path: &str,
    which: Option<&str>,
    value: Option<String>,
) -> Result<Value, Failure> {
    let body = match (which, value) {
        (Some("model_key"), Some(key)) => json!({ "model_key": key }),
        (Some("model_key"), None) => {
            let message = "the key of a model is its provider's: it cannot be made here";
            return Err(Failure::usage("desk.model_key", message)
                .with_hint("give it with `--value`, as text, env:NAME or file:PATH"));
        }
        (_, value) => {
            let made = || format!("{:032x}", u128::from_be_bytes(Random::system().secret()));
            json!({ "token": value.unwrap_or_else(made) })
        }
    };
    client.ask(Method::PATCH, path, Some(&body)).await
}

const COLUMNS: &[render::Column] = &[
    ("SDKAPPID", "/sdk_app_id"),
    ("NAME", "/name"),
    ("SIGNED", "/signed"),
    ("LANGUAGE", "/settings/language"),
    ("URLS", "/urls"),
];

pub(super) async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let items = render::items(client.get(APPS).await?);
    render::list(output, &items, COLUMNS);
    Ok(())
}

/// Where an app stands in the management API.
pub(super) async fn path(client: &Client, named: Option<&str>) -> Result<String, Failure> {
    Ok(app_path(&the_app(client, named).await?))
}
