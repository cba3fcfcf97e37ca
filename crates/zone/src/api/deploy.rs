//! The way of a program to deployment, and the secrets of its instances.

use axum::extract::State;
use axum::{Extension, Json};
use ringback_dialect::zone::Credentials;
use ringback_types::{Caller, Problem, Role, extract};
use serde::Deserialize;
use serde_json::json;

use super::{Path, TAG, note, whole};
use crate::program::Host;
use crate::view::ProgramView;
use crate::zone::Zone;

/// Submits a draft for review.
#[utoipa::path(post, path = "/api/v1/wecom/programs/{program_id}/submit", operation_id = "submit_program", tag = TAG,
    params(("program_id" = String, Path)),
    responses((status = 200, body = ProgramView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn submit(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
) -> Result<Json<ProgramView>, Problem> {
    caller.require(Role::Operator)?;
    let program = zone.submit_program(&caller.name, &program_id).await?;
    Ok(Json(ProgramView::new(&zone, &caller, &program)))
}

/// How a review ends.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Review {
    /// Whether the program may be deployed; it is a draft again else.
    approved: bool,
}

/// Approves a program that is in review, or sends it back.
#[utoipa::path(post, path = "/api/v1/wecom/programs/{program_id}/review", operation_id = "review_program", tag = TAG,
    params(("program_id" = String, Path)), request_body = Review,
    responses((status = 200, body = ProgramView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn review(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
    extract::Json(review): extract::Json<Review>,
) -> Result<Json<ProgramView>, Problem> {
    caller.require(Role::Operator)?;
    let reviewed = zone.review_program(&caller.name, &program_id, review.approved);
    Ok(Json(ProgramView::new(&zone, &caller, &*reviewed.await?)))
}

/// Where to deploy.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deployment {
    /// Where the program is to run from now on; where it said before when left out.
    #[serde(default)]
    host: Option<Host>,
}

/// Deploys an approved program, or one that is deployed already at another place.
#[utoipa::path(post, path = "/api/v1/wecom/programs/{program_id}/deploy", operation_id = "deploy_program", tag = TAG,
    params(("program_id" = String, Path)), request_body = Deployment,
    responses((status = 200, body = ProgramView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn deploy(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
    extract::Json(deployment): extract::Json<Deployment>,
) -> Result<Json<ProgramView>, Problem> {
    caller.require(Role::Operator)?;
    let deployed = zone.deploy(&caller.name, &program_id, deployment.host);
    Ok(Json(ProgramView::new(&zone, &caller, &*deployed.await?)))
}

/// Takes a program out of service and stops its processes; it stays approved.
#[utoipa::path(post, path = "/api/v1/wecom/programs/{program_id}/undeploy", operation_id = "undeploy_program", tag = TAG,
    params(("program_id" = String, Path)),
    responses((status = 200, body = ProgramView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn undeploy(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
) -> Result<Json<ProgramView>, Problem> {
    caller.require(Role::Operator)?;
    let (acting, by) = (zone.clone(), caller.name.clone());
    let program = whole(async move { acting.undeploy(&by, &program_id).await }).await??;
    Ok(Json(ProgramView::new(&zone, &caller, &program)))
}

/// Gives every instance a new secret beside the one it uses. Role `admin`.
#[utoipa::path(post, path = "/api/v1/wecom/programs/{program_id}/rotate", operation_id = "rotate_program", tag = TAG,
    params(("program_id" = String, Path)),
    responses((status = 200, body = ProgramView), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn rotate(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
) -> Result<Json<ProgramView>, Problem> {
    caller.require(Role::Admin)?;
    let (acting, by) = (zone.clone(), caller.name.clone());
    let program = whole(async move { acting.rotate_program(&by, &program_id).await }).await??;
    Ok(Json(ProgramView::new(&zone, &caller, &program)))
}

/// The credentials file of one instance, for a program that is run somewhere else. Role `admin`; leaves
/// an audit row.
#[utoipa::path(get, path = "/api/v1/wecom/programs/{program_id}/instances/{number}/credentials", operation_id = "show_instance_credentials", tag = TAG,
    params(("program_id" = String, Path), ("number" = u32, Path)),
    responses((status = 200, body = Object), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn credentials(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((program_id, number)): Path<(String, u32)>,
) -> Result<Json<Credentials>, Problem> {
    caller.require(Role::Admin)?;
    let credentials = zone.instance_credentials(&program_id, number).await?;
    let (action, target) = ("zone_program.credentials", credentials.key_id.clone());
    note(&zone, &caller, action, target, json!({})).await?;
    Ok(Json(credentials))
}
