//! What goes out: an event or call to send, the request it becomes, and the answer to be judged.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use ringback_types::{Code, Coded};

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Stable over attempts and replays; `webhook-id` in the `standard` dialect.
    pub event_id: &'a str,
    /// What kind of event or call it is.
    pub event_type: &'a str,
    /// The decrypted body, its verification token blanked, as [`Message::body`](crate::Message) has it.
    pub body: &'a Bytes,
    /// The request as it came in, for endpoints that want the raw original.
    pub raw: Option<&'a RawRequest>,
}

/// A request as it came in, kept for endpoints that want the raw original.
///
/// Its query and headers may hold signatures: `Debug` shows the headers' names only.
#[derive(Clone, PartialEq, Eq)]
pub struct RawRequest {
    /// What of the query is passed on, as it was on the wire.
    pub query: Option<String>,
    /// The `Content-Type`, where there was one.
    pub content_type: Option<String>,
    /// The other headers that are passed on, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, exactly as it was on the wire.
    pub body: Bytes,
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("RawRequest")
            .field("query_bytes", &self.query.as_ref().map(String::len))
            .field("content_type", &self.content_type)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// The request that goes out; its method is POST.
///
/// `User-Agent`, `Host` and `Content-Length` are the transport's. Query and headers may hold
/// signatures and the body a token: `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// What the dialect adds to the query of the URL, encoded, without `?`.
    pub query: Option<String>,
    /// The headers that the dialect sets.
    pub headers: HeaderMap,
    /// The exact bytes to send; a signature may cover them.
    pub body: Bytes,
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(http::HeaderName::as_str).collect();
        formatter
            .debug_struct("WireRequest")
            .field("query_bytes", &self.query.as_ref().map(String::len))
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Status, headers and (capped) body of an answer, to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, up to the cap that the transport reads.
    pub body: &'a [u8],
    /// Whether the body was cut at that cap.
    pub cut: bool,
}

/// Why something cannot be written in a dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A name or value that HTTP does not allow in a header.
    #[error("`{name}` cannot be sent as a header")]
    Header {
        /// The header's name.
        name: String,
    },
    /// A `standard` endpoint without any signing key.
    #[error("the endpoint has no signing key")]
    NoSigningKey,
    /// A program's instance without any live secret.
    #[error("the program's instance has no live secret")]
    NoSecret,
}

impl Coded for EncodeError {
    fn code(&self) -> Code {
        match self {
            Self::Header { .. } => Code::new("dialect.header"),
            Self::NoSigningKey => Code::new("dialect.no_signing_key"),
            Self::NoSecret => Code::new("zone.no_secret"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Header { .. } | Self::NoSecret => None,
            Self::NoSigningKey => Some("give the endpoint a signing key (`whsec_…`)".into()),
        }
    }
}
