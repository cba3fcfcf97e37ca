//! What has to be done to get from what the server has to what a file wants.

mod desk;
mod program;
mod wecom;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::difference::{changed, describe, differing, overlay};
use super::file::{Members, Wanted};
use super::step::{Kind, Step};
use crate::client::Client;
use crate::commands::render;
use crate::commands::wecom::AppName;
use crate::failure::Failure;

/// Things by name.
pub(super) type Things = BTreeMap<String, Members>;

/// What the server has.
pub(super) struct Found {
    pub(super) sources: Things,
    pub(super) endpoints: Things,
    apps: Things,
    pub(super) corps: Things,
    pub(super) programs: Things,
    pub(super) wecom_apps: Things,
    pub(super) desk_apps: Things,
    flows: Things,
}

impl Found {
    /// Asks the server, for the documents of those flows only that are wanted.
    pub(super) async fn read(client: &Client, wanted: &Wanted) -> Result<Self, Failure> {
        let mut endpoints = named(client, Kind::Endpoint).await?;
        // A room writes its own endpoints; a person cannot change them here.
        endpoints.retain(|_, members| members.get("room").is_none_or(|room| room == "own"));
        let mut sources = named(client, Kind::Source).await?;
        for source in sources.values_mut() {
            name_call_endpoint(source, &endpoints);
        }
        let desk_apps = named(client, Kind::DeskApp).await?;
        Ok(Self {
            sources,
            endpoints,
            flows: desk::found_flows(client, &desk_apps, &wanted.flows).await?,
            desk_apps,
            apps: named(client, Kind::App).await?,
            corps: named(client, Kind::Corp).await?,
            programs: named(client, Kind::Program).await?,
            wecom_apps: named(client, Kind::WecomApp).await?,
        })
    }
}

/// A source shows its call endpoint by id, a file names it.
fn name_call_endpoint(source: &mut Members, endpoints: &Things) {
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

async fn named(client: &Client, kind: Kind) -> Result<Things, Failure> {
    let items = render::items(client.get(kind.collection()).await?);
    let by_name = items.into_iter().filter_map(|item| {
        let name = name_of(kind, &item)?;
        match item {
            Value::Object(members) => Some((name, members)),
            _ => None,
        }
    });
    Ok(by_name.collect())
}

/// What a file names a thing by.
fn name_of(kind: Kind, item: &Value) -> Option<String> {
    let member = match kind {
        Kind::Source | Kind::Endpoint | Kind::Flow => "name",
        Kind::App => "app_id",
        Kind::Corp => "corpid",
        Kind::Program => "program_id",
        Kind::DeskApp => "sdk_app_id",
        Kind::WecomApp => return Some(AppName::of(item)?.to_string()),
    };
    Some(item.get(member)?.as_str()?.to_owned())
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
        steps.extend(wecom::steps(wanted, found)?);
        steps.extend(desk::steps(wanted, found));
        if prune {
            steps.extend(surplus(wanted, found));
        }
        Ok(Self { steps })
    }
}

/// What the file does not name goes, in an order in which nobody needs it any more.
fn surplus(wanted: &Wanted, found: &Found) -> Vec<Step> {
    fn unnamed<T>(kind: Kind, wanted: &BTreeMap<String, T>, found: &Things) -> Vec<Step> {
        let surplus = found.keys().filter(|name| !wanted.contains_key(*name));
        surplus.map(|name| Step::delete(kind, name)).collect()
    }
    [
        desk::surplus(wanted, found),
        unnamed(Kind::WecomApp, &wanted.wecom_apps, &found.wecom_apps),
        unnamed(Kind::Program, &wanted.programs, &found.programs),
        unnamed(Kind::Corp, &wanted.corps, &found.corps),
        unnamed(Kind::App, &wanted.apps, &found.apps),
        unnamed(Kind::Source, &wanted.sources, &found.sources),
        unnamed(Kind::Endpoint, &wanted.endpoints, &found.endpoints),
    ]
    .into_iter()
    .flatten()
    .collect()
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
    Some(Step::change(Kind::Endpoint, &step.name, difference, body))
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
            let body = json!({ "url": url });
            urls.push(Step::save_url(kind, name, below, difference, body));
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

fn create(kind: Kind, name: &str, mut members: Members) -> Step {
    let mut difference = Vec::new();
    describe("", &members, &mut difference);
    let key = if kind == Kind::App { "app_id" } else { "name" };
    members.insert(key.to_owned(), name.into());
    Step::create(kind, name, difference, Value::Object(members))
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
    Ok(Some(Step::change(kind, name, difference, body)))
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
        Kind::App | Kind::Corp | Kind::Program | Kind::WecomApp | Kind::DeskApp | Kind::Flow => {
            None
        }
    };
    if let Some(member) = fixed {
        return Err(fixed_member(kind, name, member));
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

/// What cannot be otherwise once it is there.
fn fixed_member(kind: Kind, name: &str, member: &str) -> Failure {
    let kind = kind.word();
    let message = format!("`{member}` of the {kind} `{name}` cannot be changed");
    Failure::usage("apply.cannot_change", message)
        .with_hint("delete it first, or give the new one another name")
}
