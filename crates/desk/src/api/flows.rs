//! Flows: checked, saved, published, taken back, and one node of them tried.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use bytes::Bytes;
use ringback_flow::NodeKind;
use ringback_types::{Caller, Problem, Role, extract};
use serde::Deserialize;
use serde_json::Value;

use super::TAG;
use crate::conversation::CallSeen;
use crate::desk::Desk;
use crate::error::FlowError;
use crate::flows::checked;
use crate::view::{CheckView, DocumentView, FlowView, VersionView};

/// The JSON Schema of a flow document.
#[utoipa::path(get, path = "/api/v1/desk/flow-schema", tag = TAG, operation_id = "desk_flow_schema",
    responses((status = 200, body = Value)))]
pub(super) async fn schema() -> Json<Value> {
    Json(ringback_flow::schema())
}

/// Checks a document without saving it; answers every fault with its node and edge.
#[utoipa::path(post, path = "/api/v1/desk/flow-check", tag = TAG, operation_id = "desk_check_flow",
    request_body = ringback_flow::Document, responses((status = 200, body = CheckView)))]
pub(super) async fn check(body: Bytes) -> Json<CheckView> {
    let faults = checked(body.to_vec()).await.err().unwrap_or_default();
    Json(CheckView {
        valid: faults.is_empty(),
        faults,
    })
}

/// The flows of an app.
#[utoipa::path(get, path = "/api/v1/desk/apps/{sdk_app_id}/flows", tag = TAG, operation_id = "desk_list_flows",
    params(("sdk_app_id" = String, Path)),
    responses((status = 200, body = Vec<FlowView>), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(desk): State<Desk>,
    Path(sdk_app_id): Path<String>,
) -> Result<Json<Vec<FlowView>>, Problem> {
    let flows = desk.flows(&sdk_app_id)?;
    Ok(Json(flows.iter().map(FlowView::from).collect()))
}

/// How a document is saved.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Saving {
    /// Whether users meet it at once.
    publish: bool,
}

/// Saves a document as the newest version of the flow of its name, if it passes the check.
#[utoipa::path(post, path = "/api/v1/desk/apps/{sdk_app_id}/flows", tag = TAG, operation_id = "desk_save_flow",
    params(("sdk_app_id" = String, Path), Saving), request_body = ringback_flow::Document,
    responses((status = 200, body = FlowView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn save(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
    extract::Query(saving): extract::Query<Saving>,
    body: Bytes,
) -> Result<Json<FlowView>, Problem> {
    caller.require(Role::Operator)?;
    let saved = desk
        .save_flow(&caller.name, &sdk_app_id, &body, saving.publish)
        .await?;
    Ok(Json(FlowView::from(&saved)))
}

/// Which version.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The newest when left out.
    version: Option<i64>,
}

/// One version of a flow with its document. Role `operator`: URLs and fixed values in it may be credentials.
#[utoipa::path(get, path = "/api/v1/desk/apps/{sdk_app_id}/flows/{name}", tag = TAG, operation_id = "desk_show_flow",
    params(("sdk_app_id" = String, Path), ("name" = String, Path), Which),
    responses((status = 200, body = DocumentView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path((sdk_app_id, name)): Path<(String, String)>,
    extract::Query(which): extract::Query<Which>,
) -> Result<Json<DocumentView>, Problem> {
    caller.require(Role::Operator)?;
    let app = desk.app(&sdk_app_id)?;
    let flow = desk.flow(&app, &name)?;
    let version = which.version.unwrap_or(flow.latest);
    let edition = desk.edition_of(&flow, version).await?;
    Ok(Json(DocumentView {
        flow: FlowView::from(&flow),
        version,
        document: edition.flow.document().clone(),
    }))
}

/// Deletes a flow with its versions.
#[utoipa::path(delete, path = "/api/v1/desk/apps/{sdk_app_id}/flows/{name}", tag = TAG, operation_id = "desk_delete_flow",
    params(("sdk_app_id" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path((sdk_app_id, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Operator)?;
    desk.delete_flow(&caller.name, &sdk_app_id, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The versions of a flow, newest first; at most 100.
#[utoipa::path(get, path = "/api/v1/desk/apps/{sdk_app_id}/flows/{name}/versions", tag = TAG, operation_id = "desk_flow_versions",
    params(("sdk_app_id" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Vec<VersionView>), (status = 404, body = Problem)))]
pub(super) async fn versions(
    State(desk): State<Desk>,
    Path((sdk_app_id, name)): Path<(String, String)>,
) -> Result<Json<Vec<VersionView>>, Problem> {
    let app = desk.app(&sdk_app_id)?;
    let flow = desk.flow(&app, &name)?;
    let versions = desk.flow_versions(flow.id).await?;
    let view = |version| VersionView::new(version, flow.published);
    Ok(Json(versions.iter().map(view).collect()))
}

/// Lets users meet a version; an older one is a rollback.
#[utoipa::path(post, path = "/api/v1/desk/apps/{sdk_app_id}/flows/{name}/publish", tag = TAG, operation_id = "desk_publish_flow",
    params(("sdk_app_id" = String, Path), ("name" = String, Path), Which),
    responses((status = 200, body = FlowView), (status = 404, body = Problem)))]
pub(super) async fn publish(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path((sdk_app_id, name)): Path<(String, String)>,
    extract::Query(which): extract::Query<Which>,
) -> Result<Json<FlowView>, Problem> {
    caller.require(Role::Operator)?;
    let flow = desk
        .publish_flow(&caller.name, &sdk_app_id, &name, which.version)
        .await?;
    Ok(Json(FlowView::from(&flow)))
}

/// Lets no user meet the flow any more; runs under way go on.
#[utoipa::path(post, path = "/api/v1/desk/apps/{sdk_app_id}/flows/{name}/unpublish", tag = TAG, operation_id = "desk_unpublish_flow",
    params(("sdk_app_id" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = FlowView), (status = 404, body = Problem)))]
