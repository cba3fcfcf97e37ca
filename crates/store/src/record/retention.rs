//! What is kept and for how long (design, section 4.7): bodies first, whole rows later, and nothing
//! while a delivery of it is still under way.

use std::sync::Arc;
use std::time::Duration;

use ringback_types::{EndpointId, EventId, RecordId as _, ScheduleTime};
use rusqlite::{Connection, params};
use serde::Serialize;

use super::finish::{Released, release};
use super::model::DeliveryState;
use super::{Record, sql};
use crate::error::WriteError;
use crate::writer::Lane;

/// Rows in one bulk step: a few milliseconds of the writer.
const STEP: u32 = 100;
/// Dedupe keys are rows: they are kept at least so long (design, section 4.2).
const DEDUPE_FLOOR: Duration = Duration::from_hours(24);

/// For how long what is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Bodies of events whose deliveries are all final.
    pub body: Duration,
    /// Whole rows; at least 24 h, because they hold the dedupe keys.
    pub row: Duration,
    /// How long a delivery may be held, behind another or at a closed endpoint, before it is given up.
    pub held: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            body: Duration::from_hours(7 * 24),
            row: Duration::from_hours(30 * 24),
            held: Duration::from_hours(3 * 24),
        }
    }
}

/// What one pass did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Events whose body went.
    pub bodies: u64,
    /// Events that were forgotten whole.
    pub rows: u64,
    /// Deliveries given up because they were held too long.
    pub expired: u64,
    /// Successors that those let go.
    #[serde(skip)]
    pub released: Vec<Released>,
}

/// Prunes pass by pass. Every step looks at so many rows and no more, whatever it finds, because the
/// writer stands still meanwhile; what is settled is remembered, so that a pass begins where the last
/// one left off.
#[derive(Debug)]
pub struct Pruner {
    record: Record,
    retention: Retention,
    /// No event up to this id has a body that may still go.
    events_done: i64,
    /// Every delivery up to this id is final.
    deliveries_done: i64,
}

/// How far a walk over old rows got.
#[derive(Debug, Clone, Copy, Default)]
struct Walk {
    changed: u64,
    /// The last row looked at; `None` when there was none.
    last: Option<i64>,
    /// The first row that has to be looked at again.
    open: Option<i64>,
}

impl Pruner {
    /// A pruner that begins at the oldest row.
    pub fn new(record: Record, retention: Retention) -> Self {
        Self {
            record,
            retention,
            events_done: 0,
            deliveries_done: 0,
        }
    }

    /// One pass over everything that is old enough, in steps of the bulk lane. What waits for an
    /// endpoint of `closed` (paused or disabled) is held as well, and expires like it.
    pub async fn pass(&mut self, closed: &[EndpointId]) -> Result<Pruned, WriteError> {
        let now = self.record.store.clock().schedule();
        let mut pruned = Pruned::default();
        self.expire(now, closed, &mut pruned).await?;
        self.prune_bodies(before(now, self.retention.body), &mut pruned)
            .await?;
        self.forget_rows(
            before(now, self.retention.row.max(DEDUPE_FLOOR)),
            &mut pruned,
        )
        .await?;
        Ok(pruned)
    }

    async fn expire(
        &mut self,
        now: ScheduleTime,
        closed: &[EndpointId],
        pruned: &mut Pruned,
    ) -> Result<(), WriteError> {
        let cutoff = before(now, self.retention.held);
        let closed: Arc<[EndpointId]> = closed.into();
        let (mut after, mut open) = (self.deliveries_done, None);
        loop {
            let closed = Arc::clone(&closed);
            let (walk, released) = self
                .bulk(move |connection| expire_step(connection, after, cutoff, now, &closed))
                .await?;
            pruned.expired += walk.changed;
            pruned.released.extend(released);
            open = open.or(walk.open);
            let Some(last) = walk.last else { break };
            after = last;
        }
        self.deliveries_done = open.map_or(after, |id| id - 1);
        Ok(())
    }

