//! What is otherwise, as lines for people and as members for the management API.

use serde_json::{Map, Value};

use super::file::{Members, SECRETS};

/// Puts the members of `over` over those of `value`, at any depth.
pub(super) fn overlay(value: &mut Value, over: &Value) {
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
pub(super) fn differing(
    place: &str,
    wanted: &Members,
    found: &Members,
    lines: &mut Vec<String>,
) -> Members {
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
pub(super) fn same(wanted: &Value, found: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut texts: Vec<String> = value.as_array()?.iter().map(Value::to_string).collect();
        texts.sort();
        Some(texts)
    };
    wanted == found || wanted.is_array() && sorted(wanted) == sorted(found)
}

pub(super) fn describe(place: &str, members: &Members, lines: &mut Vec<String>) {
    for (name, value) in members {
        let path = join(place, name);
        match value {
            Value::Object(inner) => describe(&path, inner, lines),
            _ if is_secret(name) => lines.push(format!("{path}: (secret)")),
            other => lines.push(format!("{path}: {}", shown(Some(other)))),
        }
    }
}

pub(super) fn changed(path: &str, current: Option<&Value>, wanted: &Value) -> String {
    format!("{path}: {} → {}", shown(current), shown(Some(wanted)))
}

pub(super) fn shown(value: Option<&Value>) -> String {
    value
        .filter(|value| !value.is_null())
        .map_or_else(|| "nothing".to_owned(), Value::to_string)
}

pub(super) fn join(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

pub(super) fn is_secret(name: &str) -> bool {
    name == "secrets" || SECRETS.contains(&name)
}
