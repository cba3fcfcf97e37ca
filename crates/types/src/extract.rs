//! Extractors of the management API whose refusals are [`Problem`]s with a cause and a hint.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{Code, Problem};

/// The largest management request that is read; none of ours comes near it.
const MANAGEMENT_BODY_BYTES: usize = 1024 * 1024;

/// A JSON body; the content type is not asked for, since nothing else is ever meant.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = to_bytes(request.into_body(), MANAGEMENT_BODY_BYTES)
            .await
            .map_err(|_| too_large())?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| bad_json(&error))
    }
}

fn too_large() -> Problem {
    let message =
        format!("the body did not arrive whole or is above {MANAGEMENT_BODY_BYTES} bytes");
    Problem::new(413, Code::new("api.body_too_large"), message)
        .with_hint("send it in smaller parts")
}

/// 400 for what is not JSON, 422 for JSON that is not what the route asks for.
fn bad_json(error: &serde_json::Error) -> Problem {
    let (status, code, hint) = match error.classify() {
        Category::Data => (
            422,
            "api.bad_body",
            "`/api/v1/openapi.json` says what this route takes",
        ),
        Category::Eof | Category::Syntax | Category::Io => {
            (400, "api.not_json", "send one JSON value as the body")
        }
    };
    Problem::new(status, Code::new(code), error.to_string()).with_hint(hint)
}

/// Parameters in the path; one that cannot be meant, such as an id of another form, is a problem like
/// everything else.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(parameters)) => Ok(Self(parameters)),
            Err(error) => Err(
                Problem::new(404, Code::new("api.not_found"), error.body_text())
                    .with_hint("`/api/v1/openapi.json` lists the paths there are"),
            ),
        }
    }
}

/// The parameters in the query; unknown ones are refused where their type says so.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

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
