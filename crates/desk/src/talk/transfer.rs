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

impl Talk<'_> {
    /// Asks the business who shall have the conversation; without a URL for that, a queue has it.
    pub(super) async fn transfer(&mut self) -> Result<(), ConversationError> {
        self.tell(SessionWord::Transfer);
        if !self.app.urls.contains_key(&UrlUse::Assign) {
            self.conversation.state = ConversationState::Queuing;
            let text = self.app.settings.queuing().to_owned();
            self.robot("queuing", text, Vec::new());
            return self.write(Vec::new()).await;
        }
        self.conversation.state = ConversationState::Assigning;
        self.write(Vec::new()).await?;
        match self.asked_for_agent().await.as_deref().and_then(agent_of) {
            Some(agent) => {
                self.conversation.state = ConversationState::Agent;
                self.conversation.agent = Some(agent);
                let text = self.app.settings.connected().to_owned();
                self.robot("connectedToAgent", text, Vec::new());
                self.tell(SessionWord::Transferred);
                self.write(Vec::new()).await
            }
            None => self.not_transferred().await,
        }
    }

    /// Nobody takes over: the bot goes on. What the platform does then is not documented.
    pub(super) async fn not_transferred(&mut self) -> Result<(), ConversationError> {
        self.conversation.state = ConversationState::Chatbot;
        let text = self.app.settings.not_connected().to_owned();
        self.robot("failedToConnectAgent", text, Vec::new());
        self.tell(SessionWord::NotTransferred);
        self.write(Vec::new()).await
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

/// The first agent that the business names, or the group; nothing when it names neither.
fn agent_of(answer: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let agents = answer.get("AgentIdList").and_then(Value::as_array);
    let agent = agents.and_then(|agents| agents.iter().find_map(Value::as_str));
    let group = || Some(format!("group {}", answer.get("AgentGroupId")?.as_i64()?));
    agent.map(str::to_owned).or_else(group)
}