pub(super) async fn unpublish(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path((sdk_app_id, name)): Path<(String, String)>,
) -> Result<Json<FlowView>, Problem> {
    caller.require(Role::Operator)?;
    let flow = desk
        .unpublish_flow(&caller.name, &sdk_app_id, &name)
        .await?;
    Ok(Json(FlowView::from(&flow)))
}

/// What is sent when a node is tried.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = DeskNodeTrial)]
pub(super) struct Trial {
    /// The inputs by name; what is left out is sent as a fixed value, or as `""`.
    inputs: BTreeMap<String, String>,
    /// Which version; the newest when left out.
    version: Option<i64>,
}

/// Calls the interface of one API-call node as a run would, and says what came of it.
#[utoipa::path(post, path = "/api/v1/desk/apps/{sdk_app_id}/flows/{name}/nodes/{node}/call", tag = TAG, operation_id = "desk_call_node",
    params(("sdk_app_id" = String, Path), ("name" = String, Path), ("node" = String, Path)), request_body = Trial,
    responses((status = 200, body = CallSeen), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn call_node(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path((sdk_app_id, name, node)): Path<(String, String, String)>,
    extract::Json(trial): extract::Json<Trial>,
) -> Result<Json<CallSeen>, Problem> {
    caller.require(Role::Operator)?;
    let app = desk.app(&sdk_app_id)?;
    let flow = desk.flow(&app, &name)?;
    let edition = desk
        .edition_of(&flow, trial.version.unwrap_or(flow.latest))
        .await?;
    let unknown = || FlowError::NoCallNode(node.chars().take(64).collect());
    let number = edition.flow.number_of(&node).ok_or_else(unknown)?;
    let NodeKind::ApiCall(call) = &edition.flow.node(number).kind else {
        return Err(unknown().into());
    };
    let values: Vec<(String, String)> = call
        .inputs
        .iter()
        .map(|input| {
            let given = trial.inputs.get(&input.name).or(input.value.as_ref());
            (input.name.clone(), given.cloned().unwrap_or_default())
        })
        .collect();
    Ok(Json(
        desk.invoke(&app, &edition, number, &values).await.seen,
    ))
}
