//! Finishing: the attempt, what becomes of the delivery, and whom it releases, in one write.

use std::sync::Arc;

use ringback_types::{DeliveryId, EndpointId, RecordId as _, ScheduleTime};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::claim::{Claimed, claim};
use super::model::{Attempt, AttemptOutcome, DeadReason, DeliveryState};
use super::{Record, sql};
use crate::error::WriteError;
use crate::writer::Lane;

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Final: the endpoint took it.
    Delivered,
    /// It is due again.
    Retry {
        /// When.
        at: ScheduleTime,
        /// How many rungs of the ladder are used up by then.
        rung: u32,
    },
    /// Final: given up.
    Dead(DeadReason),
}

/// The end of one attempt, to be written.
#[derive(Debug, Clone)]
pub struct Finish {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Where it went.
    pub endpoint: EndpointId,
    /// The epoch in which it was claimed.
    pub epoch: i64,
    /// What was tried.
    pub attempt: Attempt,
    /// What becomes of it.
    pub next: Next,
    /// Rungs used up, where `next` does not say otherwise.
    pub rung: u32,
    /// The key it is ordered by.
    pub order_key: Option<String>,
    /// Rungs that the successor it releases begins with (Feishu: 1, sheet 5.2).
    pub release_rung: u32,
    /// Whether the same write takes the endpoint's next due delivery for the slot that is about to be
    /// free: saves a claim, and keeps slots from waiting for each other.
    pub take_next: bool,
}

/// A successor that an ordered delivery let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// When it is due.
    pub due_at: ScheduleTime,
}

/// What became of a finish.
#[derive(Debug, Clone)]
pub enum Finished {
    /// It is on the disk.
    Recorded {
        /// The successor that is due now.
        released: Option<Released>,
        /// The delivery that was taken next.
        next: Option<Box<Claimed>>,
    },
    /// The claim was over: another epoch has the delivery; nothing was written.
    Lost,
}

impl Record {
    /// Writes the end of an attempt; answers once it is on the disk.
    pub async fn finish(&self, finish: Arc<Finish>) -> Result<Finished, WriteError> {
        let (epochs, now) = (self.store.epoch_reader(), self.store.clock().schedule());
        self.store
            .submit(Lane::Urgent, false, move |connection| {
                Ok(write_finish(connection, &finish, now, epochs.now())?)
            })
            .await
    }
}

fn write_finish(
    connection: &Connection,
    finish: &Finish,
    now: ScheduleTime,
    epoch: i64,
) -> rusqlite::Result<Finished> {
    let attempt = &finish.attempt;
    let failure = attempt.failure.map(ringback_types::Code::as_str);
    let (state, due_at, rung, reason) = match finish.next {
        Next::Delivered => (DeliveryState::Delivered, now, finish.rung, None),
        Next::Retry { at, rung } => (DeliveryState::Due, at, rung, failure),
        Next::Dead(reason) => (DeliveryState::Dead, now, finish.rung, Some(reason.as_str())),
    };
    let rows = connection
        .prepare_cached(sql::FINISH.for_sqlite())?
        .execute(params![
            finish.delivery.raw(),
            finish.epoch,
            state.as_str(),
            due_at.as_millis(),
            attempt.number,
            rung,
            attempt.status,
            reason,
        ])?;
    if rows == 0 {
        return Ok(Finished::Lost);
    }
    insert_attempt(connection, finish.delivery, attempt)?;
    let released = match &finish.order_key {
        Some(key) if state.is_final() => {
            release(connection, finish.endpoint, key, now, finish.release_rung)?
        }
        _ => None,
    };
    let next = if finish.take_next && finish.epoch == epoch {
        claim(connection, finish.endpoint, now, epoch, 1)?.pop()
    } else {
        None
    };
    Ok(Finished::Recorded {
        released,
        next: next.map(Box::new),
    })
}

pub(super) fn insert_attempt(
    connection: &Connection,
    delivery: DeliveryId,
    attempt: &Attempt,
) -> rusqlite::Result<()> {
    let outcome = match attempt.outcome {
        AttemptOutcome::Delivered => "delivered",
        AttemptOutcome::Failed => "failed",
    };
    connection
        .prepare_cached(sql::INSERT_ATTEMPT.for_sqlite())?
        .execute(params![
            delivery.raw(),
            attempt.number,
            attempt.started_at.as_millis(),
            attempt.duration_us,
            outcome,
            attempt.status,
            attempt.failure.map(ringback_types::Code::as_str),
            attempt.detail,
            attempt.target,
            attempt.request_headers,
            attempt.response_headers,
            attempt.response_body.as_deref(),
            attempt.response_cut,
        ])?;
    Ok(())
}

/// Makes the first delivery that is held under the key due, if nothing of the key is under way.
pub(super) fn release(
    connection: &Connection,
    endpoint: EndpointId,
    order_key: &str,
    now: ScheduleTime,
    rung: u32,
) -> rusqlite::Result<Option<Released>> {
    let successor: Option<i64> = connection
        .prepare_cached(sql::FIND_SUCCESSOR.for_sqlite())?
        .query_row(params![endpoint.raw(), order_key], |row| row.get(0))
        .optional()?;
    let Some(successor) = successor else {
        return Ok(None);
    };
    connection
        .prepare_cached(sql::RELEASE.for_sqlite())?
        .execute(params![successor, now.as_millis(), rung])?;
    Ok(Some(Released {
        delivery: DeliveryId::from_raw(successor),
        endpoint,
        due_at: now,
    }))
}
