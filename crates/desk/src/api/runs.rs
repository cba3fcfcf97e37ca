//! Runs and the nodes that they passed.

use axum::extract::State;
use axum::{Extension, Json};
use ringback_types::{Caller, ConversationId, Problem, Role, RunId, extract};
use serde::Deserialize;

use super::{TAG, page};
use crate::conversation::StoredRun;
use crate::desk::Desk;
use crate::view::{RunStepsView, RunView};
use ringback_types::extract::Path;

/// How many.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// 50 when left out, at most 500.
    limit: Option<i64>,
}

/// The runs of a conversation, newest first.
#[utoipa::path(get, path = "/api/v1/desk/conversations/{conversation}/runs", tag = TAG, operation_id = "desk_runs",
    params(("conversation" = String, Path), Page),
    responses((status = 200, body = Vec<RunView>), (status = 404, body = Problem)))]
pub(super) async fn of_conversation(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<ConversationId>,
    extract::Query(asked): extract::Query<Page>,
) -> Result<Json<Vec<RunView>>, Problem> {
    caller.require(Role::Operator)?;
    desk.conversation(id).await?;
    let runs = desk.runs(id, page(asked.limit)).await?;
    Ok(Json(runs.iter().map(|run| view(&desk, run)).collect()))
}

/// Which steps.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    /// Only those after this one.
    after: i64,
    /// How many; 50 when left out, at most 500.
    limit: Option<i64>,
}

/// One run with the nodes that it has passed, and what became of their calls.
#[utoipa::path(get, path = "/api/v1/desk/runs/{run}", tag = TAG, operation_id = "desk_run",
    params(("run" = String, Path), After),
    responses((status = 200, body = RunStepsView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<RunId>,
    extract::Query(asked): extract::Query<After>,
) -> Result<Json<RunStepsView>, Problem> {
    caller.require(Role::Operator)?;
    let run = desk.run(id).await?;
    Ok(Json(RunStepsView {
        path: desk.steps(id, asked.after, page(asked.limit)).await?,
        run: view(&desk, &run),
    }))
}

fn view(desk: &Desk, run: &StoredRun) -> RunView {
    let snapshot = desk.registry().snapshot();
    RunView::new(run, snapshot.flow_by_id(run.flow))
}
