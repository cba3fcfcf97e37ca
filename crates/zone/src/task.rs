//! Tasks of own programs and models (SDK sheet, 11.10, 11.11 and 12): one program of a corp asks another,
//! or a model, about messages.

mod template;

use std::collections::HashSet;
use std::sync::Arc;

use ringback_archive::{MsgKey, MsgRef};
use ringback_store::Statement;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::call;
use crate::errcode::{self, Refusal};
use crate::face::parse_json;
use crate::job::{Job, JobKind};
use crate::program::ProgramKind;
use crate::route::ProgramRoute;
use crate::seal;
use crate::zone::Zone;

pub(crate) use self::template::Template;
use self::template::{DebugInfo, Escape};

/// More messages than this are refused (SDK sheet, section 8).
const MOST_MESSAGES: usize = 1_000;

/// Who asks: a program on behalf of an app, from where it is deployed or from a developer's machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) app: &'a App,
    pub(crate) program_id: &'a str,
    pub(crate) debugging: bool,
}

/// What a program asks for.
#[derive(Debug, Deserialize)]
struct Create {
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

impl Message {
    fn reference(&self) -> MsgRef {
        MsgRef {
            msgid: self.msgid.clone(),
            encrypt_info: MsgKey {
                secret_key: self.encrypt_info.secret_key.as_str().into(),
            },
        }
    }
}

impl Create {
    /// Which program or model is asked.
    fn called(&self, kind: JobKind) -> (&str, ProgramKind) {
        match kind {
            JobKind::ModelTask => (&self.model_id, ProgramKind::Model),
            JobKind::ProgramTask | JobKind::AsyncCall => (&self.program_id, ProgramKind::Program),
        }
    }
}

impl Zone {
    /// `create_program_task` and `create_model_task`.
    pub(crate) async fn create_task(
        &self,
        kind: JobKind,
        asking: Asking<'_>,
        request: &str,
        nonce: Statement,
    ) -> Result<String, Refusal> {
        let create: Create = parse_json(request.as_bytes())?;
        let route = self.route_of_task(kind, asking, &create)?;
        if create.msg_list.len() > MOST_MESSAGES {
            return Err(errcode::TOO_MANY_MESSAGES.into());
        }
        let (most, now) = (self.options().tasks_per_day, self.now());
        self.rates()
            .check_tasks(&asking.app.corpid, kind.event_type(), most, now)?;
        let asked = &route.program.program_id;
        let by = Some(asking.program_id);
        let job = self.new_job(kind, asking.app, asked, &create.ability_id, by);
        let (template, repeated) = self.template(asking, create, &job)?;
        let json = serde_json::to_vec(&template).unwrap_or_default();
        let body = seal::body(self.store().vault(), json);
        let jobid = self.begin(&route, job, body, vec![nonce]).await?;
        Ok(crate::face::whole(
            &json!({ "jobid": jobid, "fail_list": repeated }),
        ))
    }

    /// The way to the program or model that is asked. Both must be in debug mode, or neither
    /// (app sheet, section 6).
    fn route_of_task(
        &self,
        kind: JobKind,
        asking: Asking<'_>,
        create: &Create,
    ) -> Result<Arc<ProgramRoute>, Refusal> {
        let (program_id, wanted) = create.called(kind);
        let route = self.callable(asking.app, program_id)?;
        call::ability(&route, &create.ability_id)?;
        if route.program.kind != wanted {
            let cause = format!("`{program_id}` is no {}", wanted.as_str());
            return Err(errcode::NOT_ASSOCIATED.because(cause));
        }
        let session = route.association.debugging(&route.program, self.now());
        if session.is_some() != asking.debugging {
            let cause = "caller and called must both be in debug mode, or neither";
            return Err(errcode::NOT_IN_DEBUG.because(cause));
        }
        Ok(route)
    }

    /// What is kept of the task, and what is said at once of messages that came twice.
    fn template(
        &self,
        asking: Asking<'_>,
        create: Create,
        job: &Job,
    ) -> Result<(Template, Vec<Value>), Refusal> {
        let escape = match create.escape_type {
            0 => Escape::Spaces,
            1 => Escape::Json,
            _ => return Err(errcode::BAD_PARAMETER.saying("escape_type is 0 or 1")),
        };
        let (messages, repeated) = without_repeated(create.msg_list);
        let groups = create.tag_group_list.into_iter();
        let debug_info = create.debug_info.unwrap_or_default();
        if debug_info.is_too_long() {
            return Err(errcode::BAD_PARAMETER.saying("debug_info is above 1048576 bytes"));
        }
        let template = Template {
            jobid: job.jobid.clone(),
            job_info: self.job_info(asking.app, job),
            ability_id: create.ability_id,
            messages,
            kb_id: create.kb_id.or(create.service_kb_id),
            tag_groups: groups.map(|group| group.group_id).collect(),
            debug_info: asking.debugging.then_some(debug_info),
            escape,
        };
        Ok((template, repeated))
    }

    /// `get_program_task_result` and `get_model_task_result`: no `status`; 710642 until it is there.
    pub(crate) async fn task_result(
        &self,
        kind: JobKind,
        asking: Asking<'_>,
        request: &str,
    ) -> Result<String, Refusal> {
        #[derive(Deserialize)]
        struct Request {
            jobid: String,
        }
        let Request { jobid } = parse_json(request.as_bytes())?;
        let caller = Some(asking.program_id);
        let job = self.job_of(asking.app, caller, &jobid).await?;
        if job.kind != kind {
            return Err(errcode::NO_JOB.into());
        }
        let finished = self.finished(&job).await?;
        let failures = job.failures.as_deref();
        let failures = failures.and_then(|json| serde_json::from_str(json).ok());
        Ok(crate::face::whole(&json!({
            "fail_list": failures.unwrap_or_else(|| json!([])),
            "response_errcode": finished.response_errcode,
            "response_data": finished.response_data,
        })))
    }
}

/// The messages, each once, and what is said of the others: the first of an id counts.
fn without_repeated(messages: Vec<Message>) -> (Vec<Message>, Vec<Value>) {
    let mut seen = HashSet::new();
    let is_first = |message: &Message| seen.insert(message.msgid.clone());
    let (first, repeated): (Vec<_>, Vec<_>) = messages.into_iter().partition(is_first);
    let failure = |message: &Message| {
        json!({
            "errcode": 710_613,
            "errmsg": "duplicate msgid",
            "msgid": message.msgid,
            "encrypt_info": message.encrypt_info,
        })
    };
    let failures = repeated.iter().map(failure).collect();
    (first, failures)
}
