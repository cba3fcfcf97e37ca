//! What an SDK API answers when it refuses, and how its request is read.

use ringback_store::ReadError;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::StoreError;

/// Codes of the global table (sheet wecom-zone-sdk, section 19).
pub(crate) mod code {
    pub(crate) const BUSY: i32 = -1;
    pub(crate) const BAD_PARAMETER: i32 = 40058;
    pub(crate) const MISSING_PARAMETER: i32 = 40063;
    pub(crate) const RATE_LIMIT: i32 = 45009;
    pub(crate) const CONCURRENCY_LIMIT: i32 = 45033;
    pub(crate) const ANSWER_TOO_LARGE: i32 = 301_058;
    pub(crate) const BAD_MSGID: i32 = 710_601;
    pub(crate) const BAD_MSGTYPE: i32 = 710_602;
    pub(crate) const WRONG_SECRET_KEY: i32 = 710_605;
    pub(crate) const BAD_CURSOR: i32 = 710_611;
    pub(crate) const DUPLICATE_MSGID: i32 = 710_613;
    pub(crate) const TOO_MANY_MESSAGES: i32 = 710_623;
    pub(crate) const NO_PUBLIC_KEY: i32 = 710_659;
    pub(crate) const NO_TRANSCRIPT: i32 = 710_700;
    pub(crate) const INPUT_TOO_LONG: i32 = 790_040;
    pub(crate) const BAD_KNOWLEDGE_BASE: i32 = 800_000;
}

/// Why an SDK API refuses: what its answer says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{errcode} {errmsg}")]
pub struct ApiError {
    /// A code of the global table (sheet wecom-zone-sdk, section 19).
    pub errcode: i32,
    /// What it means; callers must not parse it.
    pub errmsg: String,
}

impl ApiError {
    pub(crate) fn new(errcode: i32, errmsg: impl Into<String>) -> Self {
        Self {
            errcode,
            errmsg: errmsg.into(),
        }
    }

    /// A type that is not the documented one, or no JSON at all.
    fn wrong_json(what: &str) -> Self {
        let text = format!("invalid parameter: {what}. Warning: wrong json format. ");
        Self::new(code::BAD_PARAMETER, text)
    }

    pub(crate) fn bad(member: &str) -> Self {
        Self::new(code::BAD_PARAMETER, format!("invalid parameter: {member}"))
    }
}

/// The store's own failures are told as "busy"; the cause goes to the log.
impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        tracing::warn!(error = %error, "the archive cannot be read");
        Self::new(code::BUSY, "system busy")
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = %error, "the archive cannot be read");
        Self::new(code::BUSY, "system busy")
    }
}

/// An answer's JSON text.
pub(crate) fn text(answer: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(answer).map_err(|_| ApiError::new(code::BUSY, "system busy"))
}

/// The JSON object of a request. Members that nobody asks for are ignored, `null` and the empty text
/// count as absent: the demos' samples hold empty texts (section 8).
pub(crate) struct Request(Map<String, Value>);

impl Request {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) | Err(_) => Err(ApiError::wrong_json("the request is no JSON object")),
        }
    }

    pub(crate) fn text(&self, member: &str) -> Result<Option<&str>, ApiError> {
        match self.0.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(ApiError::wrong_json(member)),
        }
    }

    pub(crate) fn int(&self, member: &str) -> Result<Option<i64>, ApiError> {
        match self.0.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(ApiError::wrong_json(member)),
            },
        }
    }

    /// A page size: absent or 0 is `default`.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, ApiError> {
        match self.int("limit")? {
            None | Some(0) => Ok(default),
            Some(limit) => usize::try_from(limit)
                .ok()
                .filter(|limit| *limit <= most)
                .ok_or_else(|| ApiError::bad("limit")),
        }
    }
}
