//! What the management API shows.

use std::collections::BTreeMap;

use ringback_deliver::Target;
use ringback_flow::{Document, Fault};
use ringback_types::{Caller, Role, ScheduleTime};
use serde::{Serialize, Serializer};
use url::Url;
use utoipa::ToSchema;

use crate::app::{App, UrlUse};
use crate::conversation::{
    CloseReason, Conversation, ConversationState, Message, RunEnding, RunState, Speaker, Step,
    StoredRun,
};
use crate::flows::{StoredFlow, Version};
use crate::options::Settings;

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "`serialize_with` hands a reference"
)]
pub(crate) fn time<S: Serializer>(at: &ScheduleTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339())
}

/// A Desk app without its secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskApp)]
pub struct AppView {
    /// The platform's id of it.
    pub sdk_app_id: String,
    /// What people call it.
    pub name: String,
    /// Whether what it sends is signed.
    pub signed: bool,
    /// Whether there is a key for the model.
    pub has_model_key: bool,
    /// Where each kind of callback goes; query values, which may be credentials, only for the role
    /// `operator`.
    pub urls: BTreeMap<UrlUse, String>,
    /// Its settings.
    pub settings: Settings,
    /// The built-in source that its events come in through.
    pub source: String,
    /// Its endpoints, to pause, resume and look at: `invocation`, and one for each kind of URL.
    pub endpoints: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: String,
}

impl AppView {
    pub(crate) fn new(app: &App, caller: &Caller) -> Self {
        let of_use = |which: &UrlUse| {
            let endpoint = app.endpoints.of(*which).to_string();
            (which.as_str().to_owned(), endpoint)
        };
        let mut endpoints: BTreeMap<String, String> = UrlUse::ALL.iter().map(of_use).collect();
        endpoints.insert(
            "invocation".to_owned(),
            app.endpoints.invocation.to_string(),
        );
        let urls = app.urls.iter();
        let mut settings = app.settings.clone();
        if let Some(model) = &mut settings.model
            && let Ok(url) = Url::parse(&model.base_url)
        {
            model.base_url = shown_url(&url, caller);
        }
        Self {
            sdk_app_id: app.sdk_app_id.clone(),
            name: app.name.clone(),
            signed: app.token.is_some(),
            has_model_key: app.model_key.is_some(),
            urls: urls
                .map(|(which, url)| (*which, shown_url(url, caller)))
                .collect(),
            settings,
            source: app.source.to_string(),
            endpoints,
            created_at: app.created_at.to_rfc3339(),
        }
    }
}

fn shown_url(url: &Url, caller: &Caller) -> String {
    if caller.role >= Role::Operator {
        url.as_str().to_owned()
    } else {
        Target::from(url.clone()).for_record()
    }
}

/// The secrets of a Desk app.
#[derive(Serialize, ToSchema)]
#[schema(as = DeskCredentials)]
pub(crate) struct CredentialsView {
    /// The platform's id of it.
    pub sdk_app_id: String,
    /// Signs; absent where nothing is signed.
    pub token: Option<String>,
}

impl From<&App> for CredentialsView {
    fn from(app: &App) -> Self {
        let token = app.token.as_ref().and_then(|token| token.expose_str());
        Self {
            sdk_app_id: app.sdk_app_id.clone(),
            token: token.map(str::to_owned),
        }
    }
}

