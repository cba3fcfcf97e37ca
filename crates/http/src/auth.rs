//! Who makes a management request (design, section 10).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ringback_types::{Caller, Code, Problem, Role};

use crate::faces::Inner;

/// Lets a request pass with its [`Caller`] in its extensions: reading needs the role `viewer`,
/// everything else `operator`; a handler may ask for more.
pub(crate) async fn authenticate(
    State(faces): State<Arc<Inner>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(caller) = caller(&faces, &request) else {
        return unauthenticated();
    };
    let needed = match *request.method() {
        Method::GET | Method::HEAD => Role::Viewer,
        _ => Role::Operator,
    };
    if let Err(problem) = caller.require(needed) {
        return problem.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn caller(faces: &Inner, request: &Request) -> Option<Caller> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    faces.tokens.caller(token.trim())
}

/// The same for a missing, a malformed, a wrong and a revoked token.
fn unauthenticated() -> Response {
    let message = "this needs a valid token in `Authorization: Bearer …`";
    let problem = Problem::new(401, Code::new("api.unauthenticated"), message)
        .with_hint("`ringback token create` makes one; `dev` prints its own");
    let mut response = problem.into_response();
    let scheme = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    response
}
