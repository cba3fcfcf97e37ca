//! Callbacks made on purpose.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role, extract};
use serde::Serialize;
use utoipa::ToSchema;

use super::TAG;
use crate::desk::Desk;
use crate::trigger::{CallView, TRIGGERED, Trigger, Triggered};

/// A command that can be made on purpose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeskFixture)]
pub(super) struct FixtureView {
    /// The command.
    #[serde(rename = "type")]
    command: &'static str,
    /// Whether its answer is awaited.
    call: bool,
}

/// The commands that can be made on purpose.
#[utoipa::path(get, path = "/api/v1/desk/fixtures", tag = TAG, operation_id = "desk_fixtures",
    responses((status = 200, body = Vec<FixtureView>)))]
pub(super) async fn list_fixtures() -> Json<Vec<FixtureView>> {
    let view = |command: &ringback_dialect::desk::Command| FixtureView {
        command: command.as_str(),
        call: command.is_call(),
    };
    Json(TRIGGERED.iter().map(view).collect())
}

/// Makes notifications of a command; answers once they are on the disk.
#[utoipa::path(post, path = "/api/v1/desk/apps/{sdk_app_id}/trigger", tag = TAG, operation_id = "desk_trigger",
    params(("sdk_app_id" = String, Path)), request_body = Trigger,
    responses((status = 200, body = Vec<Triggered>), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn trigger(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
    extract::Json(trigger): extract::Json<Trigger>,
) -> Result<Json<Vec<Triggered>>, Problem> {
    caller.require(Role::Operator)?;
    Ok(Json(desk.trigger(&sdk_app_id, trigger).await?))
}

/// Makes one call of a command and says what came of it.
#[utoipa::path(post, path = "/api/v1/desk/apps/{sdk_app_id}/call", tag = TAG, operation_id = "desk_call",
    params(("sdk_app_id" = String, Path)), request_body = Trigger,
    responses((status = 200, body = CallView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn call(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
    extract::Json(trigger): extract::Json<Trigger>,
) -> Result<Json<CallView>, Problem> {
    caller.require(Role::Operator)?;
    Ok(Json(desk.trigger_call(&sdk_app_id, trigger).await?))
}
