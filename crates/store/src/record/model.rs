//! Events, deliveries and attempts as values (design, sections 2 and 4).

use bytes::Bytes;
use ringback_types::{Code, DeliveryId, EndpointId, EventId, ScheduleTime, SourceId};
use serde::Serialize;

/// Whether somebody waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Nobody waits; delivered at least once.
    Event,
    /// Somebody waits; exchanged once, recorded lazily.
    Call,
}

impl EventKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Call => "call",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "call" => Self::Call,
            _ => Self::Event,
        }
    }
}

/// One thing that happened (or one request whose answer is awaited), written once.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id for ever.
    pub id: EventId,
    /// Event or call.
    pub kind: EventKind,
    /// Where it came in.
    pub source: SourceId,
    /// The platform's own type, such as `im.message.receive_v1`.
    pub event_type: String,
    /// The platform's own app id, where it names one.
    pub app: Option<String>,
    /// What makes a second arrival at the same source a duplicate; never for calls.
    pub dedupe_key: Option<String>,
    /// The allow-listed headers as a JSON object.
    pub headers: Option<String>,
    /// The decrypted body, exact bytes, credentials blanked; `None` once pruned.
    pub body: Option<Bytes>,
    /// Size of the body when it was written, in bytes.
    pub body_bytes: i64,
    /// The wire bytes, where an endpoint wants them.
    pub raw: Option<Bytes>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its due time and a free slot.
    Due,
    /// An attempt is under way.
    Running,
    /// Waits behind an earlier delivery of its order key.
    Held,
    /// Final: the endpoint took it.
    Delivered,
    /// Final: given up, with a reason.
    Dead,
    /// Final: taken back by a person.
    Cancelled,
}

impl DeliveryState {
    /// All states, in the order above.
    pub const ALL: [Self; 6] = [
        Self::Due,
        Self::Running,
        Self::Held,
        Self::Delivered,
        Self::Dead,
        Self::Cancelled,
    ];

    /// The word in the record, the API and the UI.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Running => "running",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing will happen to it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Dead | Self::Cancelled)
    }
}

/// Why a delivery was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadReason {
    /// The ladder has no further rung.
    Exhausted,
    /// The endpoint said it is gone (410).
    Gone,
    /// Held longer than the limit.
    Expired,
    /// Its endpoint was deleted.
    EndpointDeleted,
    /// A call, which is never tried again.
    NotRetried,
}

impl DeadReason {
    /// The word in the record, the API and the UI.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Gone => "gone",
            Self::Expired => "expired",
            Self::EndpointDeleted => "endpoint_deleted",
            Self::NotRetried => "not_retried",
        }
    }
}

/// One event or call on its way to one endpoint, as the record has it.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// What is delivered.
    pub event: EventId,
    /// Where to.
    pub endpoint: EndpointId,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it may be tried next, while it is due; when it became due, while it runs.
    pub due_at: ScheduleTime,
    /// How many attempts have been made.
    pub attempts: u32,
    /// How many rungs of the ladder are used up.
    pub rung: u32,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Why it is dead, or the code of the last failure.
    pub reason: Option<String>,
    /// The key it is ordered by, where its endpoint orders.
    pub order_key: Option<String>,
    /// The delivery it repeats, for a replay.
    pub replay_of: Option<DeliveryId>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The endpoint took it.
    Delivered,
    /// It did not.
    Failed,
}

/// One try of one delivery, to be written.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// 1 for the first try.
    pub number: u32,
    /// When it began.
    pub started_at: ScheduleTime,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Status of the answer, if one came.
    pub status: Option<u16>,
    /// What failed.
    pub failure: Option<Code>,
    /// The failure in a sentence, without secrets.
    pub detail: Option<String>,
    /// Where it was sent: URL without userinfo or query values.
    pub target: Option<String>,
    /// Headers that were sent, allow-listed, as a JSON object.
    pub request_headers: Option<String>,
    /// Headers of the answer, allow-listed, as a JSON object.
    pub response_headers: Option<String>,
    /// The beginning of the answer's body, up to the cap.
    pub response_body: Option<Bytes>,
    /// Whether the answer was cut at the cap.
    pub response_cut: bool,
}

/// One try of one delivery, as the record has it.
#[derive(Debug, Clone, Serialize)]
pub struct StoredAttempt {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// 1 for the first try.
    pub number: u32,
    /// When it began.
    pub started_at: ScheduleTime,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// `delivered` or `failed`.
    pub outcome: AttemptOutcome,
    /// Status of the answer, if one came.
    pub status: Option<u16>,
    /// Code of the failure.
    pub failure: Option<String>,
    /// The failure in a sentence.
    pub detail: Option<String>,
    /// Where it was sent.
    pub target: Option<String>,
    /// Headers that were sent, as a JSON object.
    pub request_headers: Option<String>,
    /// Headers of the answer, as a JSON object.
    pub response_headers: Option<String>,
    /// The beginning of the answer's body.
    #[serde(skip)]
    pub response_body: Option<Bytes>,
    /// Whether the answer was cut at the cap.
    pub response_cut: bool,
}
