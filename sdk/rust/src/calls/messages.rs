//! Message records (10.1, 10.2).

use std::fmt;

use serde::de::{Deserializer, Error as _, Unexpected};
use serde::{Deserialize, Serialize};

use super::Call;

/// `sync_msg`: pulls message records of the last five days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncMsg {
    /// `next_cursor` of the last answer; absent: from the oldest record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// From a `conversation_new_message` event; without one a strict rate limit holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// 1 to 1000; 200 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Messages or pages of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<MsgMode>,
    /// Unix seconds; to begin near that time after data was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin_time: Option<i64>,
}

impl Call for SyncMsg {
    const API: &'static str = "sync_msg";
    type Answer = Synced;
}

/// What `sync_msg` answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "u8")]
pub enum MsgMode {
    /// 0: messages.
    Messages,
    /// 1: page ids only.
    Pages,
    /// 2: messages when all that is pending fits one page, else page ids.
    Adaptive,
}

impl From<MsgMode> for u8 {
    fn from(mode: MsgMode) -> Self {
        match mode {
            MsgMode::Messages => 0,
            MsgMode::Pages => 1,
            MsgMode::Adaptive => 2,
        }
    }
}

/// The answer of [`SyncMsg`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Synced {
    /// Whether there is more behind `next_cursor`.
    #[serde(deserialize_with = "flag")]
    pub has_more: bool,
    /// To be kept for the next call.
    pub next_cursor: String,
    /// Ascending by time.
    pub msg_list: Vec<Record>,
    /// At most ten, for [`GetMsgListByPageId`].
    pub page_id_list: Vec<String>,
}

/// `get_msg_list_by_page_id`: one page; at most ten at once a corp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GetMsgListByPageId {
    /// Of a [`Synced::page_id_list`].
    pub page_id: String,
}

impl Call for GetMsgListByPageId {
    const API: &'static str = "get_msg_list_by_page_id";
    type Answer = MsgList;
}

/// The answer of [`GetMsgListByPageId`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MsgList {
    /// Ascending by time.
    pub msg_list: Vec<Record>,
}

/// A message record: who, to whom, when; the content stays in the zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub msgid: String,
    /// Who sent it.
    pub sender: Party,
    /// Who got it; without the sender, unless one sends to oneself.
    #[serde(default)]
    pub receiver_list: Vec<Party>,
    /// The group; absent in single chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chatid: Option<String>,
    /// Unix seconds.
    pub send_time: i64,
    /// 1 text, 2 image, 6 voice …
    pub msgtype: i64,
    /// The key of its content, for the corp's private key only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_encrypt_info: Option<EncryptInfo>,
    /// For calls (types 21 and 22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_info: Option<CallInfo>,
}

/// A sender or receiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Party {
    /// 1 employee, 2 external contact, 3 robot.
    #[serde(rename = "type")]
    pub kind: i64,
    /// `userid` or `external_userid`.
    pub id: String,
}

/// The encrypted key of a message's content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EncryptInfo {
    /// Base64 of RSA (PKCS#1 v1.5).
    pub encrypted_secret_key: String,
    /// Which public key of the corp.
    pub public_key_ver: i64,
}

/// About a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallInfo {
    /// Seconds.
    pub call_duration: i64,
}

/// 0 or 1, and by other APIs a boolean (sheet wecom-zone-sdk, 8).
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Flag;

    impl serde::de::Visitor<'_> for Flag {
        type Value = bool;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("0, 1 or a boolean")
        }

        fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<bool, E> {
            match value {
                0 => Ok(false),
                1 => Ok(true),
                other => Err(E::invalid_value(Unexpected::Unsigned(other), &self)),
            }
        }
    }

    deserializer.deserialize_any(Flag).map_err(D::Error::custom)
}
