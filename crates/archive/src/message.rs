//! A message as it comes in and as it is listed.

use serde::{Deserialize, Serialize};

use crate::content::Content;

/// Message types that mean something here (sheet wecom-zone-sdk, section 10.1).
pub(crate) const TEXT: u8 = 1;
pub(crate) const VOICE: u8 = 6;
pub(crate) const AUDIO_ARCHIVE: u8 = 21;
pub(crate) const CALL: u8 = 22;

/// Who a participant is (sheet wecom-zone-sdk, section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PartyType {
    Member,
    External,
    Robot,
}

impl PartyType {
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Member,
            2 => Self::External,
            3 => Self::Robot,
            _ => return None,
        })
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Member => 1,
            Self::External => 2,
            Self::Robot => 3,
        }
    }
}

impl Serialize for PartyType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for PartyType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_number(i64::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("not a type of participant"))
    }
}

/// A participant of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Party {
    #[serde(rename = "type")]
    pub(crate) kind: PartyType,
    pub(crate) id: String,
}

/// A message as a line of an import gives it.
#[derive(Debug)]
pub(crate) struct NewMessage {
    pub(crate) msgid: String,
    pub(crate) sender: Party,
    pub(crate) receivers: Vec<Party>,
    pub(crate) chatid: Option<String>,
    /// Unix seconds.
    pub(crate) send_time: i64,
    pub(crate) msgtype: u8,
    /// Seconds; only of calls.
    pub(crate) call_duration: Option<i64>,
    pub(crate) content: Content,
}

impl NewMessage {
    pub(crate) fn parties(&self) -> impl Iterator<Item = &Party> + Clone {
        std::iter::once(&self.sender).chain(&self.receivers)
    }
}

/// A message as `sync_msg` lists it (sheet wecom-zone-sdk, section 10.1).
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) msgid: String,
    pub(crate) sender: Party,
    pub(crate) receiver_list: Vec<Party>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chatid: Option<String>,
    pub(crate) send_time: i64,
    pub(crate) msgtype: u8,
    pub(crate) service_encrypt_info: EncryptInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extra_info: Option<ExtraInfo>,
}

/// How a message's secret key is encrypted.
#[derive(Debug, Serialize)]
pub(crate) struct EncryptInfo {
    /// Base64.
    pub(crate) encrypted_secret_key: String,
    pub(crate) public_key_ver: i64,
}

/// What only calls have.
#[derive(Debug, Serialize)]
pub(crate) struct ExtraInfo {
    /// Seconds.
    pub(crate) call_duration: i64,
}

impl Listed {
    pub(crate) fn parties(&self) -> impl Iterator<Item = &Party> + Clone {
        std::iter::once(&self.sender).chain(&self.receiver_list)
    }

    /// About how many bytes it takes in an answer.
    pub(crate) fn size(&self) -> usize {
        let ids: usize = self.parties().map(|party| party.id.len() + 20).sum();
        ids + self.msgid.len() + self.service_encrypt_info.encrypted_secret_key.len() + 200
    }
}
