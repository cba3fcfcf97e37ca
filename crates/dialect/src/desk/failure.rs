//! Why an answer is no success (2.6, 2.7, 4.7), each cause told apart.

use std::borrow::Cow;

use http::StatusCode;
use ringback_types::{Code, Coded};

/// What is wrong with an answer (sheet `tencent-desk`, section 2.7).
///
/// What the sheet calls not documented counts as a failure where it suggests so: a missing required
/// member, and `ActionStatus` that is not `OK` beside `ErrorCode` 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// A redirect; none is followed.
    #[error("the answer has status {}, a redirect, which is not followed", .0.as_u16())]
    Redirect(StatusCode),
    /// Any other status than 200.
    #[error("the answer has status {} instead of 200", .0.as_u16())]
    Status(StatusCode),
    /// Longer than what is read of an answer.
    #[error("the answer is longer than what is read of it")]
    Cut,
    /// 200 with nothing in it.
    #[error("the answer is empty")]
    Empty,
    /// 200 with a page in it.
    #[error("the answer is an HTML page")]
    Html,
    /// Not JSON.
    #[error("the answer is not JSON")]
    NotJson,
    /// JSON that ends in the middle.
    #[error("the answer is JSON that ends too early")]
    Truncated,
    /// Nested deeper than [`MAX_JSON_DEPTH`](crate::MAX_JSON_DEPTH).
    #[error("the answer is nested deeper than 64")]
    Depth,
    /// JSON, but a list, a text, a number.
    #[error("the answer is JSON, but not an object")]
    NotObject,
    /// Two members of one name: which of them counts would depend on the reader.
    #[error("the answer has two members of one name")]
    Repeated,
    /// No `ErrorCode`.
    #[error("the answer has no `ErrorCode`")]
    ErrorCodeMissing,
    /// `ErrorCode` is a text, a fraction, null.
    #[error("`ErrorCode` of the answer is not an integer")]
    ErrorCodeNotInteger,
    /// The business says that it failed.
    #[error("the answer has `ErrorCode` {code}{}", said(.info))]
    ErrorCode {
        /// Not 0.
        code: i64,
        /// `ErrorInfo`, shortened.
        info: String,
    },
    /// No `ActionStatus`.
    #[error("the answer has no `ActionStatus`")]
    ActionStatusMissing,
    /// `ActionStatus` is not `OK`, although `ErrorCode` is 0.
    #[error("the answer has `ErrorCode` 0, but `ActionStatus` is {}, not `OK`", .0)]
    ActionStatus(
        /// What stands there as JSON, shortened.
        String,
    ),
    /// `Body` is there, but it is a list, a text, a number.
    #[error("`Body` of the answer is not an object")]
    BodyNotObject,
}

fn said(info: &str) -> String {
    match info {
        "" => String::new(),
        info => format!(": {info}"),
    }
}

/// The `ErrorInfo` in the message of a [`CallFailure::ErrorCode`], for whoever kept only that: what a
/// business refuses is told on in its own words.
pub fn error_info(message: &str) -> &str {
    message.split_once(": ").map_or("", |(_, info)| info)
}

impl CallFailure {
    /// The `ErrorCode` that says it to the platform: the business's own where it gave one, else 1, with
    /// which the framework refuses (4.6).
    pub fn client_code(&self) -> u32 {
        match self {
            Self::ErrorCode { code, .. } => u32::try_from(*code).unwrap_or(1),
            _ => 1,
        }
    }
}

/// The code of [`CallFailure::ErrorCode`].
pub const REFUSED_BY_BUSINESS: Code = Code::new("desk.error_code");

impl Coded for CallFailure {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Redirect(_) => "desk.answer_redirect",
            Self::Status(_) => "desk.answer_status",
            Self::Cut => "desk.answer_cut",
            Self::Empty => "desk.answer_empty",
            Self::Html => "desk.answer_html",
            Self::NotJson => "desk.answer_not_json",
            Self::Truncated => "desk.answer_truncated",
            Self::Depth => "desk.answer_depth",
            Self::NotObject => "desk.answer_not_object",
            Self::Repeated => "desk.answer_repeated",
            Self::ErrorCodeMissing => "desk.error_code_missing",
            Self::ErrorCodeNotInteger => "desk.error_code_not_integer",
            Self::ErrorCode { .. } => return REFUSED_BY_BUSINESS,
            Self::ActionStatusMissing => "desk.action_status_missing",
            Self::ActionStatus(_) => "desk.action_status",
            Self::BodyNotObject => "desk.answer_body_not_object",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Redirect(_) => "give the address that it redirects to as the URL",
            Self::Status(_) => {
                "answer 200 always, and say what went wrong in `ErrorCode` and `ErrorInfo`"
            }
            Self::Cut => {
                "answer with the variables alone, and keep what is long in your own system"
            }
            Self::Empty => {
                "answer `{\"ActionStatus\":\"OK\",\"ErrorInfo\":\"\",\"ErrorCode\":0}` at least"
            }
            Self::Html => {
                "check the path: a page of the web server or a login page came instead of the interface"
            }
            Self::NotJson => {
                "answer plain JSON in UTF-8, without a byte order mark or text round it"
            }
            Self::Truncated => {
                "send the whole JSON: check `Content-Length`, which counts bytes, not characters"
            }
            Self::Depth => "write values as texts instead of nested objects",
            Self::NotObject => {
                "put the answer into an object with `ActionStatus`, `ErrorInfo` and `ErrorCode`"
            }
            Self::Repeated => "write every member once",
            Self::ErrorCodeMissing => "add `\"ErrorCode\":0`, spelt in exactly these capitals",
            Self::ErrorCodeNotInteger => "write `ErrorCode` as a number without quotes: `0`",
            Self::ErrorCode { .. } => {
                "see the business's own log for why it refused; `ErrorCode` 0 means success"
            }
            Self::ActionStatusMissing => {
                "add `\"ActionStatus\":\"OK\"`, spelt in exactly these capitals"
            }
            Self::ActionStatus(_) => {
                "write `\"ActionStatus\":\"OK\"` for success, or an `ErrorCode` other than 0 for a failure"
            }
            Self::BodyNotObject => {
                "write `Body` as an object of names and texts; PHP writes an empty one as `[]`, cast it to an object"
            }
        }))
    }
}
