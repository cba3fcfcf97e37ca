//! Apps and their secrets.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role, Secret, extract};
use serde::Deserialize;

use super::{Path, TAG, whole};
use crate::app::{AppChange, NewApp};
use crate::view::{AppView, CredentialsView};
use crate::zone::Zone;

/// All apps, without secrets.
#[utoipa::path(get, path = "/api/v1/wecom/apps", operation_id = "list_zone_apps", tag = TAG,
    responses((status = 200, body = Vec<AppView>)))]
pub(super) async fn list(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
) -> Json<Vec<AppView>> {
    let apps = zone.apps();
    Json(
        apps.iter()
            .map(|app| AppView::new(&zone, &caller, app))
            .collect(),
    )
}

/// Makes an app; what is left out is generated.
#[utoipa::path(post, path = "/api/v1/wecom/apps", operation_id = "create_zone_app", tag = TAG, request_body = NewApp,
    responses((status = 201, body = AppView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    extract::Json(new): extract::Json<NewApp>,
) -> Result<(StatusCode, Json<AppView>), Problem> {
    caller.require(Role::Operator)?;
    let app = zone.create_app(&caller.name, new).await?;
    let view = AppView::new(&zone, &caller, &app);
    Ok((StatusCode::CREATED, Json(view)))
}

/// One app, without secrets.
#[utoipa::path(get, path = "/api/v1/wecom/apps/{corpid}/{agentid}", operation_id = "show_zone_app", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
) -> Result<Json<AppView>, Problem> {
    let app = zone.app(&corpid, agentid)?;
    Ok(Json(AppView::new(&zone, &caller, &app)))
}

/// Changes an app; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/wecom/apps/{corpid}/{agentid}", operation_id = "update_zone_app", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)), request_body = AppChange,
    responses((status = 200, body = AppView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn update(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
    extract::Json(change): extract::Json<AppChange>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let changed = zone.update_app(&caller.name, &corpid, agentid, change);
    Ok(Json(AppView::new(&zone, &caller, &*changed.await?)))
}

/// Deletes an app with its endpoints, tokens and associations.
#[utoipa::path(delete, path = "/api/v1/wecom/apps/{corpid}/{agentid}", operation_id = "delete_zone_app", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Operator)?;
    whole(async move { zone.delete_app(&caller.name, &corpid, agentid).await }).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// The secrets of an app. Role `admin`.
#[utoipa::path(get, path = "/api/v1/wecom/apps/{corpid}/{agentid}/credentials", operation_id = "show_zone_app_credentials", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)),
    responses((status = 200, body = CredentialsView), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn credentials(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
) -> Result<Json<CredentialsView>, Problem> {
    caller.require(Role::Admin)?;
    let app = zone.app(&corpid, agentid)?;
    Ok(Json(CredentialsView::from(&*app)))
}

/// A new secret.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecret {
    /// Generated when left out.
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    secret: Option<Secret>,
}

/// Replaces the secret of an app; access tokens stay good until they end. Role `admin`.
#[utoipa::path(post, path = "/api/v1/wecom/apps/{corpid}/{agentid}/rotate", operation_id = "rotate_zone_app", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)), request_body = NewSecret,
    responses((status = 200, body = AppView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn rotate(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
    extract::Json(new): extract::Json<NewSecret>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Admin)?;
    let rotated = zone.rotate_app_secret(&caller.name, &corpid, agentid, new.secret);
    Ok(Json(AppView::new(&zone, &caller, &*rotated.await?)))
}

/// Submits an app, once every program it may use is deployed.
#[utoipa::path(post, path = "/api/v1/wecom/apps/{corpid}/{agentid}/submit", operation_id = "submit_zone_app", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn submit(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let submitted = zone.submit_app(&caller.name, &corpid, agentid);
    Ok(Json(AppView::new(&zone, &caller, &*submitted.await?)))
}
