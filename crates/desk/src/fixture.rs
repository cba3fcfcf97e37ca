//! A body of each command, with ids and times of its own (section 3).

use bytes::Bytes;
use ringback_dialect::desk::{Command, body};
use ringback_types::WireTime;

use crate::app::App;
use crate::desk::Desk;
use crate::notices::{SessionWord, TASK_BEGIN};
use crate::options::Settings;

/// The user of the platform's own samples.
const USER: &str = "user517";

/// What the bodies are made of.
pub(crate) struct Fixture<'a> {
    settings: &'a Settings,
    now: WireTime,
    session: String,
    key: String,
    random: u32,
}

impl<'a> Fixture<'a> {
    pub(crate) fn new(desk: &Desk, app: &'a App) -> Self {
        Self {
            settings: &app.settings,
            now: desk.wire_now(),
            session: desk.uuid(),
            key: desk.uuid(),
            random: u32::from_be_bytes(desk.random().bytes()),
        }
    }

    /// Nothing for the call of a node, which is made of the node.
    pub(crate) fn body(&self, command: Command) -> Option<Bytes> {
        Some(match command {
            Command::InterfaceInvocation => return None,
            Command::TaskFlowEventNotify => self.flow_event(),
            Command::SessionEventNotify => self.session_event(),
            Command::OnAssignHuman => self.assign().to_bytes(),
            Command::OnAssignAgent => self.assign().to_older_bytes(),
            Command::OnC2CSignalMessage => self.signal(),
            Command::OnC2CMessage => self.message(),
            Command::OnGroupMessage => self.group_message(),
        })
    }

    fn flow_event(&self) -> Bytes {
        body::TaskFlowEvent {
            event: TASK_BEGIN,
            event_time: self.now,
            seq: 1,
            execution_id: &self.key,
            task_id: 1,
            task_name: "order-status",
            env: &self.settings.environment,
            session_id: &self.session,
            robot_id: &self.settings.robot_id,
            client_user_id: USER,
            customer_service_id: &self.settings.customer_service_id,
            channel_type: &self.settings.channel_type,
            node_id: "node-start-1",
            node_name: "start",
            next_node_id: Some("node-reply-1"),
        }
        .to_bytes()
    }

    fn session_event(&self) -> Bytes {
        body::SessionEvent {
            session_id: &self.session,
            event: SessionWord::UserMessage.as_str(),
            event_time: self.now,
            channel_type: &self.settings.channel_type,
            client_user_id: USER,
            customer_service_id: &self.settings.customer_service_id,
            agent_id: None,
            msg_key: Some(&self.key),
            text: Some("How to request a refund?"),
            cloud_custom_data: None,
            is_contact_user: None,
            satisfaction_selected: None,
            forward_from_agent_id: None,
        }
        .to_bytes()
    }

    fn assign(&self) -> body::AssignHuman<'_> {
        body::AssignHuman {
            session_id: &self.session,
            client_user_id: USER,
            customer_service_id: Some(&self.settings.customer_service_id),
            event_time: self.now,
        }
    }

    fn signal(&self) -> Bytes {
        body::SignalMessage {
            from_account: USER,
            to_account: &self.settings.robot_id,
            msg_seq: self.random >> 16,
            msg_random: self.random,
            msg_key: &self.key,
            event_time: self.now,
            data: "{\"kind\":\"hello\"}",
        }
        .to_bytes()
    }

    fn message(&self) -> Bytes {
        body::C2CMessage {
            from_account: USER,
            to_account: &self.settings.robot_id,
            msg_seq: self.random >> 16,
            msg_random: self.random,
            msg_time: self.now.as_seconds(),
            msg_key: &self.key,
            online_only_flag: 0,
            send_msg_result: 0,
            error_info: "send msg succeed",
            unread_msg_num: 0,
            text: Some("Hello, bot"),
            cloud_custom_data: "",
            event_time: self.now,
        }
        .to_bytes()
    }

    fn group_message(&self) -> Bytes {
        body::GroupMessage {
            group_id: "@TGS#2J4SZEAEL",
            kind: "Public",
            from_account: USER,
            operator_account: USER,
            random: self.random,
            msg_seq: self.random >> 16,
            msg_time: self.now.as_seconds(),
            online_only_flag: 0,
            text: Some("@bot hello"),
            at_robots_account: &[&self.settings.robot_id],
            cloud_custom_data: "",
            topic_id: "",
            event_time: self.now,
        }
        .to_bytes()
    }
}
