//! `ringback app`: Feishu apps, as the platform's console keeps them.

use http::Method;
use serde_json::{Map, Value, json};

use super::trigger::the_app;
use super::{render, secret};
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

const COLUMNS: &[render::Column] = &[
    ("APP ID", "/app_id"),
    ("NAME", "/name"),
    ("REQUEST URL", "/request_url"),
    ("CALLBACK URL", "/callback_url"),
    ("ENCRYPTED", "/encrypted"),
];

/// Arguments of `ringback app`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the apps
    List,
    /// Show one app
    Show(Named),
    /// Make an app; what is left out is generated
    Create(Create),
    /// Show an app's secrets
    Credentials(Named),
    /// Set the URL that events are pushed to; it must answer the challenge
    RequestUrl(RequestUrl),
    /// Replace one secret of an app; it holds at once
    Rotate {
        #[command(flatten)]
        named: Named,
        /// Which secret
        #[arg(long, value_parser = ["app_secret", "verification_token", "encrypt_key"])]
        secret: String,
        /// The new one: text, env:NAME or file:PATH; generated when left out
        #[arg(long, value_name = "SECRET")]
        value: Option<String>,
    },
    /// List the types of events and callbacks that can be triggered without a body
    Fixtures,
    /// Change what an app is subscribed to
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
    /// Show an app's event log, as the platform's console does
    Events(Named),
    /// Delete an app
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
    /// Its app id; may be left out where there is one app only
    #[arg(value_name = "APP_ID")]
    app: Option<String>,
}

impl Named {
    async fn path(&self, client: &Client) -> Result<String, Failure> {
        let app = the_app(client, self.app.as_deref()).await?;
        Ok(format!("feishu/apps/{}", client::encode(&app)))
    }
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What people call it
    #[arg(long)]
    name: Option<String>,
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

#[derive(Debug, clap::Args)]
struct RequestUrl {
    /// The app id, where there are several apps, and the URL
    #[arg(required = true, num_args = 1..=2, value_names = ["APP_ID", "URL"])]
    app_and_url: Vec<String>,
    /// The URL for callbacks, not for events
    #[arg(long)]
    callbacks: bool,
}

/// Manages apps.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let answer: Value = match arguments.action {
        Action::List => {
            let items = render::items(client.get("feishu/apps").await?);
            render::list(output, &items, COLUMNS);
            return Ok(());
        }
        Action::Show(named) => client.get(&named.path(&client).await?).await?,
        Action::Create(create) => client.post("feishu/apps", &create.body()?).await?,
        Action::Credentials(named) => {
            client
                .get(&format!("{}/credentials", named.path(&client).await?))
                .await?
        }
        Action::RequestUrl(arguments) => {
            with_progress("checking the URL", request_url(&client, &arguments)).await?
        }
        Action::Rotate {
            named,
            secret,
            value,
        } => {
            let value = value.as_deref().map(secret::given).transpose()?;
            let body = json!({ "secret": secret, "value": value });
            let path = format!("{}/rotate", named.path(&client).await?);
            client.post(&path, &body).await?
        }
        Action::Fixtures => return fixtures(&client, output).await,
        Action::Subscribe { add, app, events } => subscribe(&client, &app, events, add).await?,
        Action::Events(named) => {
            let path = format!("{}/events", named.path(&client).await?);
            render::list(
                output,
                &render::items(client.get(&path).await?),
                EVENT_COLUMNS,
            );
            return Ok(());
        }
        Action::Delete { named, dry_run } => {
            let path = named.path(&client).await?;
            return super::delete(&client, output, "app", &path, dry_run).await;
        }
    };
    render::object(output, &answer);
    Ok(())
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
pub(super) async fn fixtures(client: &Client, output: Output) -> Result<(), Failure> {
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
    let named = Named { app: app.cloned() };
    let path = format!("{}/{which}", named.path(client).await?);
    client
        .ask(Method::PUT, &path, Some(&json!({ "url": url })))
        .await
}

impl Create {
    fn body(&self) -> Result<Value, Failure> {
        let mut body = Map::new();
        for (name, text) in [("name", &self.name), ("app_id", &self.app_id)] {
            body.extend(text.as_ref().map(|text| (name.to_owned(), json!(text))));
        }
        let secrets = [
            ("app_secret", &self.app_secret),
            ("verification_token", &self.verification_token),
            ("encrypt_key", &self.encrypt_key),
        ];
        for (name, text) in secrets {
            if let Some(text) = text {
                body.insert(name.to_owned(), secret::given(text)?.into());
            }
        }
        body.insert("events".to_owned(), json!(self.events));
        Ok(Value::Object(body))
    }
}
