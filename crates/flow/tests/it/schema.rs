//! The published schema, by somebody else's validator: it takes what may run, and what it takes is read.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use ringback_flow::{Flow, read, schema};
use serde_json::{Value, json};

use crate::documents::{SAMPLE, every_node};

const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/flow.schema.json");

#[test]
fn the_published_schema_is_that_of_the_types() {
    let committed = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
    let fresh = concat!(env!("CARGO_TARGET_TMPDIR"), "/flow.schema.json");
    if serde_json::from_str::<Value>(&committed).ok() != Some(schema()) {
        let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        std::fs::write(fresh, text).unwrap();
        panic!("the schema of a flow has changed; if on purpose: cp {fresh} {PUBLISHED}");
    }
}

/// A variable that `cargo xtask test` sets; a peer test without it fails, it is never skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "where the peers are is said by the environment"
)]
fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("`{name}` is not set: run this test by `cargo xtask test`"))
}

/// What Python's `jsonschema` says of each document: nothing where it is valid.
fn errors(documents: &[Value]) -> Vec<Option<String>> {
    let mut child = Command::new(variable("RINGBACK_TEST_PYTHON"))
        .arg(format!(
            "{}/json_schema.py",
            variable("RINGBACK_TEST_PEERS")
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            writeln!(input, "{}", json!({ "schema": schema() })).unwrap();
            for document in documents {
                writeln!(input, "{}", json!({ "document": document })).unwrap();
            }
        });
        let answers = output.lines().map(|line| {
            let answer: Value = serde_json::from_str(&line.unwrap()).unwrap();
            answer["error"].as_str().map(str::to_owned)
        });
        let answers: Vec<_> = answers.collect();
        assert!(child.wait().unwrap().success());
        assert_eq!(answers.len(), documents.len());
        answers
    })
}

/// A change of [`every_node`], by JSON pointer, that is not of its form; `null` takes a member away.
const FAULTY: &str = r#"
a document's unknown member | /colour = "red"
no name | /name = null
no nodes | /nodes = null
nodes that are none | /nodes = {}
a node that is none | /nodes/8 = "end"
a variable that is no text | /variables/Shop = 1
an unknown kind of flow | /kind = "Standard"
no id | /nodes/8/id = null
no type | /nodes/8/type = null
an unknown type | /nodes/8/type = "stop"
the type's name in code | /nodes/2/type = "ApiCall"
a name that is no text | /nodes/8/name = 8
an end that leads on | /nodes/8/next = "tell"
a start without a trigger | /nodes/0/trigger = null
a trigger without an intent | /nodes/0/trigger/intent = null
no next | /nodes/1/next = null
no next of a call | /nodes/2/next = null
no items | /nodes/1/items = null
an unknown member of an item | /nodes/1/items/0/type = "text"
an item without a description | /nodes/1/items/0/description = null
optional by a text | /nodes/1/items/0/optional = "yes"
an unknown kind of input | /nodes/2/inputs/0/kind = "System"
an input without a kind | /nodes/2/inputs/0/kind = null
an output that is no text | /nodes/2/outputs/0 = {}
a deadline that is no number | /nodes/2/deadline_ms = "2s"
a deadline below nothing | /nodes/2/deadline_ms = -1
a deadline with a fraction | /nodes/2/deadline_ms = 0.5
too many retries for a byte | /nodes/2/retries = 256
an unknown member of a call | /nodes/2/method = "GET"
no `otherwise` of a condition | /nodes/3/otherwise = null
a case without a next | /nodes/3/cases/0/next = null
an empty expression | /nodes/3/cases/0/when = {}
two expressions in one | /nodes/3/cases/1/when/not = {"any":[]}
an unknown expression | /nodes/3/cases/1/when = {"none":[]}
an unknown operator | /nodes/3/cases/1/when/any/0/test/operator = "Matches"
a value that is no text | /nodes/3/cases/1/when/any/0/test/value = 1
a deep expression of another form | /nodes/3/cases/0/when/all/1/not/test/x = 1
an option that is a text | /nodes/4/options/0 = "Again"
no text of a branch | /nodes/4/text = null
a reply without a text | /nodes/5/text = null
a transfer that leads on | /nodes/7/next = "end"
"#;

