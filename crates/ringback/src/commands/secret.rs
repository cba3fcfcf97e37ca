//! Secrets as they are given: by reference, so that they need not stand in a file or a shell history.

use std::path::Path;

use crate::environment;
use crate::failure::Failure;

/// Reads `env:NAME` or `file:PATH` (one newline at the end is not part of it); anything else is
/// `None`.
pub(super) fn reference(text: &str) -> Option<Result<String, Failure>> {
    if let Some(name) = text.strip_prefix("env:") {
        return Some(environment::value(name).ok_or_else(|| missing(name)));
    }
    text.strip_prefix("file:")
        .map(|path| from_file(Path::new(path)))
}

/// A secret from the command line: a reference, or the text itself.
pub(super) fn given(text: &str) -> Result<String, Failure> {
    reference(text).unwrap_or_else(|| Ok(text.to_owned()))
}

fn missing(name: &str) -> Failure {
    Failure::usage(
        "secret.not_set",
        format!("the environment variable `{name}` is not set"),
    )
    .with_hint("set it, or name a file with `file:PATH`")
}

fn from_file(path: &Path) -> Result<String, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    Ok(text
        .strip_suffix('\n')
        .map_or(text.as_str(), |text| text.trim_end_matches('\r'))
        .to_owned())
}
