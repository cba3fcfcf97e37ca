//! Apps and their secrets.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role};

use super::TAG;
use crate::app::{AppChange, NewApp, Rotation};
use crate::feishu::Feishu;
use crate::view::{AppView, CredentialsView};
use ringback_types::extract;

/// All apps, without secrets.
#[utoipa::path(get, path = "/api/v1/feishu/apps", tag = TAG,
    responses((status = 200, body = Vec<AppView>)))]
pub(super) async fn list(State(feishu): State<Feishu>) -> Json<Vec<AppView>> {
    Json(
        feishu
            .apps()
            .iter()
            .map(|app| AppView::from(&**app))
            .collect(),
    )
}

/// Makes an app; what is left out is generated.
#[utoipa::path(post, path = "/api/v1/feishu/apps", tag = TAG, request_body = NewApp,
    responses((status = 201, body = AppView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    extract::Json(new): extract::Json<NewApp>,
) -> Result<(StatusCode, Json<AppView>), Problem> {
    caller.require(Role::Operator)?;
    let app = feishu.create_app(&caller.name, new).await?;
    Ok((StatusCode::CREATED, Json(AppView::from(&*app))))
}

/// One app, without secrets.
#[utoipa::path(get, path = "/api/v1/feishu/apps/{app_id}", tag = TAG,
    params(("app_id" = String, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(feishu): State<Feishu>,
    Path(app_id): Path<String>,
) -> Result<Json<AppView>, Problem> {
    Ok(Json(AppView::from(&*feishu.app(&app_id)?)))
}

/// Changes names, subscriptions and settings; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/feishu/apps/{app_id}", tag = TAG,
    params(("app_id" = String, Path)), request_body = AppChange,
    responses((status = 200, body = AppView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn update(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
    extract::Json(change): extract::Json<AppChange>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let app = feishu.update_app(&caller.name, &app_id, change).await?;
    Ok(Json(AppView::from(&*app)))
}

/// Deletes an app with its endpoints and tokens.
#[utoipa::path(delete, path = "/api/v1/feishu/apps/{app_id}", tag = TAG,
    params(("app_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Operator)?;
    feishu.delete_app(&caller.name, &app_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The secrets of an app. Role `admin`.
#[utoipa::path(get, path = "/api/v1/feishu/apps/{app_id}/credentials", tag = TAG,
    params(("app_id" = String, Path)),
    responses((status = 200, body = CredentialsView), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn credentials(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
) -> Result<Json<CredentialsView>, Problem> {
    caller.require(Role::Admin)?;
    Ok(Json(CredentialsView::from(
        &feishu.app(&app_id)?.credentials,
    )))
}

/// Replaces one secret of an app. Role `admin`.
#[utoipa::path(post, path = "/api/v1/feishu/apps/{app_id}/rotate", tag = TAG,
    params(("app_id" = String, Path)), request_body = Rotation,
    responses((status = 200, body = AppView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn rotate(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
    extract::Json(rotation): extract::Json<Rotation>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Admin)?;
    let app = feishu
        .rotate_secret(&caller.name, &app_id, rotation)
        .await?;
    Ok(Json(AppView::from(&*app)))
}
