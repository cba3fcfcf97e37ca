//! What an app sets and asks about its corp and its programs (app sheet, 2.4, 2.8 to 2.11, 2.13).

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Body, Caller, Nothing};
use crate::app::AppKind;
use crate::errcode::{self, Refusal};
use crate::program::{LogLevel, ProgramKind};
use crate::zone::Zone;

#[derive(Debug, Deserialize)]
struct OfProgram {
    program_id: String,
}

/// `set_receive_callback`: one receiving program an app; the latest counts.
pub(super) async fn set_receive_callback(
    State(zone): State<Zone>,
    caller: Caller,
    body: Body,
) -> Response {
    let answered = async {
        let OfProgram { program_id } = body.parsed()?;
        associated(&zone, &caller, &program_id)?;
        let is_model =
            |program: &std::sync::Arc<crate::Program>| program.kind == ProgramKind::Model;
        if zone
            .snapshot()
            .find_program(&program_id)
            .is_some_and(is_model)
        {
            return Err(errcode::NOT_ASSOCIATED.because("a model cannot receive events"));
        }
        zone.set_receiving(&caller.app.label(), &caller.app, Some(&program_id))
            .await?;
        Ok(Nothing {})
    };
    caller.answered(answered.await)
}

fn associated(zone: &Zone, caller: &Caller, program_id: &str) -> Result<(), Refusal> {
    let snapshot = zone.snapshot();
    let found = snapshot.association(caller.app.id, program_id).is_some();
    found
        .then_some(())
        .ok_or_else(|| crate::call::not_associated(&caller.app, program_id))
}

#[derive(Debug, Deserialize)]
struct KeyRequest {
    public_key: String,
    public_key_ver: i64,
}

/// `set_public_key`; a self-built app's key is set in the console (app sheet, 2.8).
pub(super) async fn set_public_key(
    State(zone): State<Zone>,
    caller: Caller,
    body: Body,
) -> Response {
    let answered = async {
        if caller.app.kind == AppKind::SelfBuilt {
            let cause = "the key of a self-built app's corp is set in the console";
            return Err(errcode::NOT_PERMITTED.because(cause));
        }
        let request: KeyRequest = body.parsed()?;
        let (by, corpid) = (caller.app.label(), &caller.app.corpid);
        zone.archive()
            .set_public_key(&by, corpid, &request.public_key, request.public_key_ver)
            .await
            .map_err(|error| errcode::BAD_PARAMETER.saying(error))?;
        Ok(Nothing {})
    };
    caller.answered(answered.await)
}

#[derive(Debug, Deserialize)]
struct PageRequest {
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// `get_auth_user_list`; `has_more` is a boolean unless the switch says integer.
pub(super) async fn auth_users(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async {
        let page: PageRequest = body.parsed()?;
        let cursor = page.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        let users = zone
            .archive()
            .auth_users(&caller.app.corpid, cursor, page.limit)
            .await?;
        let has_more = if zone.options().has_more_as_integer {
            json!(i32::from(users.has_more))
        } else {
            json!(users.has_more)
        };
        Ok::<Value, Refusal>(json!({
            "auth_user_list": users.auth_user_list,
            "next_cursor": users.next_cursor,
            "has_more": has_more,
        }))
    };
    caller.answered(answered.await)
}

#[derive(Debug, Serialize)]
struct AuthInfo {
    auth_edition_list: Vec<ringback_archive::AuthEdition>,
}

/// `get_corp_auth_info`; not for self-built apps (app sheet, 2.10).
pub(super) async fn auth_info(State(zone): State<Zone>, caller: Caller) -> Response {
    let answered = async {
        if caller.app.kind == AppKind::SelfBuilt {
            return Err(errcode::NOT_PERMITTED.because("not for self-built apps"));
        }
        let auth_edition_list = zone.archive().auth_info(&caller.app.corpid);
        Ok(AuthInfo { auth_edition_list })
    };
    caller.answered(answered.await)
}

#[derive(Debug, Deserialize)]
struct LevelRequest {
    program_id: String,
    log_level: u32,
}

/// `set_log_level`.
pub(super) async fn set_log_level(
    State(zone): State<Zone>,
    caller: Caller,
    body: Body,
) -> Response {
    let answered = async {
        let request: LevelRequest = body.parsed()?;
        associated(&zone, &caller, &request.program_id)?;
        let level = LogLevel::from_number(request.log_level);
        let level = level.ok_or_else(|| errcode::BAD_PARAMETER.saying("log_level is 1 to 3"))?;
        zone.set_program_log_level(&caller.app.label(), &request.program_id, level)
            .await?;
        Ok(Nothing {})
    };
    caller.answered(answered.await)
}

/// `get_log_level`.
pub(super) async fn get_log_level(
    State(zone): State<Zone>,
    caller: Caller,
    body: Body,
) -> Response {
    let answered = async {
        let OfProgram { program_id } = body.parsed()?;
        associated(&zone, &caller, &program_id)?;
        let snapshot = zone.snapshot();
        let program = snapshot.find_program(&program_id);
        let level = program.ok_or(errcode::NOT_ASSOCIATED)?.log_level;
        Ok::<Value, Refusal>(json!({ "log_level": level.number() }))
    };
    caller.answered(answered.await)
}

/// `set_hide_sensitiveinfo_config`.
pub(super) async fn set_masking(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async {
        zone.mask(&caller.app.corpid, body.parsed()?, None).await?;
        Ok(Nothing {})
    };
    caller.answered(answered.await)
}

/// `get_hide_sensitiveinfo_config`.
pub(super) async fn get_masking(State(zone): State<Zone>, caller: Caller, body: Body) -> Response {
    let answered = async { zone.masking(&caller.app.corpid, body.parsed()?).await };
    caller.answered(answered.await)
}
