//! Documents that the tests share.

use ringback_flow::{Fault, Flow};
use serde_json::{Value, json};

/// The sample that is published.
pub(crate) const SAMPLE: &str = include_str!("../../../../samples/desk/order-status.flow.json");

/// Every node type with every member, a loop through `collect` and one through `branch`.
pub(crate) fn every_node() -> Value {
    json!({
        "name": "every-node", "description": "每种节点", "kind": "intelligent",
        "variables": { "Shop": "Kiosk" },
        "nodes": [
            { "id": "start", "name": "Begin", "type": "start", "next": "ask",
              "trigger": { "intent": "The user asks about an order", "examples": ["Where is it?", "查订单"] } },
            { "id": "ask", "type": "collect", "next": "call", "items": [
                { "variable": "OrderID", "description": "the number", "ask": "Which, ${Shop}?", "pattern": "([0-9]+)" },
                { "variable": "Note", "description": "备注", "optional": true, "quick_replies": ["Gift", "None"] } ] },
            { "id": "call", "type": "api_call", "url": "https://shop.example.com/status?x=1", "next": "fork",
              "inputs": [
                { "name": "SystemClientUserID", "kind": "system" },
                { "name": "id", "kind": "collected", "from": "OrderID" },
                { "name": "Shop", "kind": "custom" },
                { "name": "type", "kind": "fixed", "value": "1" } ],
              "outputs": ["Status"], "deadline_ms": 1500, "retries": 1, "on_exception": "sorry" },
            { "id": "fork", "type": "condition", "otherwise": "choose", "cases": [
                { "when": { "all": [
                    { "test": { "variable": "Status", "operator": "equals", "value": "sent" } },
                    { "not": { "test": { "variable": "Status", "operator": "empty" } } } ] }, "next": "tell" },
                { "when": { "any": [{ "test": { "variable": "Note", "operator": "matches", "value": "^x$" } }] }, "next": "ask" } ] },
            { "id": "choose", "type": "branch", "text": "What now, ${Shop}?", "variable": "Choice", "otherwise": "choose",
              "options": [{ "text": "Again", "next": "ask" }, { "text": "A person", "next": "agent" }] },
            { "id": "tell", "type": "reply", "text": "${OrderID} is ${Status}, for ${SystemClientUserID}.", "next": "end" },
            { "id": "sorry", "type": "reply", "text": "Later, please.", "next": "end" },
            { "id": "agent", "type": "transfer", "text": "I bring you to a person." },
            { "id": "end", "type": "end" }
        ]
    })
}

/// A document of these nodes after a start that leads to `first`.
pub(crate) fn document(first: &str, nodes: &Value) -> Value {
    let start =
        json!({ "id": "start", "type": "start", "trigger": { "intent": "x" }, "next": first });
    let rest = nodes.as_array().unwrap().iter().cloned();
    json!({ "name": "flow", "nodes": std::iter::once(start).chain(rest).collect::<Vec<_>>() })
}

/// The checked flow of these nodes.
pub(crate) fn flow(first: &str, nodes: &Value) -> Flow {
    ready(&document(first, nodes))
}

pub(crate) fn ready(document: &Value) -> Flow {
    Flow::parse(document.to_string().as_bytes())
        .unwrap_or_else(|faults| panic!("{}\n{document}", lines(&faults)))
}

/// [`every_node`] with some members replaced: `POINTER = JSON`, with `null` one taken away, one after the
/// last put there. `"x65"` is a text of that many characters, `"n101"` a list of that many names.
pub(crate) fn patched(patches: &str) -> Value {
    let mut document = every_node();
    for patch in patches.split(" ;; ") {
        let (pointer, json) = patch.split_once(" = ").unwrap();
        let value = match json
            .strip_prefix("\"n")
            .and_then(|rest| rest.strip_suffix('"'))
        {
            Some(count) if count.parse::<usize>().is_ok() => json!(names(count.parse().unwrap())),
            _ => long(serde_json::from_str(json).unwrap()),
        };
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Array(members) => match members.get_mut(name.parse::<usize>().unwrap()) {
                Some(member) => *member = value,
                None => members.push(value),
            },
            Value::Object(members) if value.is_null() => {
                members.remove(name);
            }
            Value::Object(members) => {
                members.insert(name.to_owned(), value);
            }
            other => panic!("{pointer}: {other}"),
        }
    }
    document
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("n{number}")).collect()
}

fn long(value: Value) -> Value {
    let length = value.as_str().and_then(|text| text.strip_prefix('x'));
    match length.and_then(|length| length.parse().ok()) {
        Some(length) => json!("说".repeat(length)),
        None => value,
    }
}

pub(crate) fn lines(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    lines.join("\n")
}
