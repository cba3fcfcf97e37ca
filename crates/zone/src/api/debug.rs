//! The debug page of a program.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role, extract};
use serde::Deserialize;

use super::{Path, TAG};
use crate::view::{DebugCredentialView, ProgramView};
use crate::zone::Zone;

/// Where calls and events go in debug mode.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DebugUrl {
    /// Beginning with `http://` or `https://`; `null`: nowhere.
    url: Option<String>,
}

/// Sets or clears the event receive server of a program.
#[utoipa::path(put, path = "/api/v1/wecom/programs/{program_id}/debug-url", operation_id = "set_debug_url", tag = TAG,
    params(("program_id" = String, Path)), request_body = DebugUrl,
    responses((status = 200, body = ProgramView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn set_url(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
    extract::Json(new): extract::Json<DebugUrl>,
) -> Result<Json<ProgramView>, Problem> {
    caller.require(Role::Operator)?;
    let set = zone.set_debug_url(&caller.name, &program_id, new.url.as_deref());
    Ok(Json(ProgramView::new(&zone, &caller, &*set.await?)))
}

/// The confirmation that the console asks for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    /// Whether a debug program may see what the program sees, for three days.
    #[serde(default)]
    confirm: bool,
}

/// The debug credential of a program; the same as long as it lives. Leaves an audit row.
#[utoipa::path(post, path = "/api/v1/wecom/programs/{program_id}/debug-credential", operation_id = "make_debug_credential", tag = TAG,
    params(("program_id" = String, Path)), request_body = Confirmation,
    responses((status = 200, body = DebugCredentialView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn credential(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
    extract::Json(confirmation): extract::Json<Confirmation>,
) -> Result<Json<DebugCredentialView>, Problem> {
    caller.require(Role::Operator)?;
    let made = zone.debug_credential(&caller.name, &program_id, confirmation.confirm);
    Ok(Json(DebugCredentialView::from(&made.await?)))
}

/// Takes the debug credential of a program away, and with it every debug session.
#[utoipa::path(delete, path = "/api/v1/wecom/programs/{program_id}/debug-credential", operation_id = "revoke_debug_credential", tag = TAG,
    params(("program_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn revoke(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Operator)?;
    zone.revoke_debug_credential(&caller.name, &program_id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
