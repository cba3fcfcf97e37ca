//! Tasks of own programs and models (SDK sheet, 11.10, 11.11 and 12).
//!
//! What is kept of a task is its template and the ids of its messages, sealed; the messages are put in at
//! every attempt, so that no rendered plaintext lies anywhere.

use bytes::Bytes;
use ringback_archive::{Archive, MsgKey, MsgRef, Rendered, knowledge_text};
use ringback_deliver::ResolveError;
use ringback_dialect::zone::{CallType, RequestFrame};
use ringback_store::{Statement, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::errcode::{self, Errcode, Refusal};
use crate::job::{self, JobKind, JobState};
use crate::program::ProgramKind;
use crate::records;
use crate::registry::Registry;
use crate::resolve::error;
use crate::route::ProgramRoute;
use crate::seal;
use crate::zone::Zone;

/// More messages than this are refused (SDK sheet, section 8).
const MOST_MESSAGES: usize = 1_000;
/// How many fragments of knowledge are put in; not documented.
const FRAGMENTS: usize = 5;

/// What a program asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct Create {
    #[serde(default)]
    program_id: String,
    #[serde(default)]
    model_id: String,
    ability_id: String,
    #[serde(default)]
    kb_id: Option<String>,
    #[serde(default)]
    service_kb_id: Option<String>,
    #[serde(default)]
    tag_group_list: Vec<TagGroup>,
    msg_list: Vec<Message>,
    #[serde(default)]
    debug_info: Option<DebugInfo>,
    #[serde(default)]
    escape_type: u8,
}

#[derive(Debug, Deserialize)]
struct TagGroup {
    group_id: String,
}

/// A message that the task is about (SDK sheet, section 8).
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Message {
    msgid: String,
    encrypt_info: EncryptInfo,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct EncryptInfo {
    secret_key: String,
}

/// What stands for the placeholders in debug mode.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DebugInfo {
    chat: String,
    chat_content: String,
    #[serde(default)]
    knowledge: String,
    #[serde(default)]
    tagjson: String,
}

/// How what is put in is made safe inside a JSON string (SDK sheet, 11.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Escape {
    /// Each character that would need one becomes a space.
    Spaces,
    /// As JSON escapes it.
    Json,
}

/// A task as it is kept, sealed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Template {
    jobid: String,
    job_info: String,
    ability_id: String,
    messages: Vec<Message>,
    kb_id: Option<String>,
    tag_groups: Vec<String>,
    /// There in debug mode and only there.
    debug_info: Option<DebugInfo>,
    escape: Escape,
}

/// What the placeholders stand for; a program knows the first two.
#[derive(Debug, Default)]
struct Values {
    chat: String,
    chat_content: String,
    knowledge: Option<String>,
    tagjson: Option<String>,
}

impl Zone {
    /// `create_program_task` and `create_model_task`; `caller` is the program that asks, and
    /// `debugging` whether it does so from a developer's machine.
    pub(crate) async fn create_task(
        &self,
        kind: JobKind,
        app: &App,
        caller: &str,
        debugging: bool,
        request: &str,
        nonce: Statement,
    ) -> Result<String, Refusal> {
        let create: Create = crate::face::parse_json(request.as_bytes())?;
        let (called, wanted) = match kind {
            JobKind::ModelTask => (&create.model_id, ProgramKind::Model),
            JobKind::ProgramTask | JobKind::AsyncCall => (&create.program_id, ProgramKind::Program),
        };
        let route = job::route_of_task(self, app, called, &create.ability_id)?;
        if route.program.kind != wanted {
            return Err(
                errcode::NOT_ASSOCIATED.because(format!("`{called}` is no {}", wanted.as_str()))
            );
        }
        let of_debug = route
            .association
            .debugging(&route.program, self.now())
            .is_some();
        if of_debug != debugging {
            return Err(errcode::NOT_IN_DEBUG
                .because("caller and called must both be in debug mode, or neither"));
        }
        if create.msg_list.len() > MOST_MESSAGES {
            return Err(errcode::TOO_MANY_MESSAGES.into());
        }
        let api = kind.event_type();
        self.rates()
            .check_tasks(&app.corpid, api, self.options().tasks_per_day, self.now())?;
        let job = self.new_job(kind, app, called, &create.ability_id, Some(caller));
        let (messages, repeated) = without_repeated(create.msg_list);
        let template = Template {
            jobid: job.jobid.clone(),
            job_info: self.job_info(app, &job),
            ability_id: create.ability_id,
            messages,
            kb_id: create.kb_id.or(create.service_kb_id),
            tag_groups: create
                .tag_group_list
                .into_iter()
                .map(|group| group.group_id)
                .collect(),
            debug_info: debugging.then(|| create.debug_info.unwrap_or_default()),
            escape: match create.escape_type {
                0 => Escape::Spaces,
                1 => Escape::Json,
                _ => return Err(errcode::BAD_PARAMETER.saying("escape_type is 0 or 1")),
            },
        };
        let json = serde_json::to_vec(&template).unwrap_or_default();
        let body = seal::body(self.store().vault(), json);
        let jobid = self.begin(&route, job, body, vec![nonce]).await?;
        let answer = json!({ "errcode": 0, "errmsg": "ok", "jobid": jobid, "fail_list": repeated });
        Ok(answer.to_string())
    }