    async fn prune_bodies(&mut self, cutoff: i64, pruned: &mut Pruned) -> Result<(), WriteError> {
        let (mut after, mut open) = (self.events_done, None);
        loop {
            let walk = self
                .bulk(move |connection| prune_step(connection, after, cutoff))
                .await?;
            pruned.bodies += walk.changed;
            open = open.or(walk.open);
            let Some(last) = walk.last else { break };
            after = last;
        }
        self.events_done = open.map_or(after, |id| id - 1);
        Ok(())
    }

    async fn forget_rows(&self, cutoff: i64, pruned: &mut Pruned) -> Result<(), WriteError> {
        let mut after = 0;
        loop {
            let walk = self
                .bulk(move |connection| forget_step(connection, after, cutoff))
                .await?;
            pruned.rows += walk.changed;
            let Some(last) = walk.last else { return Ok(()) };
            after = last;
        }
    }

    async fn bulk<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, WriteError> {
        self.record
            .store
            .submit(Lane::Bulk, true, move |connection| Ok(step(connection)?))
            .await
    }
}

/// The first id that is young enough to stay.
fn before(now: ScheduleTime, age: Duration) -> i64 {
    let millis = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    EventId::first_at(now.plus_millis(-millis)).raw()
}

/// Old events from `after` on: id, whether a body is there, whether a delivery still needs it.
fn old_events(
    connection: &Connection,
    after: i64,
    cutoff: i64,
) -> rusqlite::Result<Vec<(i64, bool, bool)>> {
    connection
        .prepare_cached(sql::OLD_EVENTS.for_sqlite())?
        .query_map(params![after, cutoff, STEP], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect()
}

fn prune_step(connection: &Connection, after: i64, cutoff: i64) -> rusqlite::Result<Walk> {
    let mut walk = Walk::default();
    for (id, has_body, needed) in old_events(connection, after, cutoff)? {
        walk.last = Some(id);
        if has_body && needed {
            walk.open = walk.open.or(Some(id));
        } else if has_body {
            for sql in [sql::PRUNE_BODY, sql::PRUNE_ANSWERS] {
                connection.prepare_cached(sql.for_sqlite())?.execute([id])?;
            }
            walk.changed += 1;
        }
    }
    Ok(walk)
}

fn forget_step(connection: &Connection, after: i64, cutoff: i64) -> rusqlite::Result<Walk> {
    let mut walk = Walk::default();
    for (id, _, needed) in old_events(connection, after, cutoff)? {
        walk.last = Some(id);
        if needed {
            continue;
        }
        for sql in [
            sql::FORGET_ATTEMPTS,
            sql::FORGET_DELIVERIES,
            sql::FORGET_EVENT,
        ] {
            connection.prepare_cached(sql.for_sqlite())?.execute([id])?;
        }
        walk.changed += 1;
    }
    Ok(walk)
}

fn expire_step(
    connection: &Connection,
    after: i64,
    cutoff: i64,
    now: ScheduleTime,
    closed: &[EndpointId],
) -> rusqlite::Result<(Walk, Vec<Released>)> {
    let rows: Vec<(i64, i64, Option<String>, String)> = connection
        .prepare_cached(sql::OLD_DELIVERIES.for_sqlite())?
        .query_map(params![after, cutoff, STEP], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<_, _>>()?;
    let (mut walk, mut released) = (Walk::default(), Vec::new());
    for (id, endpoint, order_key, state) in rows {
        walk.last = Some(id);
        let endpoint = EndpointId::from_raw(endpoint);
        let overdue = match DeliveryState::parse(&state) {
            Some(DeliveryState::Held) => true,
            Some(DeliveryState::Due) => closed.contains(&endpoint),
            Some(state) if state.is_final() => continue,
            _ => false,
        };
        if !overdue {
            walk.open = walk.open.or(Some(id));
            continue;
        }
        connection
            .prepare_cached(sql::EXPIRE.for_sqlite())?
            .execute([id])?;
        walk.changed += 1;
        if let Some(key) = order_key {
            released.extend(release(connection, endpoint, &key, now, 0)?);
        }
    }
    Ok((walk, released))
}
