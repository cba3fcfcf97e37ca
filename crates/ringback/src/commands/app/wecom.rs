//! WeCom apps.

use http::Method;
use serde_json::{Map, Value, json};

use crate::client::{self, Client};
use crate::commands::wecom::{AppName, the_app, the_corp};
use crate::commands::{render, secret};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// What only a WeCom app can do.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// WeCom: set the data-callback URL; it must pass the check
    CallbackUrl(CallbackUrl),
    /// WeCom: let an app use a program
    Use(AppAndProgram),
    /// WeCom: take a program away from an app
    Unuse(AppAndProgram),
    /// WeCom: say which program receives an app's platform events
    Receive {
        /// The app, where there are several, and the program
        #[arg(required_unless_present = "none", num_args = 1..=2, value_names = ["APP", "PROGRAM"])]
        app_and_program: Vec<String>,
        /// None from now on
        #[arg(long)]
        none: bool,
    },
    /// WeCom: submit an app; every program that it may use must be deployed
    Submit {
        /// CORPID/AGENTID; may be left out where there is one app only
        #[arg(value_name = "APP")]
        app: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct CallbackUrl {
    /// The app, where there are several, and the URL
    #[arg(required_unless_present = "clear", num_args = 1..=2, value_names = ["APP", "URL"])]
    app_and_url: Vec<String>,
    /// What signs: letters and digits, at most 32; the saved one, or generated, when left out
    #[arg(long, value_name = "SECRET")]
    callback_token: Option<String>,
    /// What encrypts: 43 letters and digits; the saved one, or generated, when left out
    #[arg(long, value_name = "SECRET")]
    encoding_aes_key: Option<String>,
    /// Take the URL away: notifications wait and fail
    #[arg(long, conflicts_with_all = ["callback_token", "encoding_aes_key"])]
    clear: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct AppAndProgram {
    /// The app, where there are several, and the program
    #[arg(required = true, num_args = 1..=2, value_names = ["APP", "PROGRAM"])]
    app_and_program: Vec<String>,
}

/// What may be changed about an app, besides its name.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "WeCom")]
#[group(id = "wecom_change")]
pub(super) struct Change {
    /// Who made it
    #[arg(long, value_parser = KINDS)]
    kind: Option<String>,
    /// How it is installed
    #[arg(long, value_parser = INSTALLS)]
    install: Option<String>,
    /// Whether it may use the zone
    #[arg(long, value_name = "BOOL")]
    zone_permission: Option<bool>,
    /// Whether it is switched on
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,
}

const KINDS: [&str; 3] = ["self_built", "third_party", "provider_developed"];
const INSTALLS: [&str; 2] = ["test", "full"];

/// What an app may be made with.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "WeCom")]
#[group(id = "new_wecom")]
pub(super) struct New {
    /// Its corp; may be left out where there is one only
    #[arg(long, value_name = "CORPID")]
    corp: Option<String>,
    /// Its number in the corp; the next free one when left out
    #[arg(long)]
    agentid: Option<i64>,
    /// Who made it: self_built when left out
    #[arg(long, value_parser = KINDS)]
    kind: Option<String>,
    /// How it is installed: full when left out
    #[arg(long, value_parser = INSTALLS)]
    install: Option<String>,
    /// It may not use the zone
    #[arg(long)]
    no_zone_permission: bool,
    /// Its secret: text, env:NAME or file:PATH
    #[arg(long, value_name = "SECRET")]
    corpsecret: Option<String>,
}

impl New {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) async fn body(
        self,
        client: &Client,
        name: Option<String>,
    ) -> Result<Value, Failure> {
        let corpid = the_corp(client, self.corp.as_deref()).await?;
        let secret = self.corpsecret.as_deref().map(secret::given).transpose()?;
        let mut body = given([
            ("name", name.map(Value::from)),
            ("agentid", self.agentid.map(Value::from)),
            ("kind", self.kind.map(Value::from)),
            ("install", self.install.map(Value::from)),
            ("secret", secret.map(Value::from)),
        ]);
        body.insert("corpid".to_owned(), corpid.into());
        body.insert(
            "zone_permission".to_owned(),
            (!self.no_zone_permission).into(),
        );
        Ok(Value::Object(body))
    }
}

/// The members that are given.
fn given<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let given = members.into_iter();
    given
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// What replaces the secret of an app.
pub(super) fn rotation(value: Option<String>) -> Value {
    Value::Object(given([("secret", value.map(Value::from))]))
}

const COLUMNS: &[render::Column] = &[
    ("APP", "/app"),
    ("NAME", "/name"),
    ("KIND", "/kind"),
    ("INSTALL", "/install"),
    ("STATE", "/state"),
    ("PROGRAMS", "/programs"),
    ("RECEIVES", "/receiving_program"),
    ("CALLBACK URL", "/callback_url"),
];

pub(super) async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let mut apps = render::items(client.get("wecom/apps").await?);
    if !output.is_json() {
        apps.iter_mut().for_each(name_in_short);
    }
    render::list(output, &apps, COLUMNS);
    Ok(())
}