    /// `get_program_task_result` and `get_model_task_result`: no `status`; 710642 until it is there.
    pub(crate) async fn task_result(
        &self,
        kind: JobKind,
        app: &App,
        caller: &str,
        request: &str,
    ) -> Result<String, Refusal> {
        #[derive(Deserialize)]
        struct Request {
            jobid: String,
        }
        let Request { jobid } = crate::face::parse_json(request.as_bytes())?;
        let job = self.job_of(app, Some(caller), &jobid).await?;
        if job.kind != kind {
            return Err(errcode::NO_JOB.into());
        }
        let finished = self.finished(&job).await?;
        let failures = job
            .failures
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok());
        let answer = json!({
            "errcode": 0,
            "errmsg": "ok",
            "fail_list": failures.unwrap_or_else(|| json!([])),
            "response_errcode": finished.response_errcode,
            "response_data": finished.response_data,
        });
        Ok(answer.to_string())
    }
}

/// The messages, each once, and what is said of the others: the first of an id counts.
fn without_repeated(messages: Vec<Message>) -> (Vec<Message>, Vec<Value>) {
    let mut seen = std::collections::HashSet::new();
    let (first, repeated): (Vec<_>, Vec<_>) = messages
        .into_iter()
        .partition(|message| seen.insert(message.msgid.clone()));
    let failures = repeated.iter().map(|message| {
        json!({
            "errcode": 710_613,
            "errmsg": "duplicate msgid",
            "msgid": message.msgid,
            "encrypt_info": message.encrypt_info,
        })
    });
    (first, failures.collect())
}

impl Template {
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The frame for one attempt. What real messages say never reaches a developer's machine, and what a
    /// developer made up never reaches a deployed program.
    pub(crate) async fn render(
        self,
        registry: &Registry,
        archive: &Archive,
        store: &Store,
        route: &ProgramRoute,
    ) -> Result<Bytes, ResolveError> {
        let debugging = {
            let snapshot = registry.snapshot();
            let now = store.clock().schedule();
            let current = snapshot.program_route(route.app.id, &route.program.program_id);
            current.is_some_and(|route| route.association.debugging(&route.program, now).is_some())
        };
        if debugging != self.debug_info.is_some() {
            return Err(error(
                "zone.not_in_debug",
                "debug mode has changed since the task was made",
                None,
            ));
        }
        let values = match &self.debug_info {
            Some(info) => Values::of_debug(info, route.program.kind),
            None => self.real_values(archive, store, route).await?,
        };
        let ability = route.program.ability(&self.ability_id);
        let template = ability
            .map(|ability| ability.written.input.as_str())
            .unwrap_or_default();
        let data = fill(template, &values, self.escape);
        if serde_json::from_str::<serde::de::IgnoredAny>(&data).is_err() {
            return Err(self.fail(store, errcode::BAD_TEMPLATE).await);
        }
        let frame = RequestFrame {
            corpid: route.app.corpid.clone(),
            agentid: route.app.agentid,
            call_type: CallType::Call,
            data,
            is_async: true,
            job_info: self.job_info,
            ability_id: self.ability_id,
            notify_id: String::new(),
        };
        Ok(serde_json::to_vec(&frame).unwrap_or_default().into())
    }

