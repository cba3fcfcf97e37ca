//! The data-callback URL of an app.

use axum::extract::State;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role, extract};

use super::{Path, TAG};
use crate::app::NewCallback;
use crate::view::AppView;
use crate::zone::Zone;

/// Checks a data-callback URL as the platform does and saves it only if it passes; the old one stays in
/// force else. Give the Token and EncodingAESKey that the server has; left out, those that are saved are
/// used. One that is made here, where none is saved yet, is known to no server that decrypts.
#[utoipa::path(put, path = "/api/v1/wecom/apps/{corpid}/{agentid}/callback-url", operation_id = "save_zone_callback", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)), request_body = NewCallback,
    responses((status = 200, body = AppView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn save(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
    extract::Json(new): extract::Json<NewCallback>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let saved = zone.save_callback(&caller.name, &corpid, agentid, new);
    Ok(Json(AppView::new(&zone, &caller, &*saved.await?)))
}

/// Takes the data-callback URL away, with its Token and EncodingAESKey.
#[utoipa::path(delete, path = "/api/v1/wecom/apps/{corpid}/{agentid}/callback-url", operation_id = "clear_zone_callback", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem)))]
pub(super) async fn clear(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let cleared = zone.clear_callback(&caller.name, &corpid, agentid);
    Ok(Json(AppView::new(&zone, &caller, &*cleared.await?)))
}
