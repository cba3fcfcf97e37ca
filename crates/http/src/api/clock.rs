//! `/api/v1/clock`: schedule time, and how to move it where it is virtual (design, section 9).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json as Answer};
use ringback_types::extract::Json;
use ringback_types::{Caller, Clock, Code, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::note;
use crate::faces::Inner;

/// What the clocks show.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClockView {
    /// Schedule time: due times, ladders, retention.
    now: String,
    /// Wire time: what peers sign and check; always real.
    wire: String,
    /// Whether schedule time moves only when it is told to.
    #[serde(rename = "virtual")]
    is_virtual: bool,
}

impl ClockView {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self {
            now: clock.schedule().to_rfc3339(),
            wire: clock.wire().to_rfc3339(),
            is_virtual: clock.is_virtual(),
        }
    }
}

/// Show the clocks.
#[utoipa::path(get, path = "/api/v1/clock", tag = "rehearsal",
    responses((status = 200, body = ClockView)))]
pub(crate) async fn show_clock(State(faces): State<Arc<Inner>>) -> Answer<ClockView> {
    Answer(ClockView::new(faces.store().clock()))
}

/// How far the clock goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    /// In milliseconds.
    by_ms: u64,
}

/// What an advance of the clock ran.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdvancedView {
    /// How many attempts were made.
    attempts: u64,
    /// How many of them failed.
    failed: u64,
    /// How many deliveries became final.
    finished: u64,
    /// What schedule time is now.
    now: String,
}

/// Move virtual schedule time on: every attempt that falls due on the way is made and recorded before
/// this answers.
#[utoipa::path(post, path = "/api/v1/clock/advance", tag = "rehearsal", request_body = Advance,
    responses((status = 200, body = AdvancedView), (status = 409, body = Problem)))]
pub(crate) async fn advance_clock(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Json(advance): Json<Advance>,
) -> Result<Answer<AdvancedView>, Problem> {
    let detail = serde_json::json!({ "by_ms": advance.by_ms });
    note(&faces, &caller, "clock.advance", "clock", detail).await?;
    let advanced = faces
        .engine
        .advance(Duration::from_millis(advance.by_ms))
        .await;
    let advanced = advanced.map_err(|error| {
        Problem::new(409, Code::new("clock.real"), error.to_string())
            .with_hint("start with `ringback dev --clock virtual`")
    })?;
    Ok(Answer(AdvancedView {
        attempts: advanced.attempts,
        failed: advanced.failed,
        finished: advanced.finished,
        now: advanced.now.to_rfc3339(),
    }))
}
