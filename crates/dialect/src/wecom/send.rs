//! The platform's side of a callback: encryption, signature, envelope, success rule.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use ringback_types::WireTime;

use super::xml::push_text;
use super::{Secrets, encrypt, query};
use crate::hexadecimal::hexadecimal;
use crate::{Answer, FailureKind, Outgoing, Verdict, WireRequest};

/// The send half with an app's secrets; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    secrets: Arc<Secrets>,
    agent_id: Option<i64>,
}

impl Sender {
    /// A sender with these secrets for the app of this agent id; what concerns a whole suite has none.
    pub fn new(secrets: Secrets, agent_id: Option<i64>) -> Self {
        Self {
            secrets: Arc::new(secrets),
            agent_id,
        }
    }

    /// The callback (5.2): the body, which is XML, encrypted and signed afresh.
    pub fn encode(&self, outgoing: &Outgoing<'_>, now: WireTime, random: [u8; 32]) -> WireRequest {
        let Salt { prefix, nonce } = Salt::of(random);
        let receive_id = &self.secrets.receive_id;
        let encrypted = encrypt(&self.secrets.aes_key, prefix, outgoing.body, receive_id);
        WireRequest {
            query: Some(query::signed(&self.secrets, &encrypted, now, nonce)),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/xml"))]),
            body: self.envelope(&encrypted),
        }
    }

    fn envelope(&self, encrypted: &str) -> Bytes {
        let agent_id = self.agent_id.map_or_else(String::new, |id| id.to_string());
        let mut xml = String::with_capacity(encrypted.len() + 192);
        xml.push_str("<xml>");
        push_text(&mut xml, "ToUserName", &self.secrets.receive_id);
        push_text(&mut xml, "AgentID", &agent_id);
        push_text(&mut xml, "Encrypt", encrypted);
        xml.push_str("</xml>");
        Bytes::from(xml)
    }
}

/// Status 200 and nothing else: the platform's pages differ, and this is what the stricter one says
/// (5.2). The body is ignored.
pub fn judge_event(answer: &Answer<'_>) -> Verdict {
    if answer.status == StatusCode::OK {
        Verdict::Delivered
    } else {
        Verdict::Failed(FailureKind::of(answer.status))
    }
}

/// What makes two requests with the same content differ.
pub(super) struct Salt {
    /// Sixteen hexadecimal digits, as in the platform's own vectors: receivers that read the decrypted
    /// bytes as text before they cut must find text.
    pub(super) prefix: [u8; 16],
    /// Shown in decimal, as the platform's is.
    pub(super) nonce: u32,
}

impl Salt {
    pub(super) fn of(random: [u8; 32]) -> Self {
        let (first, rest) = random.split_at(8);
        let mut prefix = [0; 16];
        prefix.copy_from_slice(hexadecimal(first).as_bytes());
        let mut nonce = [0; 4];
        nonce.copy_from_slice(&rest[..4]);
        Self {
            prefix,
            nonce: u32::from_be_bytes(nonce),
        }
    }
}
