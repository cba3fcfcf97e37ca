//! What comes in: a request, what it turns out to be, and an answer to give back.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

/// A request as it came off the wire; the body is the raw bytes.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// The method; every dialect of today wants POST.
    pub method: &'a Method,
    /// The path, without the query.
    pub path: &'a str,
    /// What stands after the question mark, undecoded.
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, exactly as it was on the wire.
    pub body: &'a Bytes,
}

/// What a received request turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The platform checks the URL: give this answer back; nothing is recorded.
    Challenge(Reply),
    /// Something happened; nobody waits for its answer.
    Event(Message),
    /// Somebody waits for the answer, which is used on the spot.
    Call(Message),
}

/// One event or call, decrypted, its credentials blanked (design, section 4, number 7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What kind of event or call it is, in the platform's words.
    pub event_type: String,
    /// What makes it the same event as another, within its source; `None` for calls, which are
    /// never deduplicated.
    pub dedupe_key: Option<String>,
    /// The sequence it belongs to, for types that are delivered in order:
    /// `<type family>:<instance>`.
    pub order_key: Option<String>,
    /// The platform's own id of the app that it is for.
    pub app: Option<String>,
    /// The exact decrypted bytes, except that the value of the verification token is blanked to `""`.
    pub body: Bytes,
}

/// An answer to give back: challenge answers, refusals, callback answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The `Content-Type`, where there is one.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// 200 with a JSON body.
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: Some("application/json"),
            body: body.into(),
        }
    }
}

/// The one answer to whatever is refused: it never says why (design, section 10, "no oracle").
pub fn refusal_reply() -> Reply {
    Reply {
        status: StatusCode::UNAUTHORIZED,
        ..Reply::json(Bytes::from_static(br#"{"code":"refused"}"#))
    }
}
