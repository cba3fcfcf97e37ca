//! Which corp, app or program of WeCom is meant: the one that is named, or the only one there is.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::render;
use crate::client::{self, Client};
use crate::failure::Failure;

/// A WeCom app: its corp and its number in it, written `CORPID/AGENTID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AppName {
    corpid: String,
    agentid: i64,
}

/// Why a text names no WeCom app.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{0}` is not of the form CORPID/AGENTID, such as `ww0123456789abcdef/1000002`")]
pub(super) struct BadAppName(String);

impl FromStr for AppName {
    type Err = BadAppName;

    fn from_str(text: &str) -> Result<Self, BadAppName> {
        let parts = text.split_once('/');
        let parts = parts.filter(|(corpid, _)| !corpid.is_empty());
        let parts = parts.and_then(|(corpid, number)| Some((corpid, number.parse().ok()?)));
        let (corpid, agentid) = parts.ok_or_else(|| BadAppName(text.to_owned()))?;
        Ok(Self {
            corpid: corpid.to_owned(),
            agentid,
        })
    }
}

impl Display for AppName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.corpid, self.agentid)
    }
}

impl AppName {
    /// The name that a text is, as a mistake of the command line where it is none.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let parsed = text.parse::<Self>();
        parsed.map_err(|error| {
            Failure::usage("zone.app_name", error.to_string())
                .with_hint("`ringback app list --platform wecom` shows the apps")
        })
    }

    /// The name of an app as the server shows it.
    pub(super) fn of(app: &Value) -> Option<Self> {
        Some(Self {
            corpid: app.get("corpid")?.as_str()?.to_owned(),
            agentid: app.get("agentid")?.as_i64()?,
        })
    }

    /// The corp it is in.
    pub(super) fn corpid(&self) -> &str {
        &self.corpid
    }

    /// Where it stands in the management API.
    pub(super) fn path(&self) -> String {
        format!(
            "wecom/apps/{}/{}",
            client::encode(&self.corpid),
            self.agentid
        )
    }

    /// Its two members, as requests about an app carry them.
    pub(super) fn members(&self) -> Map<String, Value> {
        let pairs = [
            ("corpid", json!(self.corpid)),
            ("agentid", json!(self.agentid)),
        ];
        let pairs = pairs.into_iter();
        pairs
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// The app that is meant.
pub(super) async fn the_app(client: &Client, named: Option<&str>) -> Result<AppName, Failure> {
    if let Some(name) = named {
        return AppName::parse(name);
    }
    let only = the_only(client, &APPS).await?;
    AppName::of(&only).ok_or_else(|| Failure::internal("an app without corpid and agentid"))
}

/// The id of the corp that is meant.
pub(super) async fn the_corp(client: &Client, named: Option<&str>) -> Result<String, Failure> {
    the_id(client, named, &CORPS, "/corpid").await
}

/// The id of the program that is meant.
pub(super) async fn the_program(client: &Client, named: Option<&str>) -> Result<String, Failure> {
    the_id(client, named, &PROGRAMS, "/program_id").await
}

/// Where a corp stands in the management API.
pub(super) fn corp_path(corpid: &str) -> String {
    format!("{}/{}", CORPS.path, client::encode(corpid))
}

/// Where a program stands in the management API.
pub(super) fn program_path(program_id: &str) -> String {
    format!("{}/{}", PROGRAMS.path, client::encode(program_id))
}

/// A collection, and what is said where not exactly one thing stands in it.
struct Collection {
    path: &'static str,
    none: (&'static str, &'static str, &'static str),
    several: (&'static str, &'static str, &'static str),
}

const APPS: Collection = Collection {
    path: "wecom/apps",
    none: (
        "zone.no_app",
        "there is no WeCom app",
        "make one with `ringback app create --platform wecom`",
    ),
    several: (
        "zone.which_app",
        "there are several WeCom apps",
        "name one as CORPID/AGENTID; `ringback app list --platform wecom` shows them",
    ),
};

const CORPS: Collection = Collection {
    path: "wecom/corps",
    none: (
        "zone.no_corp",
        "there is no corp",
        "make one with `ringback corp create`",
    ),
    several: (
        "zone.which_corp",
        "there are several corps",
        "name one; `ringback corp list` shows them",
    ),
};

const PROGRAMS: Collection = Collection {
    path: "wecom/programs",
    none: (
        "zone.no_program",
        "there is no program",
        "make one with `ringback program apply FILE`",
    ),
    several: (
        "zone.which_program",
        "there are several programs",
        "name one; `ringback program list` shows them",
    ),
};

async fn the_id(
    client: &Client,
    named: Option<&str>,
    collection: &Collection,
    pointer: &str,
) -> Result<String, Failure> {
    if let Some(name) = named {
        return Ok(name.to_owned());
    }
    let only = the_only(client, collection).await?;
    Ok(render::cell(only.pointer(pointer)))
}

async fn the_only(client: &Client, collection: &Collection) -> Result<Value, Failure> {
    let mut items = render::items(client.get(collection.path).await?);
    match items.len() {
        1 => Ok(items.remove(0)),
        0 => {
            let (code, message, hint) = collection.none;
            Err(Failure::failed(code, message).with_hint(hint))
        }
        _ => {
            let (code, message, hint) = collection.several;
            Err(Failure::usage(code, message).with_hint(hint))
        }
    }
}
