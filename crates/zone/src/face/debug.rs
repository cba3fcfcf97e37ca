//! The app's side of debug mode (app sheet, 2.5 to 2.7).

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Body, Caller, Nothing};
use crate::zone::Zone;

#[derive(Debug, Deserialize)]
struct OpenRequest {
    program_id: String,
    debug_token: String,
}

/// `open_debug_mode`: one of two halves; which comes first does not matter.
pub(super) async fn open(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async {
        let request: OpenRequest = body.parsed()?;
        zone.open_debug_mode(&caller.app, &request.program_id, &request.debug_token)
            .await?;
        Ok(Nothing {})
    };
    caller.answered(answered.await)
}

#[derive(Debug, Deserialize)]
struct OfProgram {
    program_id: String,
}

/// `close_debug_mode`: what is under way goes on, what comes later goes to the deployment.
pub(super) async fn close(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async {
        let OfProgram { program_id } = body.parsed()?;
        zone.close_debug_mode(&caller.app, &program_id).await?;
        Ok(Nothing {})
    };
    caller.answered(answered.await)
}

#[derive(Debug, Serialize)]
struct Status {
    debug_mode_status: u8,
}

/// `check_debug_mode`: 1 off, 2 on.
pub(super) async fn check(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async {
        let OfProgram { program_id } = body.parsed()?;
        let on = zone.is_debugging(&caller.app, &program_id)?;
        Ok(Status {
            debug_mode_status: if on { 2 } else { 1 },
        })
    };
    caller.answered(answered.await)
}
