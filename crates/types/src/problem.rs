//! What a management caller sees when something is refused, and who the caller is.

use serde::{Deserialize, Serialize};

use crate::code::{Code, Coded};

/// What a management token may do (design, section 10). Each role may do all that the ones before
/// it may, but only `auditor` and `admin` read zone plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "face", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads everything but bodies.
    Viewer,
    /// Also changes things, triggers, replays and reads callback bodies.
    Operator,
    /// Also reads zone plaintext and the audit.
    Auditor,
    /// Also manages tokens.
    Admin,
}

/// Who makes a management request; put into the request's extensions once the token has been checked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name the token was made for.
    pub name: std::sync::Arc<str>,
    /// What it may do.
    pub role: Role,
}

impl Caller {
    /// Refuses a caller whose role is below `needed`.
    pub fn require(&self, needed: Role) -> Result<(), Problem> {
        if self.role >= needed {
            return Ok(());
        }
        Err(Problem::new(
            403,
            Code::new("api.role_too_low"),
            format!("this needs a token with the role `{needed:?}` or above").to_lowercase(),
        )
        .with_hint("make such a token with `ringback token create`"))
    }
}

/// A refused management request: `{"code", "message", "hint"}` with an HTTP status.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "face", derive(utoipa::ToSchema))]
pub struct Problem {
    #[serde(skip)]
    status: u16,
    /// The stable name of the cause.
    #[cfg_attr(feature = "face", schema(value_type = String))]
    pub code: Code,
    /// What happened, without secrets or bodies.
    pub message: String,
    /// The sentence that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    /// A problem with an HTTP status of 400 to 599; anything else becomes 500.
    pub fn new(status: u16, code: Code, message: impl Into<String>) -> Self {
        let status = if (400..600).contains(&status) {
            status
        } else {
            500
        };
        Self {
            status,
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// The problem that an error of a room is to its caller.
    pub fn from_error(status: u16, error: &impl Coded) -> Self {
        Self {
            hint: error.hint().map(std::borrow::Cow::into_owned),
            ..Self::new(status, error.code(), error.to_string())
        }
    }

    /// The same with the sentence that fixes it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// 404 for a thing of this kind and name.
    pub fn not_found(kind: &str, name: impl std::fmt::Display) -> Self {
        Self::new(
            404,
            Code::new("api.not_found"),
            format!("no {kind} `{name}`"),
        )
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }
}

#[cfg(feature = "face")]
impl axum::response::IntoResponse for Problem {
    fn into_response(self) -> axum::response::Response {
        let status = axum::http::StatusCode::from_u16(self.status)
            .unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Json(self)).into_response()
    }
}
