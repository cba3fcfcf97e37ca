//! A person takes over: the business may say who (`ChatBot.OnAssignHuman`, section 3.3).

use std::time::Duration;

use bytes::Bytes;
use ringback_deliver::Call;
use ringback_dialect::desk::{Command, body};
use ringback_types::Deadline;
use serde_json::Value;

use super::Talk;
use crate::app::UrlUse;
use crate::conversation::ConversationState;
use crate::error::ConversationError;
use crate::notices::SessionWord;

/// Agents are named by their mail addresses (section 3.2).
const AGENT_CHARACTERS: usize = 254;

impl Talk<'_> {
    /// Asks the business who shall have the conversation; without a URL for that, a queue has it.
    pub(super) async fn transfer(&mut self) -> Result<(), ConversationError> {
        self.tell(SessionWord::Transfer);
        if !self.app.urls.contains_key(&UrlUse::Assign) {
            self.queue(None);
            return self.write().await;
        }
        self.conversation.state = ConversationState::Assigning;
        self.write().await?;
        let answer = self.asked_for_agent().await;
        self.wait_is_over();
        match answer.as_deref().and_then(assigned) {
            Some(Assigned::Agent(agent)) => {
                self.conversation.state = ConversationState::Agent;
                self.conversation.agent = Some(agent);
                self.connected();
                self.write().await
            }
            Some(Assigned::Group(group)) => {
                self.queue(group);
                self.write().await
            }
            None => self.not_transferred().await,
        }
    }

    /// A person has the conversation.
    pub(super) fn connected(&mut self) {
        let text = self.app.settings.connected().to_owned();
        self.robot("connectedToAgent", text, Vec::new());
        self.tell(SessionWord::Transferred);
    }

    /// Whoever of the group, or of all, is free next will have the conversation.
    fn queue(&mut self, group: Option<i64>) {
        self.conversation.state = ConversationState::Queuing;
        self.conversation.agent = group.map(|group| format!("group {group}"));
        let text = self.app.settings.queuing().to_owned();
        self.robot("queuing", text, Vec::new());
    }

    /// Nobody takes over: the bot goes on. What the platform does then is not documented.
    pub(super) async fn not_transferred(&mut self) -> Result<(), ConversationError> {
        self.conversation.state = ConversationState::Chatbot;
        let text = self.app.settings.not_connected().to_owned();
        self.robot("failedToConnectAgent", text, Vec::new());
        self.tell(SessionWord::NotTransferred);
        self.write().await
    }

    async fn asked_for_agent(&self) -> Option<Bytes> {
        let conversation = &self.conversation;
        let body = body::AssignHuman {
            session_id: &conversation.session_id,
            client_user_id: &conversation.client_user_id,
            customer_service_id: Some(&conversation.customer_service_id),
            event_time: self.desk.wire_now(),
        };
        let deadline = Duration::from_millis(self.app.settings.call_deadline_ms);
        let older = self.app.settings.older_assign;
        let (command, body) = if older {
            (Command::OnAssignAgent, body.to_older_bytes())
        } else {
            (Command::OnAssignHuman, body.to_bytes())
        };
        let call = Call {
            source: self.app.source,
            event_type: command.as_str().to_owned(),
            app: Some(self.app.sdk_app_id.clone()),
            headers: None,
            body,
            raw: None,
            endpoint: self.app.endpoints.assign,
            deadline: Deadline::after(deadline),
            permit: None,
        };
        let outcome = self.desk.engine().call(call).await;
        match outcome.result {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::warn!(app = %self.app.sdk_app_id, code = %error.code, "nobody was assigned: {error}");
                None
            }
        }
    }
}

/// Who shall have a conversation.
enum Assigned {
    /// This person.
    Agent(String),
    /// Whoever is free next: of this group, or of all.
    Group(Option<i64>),
}

/// The first agent that the business names, else its group, else any: it agreed (section 3.3). Nothing
/// where the answer is none.
fn assigned(answer: &[u8]) -> Option<Assigned> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let agents = answer.get("AgentIdList").and_then(Value::as_array);
    let fits = |agent: &&str| !agent.is_empty() && !agent.chars().any(char::is_control);
    let mut names = agents.into_iter().flatten().filter_map(Value::as_str);
    Some(match names.find(fits) {
        Some(agent) => Assigned::Agent(agent.chars().take(AGENT_CHARACTERS).collect()),
        None => Assigned::Group(answer.get("AgentGroupId").and_then(Value::as_i64)),
    })
}
