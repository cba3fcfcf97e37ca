//! Desk apps and their flows: an app before what runs in it.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use super::{Found, Step, Things, as_kept};
use crate::client::Client;
use crate::commands::apply::difference::{changed, describe, differing, overlay};
use crate::commands::apply::file::{Members, Wanted, WantedFlow, parts};
use crate::commands::apply::step::{Action, Kind};
use crate::commands::render;
use crate::failure::Failure;

/// The flows that the server has, those that are wanted with their documents.
pub(super) async fn found_flows(
    client: &Client,
    apps: &Things,
    wanted: &BTreeMap<String, WantedFlow>,
) -> Result<Things, Failure> {
    let mut flows = Things::new();
    for app in apps.keys() {
        for flow in render::items(client.get(&format!("desk/apps/{app}/flows")).await?) {
            let Value::Object(mut members) = flow else {
                continue;
            };
            let name = format!("{app}/{}", render::cell(members.get("name")));
            if wanted.contains_key(&name) {
                let mut shown: Value = client.get(&Kind::Flow.path(&name)).await?;
                members.insert("document".to_owned(), shown["document"].take());
            }
            flows.insert(name, members);
        }
    }
    Ok(flows)
}

pub(super) fn steps(wanted: &Wanted, found: &Found) -> Vec<Step> {
    let apps = wanted.desk_apps.iter();
    let apps = apps.filter_map(|(id, members)| match found.desk_apps.get(id) {
        None => Some(create(id, members)),
        Some(found) => change(id, members, found),
    });
    let flows = wanted.flows.iter();
    let flows = flows.flat_map(|(name, flow)| flow_steps(name, flow, found.flows.get(name)));
    apps.chain(flows).collect()
}

/// What the file does not name goes; the flows of an app go with it.
pub(super) fn surplus(wanted: &Wanted, found: &Found) -> Vec<Step> {
    let stays = |name: &str| parts(name).is_some_and(|(app, _)| wanted.desk_apps.contains_key(app));
    let flows = found.flows.keys();
    let flows = flows.filter(|name| !wanted.flows.contains_key(*name) && stays(name));
    let apps = found.desk_apps.keys();
    let apps = apps.filter(|id| !wanted.desk_apps.contains_key(*id));
    flows
        .map(|name| Step::delete(Kind::Flow, name))
        .chain(apps.map(|id| Step::delete(Kind::DeskApp, id)))
        .collect()
}

/// Secrets go with a new app; those of one that is there cannot be compared.
fn create(id: &str, wanted: &Members) -> Step {
    let mut members = wanted.clone();
    if let Some(Value::Object(urls)) = members.get_mut("urls") {
        urls.retain(|_, url| *url != "");
        urls.values_mut().for_each(|url| *url = as_kept(url.take()));
    }
    let mut difference = Vec::new();
    describe("", &members, &mut difference);
    members.insert("sdk_app_id".to_owned(), id.into());
    Step::create(Kind::DeskApp, id, difference, Value::Object(members))
}

/// The server takes URLs and settings whole.
fn change(id: &str, wanted: &Members, found: &Members) -> Option<Step> {
    let mut members = wanted.clone();
    let urls = members.remove("urls");
    let mut difference = Vec::new();
    let mut body = differing("", &members, found, &mut difference);
    if let Some(settings) = body.get_mut("settings") {
        let mut whole = found.get("settings").cloned().unwrap_or_default();
        overlay(&mut whole, settings);
        *settings = whole;
    }
    let before = difference.len();
    let current = found.get("urls").and_then(Value::as_object).cloned();
    let whole = urls_over(current.unwrap_or_default(), urls.as_ref(), &mut difference);
    if difference.len() > before {
        body.insert("urls".to_owned(), Value::Object(whole));
    }
    (!body.is_empty()).then(|| Step::change(Kind::DeskApp, id, difference, Value::Object(body)))
}

/// The URLs that there are with those that are wanted over them; an empty one takes one away.
fn urls_over(
    mut urls: Map<String, Value>,
    wanted: Option<&Value>,
    difference: &mut Vec<String>,
) -> Map<String, Value> {
    for (which, url) in wanted.and_then(Value::as_object).into_iter().flatten() {
        let url = as_kept(url.clone());
        let url = Some(url).filter(|url| *url != "");
        if urls.get(which) == url.as_ref() {
            continue;
        }
        let shown = url.clone().unwrap_or_default();
        difference.push(changed(&format!("urls.{which}"), urls.get(which), &shown));
        urls.remove(which);
        urls.extend(url.map(|url| (which.clone(), url)));
    }
    urls
}

/// Saves what is otherwise as a new version, and lets users meet it, or nobody.
fn flow_steps(name: &str, wanted: &WantedFlow, found: Option<&Members>) -> Vec<Step> {
    let member = |member: &str| {
        let value = found.and_then(|found| found.get(member));
        value.filter(|value| !value.is_null())
    };
    let latest = member("latest").and_then(Value::as_i64).unwrap_or(0);
    let published = member("published");
    let publish = wanted.published == Some(true);
    let (action, mut difference) = match member("document") {
        None => (Action::Create, vec![count(&wanted.document)]),
        Some(document) => (Action::Change, different(&wanted.document, document)),
    };
    let mut steps = Vec::new();
    if !difference.is_empty() {
        if publish {
            difference.push(changed("published", published, &json!(latest + 1)));
        }
        let document = wanted.document.clone();
        steps.push(Step::save_flow(action, name, publish, difference, document));
    } else if publish && published != Some(&json!(latest)) {
        let line = changed("published", published, &json!(latest));
        steps.push(below(name, "/publish", line));
    }
    if wanted.published == Some(false) && published.is_some() {
        let line = changed("published", published, &Value::Null);
        steps.push(below(name, "/unpublish", line));
    }
    steps
}

fn below(name: &str, below: &str, line: String) -> Step {
    let body = Some(json!({}));
    Step::below(Method::POST, Kind::Flow, name, below, vec![line], body)
}

fn count(document: &Value) -> String {
    format!("nodes: {}", nodes(document).len())
}

/// The nodes of a document by their ids.
fn nodes(document: &Value) -> BTreeMap<&str, &Value> {
    let nodes = document.get("nodes").and_then(Value::as_array);
    let nodes = nodes.into_iter().flatten();
    nodes
        .filter_map(|node| Some((node.get("id")?.as_str()?, node)))
        .collect()
}

/// What a document has otherwise, node by node: a line that shows a whole node would not be read.
fn different(wanted: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for member in ["kind", "description", "variables"] {
        if wanted.get(member) != found.get(member) {
            let nothing = Value::Null;
            let value = wanted.get(member).unwrap_or(&nothing);
            lines.push(changed(member, found.get(member), value));
        }
    }
    let (wanted_nodes, found_nodes) = (nodes(wanted), nodes(found));
    for (id, node) in &wanted_nodes {
        match found_nodes.get(id) {
            None => lines.push(format!("node.{id}: new")),
            Some(current) if current != node => lines.push(format!("node.{id}: changed")),
            Some(_) => {}
        }
    }
    let gone = found_nodes.keys();
    let gone = gone.filter(|id| !wanted_nodes.contains_key(*id));
    lines.extend(gone.map(|id| format!("node.{id}: gone")));
    if lines.is_empty() && wanted != found {
        lines.push("nodes: in another order".to_owned());
    }
    lines
}
