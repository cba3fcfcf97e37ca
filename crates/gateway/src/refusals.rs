//! Why requests are refused: for the log, the metrics and a short memory per source, never for the
//! peer (design, section 10, "no oracle").

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use ringback_dialect::Refusal;
use ringback_types::{Code, Coded, WireTime};
use serde::Serialize;

use crate::gateway::Inner;
use crate::limit::Bucket;

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
    /// The request is for a name that the receive paths do not answer to.
    #[error("the receive paths do not answer to the name in `Host`")]
    Host,
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
            Self::Host => "gateway.host_not_allowed",
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
            Self::Host => "add the name to `listen.receive_hosts`",
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

/// What a source refuses: the last ones are remembered, all are counted, and as many are logged as the
/// rate allows. Nothing of it touches the disk or the lane of acknowledgements.
#[derive(Debug)]
pub(crate) struct Refusals {
    source: String,
    last: Mutex<VecDeque<RefusalEntry>>,
    logged: Bucket,
}

impl Refusals {
    pub(crate) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            last: Mutex::default(),
            logged: Bucket::default(),
        }
    }

    /// A request that was refused.
    pub(crate) fn refused(
        &self,
        cause: Cause,
        gateway: &Inner,
        peer: Option<SocketAddr>,
        body_bytes: usize,
    ) {
        let entry = RefusalEntry::new(cause, gateway.clock().wire(), peer, body_bytes);
        let labels = [
            ("source", self.source.clone()),
            ("reason", entry.reason.to_string()),
        ];
        metrics::counter!("ringback_refused_total", &labels).increment(1);
        if let Some(suppressed) = self.may_log(gateway) {
            tracing::warn!(
                source.name = self.source,
                code = %entry.reason,
                peer = entry.peer,
                size_bytes = body_bytes,
                authenticated = entry.authenticated,
                suppressed,
                "request refused: {}", entry.message
            );
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == REMEMBERED {
            last.pop_front();
        }
        last.push_back(entry);
    }

    /// A request that was authentic and yet came to nothing; only logged.
    pub(crate) fn failed(&self, reason: Code, gateway: &Inner) {
        if let Some(suppressed) = self.may_log(gateway) {
            let source = &self.source;
            tracing::warn!(source.name = source, code = %reason, suppressed, "request failed here");
        }
    }

    fn may_log(&self, gateway: &Inner) -> Option<u64> {
        let per_second = gateway.limits.load().logged_refusals_per_second;
        self.logged.take(per_second, gateway.clock().monotonic())
    }

    /// The last ones, newest first.
    pub(crate) fn newest_first(&self) -> Vec<RefusalEntry> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().rev().cloned().collect()
    }
}