    async fn real_values(
        &self,
        archive: &Archive,
        store: &Store,
        route: &ProgramRoute,
    ) -> Result<Values, ResolveError> {
        let corp = &route.app.corpid;
        let refs: Vec<MsgRef> = self.messages.iter().map(Message::as_ref).collect();
        let unread = |refused: ringback_archive::ApiError| {
            error("zone.task_unrendered", refused.errmsg, None)
        };
        let Rendered {
            chat,
            chatcontent: chat_content,
            fail_list: failures,
        } = archive.render(corp, &refs).await.map_err(unread)?;
        if !failures.is_empty() {
            let json = serde_json::to_string(&failures).unwrap_or_default();
            let written = store
                .write(vec![records::jobs::set_failures(&self.jobid, &json)])
                .await;
            written.map_err(|error_| error("zone.task_unrendered", error_.to_string(), None))?;
        }
        if failures.len() == refs.len() && !refs.is_empty() {
            return Err(self.fail(store, errcode::NO_USABLE_MESSAGE).await);
        }
        let mut values = Values {
            chat,
            chat_content,
            ..Values::default()
        };
        if route.program.kind == ProgramKind::Model {
            values.knowledge = Some(
                self.knowledge(archive, corp, &values.chat_content)
                    .await
                    .map_err(unread)?,
            );
            values.tagjson = Some(
                archive
                    .tag_groups(corp, &self.tag_groups)
                    .await
                    .map_err(unread)?
                    .json,
            );
        }
        Ok(values)
    }

    async fn knowledge(
        &self,
        archive: &Archive,
        corp: &str,
        query: &str,
    ) -> Result<String, ringback_archive::ApiError> {
        match &self.kb_id {
            Some(kb_id) => {
                let fragments = archive.retrieve(corp, kb_id, query, FRAGMENTS).await?;
                Ok(knowledge_text(&fragments))
            }
            None => Ok(String::new()),
        }
    }

    /// The task cannot be rendered, now or later: its job is over.
    async fn fail(&self, store: &Store, code: Errcode) -> ResolveError {
        let now = store.clock().schedule();
        let finish =
            records::jobs::finish(&self.jobid, JobState::Failed, code.number.into(), None, now);
        if let Err(refused) = store.write(vec![finish]).await {
            tracing::warn!(error = %refused, "a failed task could not be marked");
        }
        error("zone.task_failed", code.message, None)
    }
}

impl Message {
    fn as_ref(&self) -> MsgRef {
        MsgRef {
            msgid: self.msgid.clone(),
            encrypt_info: MsgKey {
                secret_key: self.encrypt_info.secret_key.as_str().into(),
            },
        }
    }
}

impl Values {
    fn of_debug(info: &DebugInfo, kind: ProgramKind) -> Self {
        let is_model = kind == ProgramKind::Model;
        Self {
            chat: info.chat.clone(),
            chat_content: info.chat_content.clone(),
            knowledge: is_model.then(|| info.knowledge.clone()),
            tagjson: is_model.then(|| info.tagjson.clone()),
        }
    }

    /// What the placeholder at the beginning of `text` stands for, and how long it is.
    fn at_start_of(&self, text: &str) -> Option<(&str, usize)> {
        let placeholders = [
            ("{chat}", Some(&self.chat)),
            ("{chatcontent}", Some(&self.chat_content)),
            ("{knowledge}", self.knowledge.as_ref()),
            ("{tagjson}", self.tagjson.as_ref()),
        ];
        let found = placeholders
            .into_iter()
            .find(|(name, _)| text.starts_with(name));
        let (name, value) = found?;
        Some((value?, name.len()))
    }
}

/// The template with its placeholders filled, in one pass: what is put in is not looked at again.
fn fill(template: &str, values: &Values, escape: Escape) -> String {
    let mut filled = String::with_capacity(template.len() + values.chat.len());
    let mut rest = template;
    while let Some(place) = rest.find('{') {
        filled.push_str(&rest[..place]);
        rest = &rest[place..];
        match values.at_start_of(rest) {
            Some((value, length)) => {
                escape.append(&mut filled, value);
                rest = &rest[length..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

impl Escape {
    fn append(self, to: &mut String, text: &str) {
        match self {
            Self::Spaces => to.extend(text.chars().map(|character| match character {
                '"' | '\\' | '/' => ' ',
                control if control.is_ascii_control() => ' ',
                other => other,
            })),
            Self::Json => {
                let quoted = serde_json::to_string(text).unwrap_or_default();
                to.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_stays_inside_its_string() {
        let values = Values {
            chat: "A说：\"hi\"\nB说：{chatcontent} a/b\\c".to_owned(),
            chat_content: "hi".to_owned(),
            ..Values::default()
        };
        let template = r#"{"prompt":"{chat}|{chatcontent}|{knowledge}","n":{"m":1}}"#;
        let filled =
            |escape| -> Value { serde_json::from_str(&fill(template, &values, escape)).unwrap() };
        assert_eq!(
            filled(Escape::Json)["prompt"],
            "A说：\"hi\"\nB说：{chatcontent} a/b\\c|hi|{knowledge}"
        );
        assert_eq!(
            filled(Escape::Spaces)["prompt"],
            "A说： hi  B说：{chatcontent} a b c|hi|{knowledge}"
        );
    }
}
