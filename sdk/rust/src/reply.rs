//! Replies to the zone: sealed, and always with the HTTP status 200.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use ringback_dialect::zone::{
    Flow, Message, Outcome, PROGRAM_TARGET, Reason, header, seal, unsigned_refusal,
};

use crate::error::Error;
use crate::identity::Identity;
use crate::zone::Zone;

/// What a peer that does not speak the channel reads. It says nothing about this program.
const STRANGER: &str = "This address takes sealed requests of a zone only. \
Call the program with `ringback call PROGRAM ABILITY JSON`.\n";

/// A reply as it goes over the wire: give back every header and the body, with status 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// The HTTP status of every reply, also of a refusal: any other is a failure of the transport
    /// to the zone (sheet wecom-zone-sdk, 4.5).
    pub const STATUS: u16 = 200;

    /// The headers as texts, for servers with types of their own.
    pub fn header_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            // All of them are ASCII that this crate has written.
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
    }

    /// The answer to whoever does not speak the channel at all.
    pub(crate) fn to_stranger() -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        headers.insert(header::REFUSAL, Reason::Channel.code().into());
        Self {
            headers,
            body: Bytes::from_static(STRANGER.as_bytes()),
        }
    }

    /// The answer where there is no key to seal one with.
    pub(crate) fn unsigned() -> Self {
        let sealed = unsigned_refusal();
        Self {
            headers: sealed.headers,
            body: sealed.body,
        }
    }

    /// The same with the code of the cause, which is not signed.
    pub(crate) fn with_refusal(mut self, code: i32) -> Self {
        self.headers.insert(header::REFUSAL, code.into());
        self
    }
}

impl From<Reply> for Response<Bytes> {
    fn from(reply: Reply) -> Self {
        let mut response = Self::new(reply.body);
        *response.status_mut() = StatusCode::OK;
        *response.headers_mut() = reply.headers;
        response
    }
}

#[cfg(feature = "serve")]
impl axum::response::IntoResponse for Reply {
    fn into_response(self) -> axum::response::Response {
        Response::<Bytes>::from(self).map(axum::body::Body::from)
    }
}

/// A reply whose outcome is chosen after its body is sealed, as in the official Python SDK.
///
/// Both sets of headers fit the one body; exactly one of them is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingReply {
    /// The headers that say: handled.
    pub normal_headers: HeaderMap,
    /// The headers that say: not handled.
    pub exception_headers: HeaderMap,
    /// The body of either.
    pub body: Bytes,
}

/// Seals replies as one identity.
pub(crate) struct Sealer<'a> {
    pub(crate) zone: &'a Zone,
    pub(crate) identity: &'a Identity,
    /// Empty in an unbound reply.
    pub(crate) request_id: &'a str,
}

impl Sealer<'_> {
    pub(crate) fn reply(&self, outcome: Outcome, plaintext: &[u8]) -> Result<Reply, Error> {
        self.seal(outcome, plaintext, self.zone.nonce())
    }

    /// The outcome is outside of what is encrypted, so the same nonce makes the same body.
    pub(crate) fn pending(&self, plaintext: &[u8]) -> Result<PendingReply, Error> {
        let nonce = self.zone.nonce();
        let normal = self.seal(Outcome::Ok, plaintext, nonce)?;
        let exception = self.seal(Outcome::Error, plaintext, nonce)?;
        Ok(PendingReply {
            normal_headers: normal.headers,
            exception_headers: exception.headers,
            body: normal.body,
        })
    }

    fn seal(&self, outcome: Outcome, plaintext: &[u8], nonce: [u8; 16]) -> Result<Reply, Error> {
        let (version, keys) = self.identity.newest()?;
        let message = Message {
            flow: Flow::Reply,
            target: PROGRAM_TARGET,
            key_id: self.identity.ring.key_id(),
            version,
            request_id: self.request_id,
            outcome: Some(outcome),
            plaintext,
        };
        let sealed = seal(keys, &message, self.zone.now(), nonce);
        Ok(Reply {
            headers: sealed.headers,
            body: sealed.body,
        })
    }
}
