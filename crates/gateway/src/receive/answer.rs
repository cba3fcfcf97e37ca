//! The answers of `/in/…`.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use ringback_dialect::{Reply, refusal_reply};

/// Marks a response that a fault has lost: whoever serves closes the connection without it.
#[derive(Debug, Clone, Copy)]
pub struct LostAnswer;

/// A dialect's reply as a response.
pub(super) fn of(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    if let Some(content_type) = reply.content_type {
        let value = HeaderValue::from_static(content_type);
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

/// The one answer to whatever is refused.
pub(super) fn refused() -> Response {
    of(refusal_reply())
}

/// Asks the platform to come again: nothing has been written.
pub(super) fn busy() -> Response {
    let reply = Reply {
        status: StatusCode::SERVICE_UNAVAILABLE,
        ..Reply::json(&br#"{"code":"busy"}"#[..])
    };
    let mut response = of(reply);
    let second = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, second);
    response
}

/// A fault's status, without a body.
pub(super) fn with_status(status: u16) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// A response that never leaves.
pub(super) fn lost() -> Response {
    let mut response = with_status(500);
    response.extensions_mut().insert(LostAnswer);
    response
}
