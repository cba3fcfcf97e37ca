//! Events and callbacks made on purpose.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role};
use serde::Serialize;

use super::TAG;
use crate::callback::{CallbackOutcome, CallbackRequest};
use crate::feishu::Feishu;
use crate::fixture::{Fixture, fixtures};
use crate::trigger::{Trigger, Triggered};
use ringback_types::extract;

/// The events that were made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TriggeredList {
    /// How many.
    count: usize,
    /// Each of them.
    events: Vec<Triggered>,
}

/// Makes events; they are on the disk when this answers, and on their way.
#[utoipa::path(post, path = "/api/v1/feishu/apps/{app_id}/trigger", tag = TAG,
    params(("app_id" = String, Path)), request_body = Trigger,
    responses((status = 202, body = TriggeredList), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn trigger(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
    extract::Json(trigger): extract::Json<Trigger>,
) -> Result<(StatusCode, Json<TriggeredList>), Problem> {
    caller.require(Role::Operator)?;
    let events = feishu.trigger(&app_id, trigger).await?;
    let list = TriggeredList {
        count: events.len(),
        events,
    };
    Ok((StatusCode::ACCEPTED, Json(list)))
}

/// Sends one callback and says what the client would show.
#[utoipa::path(post, path = "/api/v1/feishu/apps/{app_id}/callbacks", tag = TAG,
    params(("app_id" = String, Path)), request_body = CallbackRequest,
    responses((status = 200, body = CallbackOutcome), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn callback(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
    extract::Json(request): extract::Json<CallbackRequest>,
) -> Result<Json<CallbackOutcome>, Problem> {
    caller.require(Role::Operator)?;
    Ok(Json(feishu.callback(&app_id, request).await?))
}

/// The event types and callbacks that can be made without a body, each with its sample.
#[utoipa::path(get, path = "/api/v1/feishu/fixtures", tag = TAG,
    responses((status = 200, body = Vec<Fixture>)))]
pub(super) async fn list_fixtures() -> Json<Vec<&'static Fixture>> {
    Json(fixtures().collect())
}
