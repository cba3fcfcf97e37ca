//! What became of a request, and the answer to it.

use axum::response::Response;
use bytes::Bytes;
use ringback_dialect::{Receiver, Reply};
use ringback_types::{Code, Coded, EventId};

use super::answer;
use crate::live::Tally;
use crate::refusals::Cause;
use crate::traffic::SeenRequest;

/// What became of a request.
pub(super) enum Outcome {
    /// The platform checks the URL.
    Challenge(Reply),
    /// The event is on the disk, from this request or an earlier one.
    Accepted { event: EventId, duplicate: bool },
    /// The call's endpoint answered in time.
    Answered { event: EventId, answer: Bytes },
    /// The call came to nothing; `event` is `None` where there is no endpoint to forward it to.
    Fallback {
        event: Option<EventId>,
        reason: Code,
    },
    /// It is not what it should be; the peer does not learn why.
    Refused(Cause),
    /// Nothing was written; the platform shall come again.
    Busy(Code),
}

impl Outcome {
    pub(super) fn count(&self, tally: &Tally) {
        let count = match self {
            Self::Challenge(_) => &tally.challenges,
            Self::Accepted {
                duplicate: false, ..
            } => &tally.accepted,
            Self::Accepted {
                duplicate: true, ..
            } => &tally.duplicates,
            Self::Answered { .. } => &tally.calls,
            Self::Fallback { .. } => &tally.fallbacks,
            Self::Refused(_) => &tally.refused,
            Self::Busy(_) => &tally.busy,
        };
        count.add();
    }

    const fn as_str(&self) -> &'static str {
        match self {
            Self::Challenge(_) => "challenge",
            Self::Accepted {
                duplicate: false, ..
            } => "accepted",
            Self::Accepted {
                duplicate: true, ..
            } => "duplicate",
            Self::Answered { .. } => "call",
            Self::Fallback { .. } => "fallback",
            Self::Refused(_) => "refused",
            Self::Busy(_) => "busy",
        }
    }

    /// The request as a watcher sees it, with its outcome.
    pub(super) fn show(&self, request: SeenRequest) -> SeenRequest {
        let (event, reason, hint) = match self {
            Self::Challenge(_) => (None, None, None),
            Self::Accepted { event, .. } | Self::Answered { event, .. } => {
                (Some(*event), None, None)
            }
            Self::Fallback { event, reason } => (*event, Some(*reason), None),
            Self::Refused(cause) => (None, Some(cause.code()), cause.hint()),
            Self::Busy(reason) => (None, Some(*reason), None),
        };
        SeenRequest {
            outcome: self.as_str(),
            event,
            reason,
            hint: hint.map(std::borrow::Cow::into_owned),
            ..request
        }
    }

    pub(super) fn answer(self, receiver: &Receiver, fallback: &Bytes) -> Response {
        match self {
            Self::Challenge(reply) => answer::of(reply),
            Self::Accepted { .. } => answer::of(receiver.acknowledgement()),
            Self::Answered { answer, .. } => answer::of(Reply::json(answer)),
            Self::Fallback { .. } => answer::of(Reply::json(fallback.clone())),
            Self::Refused(_) => answer::refused(),
            Self::Busy(_) => answer::busy(),
        }
    }
}
