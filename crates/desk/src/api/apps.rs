//! Apps and their secrets.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role, extract};

use super::TAG;
use crate::app::{AppChange, NewApp};
use crate::desk::Desk;
use crate::view::{AppView, CredentialsView};

/// All Desk apps, without secrets.
#[utoipa::path(get, path = "/api/v1/desk/apps", tag = TAG, operation_id = "desk_list_apps",
    responses((status = 200, body = Vec<AppView>)))]
pub(super) async fn list(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
) -> Json<Vec<AppView>> {
    let apps = desk.apps();
    Json(apps.iter().map(|app| AppView::new(app, &caller)).collect())
}

/// Makes a Desk app; its id is made when left out.
#[utoipa::path(post, path = "/api/v1/desk/apps", tag = TAG, operation_id = "desk_create_app", request_body = NewApp,
    responses((status = 201, body = AppView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    extract::Json(new): extract::Json<NewApp>,
) -> Result<(StatusCode, Json<AppView>), Problem> {
    caller.require(Role::Operator)?;
    let app = desk.create_app(&caller.name, new).await?;
    Ok((StatusCode::CREATED, Json(AppView::new(&app, &caller))))
}

/// One Desk app, without secrets.
#[utoipa::path(get, path = "/api/v1/desk/apps/{sdk_app_id}", tag = TAG, operation_id = "desk_show_app",
    params(("sdk_app_id" = String, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
) -> Result<Json<AppView>, Problem> {
    Ok(Json(AppView::new(&*desk.app(&sdk_app_id)?, &caller)))
}

/// Changes a Desk app; what is left out stays, what is given replaces the whole member.
#[utoipa::path(patch, path = "/api/v1/desk/apps/{sdk_app_id}", tag = TAG, operation_id = "desk_update_app",
    params(("sdk_app_id" = String, Path)), request_body = AppChange,
    responses((status = 200, body = AppView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn update(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
    extract::Json(change): extract::Json<AppChange>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let app = desk.update_app(&caller.name, &sdk_app_id, change).await?;
    Ok(Json(AppView::new(&app, &caller)))
}

/// Deletes a Desk app with its flows and endpoints.
#[utoipa::path(delete, path = "/api/v1/desk/apps/{sdk_app_id}", tag = TAG, operation_id = "desk_delete_app",
    params(("sdk_app_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Operator)?;
    desk.delete_app(&caller.name, &sdk_app_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a Desk app. Role `admin`.
#[utoipa::path(get, path = "/api/v1/desk/apps/{sdk_app_id}/credentials", tag = TAG, operation_id = "desk_credentials",
    params(("sdk_app_id" = String, Path)),
    responses((status = 200, body = CredentialsView), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn credentials(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
) -> Result<Json<CredentialsView>, Problem> {
    caller.require(Role::Admin)?;
    Ok(Json(CredentialsView::from(&*desk.app(&sdk_app_id)?)))
}
