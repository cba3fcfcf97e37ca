//! What has to be done to get from what the server has to what a file wants.

use std::collections::BTreeMap;

use http::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::file::{Members, SECRETS, Wanted};
use crate::client::{self, Client};
use crate::commands::render;
use crate::failure::Failure;

/// What kind of thing a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Source,
    Endpoint,
    App,
}

impl Kind {
    /// The word of the command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Endpoint => "endpoint",
            Self::App => "app",
        }
    }

    /// Where its things stand in the management API.
    const fn collection(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::Endpoint => "endpoints",
            Self::App => "feishu/apps",
        }
    }

    /// The member that names a thing of this kind.
    const fn key(self) -> &'static str {
        match self {
            Self::Source | Self::Endpoint => "name",
            Self::App => "app_id",
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Create,
    Change,
    /// Saves a request URL, which must pass its challenge.
    SaveUrl,
    Delete,
}

impl Action {
    /// The sign before a line of the difference.
    pub(super) const fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Change | Self::SaveUrl => '~',
            Self::Delete => '-',
        }
    }
}

/// One request to the management API, and what it changes.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) kind: Kind,
    pub(super) name: String,
    /// A line per member, without secrets.
    pub(super) difference: Vec<String>,
    /// What is sent; may hold secrets.
    #[serde(skip)]
    pub(super) body: Option<Value>,
    #[serde(skip)]
    below: &'static str,
}

impl Step {
    /// What it does to what.
    pub(super) fn title(&self) -> String {
        format!("{} {} {}", self.action.sign(), self.kind.word(), self.name)
    }

    /// The method of the request.
    pub(super) fn method(&self) -> Method {
        match self.action {
            Action::Create => Method::POST,
            Action::Change => Method::PATCH,
            Action::SaveUrl => Method::PUT,
            Action::Delete => Method::DELETE,
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        let collection = self.kind.collection();
        match self.action {
            Action::Create => collection.to_owned(),
            _ => format!("{collection}/{}{}", client::encode(&self.name), self.below),
        }
    }
}

/// What the server has.
pub(super) struct Found {
    pub(super) sources: BTreeMap<String, Members>,
    pub(super) endpoints: BTreeMap<String, Members>,
    apps: BTreeMap<String, Members>,
}

impl Found {
    /// Asks the server.
    pub(super) async fn read(client: &Client) -> Result<Self, Failure> {
        let mut endpoints = named(client, Kind::Endpoint).await?;
        // A room writes its own endpoints; a person cannot change them here.
        endpoints.retain(|_, members| members.get("room").is_none_or(|room| room == "own"));
        let mut sources = named(client, Kind::Source).await?;
        for source in sources.values_mut() {
            name_call_endpoint(source, &endpoints);
        }
        Ok(Self {
            sources,
            endpoints,
            apps: named(client, Kind::App).await?,
        })
    }
}

/// A source shows its call endpoint by id, a file names it.
fn name_call_endpoint(source: &mut Members, endpoints: &BTreeMap<String, Members>) {
    let Some(shown) = source
        .get_mut("settings")
        .and_then(|it| it.get_mut("call_endpoint"))
    else {
        return;
    };
    let named = endpoints
        .iter()
        .find(|(_, members)| members.get("id") == Some(shown));
    if let Some((name, _)) = named {
        *shown = Value::from(name.as_str());
    }
}

async fn named(client: &Client, kind: Kind) -> Result<BTreeMap<String, Members>, Failure> {
    let items = render::items(client.get(kind.collection()).await?);
    let by_name = items.into_iter().filter_map(|item| match item {
        Value::Object(members) => Some((members.get(kind.key())?.as_str()?.to_owned(), members)),
        _ => None,
    });
    Ok(by_name.collect())
}

/// The steps, in an order in which each finds what it needs: a source may name an endpoint, and a
/// request URL may be a source's.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
}

