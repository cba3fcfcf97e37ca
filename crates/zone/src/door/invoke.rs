//! SDK APIs (SDK sheet, section 9): who asks, and which API it is.

use std::sync::Arc;

use axum::response::Response;
use ringback_archive::Owner;
use ringback_dialect::zone::{InvokeFrame, Outcome, Reason};
use serde_json::json;

use super::{Opened, Peer};
use crate::app::App;
use crate::call::not_associated;
use crate::errcode::{self, Refusal};
use crate::face::{self, parse_json};
use crate::job::JobKind;
use crate::program::ProgramState;
use crate::registry::Speaker;
use crate::task::Asking;
use crate::zone::Zone;

/// The APIs that are there, with their old names (SDK sheet, section 21).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    SyncMsg,
    MessagesOfPage,
    NotifyApp,
    Report,
    CreateProgramTask,
    ProgramTaskResult,
    CreateModelTask,
    ModelTaskResult,
    KnowledgeBases,
    SetMasking,
    GetMasking,
}

impl Api {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sync_msg" => Self::SyncMsg,
            "get_msg_list_by_page_id" => Self::MessagesOfPage,
            "spec_notify_app" => Self::NotifyApp,
            "program_async_job_call_back" => Self::Report,
            "create_program_task" => Self::CreateProgramTask,
            "get_program_task_result" => Self::ProgramTaskResult,
            "create_model_task" | "create_private_task" => Self::CreateModelTask,
            "get_model_task_result" | "get_private_task_result" => Self::ModelTaskResult,
            "knowledge_base_list" | "document_list" => Self::KnowledgeBases,
            "set_hide_sensitiveinfo_config" => Self::SetMasking,
            "get_hide_sensitiveinfo_config" => Self::GetMasking,
            _ => return None,
        })
    }

    /// The name under which its calls are counted: apart from those of apps, whose APIs share names.
    const fn counted_as(self) -> &'static str {
        match self {
            Self::SyncMsg => "sdk.sync_msg",
            Self::MessagesOfPage => "sdk.get_msg_list_by_page_id",
            Self::NotifyApp => "sdk.spec_notify_app",
            Self::Report => "sdk.program_async_job_call_back",
            Self::CreateProgramTask => "sdk.create_program_task",
            Self::ProgramTaskResult => "sdk.get_program_task_result",
            Self::CreateModelTask => "sdk.create_model_task",
            Self::ModelTaskResult => "sdk.get_model_task_result",
            Self::KnowledgeBases => "sdk.knowledge_base_list",
            Self::SetMasking => "sdk.set_hide_sensitiveinfo_config",
            Self::GetMasking => "sdk.get_hide_sensitiveinfo_config",
        }
    }
}

/// On whose behalf a program asks.
struct Asker<'a> {
    speaker: &'a Speaker,
    app: Arc<App>,
}

/// The API's answer; a business refusal is an answer too.
pub(super) async fn answer(
    zone: &Zone,
    speaker: &Speaker,
    peer: &Peer,
    opened: Opened,
) -> Response {
    let Some(api) = Api::named(&peer.target) else {
        return peer.refused(zone, opened.request_id(), Reason::ApiUnknown);
    };
    let Ok(frame) = serde_json::from_slice::<InvokeFrame>(&opened.plaintext) else {
        return peer.refused(zone, opened.request_id(), Reason::PlaintextNotJson);
    };
    let answered = invoke(zone, speaker, api, &frame, &opened).await;
    let text = answered.unwrap_or_else(|refusal| refused(zone, &refusal, peer));
    peer.sealed(zone, opened.request_id(), Outcome::Ok, text.as_bytes())
}

fn refused(zone: &Zone, refusal: &Refusal, peer: &Peer) -> String {
    let cause = refusal.cause.as_deref().unwrap_or(&refusal.errmsg);
    let (key_id, api, errcode) = (&peer.key_id, &peer.target, refusal.errcode);
    if zone.may_tell() {
        tracing::info!(key_id, api, errcode, cause, "an SDK request was refused");
    }
    serde_json::to_string(&refusal.envelope()).unwrap_or_default()
}

