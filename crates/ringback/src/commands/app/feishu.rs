//! Feishu apps.

use http::Method;
use serde_json::{Map, Value, json};

use crate::client::{self, Client};
use crate::commands::trigger::feishu::the_app;
use crate::commands::{render, secret};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// What only a Feishu app can do.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Feishu: set the URL that events are pushed to; it must answer the challenge
    RequestUrl(RequestUrl),
    /// Feishu: list the types of events and callbacks that can be triggered without a body
    Fixtures,
    /// Feishu: change what an app is subscribed to
    Subscribe {
        /// Besides what it is subscribed to now
        #[arg(long)]
        add: bool,
        /// Its app id
        #[arg(value_name = "APP_ID")]
        app: String,
        /// All event types from now on; with `--add`, further ones
        #[arg(required = true)]
        events: Vec<String>,
    },
    /// Feishu: show an app's event log, as the platform's console does
    Events {
        /// Its app id; may be left out where there is one app only
        #[arg(value_name = "APP_ID")]
        app: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct RequestUrl {
    /// The app id, where there are several apps, and the URL
    #[arg(required = true, num_args = 1..=2, value_names = ["APP_ID", "URL"])]
    app_and_url: Vec<String>,
    /// The URL for callbacks, not for events
    #[arg(long)]
    callbacks: bool,
}

impl Action {
    pub(super) async fn run(self, client: &Client, output: Output) -> Result<(), Failure> {
        let answer = match self {
            Self::RequestUrl(arguments) => {
                with_progress("checking the URL", request_url(client, &arguments)).await?
            }
            Self::Fixtures => return fixtures(client, output).await,
            Self::Subscribe { add, app, events } => subscribe(client, &app, events, add).await?,
            Self::Events { app } => return events(client, output, app.as_deref()).await,
        };
        render::object(output, &answer);
        Ok(())
    }
}

/// What an app may be made with.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Feishu")]
#[group(id = "new_feishu")]
pub(super) struct New {
    /// cli_ and 16 hexadecimal digits
    #[arg(long)]
    app_id: Option<String>,
    /// Its secret: text, env:NAME or file:PATH
    #[arg(long, value_name = "SECRET")]
    app_secret: Option<String>,
    /// Its Verification Token
    #[arg(long, value_name = "SECRET")]
    verification_token: Option<String>,
    /// Its Encrypt Key; without one nothing is encrypted or signed
    #[arg(long, value_name = "SECRET")]
    encrypt_key: Option<String>,
    /// Event types to subscribe to
    #[arg(long = "event", value_name = "TYPE")]
    events: Vec<String>,
}

impl New {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn body(self, name: Option<String>) -> Result<Value, Failure> {
        let mut body = Map::new();
        for (name, text) in [("name", name), ("app_id", self.app_id)] {
            body.extend(text.map(|text| (name.to_owned(), json!(text))));
        }
        let secrets = [
            ("app_secret", self.app_secret),
            ("verification_token", self.verification_token),
            ("encrypt_key", self.encrypt_key),
        ];
        for (name, text) in secrets {
            if let Some(text) = text {
                body.insert(name.to_owned(), secret::given(&text)?.into());
            }
        }
        body.insert("events".to_owned(), json!(self.events));
        Ok(Value::Object(body))
    }
}

const COLUMNS: &[render::Column] = &[
    ("APP ID", "/app_id"),
    ("NAME", "/name"),
    ("REQUEST URL", "/request_url"),
    ("CALLBACK URL", "/callback_url"),
    ("ENCRYPTED", "/encrypted"),
];

pub(super) async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let items = render::items(client.get("feishu/apps").await?);
    render::list(output, &items, COLUMNS);
    Ok(())
}

/// Where an app stands in the management API.
pub(super) async fn path(client: &Client, named: Option<&str>) -> Result<String, Failure> {
    let app = the_app(client, named).await?;
    Ok(format!("feishu/apps/{}", client::encode(&app)))
}

/// What replaces a secret of an app.
pub(super) fn rotation(which: Option<&str>, value: Option<&str>) -> Result<Value, Failure> {
    let which = which.ok_or_else(|| {
        Failure::usage("app.which_secret", "a Feishu app has several secrets")
            .with_hint("name one with `--secret app_secret|verification_token|encrypt_key`")
    })?;
    Ok(json!({ "secret": which, "value": value }))
}

const EVENT_COLUMNS: &[render::Column] = &[
    ("TIME", "/attempt_at"),
    ("EVENT ID", "/event_id"),
    ("TYPE", "/event_type"),
    ("STATUS", "/status"),
    ("HTTP", "/http_code"),
    ("COST ms", "/cost_ms"),
    ("RETRY CNT", "/retry_cnt"),
];

async fn events(client: &Client, output: Output, app: Option<&str>) -> Result<(), Failure> {
    let path = format!("{}/events", path(client, app).await?);
    let items = render::items(client.get(&path).await?);
    render::list(output, &items, EVENT_COLUMNS);
    Ok(())
}

async fn subscribe(
    client: &Client,
    app: &str,
    mut events: Vec<String>,
    add: bool,
) -> Result<Value, Failure> {
    let path = format!("feishu/apps/{}", client::encode(app));
    if add {
        let current: Value = client.get(&path).await?;
        let current = current.get("events").and_then(Value::as_array);
        let current = current.into_iter().flatten().filter_map(Value::as_str);
        events.extend(current.map(str::to_owned));
    }
    let body = json!({ "events": events });
    client.ask(Method::PATCH, &path, Some(&body)).await
}

const FIXTURE_COLUMNS: &[render::Column] = &[
    ("TYPE", "/type"),
    ("SCHEMA", "/schema"),
    ("CALLBACK", "/call"),
    ("TITLE", "/title"),
];

/// Prints what can be triggered without a body.
pub(in crate::commands) async fn fixtures(client: &Client, output: Output) -> Result<(), Failure> {
    let items = render::items(client.get("feishu/fixtures").await?);
    render::list(output, &items, FIXTURE_COLUMNS);
    Ok(())
}

async fn request_url(client: &Client, arguments: &RequestUrl) -> Result<Value, Failure> {
    let which = if arguments.callbacks {
        "callback-url"
    } else {
        "request-url"
    };
    let (app, url) = match arguments.app_and_url.as_slice() {
        [app, url] => (Some(app), url),
        [url] => (None, url),
        _ => return Err(Failure::usage("app.request_url", "no URL is given")),
    };
    let path = format!("{}/{which}", path(client, app.map(String::as_str)).await?);
    let body = json!({ "url": url });
    client.ask(Method::PUT, &path, Some(&body)).await
}
