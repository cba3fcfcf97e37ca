//! What an app reads when an ability fails inside the program.

use serde_json::json;

/// The error code of the platform's own sample (sheet wecom-zone-sdk, 2). It stands inside the
/// answer, and only there: when nothing fails the program adds no `errcode`.
pub(crate) const INTERNAL: i64 = 710_660;

/// Why an ability has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The answer that says so.
    pub(crate) fn to_json(&self) -> String {
        json!({ "errcode": INTERNAL, "errmsg": self.0 }).to_string()
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}