impl Plan {
    /// Compares.
    pub(super) fn new(wanted: &Wanted, found: &Found, prune: bool) -> Result<Self, Failure> {
        let kinds = [
            (Kind::Endpoint, &wanted.endpoints, &found.endpoints),
            (Kind::Source, &wanted.sources, &found.sources),
            (Kind::App, &wanted.apps, &found.apps),
        ];
        let (mut steps, mut later) = (Vec::new(), Vec::new());
        for (kind, wanted, things) in kinds {
            for (name, members) in wanted {
                let mut first = steps_for(kind, name, members, things.get(name))?;
                later.extend(
                    first
                        .first_mut()
                        .and_then(|step| wait_for_sources(step, found)),
                );
                steps.extend(first);
            }
            if kind == Kind::Source {
                steps.append(&mut later);
            }
        }
        if prune {
            for (kind, wanted, found) in kinds.into_iter().rev() {
                let surplus = found.keys().filter(|name| !wanted.contains_key(*name));
                steps.extend(surplus.map(|name| delete(kind, name)));
            }
        }
        Ok(Self { steps })
    }
}

/// An endpoint that names a source which is yet to be made takes nothing until there is one: without
/// its sources it would take the events of all.
fn wait_for_sources(step: &mut Step, found: &Found) -> Option<Step> {
    let body = step.body.as_mut().filter(|_| step.kind == Kind::Endpoint)?;
    let sources = body.get("sources")?.as_array()?;
    let there = |source: &Value| {
        source
            .as_str()
            .is_some_and(|name| found.sources.contains_key(name))
    };
    if sources.iter().all(there) {
        return None;
    }
    let sources = body.as_object_mut()?.remove("sources")?;
    let routed = body.get("routed").cloned().unwrap_or(Value::Bool(true));
    body["routed"] = Value::Bool(false);
    let difference = vec![format!("sources: {sources}")];
    step.difference.retain(|line| !line.starts_with("sources:"));
    let body = json!({ "sources": sources, "routed": routed });
    Some(self::step(
        Action::Change,
        Kind::Endpoint,
        &step.name,
        difference,
        Some(body),
        "",
    ))
}

/// The URLs of an app are saved by requests of their own, because each must pass a challenge.
const URLS: [(&str, &str); 2] = [
    ("request_url", "/request-url"),
    ("callback_url", "/callback-url"),
];

fn steps_for(
    kind: Kind,
    name: &str,
    wanted: &Members,
    found: Option<&Members>,
) -> Result<Vec<Step>, Failure> {
    let mut members = wanted.clone();
    let mut urls = Vec::new();
    for (member, below) in URLS {
        let Some(url) = (kind == Kind::App)
            .then(|| members.remove(member))
            .flatten()
        else {
            continue;
        };
        let url = as_kept(url);
        let current = found.and_then(|found| found.get(member));
        if current != Some(&url) {
            let difference = vec![changed(member, current, &url)];
            let body = Some(json!({ "url": url }));
            urls.push(step(Action::SaveUrl, kind, name, difference, body, below));
        }
    }
    let first = match found {
        None => Some(create(kind, name, members)),
        Some(found) => change(kind, name, &members, found)?,
    };
    Ok(first.into_iter().chain(urls).collect())
}

/// A URL as the server keeps it: `http://host` becomes `http://host/`.
fn as_kept(url: Value) -> Value {
    let parsed = url.as_str().and_then(|text| url::Url::parse(text).ok());
    parsed.map_or(url, |parsed| Value::from(parsed.as_str()))
}

fn step(
    action: Action,
    kind: Kind,
    name: &str,
    difference: Vec<String>,
    body: Option<Value>,
    below: &'static str,
) -> Step {
    Step {
        action,
        kind,
        name: name.to_owned(),
        difference,
        body,
        below,
    }
}

fn create(kind: Kind, name: &str, mut members: Members) -> Step {
    let mut difference = Vec::new();
    describe("", &members, &mut difference);
    members.insert(kind.key().to_owned(), name.into());
    step(
        Action::Create,
        kind,
        name,
        difference,
        Some(Value::Object(members)),
        "",
    )
}

