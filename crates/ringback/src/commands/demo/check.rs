//! Looking at what came back.

use std::time::Duration;

use ringback_types::Deadline;
use serde_json::Value;

use crate::failure::Failure;

/// How long what another process does may take; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// A step that did not go as it must.
pub(super) fn broken(what: impl Into<String>) -> Failure {
    Failure::failed("demo.broken", what)
}

pub(super) fn expect(held: bool, what: impl FnOnce() -> String) -> Result<(), Failure> {
    if held { Ok(()) } else { Err(broken(what())) }
}

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(super) fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or(-1)
}

/// Looks again and again until there is something; `what` says what never came.
pub(super) async fn until<T, F>(what: &str, mut look: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<Option<T>, Failure>>,
{
    let patience = Deadline::after(PATIENCE);
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        expect(!patience.remaining().is_zero(), || {
            format!("{what} did not come within {} s", PATIENCE.as_secs())
        })?;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits for what others send.
pub(super) async fn in_time<T>(
    what: &str,
    coming: impl Future<Output = Option<T>>,
) -> Result<T, Failure> {
    let came = tokio::time::timeout(PATIENCE, coming).await;
    came.ok().flatten().ok_or_else(|| {
        broken(format!(
            "{what} did not come within {} s",
            PATIENCE.as_secs()
        ))
    })
}
