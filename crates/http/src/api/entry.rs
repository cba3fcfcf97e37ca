//! Events, deliveries and attempts as the management API shows them.

use bytes::Bytes;
use ringback_store::record::{
    AttemptOutcome, Delivery, DeliveryState, Entry, Event, EventKind, StoredAttempt,
};
use ringback_types::{Caller, DeliveryId, EventId, RecordId as _, Role};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::names;
use crate::faces::Inner;

/// One event with one of its deliveries, or an event that went nowhere.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// When the delivery was made, or the event where it has none.
    pub(crate) time: String,
    /// The event.
    #[schema(value_type = String, example = "evt_0c2m9qk4vwx3e")]
    pub(crate) event: EventId,
    /// `event` or `call`.
    #[schema(value_type = String, example = "event")]
    kind: EventKind,
    /// Where it came in.
    source: String,
    /// Its type.
    #[serde(rename = "type")]
    event_type: String,
    /// The platform's app id.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// The platform's own id of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_id: Option<String>,
    /// How large the body was, in bytes.
    body_bytes: i64,
    /// Whether the body is still kept.
    has_body: bool,
    /// The delivery.
    #[serde(flatten)]
    pub(crate) delivery: DeliveryView,
}

/// One event or call on its way to one endpoint; all is absent where an event went nowhere.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// The delivery.
    #[schema(value_type = Option<String>, example = "dlv_0c2m9qk4vwx3e")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivery: Option<DeliveryId>,
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// `due`, `running`, `held`, `delivered`, `dead` or `cancelled`.
    #[schema(value_type = Option<String>, example = "delivered")]
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<DeliveryState>,
    /// How many attempts have been made.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    /// Status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why it is dead, or the code of its last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// When it may be tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    /// What it is ordered by.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_key: Option<String>,
    /// The delivery it repeats.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_of: Option<DeliveryId>,
}

impl DeliveryView {
    pub(crate) fn new(faces: &Inner, delivery: &Delivery) -> Self {
        let due = (!delivery.state.is_final()).then(|| delivery.due_at.to_rfc3339());
        let waits = waits_for_a_person(faces, delivery);
        Self {
            delivery: Some(delivery.id),
            endpoint: Some(names::of_endpoint(faces, delivery.endpoint)),
            state: Some(waits.map_or(delivery.state, |_| DeliveryState::Held)),
            attempts: Some(delivery.attempts),
            status: delivery.status,
            reason: waits.map(str::to_owned).or_else(|| delivery.reason.clone()),
            due_at: due,
            order_key: delivery.order_key.clone(),
            replay_of: delivery.replay_of,
        }
    }

    /// The delivery and its endpoint, unless it repeats another.
    pub(crate) fn original(&self) -> Option<(DeliveryId, &str)> {
        let id = self.delivery.filter(|_| self.replay_of.is_none())?;
        Some((id, self.endpoint.as_deref()?))
    }

    /// Whether it is shown in one of these states; in any where there is none of them.
    pub(crate) fn is_in(&self, states: &[DeliveryState]) -> bool {
        states.is_empty() || self.state.is_some_and(|state| states.contains(&state))
    }
}

/// Why a due delivery is not tried: its endpoint is closed. The record does not know; it says `due`
/// and waits for the endpoint.
fn waits_for_a_person(faces: &Inner, delivery: &Delivery) -> Option<&'static str> {
    if delivery.state != DeliveryState::Due {
        return None;
    }
    let endpoint = faces.engine.endpoints().by_id(delivery.endpoint)?;
    if endpoint.disabled.is_some() {
        Some("disabled")
    } else {
        endpoint.paused.map(|_| "paused")
    }
}

impl EntryView {
    pub(crate) fn new(faces: &Inner, entry: Entry) -> Self {
        let delivery = entry.delivery.as_ref();
        let made = delivery.map_or_else(|| entry.event.made_at(), |delivery| delivery.id.made_at());
        Self {
            time: made.to_rfc3339(),
            event: entry.event,
            kind: entry.kind,
            source: names::of_source(faces, entry.source),
            event_type: entry.event_type,
            app: entry.app,
            platform_id: entry.dedupe_key,
            body_bytes: entry.body_bytes,
            has_body: entry.has_body,
            delivery: delivery
                .map_or_else(DeliveryView::default, |it| DeliveryView::new(faces, it)),
        }
    }

    /// An event and one of its deliveries, read one by one.
    pub(crate) fn of(faces: &Inner, event: &Event, delivery: Option<&Delivery>) -> Self {
        let entry = Entry {
            event: event.id,
            kind: event.kind,
            source: event.source,
            event_type: event.event_type.clone(),
            app: event.app.clone(),
            dedupe_key: event.dedupe_key.clone(),
            body_bytes: event.body_bytes,
            has_body: event.body.is_some(),
            delivery: delivery.cloned(),
        };
        Self::new(faces, entry)
    }
}

/// One try of one delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    /// The delivery.
    #[schema(value_type = String)]
    delivery: DeliveryId,
    /// 1 for the first try.
    number: u32,
    /// When it began.
    started_at: String,
    /// How long it took, in microseconds.
    duration_us: i64,
    /// `delivered` or `failed`.
    #[schema(value_type = String, example = "delivered")]
    outcome: AttemptOutcome,
    /// Status of the answer.
    status: Option<u16>,
    /// Code of the failure.
    failure: Option<String>,
    /// The failure in a sentence.
    detail: Option<String>,
    /// Where it was sent, without query values.
    target: Option<String>,
    /// Headers that were sent, as far as they are kept.
    #[schema(value_type = Option<Object>)]
    request_headers: Option<Value>,
    /// Headers of the answer, as far as they are kept.
    #[schema(value_type = Option<Object>)]
    response_headers: Option<Value>,
    /// The beginning of the answer's body; only for the role `operator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    /// Whether the answer was cut at the cap.
    response_cut: bool,
}

impl AttemptView {
    pub(crate) fn new(attempt: StoredAttempt, caller: &Caller) -> Self {
        Self {
            delivery: attempt.delivery,
            number: attempt.number,
            started_at: attempt.started_at.to_rfc3339(),
            duration_us: attempt.duration_us,
            outcome: attempt.outcome,
            status: attempt.status,
            failure: attempt.failure,
            detail: attempt.detail,
            target: attempt.target,
            request_headers: json(attempt.request_headers.as_deref()),
            response_headers: json(attempt.response_headers.as_deref()),
            response_body: body(attempt.response_body.as_ref(), caller),
            response_cut: attempt.response_cut,
        }
    }
}

/// Headers as they are kept: a JSON object in a text.
pub(crate) fn json(text: Option<&str>) -> Option<Value> {
    serde_json::from_str(text?).ok()
}

/// A body as text, for callers who may see bodies.
pub(crate) fn body(body: Option<&Bytes>, caller: &Caller) -> Option<String> {
    let body = body.filter(|_| caller.role >= Role::Operator)?;
    Some(String::from_utf8_lossy(body).into_owned())
}
