//! Calls: the same exchange, once, with the answer handed back and the record written lazily.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ringback_store::record::{CallRecord, Event, EventKind};
use ringback_types::{Code, DeliveryId, EventId, WireTime};

use super::exchange::{Failed, Tried};
use super::{Call, CallError, CallOutcome, Inner};
use crate::endpoint::Endpoint;

impl Inner {
    /// Exchanges in a task of its own: when the caller goes away, what the endpoint was asked and what
    /// it answered is in the log all the same.
    pub(super) async fn call(self: Arc<Self>, call: Call) -> CallOutcome {
        let store = self.record.store();
        let (event, delivery) = (store.next_id(), store.next_id());
        let Some(endpoint) = self
            .endpoint(call.endpoint)
            .filter(|endpoint| endpoint.is_open())
        else {
            return unanswered(event, delivery, not_open());
        };
        let asked = tokio::spawn(async move { self.ask(&endpoint, call, event, delivery).await });
        asked
            .await
            .unwrap_or_else(|_| unanswered(event, delivery, broken()))
    }

    async fn ask(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        mut call: Call,
        id: EventId,
        delivery: DeliveryId,
    ) -> CallOutcome {
        let deadline = call.deadline;
        let _place = call.permit.take();
        let event = event_of(call, id);
        let meters = endpoint.meters();
        meters.began();
        let tried = self.try_once(endpoint, &event, Some(deadline)).await;
        let result = judged(&tried, &event.event_type, self.clock.wire());
        meters.ended(result.is_ok(), tried.duration);
        self.tell(|scheduler, now| scheduler.observed(now, endpoint.id, result.is_ok()));

        let duration = tried.duration;
        let failure = result.as_ref().err().map(|error| Failed {
            code: error.code,
            detail: error.detail.clone(),
        });
        let attempt = tried.into_attempt(1, failure);
        let status = attempt.status;
        self.record.log_call(CallRecord {
            event,
            delivery,
            endpoint: endpoint.id,
            attempt,
        });
        CallOutcome {
            event: id,
            delivery,
            result,
            status,
            duration,
        }
    }
}

fn judged(tried: &Tried, call_type: &str, now: WireTime) -> Result<Bytes, CallError> {
    let (answer, sender) = tried
        .answer
        .as_ref()
        .map_err(|failed| CallError::from(failed.clone()))?;
    sender
        .judge_call(&answer.as_dialect(), call_type, now)
        .map_err(|failure| CallError {
            client_code: Some(failure.client_code()),
            ..CallError::from(Failed::from(failure))
        })
}

impl From<Failed> for CallError {
    fn from(failed: Failed) -> Self {
        Self {
            code: failed.code,
            detail: failed.detail,
            client_code: None,
        }
    }
}

fn unanswered(event: EventId, delivery: DeliveryId, error: CallError) -> CallOutcome {
    CallOutcome {
        event,
        delivery,
        result: Err(error),
        status: None,
        duration: Duration::ZERO,
    }
}

fn not_open() -> CallError {
    CallError {
        code: Code::new("call.endpoint_not_open"),
        detail: "the endpoint that answers this call is not there, paused or disabled".to_owned(),
        client_code: None,
    }
}

fn broken() -> CallError {
    CallError::from(Failed::broken())
}

fn event_of(call: Call, id: EventId) -> Event {
    let Call {
        source,
        event_type,
        app,
        headers,
        body,
        raw,
        endpoint: _,
        deadline: _,
        permit: _,
    } = call;
    Event {
        id,
        kind: EventKind::Call,
        source,
        event_type,
        app,
        dedupe_key: None,
        headers,
        body_bytes: body.len() as i64,
        body: Some(body),
        raw,
    }
}
