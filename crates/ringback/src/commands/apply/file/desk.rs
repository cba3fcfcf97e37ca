//! Flows as a file wants them: each stands in a document of its own.

use std::path::Path;

use ringback_flow::Flow;
use serde_json::Value;

use super::super::document;
use super::{TomlFile, WORDS};
use crate::commands::input;
use crate::failure::Failure;

/// How many faults of a document are named; `ringback flow check` names all.
const NAMED_FAULTS: usize = 3;

/// A wanted flow.
#[derive(Debug)]
pub(in super::super) struct WantedFlow {
    /// Its document as the server keeps it.
    pub(in super::super) document: Value,
    /// Whether users meet the newest version.
    pub(in super::super) published: Option<bool>,
}

/// The two parts of a flow's name, `SDKAPPID/NAME`.
pub(in super::super) fn parts(name: &str) -> Option<(&str, &str)> {
    let parts = name.split_once('/');
    parts.filter(|(app, flow)| !app.is_empty() && !flow.is_empty())
}

/// Reads the document of a flow, found from the directory of the file.
pub(super) fn read(
    text: &TomlFile,
    (name, flow): (String, document::DeskFlow),
) -> Result<(String, WantedFlow), Failure> {
    let object = format!("desk.flow.{name}");
    let Some(file) = flow.file else {
        let failure = Failure::usage("apply.missing", "`file` is missing").with_hint(WORDS.hint);
        return Err(text.wrong(&object, "", failure));
    };
    let parsed = parse(&text.beside(&file));
    let parsed = parsed.map_err(|failure| text.wrong(&object, "file", failure))?;
    let own = &parsed.document().name;
    if parts(&name).is_none_or(|(_, flow)| flow != own) {
        let message = format!("the document is named `{own}`, the flow `{name}`");
        let failure = Failure::usage("apply.flow_name", message)
            .with_hint("name it SDKAPPID/NAME, with the `name` of the document");
        return Err(text.wrong(&object, "", failure));
    }
    let wanted = WantedFlow {
        document: serde_json::to_value(parsed.document()).map_err(Failure::internal)?,
        published: flow.published,
    };
    Ok((name, wanted))
}

fn parse(path: &Path) -> Result<Flow, Failure> {
    let text = input::text(path)?;
    Flow::parse(text.as_bytes()).map_err(|faults| {
        let named: Vec<String> = faults
            .iter()
            .take(NAMED_FAULTS)
            .map(ToString::to_string)
            .collect();
        let more = if faults.len() > NAMED_FAULTS {
            "; …"
        } else {
            ""
        };
        let message = format!("`{}`: {}{more}", path.display(), named.join("; "));
        Failure::usage("flow.invalid", message)
            .with_hint("`ringback flow check FILE` lists every fault")
    })
}
