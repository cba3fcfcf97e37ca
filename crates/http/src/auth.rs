//! Who makes a management request (design, section 10).

use std::future::ready;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use ringback_types::{Code, Problem, Role};

use crate::faces::Inner;

/// Lets a request pass with its [`Caller`](ringback_types::Caller) in its extensions: reading needs the role `viewer`,
/// everything else `operator`; a handler may ask for more.
pub(crate) async fn authenticate(
    State(faces): State<Arc<Inner>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(token) = presented(&request) else {
        return unauthenticated();
    };
    let Some(caller) = faces.tokens.caller(&token) else {
        return unauthenticated();
    };
    if let Err(problem) = caller.require(needed(request.method(), request.uri().path())) {
        return problem.into_response();
    }
    let places = &faces.places;
    let needs_place = !waits_for_others(request.method(), request.uri().path());
    let Ok(_place) = needs_place.then(|| places.try_acquire()).transpose() else {
        return busy();
    };
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    if is_stream(&response) {
        return while_it_holds(&faces, token, response);
    }
    response
}

/// Whether a request needs no place among those under way: what it waits for is somebody else's interface,
/// which the room has a limit of its own for, and a slow one must not shut the console.
fn waits_for_others(method: &Method, path: &str) -> bool {
    *method == Method::POST
        && path.starts_with("/api/v1/desk/conversations/")
        && path.ends_with("/messages")
}

/// The token in a request's `Authorization: Bearer …`.
fn presented(request: &Request) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| token.trim().to_owned())
}

/// Paths that are for the role `admin`, whatever is done there. Their handlers check it as well; here
/// it is said before the body is looked at.
const ADMIN_PATHS: [&str; 2] = ["/api/v1/tokens", "/api/v1/backup"];

fn needed(method: &Method, path: &str) -> Role {
    if ADMIN_PATHS.iter().any(|admin| path.starts_with(admin)) {
        return Role::Admin;
    }
    match *method {
        Method::GET | Method::HEAD => Role::Viewer,
        _ => Role::Operator,
    }
}

/// What is sent as it happens: the requests at a source, the live view of a conversation.
const STREAMS: [&str; 2] = ["application/x-ndjson", "text/event-stream"];

fn is_stream(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    content_type.is_some_and(|value| STREAMS.iter().any(|stream| value == stream))
}

/// A stream shows nothing more once its token is revoked, and ends when the process begins to stop.
fn while_it_holds(faces: &Arc<Inner>, token: String, response: Response) -> Response {
    let (mut stopping, tokens) = (faces.stopping.subscribe(), faces.tokens.clone());
    let stopped = async move { drop(stopping.wait_for(|stopping| *stopping).await) };
    response.map(|body| {
        let lines = body.into_data_stream();
        let held = lines.take_while(move |_| ready(tokens.caller(&token).is_some()));
        Body::from_stream(held.take_until(Box::pin(stopped)))
    })
}

fn busy() -> Response {
    let message = "too many management requests are under way";
    let problem = Problem::new(503, Code::new("api.busy"), message);
    let mut response = problem.with_hint("try again in a moment").into_response();
    let second = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, second);
    response
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
