//! The plaintexts of the flows, as JSON. A reply's plaintext is the program's own text.

use bytes::Bytes;
use ringback_types::Secret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Reason;
use super::credentials::{base64_secret, text_secret};
use crate::json::Object;

/// The plaintext of a flow.
pub trait Frame: Serialize + DeserializeOwned {
    /// Reads a plaintext; members that are not known are passed over.
    fn read(plaintext: &[u8]) -> Result<Self, Reason> {
        let frame = serde_json::from_slice(plaintext);
        frame
            .map(|Object(frame)| frame)
            .map_err(|_| Reason::PlaintextNotJson)
    }

    /// The plaintext.
    fn to_json(&self) -> Bytes {
        let json = serde_json::to_vec(self);
        json.expect("texts and numbers are always JSON").into()
    }
}

impl Frame for RequestFrame {}
impl Frame for InvokeFrame {}
impl Frame for OpenFrame {}
impl Frame for OpenedFrame {}

/// Who started it (sheet `wecom-zone-sdk`, section 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum CallType {
    /// An app calls the program.
    Call = 1,
    /// The platform delivers an event.
    Event = 2,
}

impl From<CallType> for u8 {
    fn from(call_type: CallType) -> Self {
        call_type as Self
    }
}

impl TryFrom<u8> for CallType {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::Call),
            2 => Ok(Self::Event),
            _ => Err("`call_type` is 1 or 2"),
        }
    }
}

/// Plaintext of a request: what the SDK's getters give (sheet `wecom-zone-sdk`, section 4.1).
///
/// Absent texts are empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFrame {
    /// The corp.
    #[serde(default)]
    pub corpid: String,
    /// The app; 0 where there is none.
    #[serde(default)]
    pub agentid: i64,
    /// An app's call or an event.
    pub call_type: CallType,
    /// The JSON text of the request or of the event.
    #[serde(default)]
    pub data: String,
    /// Whether the answer is awaited elsewhere.
    #[serde(default)]
    pub is_async: bool,
    /// Opaque; to be handed back in SDK calls for the same job.
    #[serde(default)]
    pub job_info: String,
    /// Which ability is called.
    #[serde(default)]
    pub ability_id: String,
    /// `notify_id` of the app's call.
    #[serde(default)]
    pub notify_id: String,
}

/// Plaintext of an invoke: an SDK API's request and who asks (sheet `wecom-zone-sdk`, section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvokeFrame {
    /// The corp.
    #[serde(default)]
    pub corpid: String,
    /// The app; 0 only for `program_async_job_call_back`.
    #[serde(default)]
    pub agentid: i64,
    /// The ability that the program serves.
    #[serde(default)]
    pub ability_id: String,
    /// As it came in the request.
    #[serde(default)]
    pub job_info: String,
    /// The JSON text of the API's request.
    #[serde(default)]
    pub request: String,
}

/// Plaintext of an open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFrame {
    /// The app's access token.
    #[serde(serialize_with = "text_secret::serialize")]
    pub access_token: Secret,
}

/// Plaintext of the reply to an open: the credentials of the debug session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedFrame {
    /// The session's key id.
    pub key_id: String,
    /// Its secret: 32 bytes, base64 in the JSON.
    #[serde(with = "base64_secret")]
    pub secret: Secret,
    /// The secret's version.
    pub version: u32,
    /// When the session ends, in Unix seconds.
    pub expires_at: i64,
}
