//! How instances are.

use serde_json::{Value, json};

use crate::client::Client;
use crate::commands::render;
use crate::commands::wecom::program_path;
use crate::failure::Failure;
use crate::output::{Output, Table};

const COLUMNS: &[render::Column] = &[
    ("PROGRAM", "/program_id"),
    ("STATE", "/program_state"),
    ("#", "/number"),
    ("INSTANCE", "/state"),
    ("AT", "/at"),
    ("PID", "/pid"),
    ("RESTARTS", "/restarts"),
    ("LAST EXIT", "/last_exit"),
    ("KEY", "/key"),
    ("ISOLATION", "/isolation"),
];

/// The columns that say how an instance is, not whose it is.
const OF_INSTANCE: &[render::Column] = COLUMNS.split_at(2).1;

pub(super) async fn run(
    client: &Client,
    output: Output,
    program: Option<&str>,
) -> Result<(), Failure> {
    let programs = match program {
        Some(program) => vec![client.get(&program_path(program)).await?],
        None => render::items(client.get("wecom/programs").await?),
    };
    let rows: Vec<Value> = programs.iter().flat_map(rows).collect();
    if output.is_json() {
        for row in &rows {
            output.json(row);
        }
        return Ok(());
    }
    let short: Vec<Value> = rows.iter().map(in_short).collect();
    render::list(output, &short, COLUMNS);
    for row in &rows {
        tell_problem(output, row);
    }
    Ok(())
}

/// A table of the instances of one program.
pub(super) fn table(instances: &[Value]) -> Table {
    let short: Vec<Value> = instances.iter().map(in_short).collect();
    render::table(&short, OF_INSTANCE)
}

/// A row for each instance; one for a program that has none.
fn rows(program: &Value) -> Vec<Value> {
    let mut instances = render::items(program.get("instances").cloned().unwrap_or_default());
    if instances.is_empty() {
        instances.push(json!({}));
    }
    for instance in &mut instances {
        instance["program_id"] = program["program_id"].clone();
        instance["program_state"] = program["state"].clone();
    }
    instances
}

/// What of an instance has parts, in a few words.
fn in_short(instance: &Value) -> Value {
    let mut short = instance.clone();
    let at = instance.get("url").or_else(|| instance.get("address"));
    short["at"] = at.cloned().unwrap_or_default();
    short["last_exit"] = last_exit(instance).into();
    short["key"] = key(instance).into();
    short
}

fn last_exit(instance: &Value) -> Option<String> {
    let ended = instance.pointer("/last_exit/ended")?.as_object()?;
    let (how, number) = ended.iter().next()?;
    Some(format!("{how} {number}"))
}

/// The version of the secret that is used, and the one that a rotation has made beside it.
fn key(instance: &Value) -> Option<String> {
    let version = |member: &str| instance.pointer(member).and_then(Value::as_u64);
    let (used, newest) = (version("/key/used")?, version("/key/newest")?);
    Some(if used == newest {
        used.to_string()
    } else {
        format!("{used}, {newest} not used yet")
    })
}

/// Says why an instance does not come up, as a failure of a command would be said.
fn tell_problem(output: Output, instance: &Value) {
    let Some(problem) = instance.get("problem").filter(|it| !it.is_null()) else {
        return;
    };
    let word = |value: &Value, member: &str| render::cell(value.get(member));
    let (program, number) = (word(instance, "program_id"), word(instance, "number"));
    let message = format!("{program}/{number}: {}", word(problem, "message"));
    let mut failure = Failure::failed("", message);
    failure.code = word(problem, "code").into();
    failure.hint = problem
        .get("hint")
        .map(|hint| render::cell(Some(hint)).into());
    output.failure(&failure);
}
