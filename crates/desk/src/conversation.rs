//! A conversation and its runs as values.

use ringback_flow::{Ending, Run, System, Variables};
use ringback_types::{AppId, ConversationId, DeliveryId, EventId, FlowId, RunId, ScheduleTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

ringback_types::words! {
    /// Who has the conversation (section 3.6).
    #[derive(ToSchema)]
    ConversationState {
        /// The bot.
        Chatbot = "chatbot",
        /// Nobody yet: the business is asked who shall have it.
        Assigning = "assigning",
        /// A queue of people.
        Queuing = "queuing",
        /// A person.
        Agent = "agent",
        /// Nobody any more.
        Closed = "closed",
    }

    /// Why a conversation is closed.
    #[derive(ToSchema)]
    CloseReason {
        /// Somebody asked for it.
        Asked = "asked",
        /// Nothing was said for long enough.
        Idle = "idle",
    }

    /// Who says something.
    #[derive(ToSchema)]
    Speaker {
        /// The user.
        User = "user",
        /// The bot.
        Robot = "robot",
        /// A person.
        Agent = "agent",
    }

    /// What a run waits for, in the store.
    #[derive(ToSchema)]
    RunState {
        /// The user.
        Waiting = "waiting",
        /// The business.
        Calling = "calling",
        /// Nothing: it is over.
        Over = "over",
    }

    /// How a run ended.
    #[derive(ToSchema)]
    RunEnding {
        /// At an end node.
        Ended = "ended",
        /// A person takes over.
        Transferred = "transferred",
        /// A call failed and its node has no exception edge.
        Failed = "failed",
        /// The conversation was closed before.
        Closed = "closed",
        /// Its flow is gone, or something in it broke.
        Broken = "broken",
    }
}

impl From<Ending> for RunEnding {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Ended => Self::Ended,
            Ending::Transferred => Self::Transferred,
            Ending::Failed => Self::Failed,
        }
    }
}

/// A user's conversation with a bot.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(crate) app: AppId,
    /// The platform's own id of it, a UUID.
    pub(crate) session_id: String,
    pub(crate) client_user_id: String,
    pub(crate) customer_service_id: String,
    pub(crate) channel_type: String,
    /// The one flow that it is for; every published one when absent.
    pub(crate) flow: Option<FlowId>,
    /// Whether the latest versions run, published or not.
    pub(crate) draft: bool,
    pub(crate) state: ConversationState,
    pub(crate) agent: Option<String>,
    pub(crate) variables: Variables,
    /// The run that is under way.
    pub(crate) run: Option<RunId>,
    /// How many messages there are; the number of the last.
    pub(crate) messages: i64,
    pub(crate) idle_at: Option<ScheduleTime>,
    pub(crate) created_at: ScheduleTime,
    pub(crate) closed_at: Option<ScheduleTime>,
    pub(crate) closed_because: Option<CloseReason>,
}

impl Conversation {
    /// The person who has it; a group is no person.
    pub(crate) fn agent_id(&self) -> Option<&str> {
        let has_agent = self.state == ConversationState::Agent;
        self.agent.as_deref().filter(|_| has_agent)
    }

    /// The system variables of it (section 2.5).
    pub(crate) fn system(&self) -> System {
        System {
            session_id: self.session_id.clone(),
            client_user_id: self.client_user_id.clone(),
            customer_service_id: self.customer_service_id.clone(),
            channel_type: self.channel_type.clone(),
        }
    }
}

/// One execution of a flow.
#[derive(Debug, Clone)]
pub(crate) struct StoredRun {
    pub(crate) id: RunId,
    pub(crate) conversation: ConversationId,
    pub(crate) flow: FlowId,
    pub(crate) version: i64,
    /// The platform's own id of it, a UUID.
    pub(crate) execution_id: String,
    /// `Seq` of the last step.
    pub(crate) seq: i64,
    pub(crate) run: Run,
    pub(crate) state: RunState,
    pub(crate) ending: Option<RunEnding>,
    pub(crate) started_at: ScheduleTime,
    pub(crate) ended_at: Option<ScheduleTime>,
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DeskMessage)]
#[expect(
    clippy::struct_field_names,
    reason = "`messageType` is the platform's own word"
)]
pub struct Message {
    /// Its number in the conversation, from 1.
    pub number: i64,
    /// Who says it.
    pub speaker: Speaker,
    /// `messageType` of its `CloudCustomData`; absent for what the user says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    /// What.
    pub text: String,
    /// Answers that are offered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub choices: Vec<String>,
    /// When.
    #[schema(value_type = String)]
    #[serde(serialize_with = "crate::view::time")]
    pub at: ScheduleTime,
}

/// A node that a run has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DeskStep)]
pub struct Step {
    /// `Seq` of its notification: from 1 within the run.
    pub seq: i64,
    /// The node's id.
    pub node: String,
    /// The id of the one that follows; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When.
    #[schema(value_type = String)]
    #[serde(serialize_with = "crate::view::time")]
    pub at: ScheduleTime,
    /// The call, where the node made one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallSeen>,
}

/// What became of the call of an API-call node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeskCallSeen)]
pub struct CallSeen {
    /// The call in the log; absent where the process ended before its answer was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub event: Option<EventId>,
    /// Its delivery in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub delivery: Option<DeliveryId>,
    /// How long it took, in milliseconds.
    pub cost_ms: u64,
    /// How often it was made.
    pub attempts: u32,
    /// What was sent.
    pub inputs: Vec<(String, String)>,
    /// What was answered.
    pub outputs: Vec<(String, String)>,
    /// The stable name of what failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What happened then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