/// A flow without its documents.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskFlow)]
pub struct FlowView {
    /// Ringback's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `TaskId` in its notifications.
    pub task_id: i64,
    /// The newest version: the draft.
    pub latest: i64,
    /// The version that users meet.
    pub published: Option<i64>,
    /// When it was first saved.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

impl From<&StoredFlow> for FlowView {
    fn from(flow: &StoredFlow) -> Self {
        Self {
            id: flow.id.to_string(),
            name: flow.name.clone(),
            task_id: flow.task_id,
            latest: flow.latest,
            published: flow.published,
            created_at: flow.created_at.to_rfc3339(),
            updated_at: flow.updated_at.to_rfc3339(),
        }
    }
}

/// A version of a flow with its document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskFlowDocument)]
pub(crate) struct DocumentView {
    /// The flow.
    pub flow: FlowView,
    /// The version.
    pub version: i64,
    /// The document.
    pub document: Document,
}

/// A version of a flow in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskFlowVersion)]
pub(crate) struct VersionView {
    /// Its number, from 1.
    pub version: i64,
    /// Whether users meet it.
    pub published: bool,
    /// When it was saved.
    pub created_at: String,
    /// By whom.
    pub created_by: String,
}

impl VersionView {
    pub(crate) fn new(version: &Version, published: Option<i64>) -> Self {
        Self {
            version: version.version,
            published: published == Some(version.version),
            created_at: version.created_at.to_rfc3339(),
            created_by: version.created_by.clone(),
        }
    }
}

/// What the check of a document found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskFlowCheck)]
pub(crate) struct CheckView {
    /// Whether it may be saved.
    pub valid: bool,
    /// Everything that is wrong with it.
    pub faults: Vec<Fault>,
}

/// Where the run of a conversation stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskRun)]
pub struct RunView {
    /// Ringback's id of it.
    pub id: String,
    /// Its conversation.
    pub conversation: String,
    /// The platform's own id of it: `ExecutionId`.
    pub execution_id: String,
    /// The flow's name; absent where the flow is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The version that runs.
    pub version: i64,
    /// What it waits for.
    pub state: RunState,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<RunEnding>,
    /// The node that it stands at.
    pub node: String,
    /// What it got from the user.
    pub collected: BTreeMap<String, String>,
    /// How many nodes it has passed.
    pub steps: i64,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

impl RunView {
    pub(crate) fn new(run: &StoredRun, flow: Option<&StoredFlow>) -> Self {
        Self {
            id: run.id.to_string(),
            conversation: run.conversation.to_string(),
            execution_id: run.execution_id.clone(),
            flow: flow.map(|flow| flow.name.clone()),
            version: run.version,
            state: run.state,
            ending: run.ending,
            node: run.run.at().to_owned(),
            collected: run.run.collected().clone(),
            steps: run.seq,
            started_at: run.started_at.to_rfc3339(),
            ended_at: run.ended_at.map(ScheduleTime::to_rfc3339),
        }
    }
}

/// A run with the nodes that it has passed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskRunSteps)]
pub struct RunStepsView {
    /// The run.
    #[serde(flatten)]
    pub run: RunView,
    /// The nodes that it has passed, in order.
    pub path: Vec<Step>,
}

/// A conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskConversation)]
pub struct ConversationView {
    /// Ringback's id of it.
    pub id: String,
    /// The app.
    pub sdk_app_id: String,
    /// The platform's own id of it: `SessionId`.
    pub session_id: String,
    /// The user who asks.
    pub client_user_id: String,
    /// The service account.
    pub customer_service_id: String,
    /// The kind of channel.
    pub channel_type: String,
    /// Whether drafts run in it.
    pub draft: bool,
    /// Who has it.
    pub state: ConversationState,
    /// The person or group that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Its session variables.
    pub variables: BTreeMap<String, String>,
    /// The run that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// How many messages there are.
    pub messages: i64,
    /// When it is closed if nobody says anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_at: Option<String>,
    /// When it began.
    pub created_at: String,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<CloseReason>,
}

impl ConversationView {
    pub(crate) fn new(conversation: &Conversation, app: &App) -> Self {
        Self {
            id: conversation.id.to_string(),
            sdk_app_id: app.sdk_app_id.clone(),
            session_id: conversation.session_id.clone(),
            client_user_id: conversation.client_user_id.clone(),
            customer_service_id: conversation.customer_service_id.clone(),
            channel_type: conversation.channel_type.clone(),
            draft: conversation.draft,
            state: conversation.state,
            agent: conversation.agent.clone(),
            variables: conversation.variables.clone(),
            run: conversation.run.map(|run| run.to_string()),
            messages: conversation.messages,
            idle_at: conversation.idle_at.map(ScheduleTime::to_rfc3339),
            created_at: conversation.created_at.to_rfc3339(),
            closed_at: conversation.closed_at.map(ScheduleTime::to_rfc3339),
            closed_because: conversation.closed_because,
        }
    }
}

/// A message as the user's client gets it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskMessageView)]
pub struct MessageView {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// Its marker, itself JSON in a text; absent for what the user says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<String>,
    /// `data` of the custom message that shows its choices, itself JSON in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// `src` of a branch message (section 2.8).
const BRANCH_SOURCE: &str = "15";

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        let cloud_custom_data = message.marker();
        let offers = message.speaker == Speaker::Robot && !message.choices.is_empty();
        let data = offers.then(|| {
            let items = message.choices.iter();
            let items: Vec<_> = items
                .map(|choice| serde_json::json!({ "content": choice, "desc": "" }))
                .collect();
            serde_json::json!({
                "customerServicePlugin": 0,
                "src": BRANCH_SOURCE,
                "content": { "header": message.text, "items": items, "tail": "" },
            })
            .to_string()
        });
        Self {
            message,
            cloud_custom_data,
            data,
        }
    }
}

/// What came of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskSaid)]
pub struct SaidView {
    /// How the conversation stands now.
    pub conversation: ConversationView,
    /// What was said, in order: with the message itself what came of it, and before it what the process
    /// still owed when it ended.
    pub messages: Vec<MessageView>,
}
