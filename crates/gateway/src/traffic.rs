//! Every raw request at a source, for a person who watches (`ringback listen --print`).
//!
//! Nothing is rendered while nobody watches. A watcher that is too slow loses the oldest requests and
//! is told how many.

use std::net::SocketAddr;

use axum::http::request::Parts;
use bytes::Bytes;
use futures_util::Stream;
use ringback_types::{Code, EventId, WireTime};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::headers;

/// How many requests wait for the slowest watcher.
const WAITING: usize = 128;
/// How much of a body is shown.
const SHOWN_BODY_BYTES: usize = 64 * 1024;

/// One request as a watcher sees it; values of credentials are left out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeenRequest {
    /// When, as RFC 3339.
    pub at: String,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The headers; credentials show as `…`.
    #[schema(value_type = Object)]
    pub headers: Map<String, Value>,
    /// The body as it was on the wire, its verification token blanked.
    pub body: String,
    /// How large the body was.
    pub body_bytes: usize,
    /// Whether only the beginning of the body is shown.
    pub body_cut: bool,
    /// What was in it once decrypted, where it was encrypted and verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decrypted: Option<String>,
    /// `accepted`, `duplicate`, `challenge`, `call`, `fallback`, `refused` or `busy`.
    pub outcome: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The event it became.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The type of the event or call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Why it was refused, or why the call failed.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Code>,
    /// The sentence that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What a slow watcher has missed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Lost {
    /// How many requests are not shown.
    pub lost: u64,
}

impl SeenRequest {
    /// A request and its body, before anything is known of its outcome.
    pub(crate) fn new(parts: &Parts, peer: Option<SocketAddr>, body: &Bytes, at: WireTime) -> Self {
        let (shown, body_cut) = shown_body(body);
        Self {
            at: at.to_rfc3339(),
            peer: peer.map(|peer| peer.to_string()),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            headers: headers::shown(&parts.headers),
            body: shown,
            body_bytes: body.len(),
            body_cut,
            decrypted: None,
            outcome: "refused",
            status: 0,
            event: None,
            event_type: None,
            reason: None,
            hint: None,
        }
    }
}

/// The body as text, the verification token of a plain Feishu body blanked, cut at the limit.
fn shown_body(body: &Bytes) -> (String, bool) {
    let blanked = ringback_dialect::feishu::blank_token(body);
    let cut = blanked.len() > SHOWN_BODY_BYTES;
    let shown = &blanked[..blanked.len().min(SHOWN_BODY_BYTES)];
    (String::from_utf8_lossy(shown).into_owned(), cut)
}

/// The watchers of a source.
#[derive(Debug)]
pub(crate) struct Traffic(broadcast::Sender<Bytes>);

impl Default for Traffic {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Traffic {
    /// Whether anybody watches.
    pub(crate) fn watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Shows a request to everybody who watches.
    pub(crate) fn show(&self, request: &SeenRequest) {
        // Fails only when the last watcher has just left.
        let _ = self.0.send(line(request));
    }

    /// One line of JSON per request from now on.
    pub(crate) fn watch(
        &self,
    ) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> + use<> {
        futures_util::stream::unfold(self.0.subscribe(), |mut requests| async move {
            let next = match requests.recv().await {
                Ok(line) => line,
                Err(RecvError::Lagged(lost)) => line(&Lost { lost }),
                Err(RecvError::Closed) => return None,
            };
            Some((Ok(next), requests))
        })
    }
}

fn line(value: &impl Serialize) -> Bytes {
    let mut line = serde_json::to_vec(value).expect("texts and numbers are JSON");
    line.push(b'\n');
    line.into()
}
