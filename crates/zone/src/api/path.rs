//! The parameters in a path.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ringback_types::{Code, Problem};
use serde::de::DeserializeOwned;

/// Parameters in the path; one that cannot be meant, such as an agent id that is no number, is a problem
/// like everything else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<T>(pub(super) T);

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
