//! What is kept of a task, and how its messages are put in at an attempt (SDK sheet, section 12).

use bytes::Bytes;
use ringback_archive::{Archive, MsgRef, Rendered, knowledge_text};
use ringback_deliver::ResolveError;
use ringback_dialect::zone::{CallType, RequestFrame};
use ringback_store::Store;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::errcode::{self, Refusal};
use crate::job::JobState;
use crate::program::ProgramKind;
use crate::records;
use crate::resolve::error;
use crate::route::ProgramRoute;

/// How many fragments of knowledge are put in; not documented.
const FRAGMENTS: usize = 5;

/// The longest input of a task; not documented.
const FILLED_BYTES: usize = 16 << 20;
/// The longest that is made up for debug mode, in all; not documented.
const DEBUG_INFO_BYTES: usize = 1 << 20;

/// What stands for the placeholders in debug mode.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct DebugInfo {
    chat: String,
    chat_content: String,
    #[serde(default)]
    knowledge: String,
    #[serde(default)]
    tagjson: String,
}

/// How what is put in is made safe inside a JSON string (SDK sheet, 11.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Escape {
    /// Each character that would need one becomes a space.
    Spaces,
    /// As JSON escapes it.
    Json,
}

/// A task as it is kept, sealed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(super) jobid: String,
    pub(super) job_info: String,
    pub(super) ability_id: String,
    pub(super) messages: Vec<Message>,
    pub(super) kb_id: Option<String>,
    pub(super) tag_groups: Vec<String>,
    /// There in debug mode and only there.
    pub(super) debug_info: Option<DebugInfo>,
    pub(super) escape: Escape,
}

/// What the placeholders stand for; a program knows the first two.
#[derive(Debug, Default)]
struct Values {
    chat: String,
    chat_content: String,
    knowledge: Option<String>,
    tagjson: Option<String>,
}

impl Template {
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The frame for one attempt. What real messages say never reaches a developer's machine, and what a
    /// developer made up never reaches a deployed program.
    pub(crate) async fn render(
        self,
        archive: &Archive,
        store: &Store,
        route: &ProgramRoute,
    ) -> Result<Bytes, ResolveError> {
        let now = store.clock().schedule();
        let session = route.association.debugging(&route.program, now);
        if session.is_some() != self.debug_info.is_some() {
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
        let Some(data) = fill(template, &values, self.escape) else {
            return Err(self.fail(store, errcode::INPUT_TOO_LONG.into()).await);
        };
        if serde_json::from_str::<serde::de::IgnoredAny>(&data).is_err() {
            return Err(self.fail(store, errcode::BAD_TEMPLATE.into()).await);
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
        let refs: Vec<MsgRef> = self.messages.iter().map(Message::reference).collect();
        let Rendered {
            chat,
            chatcontent: chat_content,
            fail_list: failures,
        } = match archive.render(corp, &refs).await {
            Ok(rendered) => rendered,
            Err(refused) => return Err(self.unrendered(store, refused).await),
        };
        if !failures.is_empty() {
            let json = serde_json::to_string(&failures).unwrap_or_default();
            let written = store
                .write(vec![records::jobs::set_failures(&self.jobid, &json)])
                .await;
            written.map_err(|error_| error("zone.task_unrendered", error_.to_string(), None))?;
        }
        if failures.len() == refs.len() && !refs.is_empty() {
            return Err(self.fail(store, errcode::NO_USABLE_MESSAGE.into()).await);
        }
        let mut values = Values {
            chat,
            chat_content,
            ..Values::default()
        };
        if route.program.kind == ProgramKind::Model {
            match self.of_model(archive, corp, &values.chat_content).await {
                Ok((knowledge, tagjson)) => {
                    values.knowledge = Some(knowledge);
                    values.tagjson = Some(tagjson);
                }
                Err(refused) => return Err(self.unrendered(store, refused).await),
            }
        }
        Ok(values)
    }

    /// What a model knows besides: fragments of knowledge, and tags.
    async fn of_model(
        &self,
        archive: &Archive,
        corp: &str,
        query: &str,
    ) -> Result<(String, String), ringback_archive::ApiError> {
        let knowledge = self.knowledge(archive, corp, query).await?;
        let tags = archive.tag_groups(corp, &self.tag_groups).await?;
        Ok((knowledge, tags.json))
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

    /// A store that is busy may answer the next attempt; what the archive refuses it refuses again.
    async fn unrendered(&self, store: &Store, refused: ringback_archive::ApiError) -> ResolveError {
        if refused.errcode == errcode::BUSY.number {
            return error("zone.task_unrendered", refused.errmsg, None);
        }
        self.fail(store, refused.into()).await
    }

    /// The task cannot be rendered, now or later: its job is over.
    async fn fail(&self, store: &Store, refusal: Refusal) -> ResolveError {
        let now = store.clock().schedule();
        let code = refusal.errcode.into();
        let finish = records::jobs::finish(&self.jobid, JobState::Failed, code, None, now);
        if let Err(refused) = store.write(vec![finish]).await {
            tracing::warn!(error = %refused, "a failed task could not be marked");
        }
        error("zone.task_failed", refusal.errmsg, None)
    }
}

impl DebugInfo {
    pub(super) fn is_too_long(&self) -> bool {
        let parts = [
            &self.chat,
            &self.chat_content,
            &self.knowledge,
            &self.tagjson,
        ];
        parts.into_iter().map(String::len).sum::<usize>() > DEBUG_INFO_BYTES
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

/// The template with its placeholders filled, in one pass: what is put in is not looked at again. Nothing
/// when it becomes longer than the channel carries, as it can where a placeholder stands often.
fn fill(template: &str, values: &Values, escape: Escape) -> Option<String> {
    let mut filled = String::with_capacity(template.len() + values.chat.len());
    let mut rest = template;
    while let Some(place) = rest.find('{') {
        filled.push_str(&rest[..place]);
        rest = &rest[place..];
        let length = if let Some((value, length)) = values.at_start_of(rest) {
            if filled.len() + value.len() > FILLED_BYTES {
                return None;
            }
            escape.append(&mut filled, value);
            length
        } else {
            filled.push('{');
            1
        };
        rest = &rest[length..];
    }
    filled.push_str(rest);
    (filled.len() <= FILLED_BYTES).then_some(filled)
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
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_put_in_stays_inside_its_string() {
        let values = Values {
            chat: "A说：\"hi\"\nB说：{chatcontent} a/b\\c".to_owned(),
            chat_content: "hi".to_owned(),
            ..Values::default()
        };
        let template = r#"{"prompt":"{chat}|{chatcontent}|{knowledge}","n":{"m":1}}"#;
        let filled = |escape| -> Value {
            serde_json::from_str(&fill(template, &values, escape).unwrap()).unwrap()
        };
        assert_eq!(
            filled(Escape::Json)["prompt"],
            "A说：\"hi\"\nB说：{chatcontent} a/b\\c|hi|{knowledge}"
        );
        assert_eq!(
            filled(Escape::Spaces)["prompt"],
            "A说： hi  B说：{chatcontent} a b c|hi|{knowledge}"
        );
    }

    #[test]
    fn a_template_that_repeats_what_is_put_in_is_bounded() {
        let values = Values {
            chat: "x".repeat(1 << 20),
            ..Values::default()
        };
        let filled = |times| fill(&"{chat}".repeat(times), &values, Escape::Json);
        assert_eq!(filled(16).map(|text| text.len()), Some(FILLED_BYTES));
        assert_eq!(filled(17), None);
    }
}
