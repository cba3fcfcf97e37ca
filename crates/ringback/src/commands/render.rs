//! Answers of the management API as text for people.

mod indent;

use serde_json::Value;

pub(super) use self::indent::{compact, indented};
use crate::output::{Output, Table};

/// A column of a table: its heading and where its cell stands in each object, as a JSON pointer.
pub(super) type Column = (&'static str, &'static str);

/// Prints a list: one JSON object per line, or a table of these columns.
pub(super) fn list(output: Output, items: &[Value], columns: &[Column]) {
    if output.is_json() {
        for item in items {
            output.json(item);
        }
        return;
    }
    let table = table(items, columns);
    if table.is_empty() {
        output.note("nothing to show");
    } else {
        output.line(table);
    }
}

/// A table of these columns.
pub(super) fn table(items: &[Value], columns: &[Column]) -> Table {
    let headings: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
    let mut table = Table::new(&headings);
    for item in items {
        table.row(
            columns
                .iter()
                .map(|(_, pointer)| cell(item.pointer(pointer))),
        );
    }
    table
}

/// Prints one object: as JSON on one line, or a line per member.
pub(super) fn object(output: Output, value: &Value) {
    if output.is_json() {
        output.json(value);
        return;
    }
    let mut lines = Vec::new();
    flatten("", value, &mut lines);
    let width = lines
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    for (name, text) in lines {
        output.line(format!("{name:width$}  {text}").trim_end());
    }
}

fn flatten(name: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (member, value) in members {
                let name = if name.is_empty() {
                    member.clone()
                } else {
                    format!("{name}.{member}")
                };
                flatten(&name, value, lines);
            }
        }
        Value::Null => {}
        Value::Array(items) if wants_lines(items) => {
            let rows = Table::of_rows(items.iter().map(cells)).to_string();
            let names = std::iter::once(name.to_owned()).chain(std::iter::repeat(String::new()));
            lines.extend(names.zip(rows.lines().map(str::to_owned)));
        }
        other => lines.push((name.to_owned(), cell(Some(other)))),
    }
}

/// Whether a list is better read with an item per line: its items have parts, or do not fit on one.
fn wants_lines(items: &[Value]) -> bool {
    let parts = items.iter().any(|item| item.is_object() || item.is_array());
    let whole = items
        .iter()
        .map(|item| cell(Some(item)).chars().count() + 2);
    !items.is_empty() && (parts || whole.sum::<usize>() > WIDEST_LIST)
}

/// The widest list on one line.
const WIDEST_LIST: usize = 72;

/// An item of a list: its members, or itself.
fn cells(item: &Value) -> Vec<String> {
    match item {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| format!("{name}={}", cell(Some(value))))
            .collect(),
        other => vec![cell(Some(other))],
    }
}

/// A value as a person reads it: text without quotes, lists with commas, nothing as `-`.
pub(super) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::Array(items)) if items.is_empty() => "-".to_owned(),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| cell(Some(item)))
            .collect::<Vec<_>>()
            .join(", "),
        Some(Value::Object(members)) if members.is_empty() => "{}".to_owned(),
        Some(Value::Object(members)) => {
            let pairs = members
                .iter()
                .map(|(name, value)| format!("{name}={}", cell(Some(value))));
            pairs.collect::<Vec<_>>().join(" ")
        }
        Some(other) => other.to_string(),
    }
}

/// The items of a list answer: an array, or the one array inside an object.
pub(super) fn items(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(items) => items,
        Value::Object(members) => {
            let mut arrays = members.into_iter().filter_map(|(_, value)| match value {
                Value::Array(items) => Some(items),
                _ => None,
            });
            arrays.next().unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
