//! What a callback is answered with.
//!
//! Two kinds of refusal: an HTTP status for who is not the platform or does not speak its protocol,
//! and `FAIL` with status 200 for a call that is understood and cannot be done. The platform counts
//! both as failures, and only the second one carries an `ErrorInfo` to it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::eprint;
use crate::order_status::Variables;

/// The answer's form, with the node's output variables in `Body`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Answer {
    action_status: &'static str,
    error_info: &'static str,
    error_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Variables>,
}

impl Answer {
    /// Success.
    pub(crate) fn ok(body: Option<Variables>) -> Json<Self> {
        Json(Self {
            action_status: "OK",
            error_info: "",
            error_code: 0,
            body,
        })
    }

    fn fail(error_info: &'static str) -> Json<Self> {
        Json(Self {
            action_status: "FAIL",
            error_info,
            error_code: 1,
            body: None,
        })
    }
}

/// Why a callback is not served. The texts are fixed: nothing that a caller sent comes back or is logged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    /// This status and text.
    Http(StatusCode, &'static str),
    /// `FAIL` with this `ErrorInfo`.
    Fail(&'static str),
}

impl Refusal {
    /// Somebody else's call.
    pub(crate) fn foreign(why: &'static str) -> Self {
        Self::Http(StatusCode::FORBIDDEN, why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (Self::Http(_, why) | Self::Fail(why)) = self;
        eprint(&format_args!("a callback is refused: {why}"));
        match self {
            Self::Http(status, why) => (status, why).into_response(),
            Self::Fail(why) => Answer::fail(why).into_response(),
        }
    }
}
