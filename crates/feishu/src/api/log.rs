//! The event and callback logs as the platform's console shows them.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use ringback_types::{Caller, Code, Problem, Role, ScheduleTime};
use serde::Deserialize;

use super::TAG;
use crate::event_log::{LogPage, LogQuery, PushStatus};
use crate::feishu::Feishu;
use ringback_types::extract;

/// The filters of the console.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// From this time on: RFC 3339, or milliseconds since the Unix epoch.
    since: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// `ALL`, `SUCCESS` or `FAIL`.
    status: Option<String>,
    /// Only this type.
    event_type: Option<String>,
    /// Only the event of this id, the platform's own.
    event_id: Option<String>,
    /// Where an earlier page said to go on (`next`).
    before: Option<i64>,
    /// How many deliveries to look up; 50 when left out, at most 200.
    limit: Option<usize>,
}

impl Filters {
    fn query(self) -> Result<LogQuery, Problem> {
        Ok(LogQuery {
            since: self.since.as_deref().map(time).transpose()?,
            until: self.until.as_deref().map(time).transpose()?,
            status: status(self.status.as_deref().unwrap_or("ALL"))?,
            event_type: self.event_type,
            event_id: self.event_id,
            before: self.before,
            limit: self.limit.unwrap_or_default(),
        })
    }
}

fn time(text: &str) -> Result<ScheduleTime, Problem> {
    let millis = text.parse().ok().or_else(|| {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(jiff::Timestamp::as_millisecond)
    });
    millis.map(ScheduleTime::from_millis).ok_or_else(|| {
        bad_query("a time is RFC 3339, such as `2026-01-31T08:15:30Z`, or milliseconds")
    })
}

fn status(word: &str) -> Result<Option<PushStatus>, Problem> {
    match word {
        "ALL" => Ok(None),
        "SUCCESS" => Ok(Some(PushStatus::Success)),
        "FAIL" => Ok(Some(PushStatus::Fail)),
        _ => Err(bad_query("`status` is ALL, SUCCESS or FAIL")),
    }
}

fn bad_query(message: &str) -> Problem {
    Problem::new(400, Code::new("api.bad_query"), message)
        .with_hint("`/api/v1/openapi.json` lists the parameters of this route")
}

fn unreadable(error: &ringback_store::ReadError) -> Problem {
    Problem::from_error(503, error)
}

/// The pushes of an app's events, newest events first.
#[utoipa::path(get, path = "/api/v1/feishu/apps/{app_id}/events", tag = TAG,
    params(("app_id" = String, Path), Filters),
    responses((status = 200, body = LogPage), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn events(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
    extract::Query(filters): extract::Query<Filters>,
) -> Result<Json<LogPage>, Problem> {
    let (app, query) = (feishu.app(&app_id)?, filters.query()?);
    let bodies = caller.role >= Role::Operator;
    let page = feishu.event_log(&app, query, bodies).await;
    page.map(Json).map_err(|error| unreadable(&error))
}

/// The callbacks of an app, newest first, each with the code that the client showed. `event_id` needs
/// the role `operator`: it is looked for in the bodies.
#[utoipa::path(get, path = "/api/v1/feishu/apps/{app_id}/callbacks", tag = TAG,
    params(("app_id" = String, Path), Filters),
    responses((status = 200, body = LogPage), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn callbacks(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
    extract::Query(filters): extract::Query<Filters>,
) -> Result<Json<LogPage>, Problem> {
    let (app, query) = (feishu.app(&app_id)?, filters.query()?);
    if query.event_id.is_some() {
        caller.require(Role::Operator)?;
    }
    let bodies = caller.role >= Role::Operator;
    let page = feishu.callback_log(&app, query, bodies).await;
    page.map(Json).map_err(|error| unreadable(&error))
}
