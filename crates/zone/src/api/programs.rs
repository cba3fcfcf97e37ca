//! Programs as their files describe them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role, extract};

use super::{Path, TAG, whole};
use crate::program::ProgramInput;
use crate::view::ProgramView;
use crate::zone::Zone;

/// All programs with their instances.
#[utoipa::path(get, path = "/api/v1/wecom/programs", operation_id = "list_programs", tag = TAG,
    responses((status = 200, body = Vec<ProgramView>)))]
pub(super) async fn list(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
) -> Json<Vec<ProgramView>> {
    let programs = zone.programs();
    Json(
        programs
            .iter()
            .map(|program| ProgramView::new(&zone, &caller, program))
            .collect(),
    )
}

/// Makes a program, or brings the one of this id to what is described; a change of one that is deployed
/// holds at once.
#[utoipa::path(put, path = "/api/v1/wecom/programs", operation_id = "put_program", tag = TAG, request_body = ProgramInput,
    responses((status = 200, body = ProgramView), (status = 422, body = Problem)))]
pub(super) async fn put(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    extract::Json(input): extract::Json<ProgramInput>,
) -> Result<Json<ProgramView>, Problem> {
    caller.require(Role::Operator)?;
    let program = zone.put_program(&caller.name, input).await?;
    Ok(Json(ProgramView::new(&zone, &caller, &program)))
}

/// One program with its instances.
#[utoipa::path(get, path = "/api/v1/wecom/programs/{program_id}", operation_id = "show_program", tag = TAG,
    params(("program_id" = String, Path)),
    responses((status = 200, body = ProgramView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
) -> Result<Json<ProgramView>, Problem> {
    let program = zone.program(&program_id)?;
    Ok(Json(ProgramView::new(&zone, &caller, &program)))
}

/// Deletes a program that no app uses, stops it and deletes its log.
#[utoipa::path(delete, path = "/api/v1/wecom/programs/{program_id}", operation_id = "delete_program", tag = TAG,
    params(("program_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn delete(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Operator)?;
    whole(async move { zone.delete_program(&caller.name, &program_id).await }).await??;
    Ok(StatusCode::NO_CONTENT)
}
