//! The call log: written lazily, waited for by nobody, bounded (design, section 4).

use ringback_types::{DeliveryId, EndpointId, RecordId as _};
use rusqlite::{Connection, params};

use super::accept::insert_event;
use super::finish::insert_attempt;
use super::model::{Attempt, AttemptOutcome, DeadReason, DeliveryState, Event};
use super::{Record, sql};
use crate::error::WriteError;

/// A call that has been answered, to be kept.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// The request.
    pub event: Event,
    /// Its only delivery.
    pub delivery: DeliveryId,
    /// Where it went.
    pub endpoint: EndpointId,
    /// Its only attempt.
    pub attempt: Attempt,
}

impl Record {
    /// Queues a call for the log. When half the queue is taken the bodies are left out, when all of it
    /// is the call is; both are counted.
    pub fn log_call(&self, mut call: CallRecord) {
        if self.store.log_depth() > self.store.queue_capacity() / 2 {
            metrics::counter!("ringback_call_log_bodies_dropped_total").increment(1);
            call.event.body = None;
            call.event.raw = None;
            call.attempt.response_body = None;
        }
        let epoch = self.store.epoch();
        let queued = self
            .store
            .submit_lazily(move |connection| write_call(connection, &call, epoch));
        if queued.is_err() {
            metrics::counter!("ringback_call_log_dropped_total").increment(1);
        }
    }
}

fn write_call(connection: &Connection, call: &CallRecord, epoch: i64) -> Result<(), WriteError> {
    let (state, reason) = match call.attempt.outcome {
        AttemptOutcome::Delivered => (DeliveryState::Delivered, None),
        AttemptOutcome::Failed => (DeliveryState::Dead, Some(DeadReason::NotRetried.as_str())),
    };
    insert_event(connection, &call.event)?;
    connection
        .prepare_cached(sql::INSERT_DELIVERY.for_sqlite())?
        .execute(params![
            call.delivery.raw(),
            call.event.id.raw(),
            call.endpoint.raw(),
            state.as_str(),
            call.attempt.started_at.as_millis(),
            epoch,
            1,
            call.attempt.status,
            reason,
            None::<&str>,
            None::<i64>,
            None::<i64>,
        ])?;
    insert_attempt(connection, call.delivery, &call.attempt)?;
    Ok(())
}
