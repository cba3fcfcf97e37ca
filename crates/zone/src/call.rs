//! An app calls a program: the checks, in the design's order, and the synchronous exchange.

use std::sync::Arc;

use bytes::Bytes;
use ringback_deliver::{Call, CallError};
use ringback_dialect::zone::{CallType, Mismatch, RequestFrame};
use ringback_types::{Deadline, DeliveryId};
use std::time::Duration;

use crate::app::App;
use crate::errcode::{self, Errcode, Refusal};
use crate::program::{Ability, ProgramKind, ProgramState};
use crate::resolve;
use crate::route::ProgramRoute;
use crate::seal;
use crate::zone::Zone;

/// The code of a reply that is larger than what is read of one.
const REPLY_CUT: &str = "zone.reply_cut";
/// The type of a synchronous call in the log.
pub(crate) const SYNC_CALL: &str = "program.sync_call";
/// The longest `request_data` (issue: 1 MiB, 40058).
pub(crate) const REQUEST_DATA_BYTES: usize = 1 << 20;
/// The longest reply (16 MiB, 45029).
pub(crate) const REPLY_BYTES: usize = 16 << 20;
/// What the engine may take besides the program's own deadline.
const SLACK: Duration = Duration::from_secs(5);

/// What an app asks of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) program_id: &'a str,
    pub(crate) ability_id: &'a str,
    pub(crate) notify_id: &'a str,
    pub(crate) request_data: &'a str,
}

/// What a program answered, with where the log has it.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) response_data: Result<String, Refusal>,
    pub(crate) delivery: Option<DeliveryId>,
}

impl Zone {
    /// The way to a program that this app may call now.
    pub(crate) fn callable(
        &self,
        app: &App,
        program_id: &str,
    ) -> Result<Arc<ProgramRoute>, Refusal> {
        let snapshot = self.snapshot();
        let route = snapshot.program_route(app.id, program_id).map(Arc::clone);
        let route = route.ok_or_else(|| not_associated(app, program_id))?;
        drop(snapshot);
        let debugging = route
            .association
            .debugging(&route.program, self.now())
            .is_some();
        if debugging || route.program.state == ProgramState::Deployed {
            return Ok(route);
        }
        Err(errcode::NOT_DEPLOYED.because(format!(
            "`{program_id}` is {} and debug mode is off",
            route.program.state.as_str()
        )))
    }

    /// The checks before anything is sent: program, state, ability, JSON, input protocol.
    pub(crate) async fn checked(
        &self,
        app: &App,
        asked: &Asked<'_>,
    ) -> Result<Arc<ProgramRoute>, Refusal> {
        let route = self.callable(app, asked.program_id)?;
        if route.program.kind == ProgramKind::Model {
            return Err(errcode::NOT_ASSOCIATED.because("a model is called with create_model_task"));
        }
        let ability = ability(&route, asked.ability_id)?;
        if asked.request_data.len() > REQUEST_DATA_BYTES {
            return Err(errcode::BAD_PARAMETER.saying("request_data is above 1048576 bytes"));
        }
        matches_input(ability, asked.request_data)?;
        if !asked.notify_id.is_empty() {
            self.check_notify(asked.notify_id, app.id, asked.program_id)
                .await?;
        }
        Ok(route)
    }

    /// `sync_call_program` (app sheet, 2.1).
    pub(crate) async fn sync_call(&self, app: &App, asked: Asked<'_>) -> Answered {
        let route = match self.checked(app, &asked).await {
            Ok(route) => route,
            Err(refusal) => return Answered::refused(refusal),
        };
        let Ok(place) = Arc::clone(&route.ongoing.calls).try_acquire_owned() else {
            return Answered::refused(errcode::CONCURRENCY.into());
        };
        let frame = RequestFrame {
            corpid: app.corpid.clone(),
            agentid: app.agentid,
            call_type: CallType::Call,
            data: asked.request_data.to_owned(),
            is_async: false,
            job_info: String::new(),
            ability_id: asked.ability_id.to_owned(),
            notify_id: asked.notify_id.to_owned(),
        };
        let deadline = Duration::from_millis(route.program.settings.call_deadline_ms);
        let call = Call {
            source: route.association.source,
            event_type: SYNC_CALL.to_owned(),
            app: Some(app.label()),
            headers: None,
            body: self.sealed(&frame),
            raw: None,
            endpoint: route.association.endpoint,
            deadline: Deadline::after(deadline + SLACK),
            permit: Some(place),
        };
        let outcome = self.engine().call(call).await;
        Answered {
            response_data: outcome
                .result
                .map_err(|error| failed(&error))
                .and_then(within_cap),
            delivery: Some(outcome.delivery),
        }
    }

    /// A frame as the record keeps it.
    pub(crate) fn sealed(&self, frame: &RequestFrame) -> Bytes {
        let json = serde_json::to_vec(frame).unwrap_or_default();
        seal::body(self.store().vault(), json)
    }
}

impl Answered {
    fn refused(refusal: Refusal) -> Self {
        Self {
            response_data: Err(refusal),
            delivery: None,
        }
    }
}

fn within_cap(answer: Bytes) -> Result<String, Refusal> {
    if answer.len() > REPLY_BYTES {
        return Err(errcode::TOO_LARGE.because(format!("the reply has {} bytes", answer.len())));
    }
    String::from_utf8(answer.into())
        .map_err(|_| errcode::OUTPUT_NOT_JSON.because("the reply is not UTF-8"))
}

pub(crate) fn not_associated(app: &App, program_id: &str) -> Refusal {
    let shown: String = program_id.chars().take(64).collect();
    errcode::NOT_ASSOCIATED.because(format!("`{}` may not use `{shown}`", app.label()))
}

pub(crate) fn ability<'a>(route: &'a ProgramRoute, id: &str) -> Result<&'a Ability, Refusal> {
    route.program.ability(id).ok_or_else(|| {
        let shown: String = id.chars().take(64).collect();
        errcode::BAD_ABILITY.because(format!("no ability `{shown}`"))
    })
}

fn matches_input(ability: &Ability, request_data: &str) -> Result<(), Refusal> {
    ability
        .input
        .check(request_data.as_bytes())
        .map_err(|mismatch| {
            let code = match mismatch {
                Mismatch::NotJson { .. } | Mismatch::Depth => errcode::INPUT_NOT_JSON,
                _ => errcode::INPUT_MISMATCH,
            };
            // The path stands in the log; keys of a request are no content, its values are never named.
            code.because(format!("ability `{}`: {mismatch}", ability.id))
        })
}

/// What an app is told of an exchange that failed; the log has the stable code beside it.
pub(crate) fn failed(error: &CallError) -> Refusal {
    let because = |code: Errcode| code.because(format!("{}: {}", error.code, error.detail));
    if error.code.as_str() == REPLY_CUT {
        return because(errcode::TOO_LARGE);
    }
    if let Some(number) = error.client_code {
        let known = errcode::ALL
            .iter()
            .find(|code| code.number == number as i32);
        return because(known.copied().unwrap_or(errcode::BAD_REPLY));
    }
    because(match error.code.as_str() {
        "transport.late" | "transport.reset" => errcode::LATE,
        "transport.protocol" => errcode::BAD_STATUS,
        resolve::NOT_DEPLOYED => errcode::NOT_DEPLOYED,
        resolve::INSTANCE_BUSY => errcode::CONCURRENCY,
        resolve::NO_ABILITY => errcode::BAD_ABILITY,
        "deliver.broken" => errcode::BUSY,
        _ => errcode::NOT_CONNECTED,
    })
}
