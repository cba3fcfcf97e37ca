//! What the business is told: `Chatbot.TaskFlowEventNotify` and `Desk.SessionEventNotify`.
//!
//! Each is an event of the app's source, written in the very write that makes it true, and delivered in
//! the order of its run or session. Its `RequestID` is its dedupe key.

use ringback_deliver::Arrival;
use ringback_dialect::desk::{Command, body};
use ringback_types::WireTime;
use serde_json::json;

use crate::app::{App, UrlUse};
use crate::conversation::{Conversation, Message, Speaker, StoredRun};
use crate::desk::Desk;
use crate::flows::StoredFlow;

/// The one scene of a marker that is documented (section 2.8).
const SCENE: &str = "transferSession";

/// `Event` of the first step of a run (section 3.1).
pub(crate) const TASK_BEGIN: &str = "TaskBegin";

ringback_types::words! {
    /// `Event` of `Desk.SessionEventNotify`. Only the first three are documented (section 3.2).
    SessionWord {
        /// The conversation begins.
        Begin = "SessionBegin",
        /// The user says something to the bot.
        UserMessage = "ChatBot.UserSendMsg",
        /// The bot says something.
        RobotMessage = "ChatBot.RobotSendMsg",
        /// The user says something to a person.
        UserMessageToAgent = "Agent.UserSendMsg",
        /// The person says something.
        AgentMessage = "Agent.SeatSendMsg",
        /// A person is to take over.
        Transfer = "TransferToAgent",
        /// A person has taken over.
        Transferred = "TransferToAgentSucceeded",
        /// Nobody could.
        NotTransferred = "TransferToAgentFailed",
        /// The conversation is closed.
        End = "SessionEnd",
        /// It is closed because the user said nothing.
        Timeout = "UserReplyTimeout",
    }
}

/// One node that a run has passed, as the business is told.
pub(crate) struct Passed<'a> {
    pub(crate) event: &'a str,
    pub(crate) seq: i64,
    pub(crate) environment: &'a str,
    pub(crate) node_id: &'a str,
    pub(crate) node_name: &'a str,
    pub(crate) next_node_id: Option<&'a str>,
}

impl Message {
    /// `CloudCustomData`: a marker that says why it is said, and who says it (section 2.8); nothing for
    /// what the user says.
    pub(crate) fn marker(&self) -> Option<String> {
        let marked = match self.speaker {
            Speaker::User => return None,
            Speaker::Robot => {
                json!({ "messageType": self.message_type, "role": "robot", "scene": SCENE })
            }
            // What a person says has no type of its own.
            Speaker::Agent => json!({ "role": "seat", "scene": SCENE }),
        };
        Some(marked.to_string())
    }
}

impl Desk {
    /// Nothing where the app does not want to be told.
    pub(crate) fn flow_event(
        &self,
        app: &App,
        conversation: &Conversation,
        flow: &StoredFlow,
        run: &StoredRun,
        passed: &Passed<'_>,
    ) -> Option<Arrival> {
        app.urls.get(&UrlUse::FlowEvents)?;
        let body = body::TaskFlowEvent {
            event: passed.event,
            event_time: self.wire_now(),
            seq: passed.seq.unsigned_abs(),
            execution_id: &run.execution_id,
            task_id: flow.task_id,
            task_name: &flow.name,
            env: passed.environment,
            session_id: &conversation.session_id,
            robot_id: &app.settings.robot_id,
            client_user_id: &conversation.client_user_id,
            customer_service_id: &conversation.customer_service_id,
            channel_type: &conversation.channel_type,
            node_id: passed.node_id,
            node_name: passed.node_name,
            next_node_id: passed.next_node_id,
        };
        let order = format!("execution:{}", run.execution_id);
        Some(self.notice(app, Command::TaskFlowEventNotify, body.to_bytes(), order))
    }

    /// Nothing where the app does not want to be told.
    pub(crate) fn session_event(
        &self,
        app: &App,
        conversation: &Conversation,
        word: SessionWord,
        message: Option<&Message>,
    ) -> Option<Arrival> {
        app.urls.get(&UrlUse::SessionEvents)?;
        let now = self.wire_now();
        let key = message.map(|message| self.message_key(message, now));
        let marked = message.and_then(Message::marker);
        let body = body::SessionEvent {
            session_id: &conversation.session_id,
            event: word.as_str(),
            event_time: now,
            channel_type: &conversation.channel_type,
            client_user_id: &conversation.client_user_id,
            customer_service_id: &conversation.customer_service_id,
            agent_id: conversation.agent_id(),
            msg_key: key.as_deref(),
            text: message.map(|message| message.text.as_str()),
            cloud_custom_data: marked.as_deref(),
            is_contact_user: None,
            satisfaction_selected: None,
            forward_from_agent_id: None,
        };
        let order = format!("session:{}", conversation.session_id);
        Some(self.notice(app, Command::SessionEventNotify, body.to_bytes(), order))
    }

    fn notice(&self, app: &App, command: Command, body: bytes::Bytes, order: String) -> Arrival {
        Arrival {
            id: None,
            source: app.source,
            event_type: command.as_str().to_owned(),
            app: Some(app.sdk_app_id.clone()),
            dedupe_key: Some(self.uuid()),
            order_key: Some(order),
            headers: None,
            body,
            raw: None,
            alongside: Vec::new(),
        }
    }

    /// An id of the form of the platform's sample: number, seconds, something random.
    fn message_key(&self, message: &Message, now: WireTime) -> String {
        let random = u32::from_be_bytes(self.random().bytes());
        format!("{}_{}_{random:08x}", message.number, now.as_seconds())
    }

    pub(crate) fn wire_now(&self) -> WireTime {
        self.store().clock().wire()
    }
}