/// Changes that leave it of its form.
const FORMED: &str = r#"
no description | /description = null
no kind | /kind = null
no variables | /variables = null
a variable of any name | /variables/a b = ""
no name of a node | /nodes/0/name = null
no examples | /nodes/0/trigger/examples = null
no question | /nodes/1/items/0/ask = null
no pattern | /nodes/1/items/0/pattern = null
no inputs | /nodes/2/inputs = null
no outputs | /nodes/2/outputs = null
no deadline | /nodes/2/deadline_ms = null
no exception edge | /nodes/2/on_exception = null
no value | /nodes/3/cases/1/when/any/0/test/value = null
no `otherwise` of a branch | /nodes/4/otherwise = null
no text of a transfer | /nodes/7/text = null
an edge into nothing | /nodes/5/next = "nowhere"
members in another order | /nodes/8 = {"type":"end","name":"x","id":"end"}
"#;

fn changed(table: &str) -> Vec<(&str, Value)> {
    let lines = table.lines().filter(|line| !line.is_empty());
    let change = |line| {
        let (what, patch) = str::split_once(line, " | ").unwrap();
        (what, crate::documents::patched(patch))
    };
    lines.map(change).collect()
}

#[test]
fn what_the_schema_takes_is_read_and_what_may_run_is_taken() {
    let mut rows = vec![
        ("the sample", serde_json::from_str(SAMPLE).unwrap(), true),
        ("every node", every_node(), true),
    ];
    for (table, well) in [(FAULTY, false), (FORMED, true)] {
        rows.extend(
            changed(table)
                .into_iter()
                .map(|(what, document)| (what, document, well)),
        );
    }
    // `null` where a member may be left out.
    let mut nulls = every_node();
    nulls["nodes"][2]["on_exception"] = Value::Null;
    nulls["nodes"][7]["text"] = Value::Null;
    rows.push(("a member that is `null`", nulls, true));
    let documents: Vec<Value> = rows
        .iter()
        .map(|(_, document, _)| document.clone())
        .collect();
    for ((what, document, well), error) in rows.iter().zip(errors(&documents)) {
        assert_eq!(error.is_none(), *well, "{what}: {error:?}");
        let read = read(document.to_string().as_bytes());
        assert_eq!(read.is_ok(), *well, "{what}: {:?}", read.err());
    }
    // What Ringback writes is valid too, and the same document.
    let formed = rows.iter().filter(|(.., well)| *well);
    let written: Vec<Value> = formed
        .map(|(_, document, _)| {
            let document = read(document.to_string().as_bytes()).unwrap();
            let written = serde_json::to_value(&document).unwrap();
            assert_eq!(read(written.to_string().as_bytes()), Ok(document));
            written
        })
        .collect();
    assert!(errors(&written).iter().all(Option::is_none));
}

#[test]
fn the_schema_knows_the_ranges_that_the_check_does() {
    let rows: Vec<Value> = [
        ("/nodes/2/deadline_ms", json!(0)),
        ("/nodes/2/deadline_ms", json!(60_001)),
        ("/nodes/2/retries", json!(4)),
        ("/nodes/8/id", json!("the end")),
        ("/nodes/8/id", json!("x".repeat(65))),
    ]
    .map(|(pointer, value)| {
        let mut document = every_node();
        *document.pointer_mut(pointer).unwrap() = value;
        document
    })
    .into();
    for (document, error) in rows.iter().zip(errors(&rows)) {
        assert!(error.is_some(), "{document}");
        assert!(Flow::parse(document.to_string().as_bytes()).is_err());
    }
}
