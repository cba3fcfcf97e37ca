//! The body of each command, with the members and the order of the platform's pages (2.4, 3).

#![expect(
    clippy::ref_option_ref,
    reason = "serde hands a field over so, also where it may be absent"
)]

use bytes::Bytes;
use ringback_types::WireTime;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::Command;

/// A body behind its command word.
#[derive(Serialize)]
struct Named<'a, T> {
    #[serde(rename = "CallbackCommand")]
    command: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

fn bytes<T: Serialize>(command: Command, body: &T) -> Bytes {
    let command = command.as_str();
    let json = serde_json::to_vec(&Named { command, body });
    Bytes::from(json.expect("texts and numbers always are JSON"))
}

macro_rules! to_bytes {
    ($($body:ident = $command:ident;)*) => {$(
        impl $body<'_> {
            /// The exact bytes of the body.
            pub fn to_bytes(&self) -> Bytes {
                bytes(Command::$command, self)
            }
        }
    )*};
}

to_bytes! {
    InterfaceInvocation = InterfaceInvocation;
    TaskFlowEvent = TaskFlowEventNotify;
    SessionEvent = SessionEventNotify;
    AssignHuman = OnAssignHuman;
    SignalMessage = OnC2CSignalMessage;
    C2CMessage = OnC2CMessage;
    GroupMessage = OnGroupMessage;
}

/// `Chatbot.InterfaceInvocation` (2.4).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InterfaceInvocation<'a> {
    /// Exactly the inputs configured on the node; what is unset is the empty text.
    #[serde(rename = "Body", serialize_with = "as_map")]
    pub values: &'a [(&'a str, &'a str)],
    /// When, in milliseconds.
    pub event_time: WireTime,
}

/// `Chatbot.TaskFlowEventNotify` (3.1).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskFlowEvent<'a> {
    /// `TaskBegin`; the names of the others are not documented.
    pub event: &'a str,
    /// When, in milliseconds.
    pub event_time: WireTime,
    /// From 1, within one execution.
    pub seq: u64,
    /// Which run of the flow.
    pub execution_id: &'a str,
    /// Which flow.
    pub task_id: i64,
    /// Its name.
    pub task_name: &'a str,
    /// `production`; other values are not documented.
    pub env: &'a str,
    /// Which session.
    pub session_id: &'a str,
    /// The bot, such as `@RBT#DeskDefaultRobot`.
    pub robot_id: &'a str,
    /// Who is talked to.
    pub client_user_id: &'a str,
    /// The service account.
    pub customer_service_id: &'a str,
    /// `SDK` or `Web(H5)`.
    pub channel_type: &'a str,
    /// Which node.
    pub node_id: &'a str,
    /// Its name.
    pub node_name: &'a str,
    /// The node that comes next, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_node_id: Option<&'a str>,
}

/// `Desk.SessionEventNotify` (3.2).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionEvent<'a> {
    /// Which session.
    pub session_id: &'a str,
    /// `SessionBegin`, `ChatBot.UserSendMsg`, `ChatBot.RobotSendMsg`, and others that are not documented.
    pub event: &'a str,
    /// When, in milliseconds.
    pub event_time: WireTime,
    /// `SDK` or `Web(H5)`.
    pub channel_type: &'a str,
    /// Who is talked to.
    pub client_user_id: &'a str,
    /// The service account.
    pub customer_service_id: &'a str,
    /// The human agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<&'a str>,
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_key: Option<&'a str>,
    /// The text of the message.
    #[serde(
        rename = "MsgBody",
        serialize_with = "as_text_element",
        skip_serializing_if = "Option::is_none"
    )]
    pub text: Option<&'a str>,
    /// A marker, itself JSON in a text (2.8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<&'a str>,
    /// Whether the agent began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_contact_user: Option<bool>,
    /// The rating, 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfaction_selected: Option<u8>,
    /// From which agent it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_from_agent_id: Option<&'a str>,
}

