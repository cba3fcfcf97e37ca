//! Own models and own programs (11.10, 11.11), and the knowledge bases granted to the app (10.11).

use serde::{Deserialize, Serialize};

use super::Call;

/// `create_model_task`: has the own model work on messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateModelTask {
    /// Which model.
    pub model_id: String,
    /// Which of its abilities.
    pub ability_id: String,
    /// For `{knowledge}`; goes before `service_kb_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kb_id: Option<String>,
    /// For `{knowledge}`, a third party's base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_kb_id: Option<String>,
    /// For `{tagjson}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag_group_list: Vec<TagGroup>,
    /// At most 1000; needed, but passed over in debug mode.
    pub msg_list: Vec<MsgRef>,
    /// In debug mode: what stands in for the messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_info: Option<DebugInfo>,
    /// 0: characters that JSON escapes become spaces; 1: they are escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape_type: Option<u8>,
}

impl Call for CreateModelTask {
    const API: &'static str = "create_model_task";
    type Answer = TaskCreated;
}

/// `get_model_task_result`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GetModelTaskResult {
    /// Of a [`TaskCreated`].
    pub jobid: String,
}

impl Call for GetModelTaskResult {
    const API: &'static str = "get_model_task_result";
    type Answer = TaskResult;
}

/// `create_program_task`: has an own program work on messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateProgramTask {
    /// Which program.
    pub program_id: String,
    /// Which of its abilities.
    pub ability_id: String,
    /// At most 1000; needed, but passed over in debug mode.
    pub msg_list: Vec<MsgRef>,
    /// In debug mode: what stands in for the messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_info: Option<DebugInfo>,
    /// 0: characters that JSON escapes become spaces; 1: they are escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape_type: Option<u8>,
}

impl Call for CreateProgramTask {
    const API: &'static str = "create_program_task";
    type Answer = TaskCreated;
}

/// `get_program_task_result`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GetProgramTaskResult {
    /// Of a [`TaskCreated`].
    pub jobid: String,
}

impl Call for GetProgramTaskResult {
    const API: &'static str = "get_program_task_result";
    type Answer = TaskResult;
}

/// A message and the key to its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MsgRef {
    /// Its id.
    pub msgid: String,
    /// Its key.
    pub encrypt_info: MsgKey,
}

/// The decrypted key of a message's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MsgKey {
    /// What the corp's private key makes of `encrypted_secret_key`.
    pub secret_key: String,
}

/// Customer tags, by their group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagGroup {
    /// The group.
    pub group_id: String,
}

/// What takes the place of the placeholders in debug mode.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DebugInfo {
    /// `{chat}`.
    pub chat: String,
    /// `{chatcontent}`.
    pub chat_content: String,
    /// `{knowledge}`, for models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<String>,
    /// `{tagjson}`, for models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tagjson: Option<String>,
}

/// A task has been made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TaskCreated {
    /// To ask for its result with.
    pub jobid: String,
    /// Message ids that came twice.
    #[serde(default)]
    pub fail_list: Vec<FailedMsg>,
}

/// A message that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FailedMsg {
    /// Why.
    #[serde(default)]
    pub errcode: i64,
    /// For people.
    #[serde(default)]
    pub errmsg: String,
    /// Which message.
    pub msgid: String,
}

/// What a model or program has reported. While it has not, the call fails with 710642 and
/// [`CallError::is_pending`](super::CallError::is_pending) holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TaskResult {
    /// Messages that could not be used.
    #[serde(default)]
    pub fail_list: Vec<FailedMsg>,
    /// The `errcode` that was reported.
    #[serde(default)]
    pub response_errcode: i64,
    /// The `result` that was reported: JSON text.
    #[serde(default)]
    pub response_data: String,
}

/// `knowledge_base_list`: the bases that are granted to the app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KnowledgeBaseList {}

impl Call for KnowledgeBaseList {
    const API: &'static str = "knowledge_base_list";
    type Answer = KnowledgeBases;
}

/// The answer of [`KnowledgeBaseList`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct KnowledgeBases {
    /// The bases.
    pub kb_info_list: Vec<KnowledgeBase>,
}

/// A knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnowledgeBase {
    /// Its id.
    pub kb_id: String,
    /// Its name.
    pub kb_name: String,
}
