//! What a command is given in a file or on stdin.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::failure::{Exit, Failure};

/// The text of a file, or of stdin where the path is `-`.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|content| text = content)
    };
    read.map_err(|error| Failure::file("read", path, &error).exiting(Exit::Usage))?;
    Ok(text)
}

/// The same, as JSON.
pub(super) fn json(path: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&text(path)?).map_err(|error| {
        let message = format!("`{}` is not JSON: {error}", path.display());
        Failure::usage("input.not_json", message)
    })
}