/// A table has the name of the app in one column, and programs by their ids.
fn name_in_short(app: &mut Value) {
    let name = AppName::of(app).map(|name| name.to_string());
    let programs = app.get("programs").and_then(Value::as_array);
    let programs = programs.into_iter().flatten();
    let programs: Vec<Value> = programs
        .filter_map(|program| program.get("program_id").cloned())
        .collect();
    app["app"] = json!(name);
    app["programs"] = Value::Array(programs);
}

impl Action {
    pub(super) async fn run(self, client: &Client, output: Output) -> Result<Value, Failure> {
        match self {
            Self::CallbackUrl(arguments) => callback_url(client, output, arguments).await,
            Self::Use(arguments) => arguments.ask(client, Method::PUT).await,
            Self::Unuse(arguments) => arguments.ask(client, Method::DELETE).await,
            Self::Receive {
                app_and_program,
                none,
            } => receive(client, &app_and_program, none).await,
            Self::Submit { app } => {
                let path = the_app(client, app.as_deref()).await?.path();
                client.post(&format!("{path}/submit"), &json!({})).await
            }
        }
    }
}

/// Says in a word how debug mode is for each program of an app.
pub(super) fn say_debug_modes(app: &mut Value) {
    let programs = app.get_mut("programs").and_then(Value::as_array_mut);
    for program in programs.into_iter().flatten() {
        let debug = program.get("debug").cloned().unwrap_or_default();
        let is = |member: &str| debug.get(member).is_some_and(|it| *it == true);
        let session = debug
            .get("session_expires_at")
            .is_some_and(|it| !it.is_null());
        program["debug"] = match (is("on"), is("opened_by_app"), session) {
            (true, ..) => "on",
            (false, true, _) => "opened by the app only",
            (false, false, true) => "opened by the program only",
            (false, false, false) => "off",
        }
        .into();
    }
}

/// The app, where one is named, and the thing; `no_thing` where only an app may be named.
fn app_and(values: &[String], no_thing: bool) -> (Option<&str>, &str) {
    match values {
        [app, thing, ..] => (Some(app), thing),
        [app] if no_thing => (Some(app), ""),
        [thing] => (None, thing),
        [] => (None, ""),
    }
}

async fn callback_url(
    client: &Client,
    output: Output,
    arguments: CallbackUrl,
) -> Result<Value, Failure> {
    let (app, url) = app_and(&arguments.app_and_url, arguments.clear);
    let app = the_app(client, app).await?;
    let path = format!("{}/callback-url", app.path());
    if arguments.clear {
        return client.ask(Method::DELETE, &path, None).await;
    }
    let read = |text: &Option<String>| text.as_deref().map(secret::given).transpose();
    let token = read(&arguments.callback_token)?;
    let key = read(&arguments.encoding_aes_key)?;
    let all_given = token.is_some() && key.is_some();
    let body = Value::Object(given([
        ("url", Some(url.into())),
        ("token", token.map(Value::from)),
        ("encoding_aes_key", key.map(Value::from)),
    ]));
    let saving = client.ask(Method::PUT, &path, Some(&body));
    let saved = with_progress("checking the URL", saving).await?;
    if !all_given {
        output.note(format_args!(
            "`ringback app credentials {app}` shows Token and EncodingAESKey"
        ));
    }
    Ok(saved)
}

impl AppAndProgram {
    /// Puts the association there or takes it away.
    async fn ask(&self, client: &Client, method: Method) -> Result<Value, Failure> {
        let (app, program) = app_and(&self.app_and_program, false);
        let path = the_app(client, app).await?.path();
        let association = format!("{path}/programs/{}", client::encode(program));
        client.ask(method, &association, None).await
    }
}

async fn receive(client: &Client, values: &[String], none: bool) -> Result<Value, Failure> {
    let (app, program) = app_and(values, none);
    let path = the_app(client, app).await?.path();
    let program = (!none).then_some(program);
    let body = json!({ "program_id": program });
    let receiving = format!("{path}/receiving-program");
    client.ask(Method::PUT, &receiving, Some(&body)).await
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
        let body = given([
            ("name", name.map(Value::from)),
            ("kind", self.kind.map(Value::from)),
            ("install", self.install.map(Value::from)),
            ("zone_permission", self.zone_permission.map(Value::from)),
            ("enabled", self.enabled.map(Value::from)),
        ]);
        let path = the_app(client, app).await?.path();
        client
            .ask(Method::PATCH, &path, Some(&Value::Object(body)))
            .await
    }
}
