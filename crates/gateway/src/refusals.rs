//! Why requests are refused: for the log, the metrics and a short memory per source, never for the
//! peer (design, section 10, "no oracle").

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use ringback_dialect::Refusal;
use ringback_types::{Code, Coded, WireTime};
use serde::Serialize;

/// How many refusals each source remembers.
const REMEMBERED: usize = 100;

/// Why a request got the one fixed answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Cause {
    /// The dialect refused it.
    #[error(transparent)]
    Dialect(#[from] Refusal),
    /// No source has the name in the path.
    #[error("no source has this name")]
    UnknownSource,
    /// The body is larger than the limit, or says it will be.
    #[error("the body is larger than {limit} bytes")]
    BodyTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive within {limit_ms} ms")]
    BodyLate {
        /// The limit.
        limit_ms: u64,
    },
    /// The connection ended inside the body.
    #[error("the connection ended before the body did")]
    BodyBroken,
}

impl Cause {
    /// Whether the peer had proved who it is.
    pub(crate) fn authenticated(self) -> bool {
        matches!(self, Self::Dialect(refusal) if refusal.authenticated)
    }
}

impl Coded for Cause {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Dialect(refusal) => return refusal.code(),
            Self::UnknownSource => "gateway.unknown_source",
            Self::BodyTooLarge { .. } => "gateway.body_too_large",
            Self::BodyLate { .. } => "gateway.body_late",
            Self::BodyBroken => "gateway.body_broken",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Dialect(refusal) => return refusal.hint(),
            Self::UnknownSource => {
                "`ringback source list` shows the names; the path is `/in/{name}`"
            }
            Self::BodyTooLarge { .. } => "raise the source's `body_bytes` if the sender is right",
            Self::BodyLate { .. } => "look at the network between the sender and this host",
            Self::BodyBroken => return None,
        }))
    }
}

/// One refused request, without anything that it carried.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RefusalEntry {
    /// When, as RFC 3339.
    pub at: String,
    /// The stable name of the cause.
    #[schema(value_type = String, example = "feishu.signature_mismatch")]
    pub reason: Code,
    /// The cause in a sentence.
    pub message: String,
    /// The sentence that fixes it, where one is likely to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the peer had proved who it is.
    pub authenticated: bool,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// How large its body was, as far as it was read.
    pub bytes: usize,
}

impl RefusalEntry {
    pub(crate) fn new(
        cause: Cause,
        at: WireTime,
        peer: Option<SocketAddr>,
        body_bytes: usize,
    ) -> Self {
        Self {
            at: at.to_rfc3339(),
            reason: cause.code(),
            message: cause.to_string(),
            hint: cause.hint().map(Cow::into_owned),
            authenticated: cause.authenticated(),
            peer: peer.map(|peer| peer.to_string()),
            bytes: body_bytes,
        }
    }
}

/// The last refusals of a source.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<VecDeque<RefusalEntry>>);

impl Refusals {
    pub(crate) fn remember(&self, entry: RefusalEntry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == REMEMBERED {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// The last ones, newest first.
    pub(crate) fn newest_first(&self) -> Vec<RefusalEntry> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().rev().cloned().collect()
    }
}