/// `ChatBot.OnAssignHuman` (3.3).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssignHuman<'a> {
    /// Which session.
    pub session_id: &'a str,
    /// Who asks for a person.
    pub client_user_id: &'a str,
    /// The service account; only with the light integration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_service_id: Option<&'a str>,
    /// When, in milliseconds.
    pub event_time: WireTime,
}

impl AssignHuman<'_> {
    /// The same as the platform's older page has it, `ChatBot.OnAssignAgent`.
    pub fn to_older_bytes(&self) -> Bytes {
        bytes(Command::OnAssignAgent, self)
    }
}

/// `Chatbot.OnC2CSignalMessage` (3.4).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignalMessage<'a> {
    /// Who sends.
    #[serde(rename = "From_Account")]
    pub from_account: &'a str,
    /// The bot.
    #[serde(rename = "To_Account")]
    pub to_account: &'a str,
    /// The message's number.
    pub msg_seq: u32,
    /// A random number beside it.
    pub msg_random: u32,
    /// The message's id.
    pub msg_key: &'a str,
    /// When, in milliseconds.
    pub event_time: WireTime,
    /// What the app sends.
    pub data: &'a str,
}

/// `Bot.OnC2CMessage` (3.5).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct C2CMessage<'a> {
    /// Who sends.
    #[serde(rename = "From_Account")]
    pub from_account: &'a str,
    /// The bot, `@RBT#…`.
    #[serde(rename = "To_Account")]
    pub to_account: &'a str,
    /// The message's number.
    pub msg_seq: u32,
    /// A random number beside it.
    pub msg_random: u32,
    /// When it was sent, in seconds.
    pub msg_time: i64,
    /// The message's id.
    pub msg_key: &'a str,
    /// 1 where only who is online gets it.
    pub online_only_flag: u8,
    /// 0 where it was sent.
    pub send_msg_result: i32,
    /// `send msg succeed`.
    pub error_info: &'a str,
    /// How many the bot has not read.
    pub unread_msg_num: u32,
    /// The text.
    #[serde(rename = "MsgBody", serialize_with = "as_text_element")]
    pub text: Option<&'a str>,
    /// A marker, itself JSON in a text (2.8).
    pub cloud_custom_data: &'a str,
    /// When, in milliseconds.
    pub event_time: WireTime,
}

/// `Bot.OnGroupMessage` (3.5).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupMessage<'a> {
    /// Which group.
    pub group_id: &'a str,
    /// Its kind, such as `Public`.
    #[serde(rename = "Type")]
    pub kind: &'a str,
    /// Who sends.
    #[serde(rename = "From_Account")]
    pub from_account: &'a str,
    /// Who asked for it to be sent.
    #[serde(rename = "Operator_Account")]
    pub operator_account: &'a str,
    /// A random number beside the message's.
    pub random: u32,
    /// The message's number in the group.
    pub msg_seq: u32,
    /// When it was sent, in seconds.
    pub msg_time: i64,
    /// 1 where only who is online gets it.
    pub online_only_flag: u8,
    /// The text.
    #[serde(rename = "MsgBody", serialize_with = "as_text_element")]
    pub text: Option<&'a str>,
    /// The bots that are mentioned.
    #[serde(rename = "AtRobots_Account")]
    pub at_robots_account: &'a [&'a str],
    /// A marker, itself JSON in a text (2.8).
    pub cloud_custom_data: &'a str,
    /// The topic inside the group, where there is one.
    pub topic_id: &'a str,
    /// When, in milliseconds.
    pub event_time: WireTime,
}

fn as_map<S: Serializer>(values: &&[(&str, &str)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(values.len()))?;
    for (name, value) in *values {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// A message of one text, as Chat writes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Element<'a> {
    msg_type: &'static str,
    msg_content: Content<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    text: &'a str,
}

fn as_text_element<S: Serializer>(text: &Option<&str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(text.iter().map(|text| Element {
        msg_type: "TIMTextElem",
        msg_content: Content { text },
    }))
}
