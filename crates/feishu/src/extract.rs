//! Extractors of the management API whose refusals are [`Problem`]s with a cause and a hint.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use ringback_types::{Code, Problem};
use serde::de::DeserializeOwned;

/// The largest management request that is read: an event with its body is far smaller.
const BODY_BYTES: usize = 1024 * 1024;

/// A JSON body; the content type is not asked for, since nothing else is ever meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = to_bytes(request.into_body(), BODY_BYTES)
            .await
            .map_err(|_| {
                let message =
                    format!("the body did not arrive whole or is above {BODY_BYTES} bytes");
                Problem::new(413, Code::new("api.body_too_large"), message)
            })?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| refuse_body(&error))
    }
}

/// 400 for what is not JSON, 422 for JSON that is not what the route asks for.
fn refuse_body(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        Problem::new(422, Code::new("api.bad_body"), error.to_string())
            .with_hint("`/api/v1/openapi.json` says what this route takes")
    } else {
        Problem::new(400, Code::new("api.not_json"), error.to_string())
            .with_hint("send one JSON value as the body")
    }
}

/// The parameters in the query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(error) => Err(
                Problem::new(400, Code::new("api.bad_query"), error.body_text())
                    .with_hint("`/api/v1/openapi.json` lists the parameters of this route"),
            ),
        }
    }
}
