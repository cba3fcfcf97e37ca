//! Which programs an app may use, and which of them receives its events.

use axum::extract::State;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role, extract};
use serde::Deserialize;

use super::{Path, TAG, whole};
use crate::view::AppView;
use crate::zone::Zone;

/// Lets an app use a program.
#[utoipa::path(put, path = "/api/v1/wecom/apps/{corpid}/{agentid}/programs/{program_id}", operation_id = "associate_program", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path), ("program_id" = String, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn associate(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid, program_id)): Path<(String, i64, String)>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    zone.associate(&caller.name, &corpid, agentid, &program_id)
        .await?;
    let app = zone.app(&corpid, agentid)?;
    Ok(Json(AppView::new(&zone, &caller, &app)))
}

/// Takes a program away from an app; what still waits for it is given up.
#[utoipa::path(delete, path = "/api/v1/wecom/apps/{corpid}/{agentid}/programs/{program_id}", operation_id = "dissociate_program", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path), ("program_id" = String, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem)))]
pub(super) async fn dissociate(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid, program_id)): Path<(String, i64, String)>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let (acting, by, of_corp) = (zone.clone(), caller.name.clone(), corpid.clone());
    let taking = async move { acting.dissociate(&by, &of_corp, agentid, &program_id).await };
    whole(taking).await??;
    let app = zone.app(&corpid, agentid)?;
    Ok(Json(AppView::new(&zone, &caller, &app)))
}

/// Which program receives events.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receiving {
    /// One that the app may use; `null`: none.
    program_id: Option<String>,
}

/// Says which program receives the events of an app; the latest counts.
#[utoipa::path(put, path = "/api/v1/wecom/apps/{corpid}/{agentid}/receiving-program", operation_id = "set_receiving_program", tag = TAG,
    params(("corpid" = String, Path), ("agentid" = i64, Path)), request_body = Receiving,
    responses((status = 200, body = AppView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn set_receiving(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((corpid, agentid)): Path<(String, i64)>,
    extract::Json(receiving): extract::Json<Receiving>,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let app = zone.app(&corpid, agentid)?;
    zone.set_receiving(&caller.name, &app, receiving.program_id.as_deref())
        .await?;
    let app = zone.app(&corpid, agentid)?;
    Ok(Json(AppView::new(&zone, &caller, &app)))
}
