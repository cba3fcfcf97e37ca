//! What programs say: their log lines, and whatever else they write.

use axum::extract::State;
use axum::{Extension, Json};
use ringback_host::{LogCounts, LogFilter};
use ringback_types::{Caller, Problem, Role, extract};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Path, TAG, note};
use crate::program::LogLevel;
use crate::view::{LogLineView, ProgramView};
use crate::zone::Zone;

const DEFAULT_LINES: usize = 200;
const MOST_LINES: usize = 4_096;

/// How much is kept.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLevel {
    /// `error`, `info` or `debug`.
    level: LogLevel,
}

/// Sets how much of a program's log is kept, from now on.
#[utoipa::path(put, path = "/api/v1/wecom/programs/{program_id}/log-level", operation_id = "set_program_log_level", tag = TAG,
    params(("program_id" = String, Path)), request_body = NewLevel,
    responses((status = 200, body = ProgramView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn set_level(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(program_id): Path<String>,
    extract::Json(new): extract::Json<NewLevel>,
) -> Result<Json<ProgramView>, Problem> {
    caller.require(Role::Operator)?;
    let changed = zone.set_program_log_level(&caller.name, &program_id, new.level);
    Ok(Json(ProgramView::new(&zone, &caller, &*changed.await?)))
}

/// Which log lines.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// This level and what is more important: `error`, `info` or `debug`.
    #[param(value_type = Option<String>)]
    level: Option<LogLevel>,
    /// Only of this instance, from 1.
    instance: Option<u32>,
    /// Only of this request, as the SDK numbered it.
    req_id: Option<String>,
    /// After the line of this number: the first ones then, and not the last ones.
    after: Option<u64>,
    /// How many at most; 200 when absent, at most 4096.
    limit: Option<usize>,
}

impl From<Filter> for LogFilter {
    fn from(filter: Filter) -> Self {
        Self {
            level: filter.level.map(Into::into),
            instance: filter.instance,
            req_id: filter.req_id,
            after: filter.after,
            limit: Some(filter.limit.unwrap_or(DEFAULT_LINES).min(MOST_LINES)),
        }
    }
}

/// Log lines of a program.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LogView {
    /// The oldest first.
    lines: Vec<LogLineView>,
    /// What became of all its lines since this process started.
    #[schema(value_type = Object)]
    counts: LogCounts,
}

/// The log lines of a program that runs as a process here.
#[utoipa::path(get, path = "/api/v1/wecom/programs/{program_id}/logs", operation_id = "show_program_logs", tag = TAG,
    params(("program_id" = String, Path), Filter),
    responses((status = 200, body = LogView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn lines(
    State(zone): State<Zone>,
    Path(program_id): Path<String>,
    extract::Query(filter): extract::Query<Filter>,
) -> Result<Json<LogView>, Problem> {
    zone.program(&program_id)?;
    let lines = zone.hosts().logs(&program_id, &filter.into());
    Ok(Json(LogView {
        lines: lines.into_iter().map(LogLineView::from).collect(),
        counts: zone.hosts().log_counts(&program_id),
    }))
}

/// The end of what an instance wrote besides log lines, for the diagnosis of crashes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OutputView {
    /// The oldest first.
    lines: Vec<String>,
}

/// The end of what an instance wrote besides log lines. It may hold plaintext of messages: role
/// `auditor`; leaves an audit row.
#[utoipa::path(get, path = "/api/v1/wecom/programs/{program_id}/instances/{number}/output", operation_id = "show_instance_output", tag = TAG,
    params(("program_id" = String, Path), ("number" = u32, Path)),
    responses((status = 200, body = OutputView), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn output(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path((program_id, number)): Path<(String, u32)>,
) -> Result<Json<OutputView>, Problem> {
    caller.require(Role::Auditor)?;
    zone.program(&program_id)?;
    let target = format!("{program_id}/{number}");
    note(&zone, &caller, "zone_program.output", target, json!({})).await?;
    let lines = zone.hosts().output(&program_id, number);
    Ok(Json(OutputView { lines }))
}