fn delete(kind: Kind, name: &str) -> Step {
    step(Action::Delete, kind, name, Vec::new(), None, "")
}

/// Changes what differs; secrets cannot be compared and stay as they are.
fn change(
    kind: Kind,
    name: &str,
    wanted: &Members,
    found: &Members,
) -> Result<Option<Step>, Failure> {
    let mut difference = Vec::new();
    let body = differing("", wanted, found, &mut difference);
    if body.is_empty() {
        return Ok(None);
    }
    let body = as_the_api_takes_it(kind, name, body, found)?;
    Ok(Some(step(
        Action::Change,
        kind,
        name,
        difference,
        Some(body),
        "",
    )))
}

/// A source changes by its settings alone; an app's settings are replaced whole.
fn as_the_api_takes_it(
    kind: Kind,
    name: &str,
    mut body: Members,
    found: &Members,
) -> Result<Value, Failure> {
    let fixed = match kind {
        Kind::Source => body.keys().find(|member| *member != "settings"),
        Kind::Endpoint => body.keys().find(|member| *member == "dialect"),
        Kind::App => None,
    };
    if let Some(member) = fixed {
        let message = format!(
            "`{member}` of the {} `{name}` cannot be changed",
            kind.word()
        );
        return Err(Failure::usage("apply.cannot_change", message)
            .with_hint("delete it first, or give the new one another name"));
    }
    if kind == Kind::Source {
        return Ok(body.remove("settings").unwrap_or_default());
    }
    if let (Kind::App, Some(wanted)) = (kind, body.get_mut("settings")) {
        let mut whole = found.get("settings").cloned().unwrap_or_default();
        overlay(&mut whole, wanted);
        *wanted = whole;
    }
    Ok(Value::Object(body))
}

/// Puts the members of `over` over those of `value`, at any depth.
fn overlay(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(members), Value::Object(over)) => {
            for (name, over) in over {
                overlay(members.entry(name.clone()).or_insert(Value::Null), over);
            }
        }
        (value, over) => *value = over.clone(),
    }
}

/// The members of `wanted` that `found` has otherwise, at any depth.
fn differing(place: &str, wanted: &Members, found: &Members, lines: &mut Vec<String>) -> Members {
    let mut body = Map::new();
    for (name, value) in wanted.iter().filter(|(name, _)| !is_secret(name)) {
        let path = join(place, name);
        match (value, found.get(name)) {
            (_, Some(current)) if same(value, current) => {}
            (Value::Object(inner), Some(Value::Object(current))) => {
                let inner = differing(&path, inner, current, lines);
                if !inner.is_empty() {
                    body.insert(name.clone(), Value::Object(inner));
                }
            }
            (_, current) => {
                lines.push(changed(&path, current, value));
                body.insert(name.clone(), value.clone());
            }
        }
    }
    body
}

/// Lists of names are sets to the server, which may give them back in another order.
fn same(wanted: &Value, found: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut texts: Vec<String> = value.as_array()?.iter().map(Value::to_string).collect();
        texts.sort();
        Some(texts)
    };
    wanted == found || wanted.is_array() && sorted(wanted) == sorted(found)
}

fn describe(place: &str, members: &Members, lines: &mut Vec<String>) {
    for (name, value) in members {
        let path = join(place, name);
        match value {
            Value::Object(inner) => describe(&path, inner, lines),
            _ if is_secret(name) => lines.push(format!("{path}: (secret)")),
            other => lines.push(format!("{path}: {}", shown(Some(other)))),
        }
    }
}

fn changed(path: &str, current: Option<&Value>, wanted: &Value) -> String {
    format!("{path}: {} → {}", shown(current), shown(Some(wanted)))
}

fn shown(value: Option<&Value>) -> String {
    value
        .filter(|value| !value.is_null())
        .map_or_else(|| "nothing".to_owned(), Value::to_string)
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

fn is_secret(name: &str) -> bool {
    name == "secrets" || SECRETS.contains(&name)
}
