//! What is answered where nothing is.

use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use ringback_types::{Code, Problem};

/// The one fixed answer below `/in/` (design, section 10, "no oracle"), 404 elsewhere.
pub(crate) async fn not_found(uri: Uri) -> Response {
    if uri.path().starts_with("/in/") {
        return refused();
    }
    Problem::new(
        404,
        Code::new("api.no_such_path"),
        format!("nothing is at `{}`", uri.path()),
    )
    .with_hint("`/api/v1/openapi.json` lists the paths")
    .into_response()
}

/// 405 where the path is right and the method is not.
pub(crate) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let message = format!("`{}` does not take `{method}`", uri.path());
    Problem::new(405, Code::new("api.method_not_allowed"), message)
        .with_hint("`/api/v1/openapi.json` says which methods it takes")
}

/// What a receiving face answers to whatever it refuses.
pub(crate) fn refused() -> Response {
    let reply = ringback_dialect::refusal_reply();
    let content_type = reply.content_type.unwrap_or("application/json");
    let headers = [(axum::http::header::CONTENT_TYPE, content_type)];
    (reply.status, headers, reply.body).into_response()
}
