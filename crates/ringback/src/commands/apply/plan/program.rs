//! Programs: what describes them, their log level, their debug page, and the way to deployment.

use http::Method;
use ringback_zone::{ProgramInput, Settings};
use serde_json::{Map, Value, json};

use super::{Step, as_kept};
use crate::commands::apply::difference::{changed, describe, differing};
use crate::commands::apply::file::{Members, WantedProgram};
use crate::commands::apply::step::{Action, Kind};
use crate::failure::Failure;

pub(super) fn steps(
    id: &str,
    wanted: &WantedProgram,
    found: Option<&Members>,
) -> Result<Vec<Step>, Failure> {
    let mut steps: Vec<Step> = described(id, &wanted.input, found)?.into_iter().collect();
    let found = |member: &str| {
        let found = found.and_then(|found| found.get(member));
        found.filter(|value| !value.is_null())
    };
    let below = |method, below, line, body| {
        Step::below(method, Kind::Program, id, below, vec![line], Some(body))
    };
    if let Some(level) = &wanted.log_level {
        let current = found("log_level").cloned().unwrap_or_else(|| "info".into());
        if current != *level {
            let line = changed("log_level", Some(&current), level);
            steps.push(below(
                Method::PUT,
                "/log-level",
                line,
                json!({ "level": level }),
            ));
        }
    }
    if let Some(url) = &wanted.debug_url {
        let url = Some(as_kept(url.as_str().into())).filter(|url| *url != "");
        let current = found("debug").and_then(|debug| debug.get("url"));
        let current = current.filter(|url| !url.is_null());
        if current != url.as_ref() {
            let line = changed("debug_url", current, url.as_ref().unwrap_or(&Value::Null));
            steps.push(below(
                Method::PUT,
                "/debug-url",
                line,
                json!({ "url": url }),
            ));
        }
    }
    let state = found("state").cloned().unwrap_or_else(|| "draft".into());
    let deployed = state == "deployed";
    match wanted.deployed {
        Some(true) if !deployed => {
            let line = changed("state", Some(&state), &"deployed".into());
            steps.push(Step::deploy(id, vec![line]));
        }
        Some(false) if deployed => {
            let line = changed("state", Some(&state), &"approved".into());
            steps.push(below(Method::POST, "/undeploy", line, json!({})));
        }
        _ => {}
    }
    Ok(steps)
}

/// Makes a program or changes it; its description is sent whole.
fn described(
    id: &str,
    wanted: &ProgramInput,
    found: Option<&Members>,
) -> Result<Option<Step>, Failure> {
    let body = serde_json::to_value(wanted).map_err(Failure::internal)?;
    let Value::Object(mut members) = body.clone() else {
        return Err(Failure::internal("a program is no object"));
    };
    let nothing = Map::new();
    let current = found.unwrap_or(&nothing);
    let mut lines = Vec::new();
    members.remove("program_id");
    let abilities = members.remove("ability").unwrap_or_default();
    let host = members.remove("host");
    if let Some(found) = found {
        differing("", &members, found, &mut lines);
    } else {
        // What is as it would be anyhow says nothing.
        let settings = wanted.settings != Settings::default();
        members.retain(|member, value| *value != "" && (settings || member != "settings"));
        describe("", &members, &mut lines);
    }
    lines.extend(host.and_then(|host| different_host(host, current.get("host"))));
    lines.extend(different_abilities(&abilities, current.get("abilities")));
    if lines.is_empty() {
        return Ok(None);
    }
    let action = match found {
        None => Action::Create,
        Some(_) => Action::Change,
    };
    Ok(Some(Step::describe(action, id, lines, body)))
}

/// The server shows the names of environment variables, never their values.
fn different_host(wanted: Value, found: Option<&Value>) -> Option<String> {
    let wanted = without_values(wanted);
    let found = found.filter(|found| found.is_object());
    let found = found.cloned().map(without_values);
    match found {
        None => Some(format!("host: {wanted}")),
        Some(found) if found == wanted => None,
        Some(found) => Some(changed("host", Some(&found), &wanted)),
    }
}

fn without_values(mut host: Value) -> Value {
    let variables = host.get_mut("environment").and_then(Value::as_object_mut);
    for value in variables.into_iter().flat_map(Map::values_mut) {
        *value = "(value)".into();
    }
    host
}

/// Abilities by their ids; their order means nothing.
fn different_abilities(wanted: &Value, found: Option<&Value>) -> Vec<String> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (wanted, found) = (list(Some(wanted)), list(found));
    let id = |ability: &Value| ability["id"].as_str().unwrap_or_default().to_owned();
    let of = |abilities: &[Value], wanted: &str| {
        let mut abilities = abilities.iter();
        abilities.find(|ability| id(ability) == wanted).cloned()
    };
    let mut lines = Vec::new();
    for ability in &wanted {
        let id = id(ability);
        match of(&found, &id) {
            None => lines.push(format!("ability.{id}: new")),
            Some(current) => lines.extend(
                ["name", "input", "output", "strict"]
                    .into_iter()
                    .filter(|member| ability[member] != current[member])
                    .map(|member| format!("ability.{id}.{member}: changed")),
            ),
        }
    }
    let gone = found.iter().map(id);
    let gone = gone.filter(|id| of(&wanted, id).is_none());
    lines.extend(gone.map(|id| format!("ability.{id}: gone")));
    lines
}
