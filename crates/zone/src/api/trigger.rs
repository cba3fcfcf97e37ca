//! Events made on purpose.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_types::{Caller, Problem, Role, extract};
use serde::Serialize;
use serde_json::Value;

use super::TAG;
use crate::event::{EventType, Trigger, Triggered};
use crate::zone::Zone;

/// Makes events for the receiving program of an app; they are on the disk when this answers, and on
/// their way.
#[utoipa::path(post, path = "/api/v1/wecom/trigger", operation_id = "trigger_zone_event", tag = TAG, request_body = Trigger,
    responses((status = 202, body = Vec<Triggered>), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn trigger(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    extract::Json(trigger): extract::Json<Trigger>,
) -> Result<(StatusCode, Json<Vec<Triggered>>), Problem> {
    caller.require(Role::Operator)?;
    let events = zone.trigger(&trigger).await?;
    Ok((StatusCode::ACCEPTED, Json(events)))
}

/// A sample of one event type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ZoneFixture)]
pub(crate) struct Fixture {
    /// The event type.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    event_type: EventType,
    /// What the event carries; a `token`, where there is one, is made with the event.
    #[schema(value_type = Object)]
    payload: Value,
}

/// The event types there are, each with its sample.
#[utoipa::path(get, path = "/api/v1/wecom/fixtures", operation_id = "list_zone_fixtures", tag = TAG,
    responses((status = 200, body = Vec<Fixture>)))]
pub(super) async fn list_fixtures() -> Json<Vec<Fixture>> {
    let sample = |event_type: &EventType| Fixture {
        event_type: *event_type,
        payload: event_type.sample(),
    };
    Json(EventType::ALL.iter().map(sample).collect())
}
