//! Calls of programs made by hand: the code path of the app-facing API, with the cause of a refusal.

use axum::extract::State;
use axum::{Extension, Json};
use ringback_types::{Caller, DeliveryId, Problem, Role, extract};
use serde::{Deserialize, Serialize};

use super::TAG;
use crate::app::App;
use crate::call::Asked;
use crate::errcode::Refusal;
use crate::zone::Zone;

/// A call to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallRequest {
    /// The corp; may be left out where one app can be meant.
    #[serde(default)]
    corpid: Option<String>,
    /// The app; may be left out where one can be meant.
    #[serde(default)]
    agentid: Option<i64>,
    /// Which program.
    program_id: String,
    /// Which of its abilities.
    ability_id: String,
    /// The notification it is about; for synchronous calls only.
    #[serde(default)]
    notify_id: Option<String>,
    /// JSON text, as the ability's input protocol says.
    request_data: String,
    /// Whether the result is fetched later.
    #[serde(default, rename = "async")]
    is_async: bool,
}

impl CallRequest {
    fn asked(&self) -> Asked<'_> {
        let notify_id = self.notify_id.as_deref().filter(|_| !self.is_async);
        Asked {
            program_id: &self.program_id,
            ability_id: &self.ability_id,
            notify_id: notify_id.unwrap_or_default(),
            request_data: &self.request_data,
        }
    }
}

/// What the platform answers, and why.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct CallView {
    /// 0, or what clients branch on.
    errcode: i32,
    /// What they read.
    errmsg: String,
    /// Why it was refused; the platform does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// JSON text, as the ability's output protocol says.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_data: Option<String>,
    /// What the result is fetched by.
    #[serde(skip_serializing_if = "Option::is_none")]
    jobid: Option<String>,
    /// The error that the program reported for a job; 0: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_errcode: Option<i64>,
    /// Where the log has the call, if it was sent.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryId>,
}

impl CallView {
    fn ok() -> Self {
        Self {
            errmsg: "ok".to_owned(),
            ..Self::default()
        }
    }
}

impl From<Refusal> for CallView {
    fn from(refusal: Refusal) -> Self {
        Self {
            errcode: refusal.errcode,
            errmsg: refusal.errmsg.into_owned(),
            cause: refusal.cause,
            ..Self::default()
        }
    }
}

/// Calls a program on behalf of an app. A refusal of the platform is answered 200 with its `errcode`, as
/// an app's server sees it.
#[utoipa::path(post, path = "/api/v1/wecom/call", operation_id = "call_program", tag = TAG, request_body = CallRequest,
    responses((status = 200, body = CallView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn call(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    extract::Json(request): extract::Json<CallRequest>,
) -> Result<Json<CallView>, Problem> {
    caller.require(Role::Operator)?;
    let app = zone.meant(request.corpid.as_deref(), request.agentid)?;
    if let Err(refusal) = app.may_use_zone() {
        return Ok(Json(refusal.into()));
    }
    if request.is_async {
        return Ok(Json(begin(&zone, &app, &request).await));
    }
    let answered = zone.sync_call(&app, request.asked()).await;
    let view = answered
        .response_data
        .map_or_else(CallView::from, |data| CallView {
            response_data: Some(data),
            ..CallView::ok()
        });
    Ok(Json(CallView {
        delivery: answered.delivery,
        ..view
    }))
}

async fn begin(zone: &Zone, app: &App, request: &CallRequest) -> CallView {
    let begun = zone.async_call(app, request.asked()).await;
    begun.map_or_else(CallView::from, |jobid| CallView {
        jobid: Some(jobid),
        ..CallView::ok()
    })
}

/// Whose result.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultRequest {
    /// The corp; may be left out where one app can be meant.
    #[serde(default)]
    corpid: Option<String>,
    /// The app; may be left out where one can be meant.
    #[serde(default)]
    agentid: Option<i64>,
    /// What the asynchronous call answered.
    jobid: String,
}

/// Fetches the result of an asynchronous call; 710642 until the program has reported it.
#[utoipa::path(post, path = "/api/v1/wecom/result", operation_id = "fetch_result", tag = TAG, request_body = ResultRequest,
    responses((status = 200, body = CallView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn result(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    extract::Json(request): extract::Json<ResultRequest>,
) -> Result<Json<CallView>, Problem> {
    caller.require(Role::Operator)?;
    let app = zone.meant(request.corpid.as_deref(), request.agentid)?;
    let finished = zone.job_result(&app, &request.jobid).await;
    Ok(Json(finished.map_or_else(CallView::from, |finished| {
        CallView {
            response_errcode: Some(finished.response_errcode),
            response_data: Some(finished.response_data),
            ..CallView::ok()
        }
    })))
}
