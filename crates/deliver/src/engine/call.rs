//! Calls: the same exchange, once, with the answer handed back and the record written lazily.

use ringback_store::record::{CallRecord, Event, EventKind};
use ringback_types::Code;
use std::time::Duration;

use super::exchange::Failed;
use super::{Call, CallError, CallOutcome, Inner};

impl Inner {
    pub(super) async fn call(&self, call: Call) -> CallOutcome {
        let store = self.record.store();
        let (endpoint, deadline) = (call.endpoint, call.deadline);
        let event = event_of(call, store.next_id());
        let delivery = store.next_id();
        let Some(settings) = self
            .endpoint(endpoint)
            .filter(|settings| settings.is_open())
        else {
            return CallOutcome {
                event: event.id,
                delivery,
                result: Err(not_open()),
                status: None,
                duration: Duration::ZERO,
            };
        };
        let meters = settings.meters();
        meters.began();
        let tried = self.try_once(&settings, &event, Some(deadline)).await;
        let result = match &tried.answer {
            Ok((answer, sender)) => sender
                .judge_call(&answer.as_dialect(), &event.event_type)
                .map_err(|failure| CallError {
                    client_code: Some(failure.client_code()),
                    ..CallError::from(Failed::from(failure))
                }),
            Err(failed) => Err(CallError::from(failed.clone())),
        };
        meters.ended(result.is_ok(), tried.duration);
        let now = self.clock.schedule();
        self.schedule()
            .scheduler
            .observed(now, endpoint, result.is_ok());

        let duration = tried.duration;
        let failure = result.as_ref().err().map(|error| Failed {
            code: error.code,
            detail: error.detail.clone(),
        });
        let attempt = tried.into_attempt(1, failure);
        let (id, status) = (event.id, attempt.status);
        self.record.log_call(CallRecord {
            event,
            delivery,
            endpoint,
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

impl From<Failed> for CallError {
    fn from(failed: Failed) -> Self {
        Self {
            code: failed.code,
            detail: failed.detail,
            client_code: None,
        }
    }
}

fn not_open() -> CallError {
    CallError {
        code: Code::new("call.endpoint_not_open"),
        detail: "the endpoint that answers this call is not there, paused or disabled".to_owned(),
        client_code: None,
    }
}

fn event_of(call: Call, id: ringback_types::EventId) -> Event {
    let Call {
        source,
        event_type,
        app,
        headers,
        body,
        raw,
        endpoint: _,
        deadline: _,
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
