//! Replay: a new delivery that names the old one and stands outside order (design, section 4.5).

use std::borrow::Cow;

use ringback_types::{Code, Coded, DeliveryId, EndpointId, EventId, RecordId as _, ScheduleTime};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::Record;
use super::claim::delivery_row;
use super::model::{DeliveryState, EventKind};
use super::sql;
use crate::error::WriteError;
use crate::writer::Lane;

/// What is to be delivered again.
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// The delivery that is repeated.
    pub delivery: DeliveryId,
    /// Where to, if not where it went.
    pub to: Option<EndpointId>,
}

/// A replay that is on the disk and due.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Replayed {
    /// The new delivery.
    pub delivery: DeliveryId,
    /// The one it repeats.
    pub of: DeliveryId,
    /// What it delivers.
    pub event: EventId,
    /// Where to.
    pub endpoint: EndpointId,
    /// When it is due.
    pub due_at: ScheduleTime,
}

/// Why a delivery cannot be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplayRefusal {
    /// There is none of that id.
    #[error("no delivery `{0}`")]
    Unknown(DeliveryId),
    /// Its body is gone.
    #[error("the body of `{0}` has been pruned")]
    Pruned(DeliveryId),
    /// It was a call.
    #[error("`{0}` was a call, and nobody waits for its answer any more")]
    Call(DeliveryId),
}

impl Coded for ReplayRefusal {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Unknown(_) => "replay.unknown",
            Self::Pruned(_) => "replay.pruned",
            Self::Call(_) => "replay.call",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Unknown(_) => "find deliveries with `ringback log`",
            Self::Pruned(_) => "keep bodies longer with `retention.body_days`",
            Self::Call(_) => "make the request again from its beginning",
        }))
    }
}

impl Record {
    /// Writes a new delivery, due now, for each that can be repeated.
    pub async fn replay(
        &self,
        replays: Vec<Replay>,
    ) -> Result<Vec<Result<Replayed, ReplayRefusal>>, WriteError> {
        self.store.accepting()?;
        let now = self.store.clock().schedule();
        let replays: Vec<(Replay, DeliveryId)> = replays
            .into_iter()
            .map(|replay| (replay, self.store.next_id()))
            .collect();
        self.store
            .submit(Lane::Urgent, true, move |connection| {
                let written: Result<Vec<_>, _> = replays
                    .into_iter()
                    .map(|(replay, id)| write_replay(connection, replay, id, now))
                    .collect();
                Ok(written?)
            })
            .await
    }
}

fn write_replay(
    connection: &Connection,
    replay: Replay,
    id: DeliveryId,
    now: ScheduleTime,
) -> rusqlite::Result<Result<Replayed, ReplayRefusal>> {
    let found = connection
        .prepare_cached(sql::READ_CLAIMED.for_sqlite())?
        .query_row([replay.delivery.raw()], |row| {
            let kind = EventKind::parse(row.get_ref(11)?.as_str()?);
            let has_body = row.get_ref(18)? != rusqlite::types::ValueRef::Null;
            Ok((delivery_row(row, 0)?, kind, has_body))
        })
        .optional()?;
    let Some((original, kind, has_body)) = found else {
        return Ok(Err(ReplayRefusal::Unknown(replay.delivery)));
    };
    if kind == EventKind::Call {
        return Ok(Err(ReplayRefusal::Call(replay.delivery)));
    }
    if !has_body {
        return Ok(Err(ReplayRefusal::Pruned(replay.delivery)));
    }
    let endpoint = replay.to.unwrap_or(original.endpoint);
    connection
        .prepare_cached(sql::INSERT_DELIVERY.for_sqlite())?
        .execute(params![
            id.raw(),
            original.event.raw(),
            endpoint.raw(),
            DeliveryState::Due.as_str(),
            now.as_millis(),
            0,
            0,
            None::<i64>,
            None::<&str>,
            None::<&str>,
            None::<i64>,
            original.id.raw(),
        ])?;
    Ok(Ok(Replayed {
        delivery: id,
        of: original.id,
        event: original.event,
        endpoint,
        due_at: now,
    }))
}