async fn invoke(
    zone: &Zone,
    speaker: &Speaker,
    api: Api,
    frame: &InvokeFrame,
    opened: &Opened,
) -> Result<String, Refusal> {
    if api == Api::Report {
        return report(zone, speaker, frame, opened).await;
    }
    let asker = Asker::of(zone, speaker, frame)?;
    let (app, request) = (&asker.app, frame.request.as_str());
    let program_id = &*speaker.program_id;
    let asking = Asking {
        app,
        program_id,
        debugging: speaker.debugs.is_some(),
    };
    let now = zone.now();
    zone.rates()
        .check_corp(&app.corpid, api.counted_as(), zone.options(), now)?;
    match api {
        Api::SyncMsg => Ok(zone.archive().sync_msg(&asker.owner(), request).await?),
        Api::MessagesOfPage => Ok(zone
            .archive()
            .get_msg_list_by_page_id(&asker.owner(), request)
            .await?),
        Api::NotifyApp => {
            let nonce = opened.nonce(zone);
            zone.notify_app(app, program_id, asker.instance(), request, nonce)
                .await
        }
        Api::CreateProgramTask | Api::CreateModelTask => {
            let nonce = opened.nonce(zone);
            zone.create_task(kind_of(api), asking, request, nonce).await
        }
        Api::ProgramTaskResult | Api::ModelTaskResult => {
            zone.task_result(kind_of(api), asking, request).await
        }
        Api::KnowledgeBases => {
            let kb_info_list = zone.archive().knowledge_bases(&app.corpid).await?;
            Ok(face::whole(&json!({ "kb_info_list": kb_info_list })))
        }
        Api::SetMasking => {
            let nonce = Some(opened.nonce(zone));
            zone.mask(&app.corpid, parse_json(request.as_bytes())?, nonce)
                .await?;
            Ok(face::ok())
        }
        Api::GetMasking => {
            let config = zone
                .masking(&app.corpid, parse_json(request.as_bytes())?)
                .await?;
            Ok(face::whole(&config))
        }
        // Answered above: it may come without an agent id.
        Api::Report => report(zone, speaker, frame, opened).await,
    }
}

fn kind_of(api: Api) -> JobKind {
    match api {
        Api::CreateModelTask | Api::ModelTaskResult => JobKind::ModelTask,
        _ => JobKind::ProgramTask,
    }
}

/// `program_async_job_call_back`: `job_info` alone says whose job it is.
async fn report(
    zone: &Zone,
    speaker: &Speaker,
    frame: &InvokeFrame,
    opened: &Opened,
) -> Result<String, Refusal> {
    let info = zone.opened_job_info(
        &frame.job_info,
        &frame.corpid,
        frame.agentid,
        &speaker.program_id,
    )?;
    let of_job = InvokeFrame {
        agentid: info.agentid,
        ..frame.clone()
    };
    Asker::of(zone, speaker, &of_job)?;
    zone.report(&info, &frame.request, opened.nonce(zone))
        .await?;
    Ok(face::ok())
}

impl<'a> Asker<'a> {
    /// The key id alone says which program speaks; the frame says for which app, and must be right
    /// (design, section 6, "Authority").
    fn of(zone: &Zone, speaker: &'a Speaker, frame: &InvokeFrame) -> Result<Self, Refusal> {
        let snapshot = zone.snapshot();
        let program_id = &*speaker.program_id;
        let app = snapshot.find_app(&frame.corpid, frame.agentid).cloned();
        let app = app.ok_or_else(|| errcode::NOT_ASSOCIATED.because("no such corp and agent"))?;
        let association = snapshot.association(app.id, program_id);
        let association = association.ok_or_else(|| not_associated(&app, program_id))?;
        app.may_use_zone()?;
        let program = snapshot
            .find_program(program_id)
            .ok_or(errcode::NOT_ASSOCIATED)?;
        match speaker.debugs {
            Some(debugged) if debugged != app.id => return Err(not_associated(&app, program_id)),
            Some(_) if association.debugging(program, zone.now()).is_none() => {
                return Err(errcode::NOT_IN_DEBUG.into());
            }
            None if program.state != ProgramState::Deployed => {
                return Err(errcode::NOT_DEPLOYED.into());
            }
            Some(_) | None => {}
        }
        // What an event starts has no ability.
        if !frame.ability_id.is_empty() && program.ability(&frame.ability_id).is_none() {
            return Err(errcode::BAD_ABILITY.into());
        }
        Ok(Self { speaker, app })
    }

    fn owner(&self) -> Owner {
        Owner {
            corp: self.app.corpid.clone(),
            agentid: self.app.agentid,
            program: self.speaker.program_id.to_string(),
        }
    }

    /// What stands behind the slash of the key id.
    fn instance(&self) -> &str {
        let key_id = self.speaker.ring.key_id();
        key_id.rsplit('/').next().unwrap_or_default()
    }
}
