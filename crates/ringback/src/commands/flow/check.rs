//! `ringback flow check`: what saving would refuse, found without a server.

use std::path::Path;

use ringback_flow::Flow;
use serde_json::json;

use crate::commands::{input, render};
use crate::failure::Failure;
use crate::output::Output;

const COLUMNS: &[render::Column] = &[
    ("NODE", "/node"),
    ("EDGE", "/edge"),
    ("FAULT", "/kind"),
    ("WHAT", "/message"),
];

/// Prints every fault; fails where there is one.
pub(super) fn run(output: Output, file: &Path) -> Result<(), Failure> {
    let Err(faults) = Flow::parse(input::text(file)?.as_bytes()) else {
        output.note("no faults");
        return Ok(());
    };
    let listed: Vec<_> = faults.iter().map(|fault| json!(fault)).collect();
    render::list(output, &listed, COLUMNS);
    let count = match listed.len() {
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    };
    let message = format!("`{}` has {count}", file.display());
    Err(Failure::failed("flow.invalid", message)
        .with_hint("`ringback flow schema` prints the JSON Schema of a document"))
}
