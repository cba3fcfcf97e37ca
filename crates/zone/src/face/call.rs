//! Calls of programs (app sheet, 2.1 to 2.3).

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Body, Caller};
use crate::call::Asked;
use crate::errcode::Refusal;
use crate::zone::Zone;

#[derive(Debug, Deserialize)]
struct CallRequest {
    program_id: String,
    ability_id: String,
    #[serde(default)]
    notify_id: Option<String>,
    request_data: String,
}

impl CallRequest {
    fn asked(&self) -> Asked<'_> {
        Asked {
            program_id: &self.program_id,
            ability_id: &self.ability_id,
            notify_id: self.notify_id.as_deref().unwrap_or_default(),
            request_data: &self.request_data,
        }
    }
}

#[derive(Debug, Serialize)]
struct CallAnswer {
    response_data: String,
}

/// `sync_call_program`.
pub(super) async fn sync_call(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async {
        let request: CallRequest = body.parsed()?;
        let answered = zone.sync_call(&caller.app, request.asked()).await;
        answered
            .response_data
            .map(|response_data| CallAnswer { response_data })
    };
    caller.answered(answered.await)
}

#[derive(Debug, Serialize)]
struct JobAnswer {
    jobid: String,
}

/// `async_program_task`.
pub(super) async fn async_call(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async {
        let request: CallRequest = body.parsed()?;
        let asked = Asked {
            // There is none here (app sheet, 2.2).
            notify_id: "",
            ..request.asked()
        };
        let jobid = zone.async_call(&caller.app, asked).await?;
        Ok::<_, Refusal>(JobAnswer { jobid })
    };
    caller.answered(answered.await)
}

#[derive(Debug, Deserialize)]
struct ResultRequest {
    jobid: String,
}

/// `async_program_result`.
pub(super) async fn async_result(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async {
        let ResultRequest { jobid } = body.parsed()?;
        zone.job_result(&caller.app, &jobid).await
    };
    caller.answered(answered.await)
}
