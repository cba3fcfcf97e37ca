//! What is kept and for how long (design, section 4.7): bodies first, whole rows later, and nothing
//! while a delivery of it is still under way.

use std::time::Duration;

use ringback_types::{DeliveryId, EndpointId, EventId, RecordId as _, ScheduleTime};
use rusqlite::{Connection, params};
use serde::Serialize;

use super::finish::{Released, release};
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
    /// How long a delivery may be held behind another before it is given up.
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

/// Prunes pass by pass, remembering how far the bodies are gone.
#[derive(Debug)]
pub struct Pruner {
    record: Record,
    retention: Retention,
    reached: i64,
}

impl Pruner {
    /// A pruner that begins at the oldest event.
    pub fn new(record: Record, retention: Retention) -> Self {
        Self {
            record,
            retention,
            reached: 0,
        }
    }

    /// One pass over everything that is old enough, in steps of the bulk lane.
    pub async fn pass(&mut self) -> Result<Pruned, WriteError> {
        let now = self.record.store.clock().schedule();
        let mut pruned = Pruned::default();
        self.expire_held(before(now, self.retention.held), now, &mut pruned)
            .await?;
        self.prune_bodies(before(now, self.retention.body), &mut pruned)
            .await?;
        self.forget_rows(
            before(now, self.retention.row.max(DEDUPE_FLOOR)),
            &mut pruned,
        )
        .await?;
        Ok(pruned)
    }

    async fn prune_bodies(&mut self, cutoff: i64, pruned: &mut Pruned) -> Result<(), WriteError> {
        let mut after = self.reached;
        loop {
            let (count, last) = self
                .bulk(move |connection| prune_step(connection, after, cutoff))
                .await?;
            pruned.bodies += count;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        // Events that a delivery still needs stay behind `after`: the next pass begins before them.
        let reached = self.reached;
        let kept = self
            .bulk(move |connection| first_kept(connection, reached, cutoff))
            .await?;
        self.reached = kept.map_or(after, |id| id - 1);
        Ok(())
    }

    async fn forget_rows(&self, cutoff: i64, pruned: &mut Pruned) -> Result<(), WriteError> {
        loop {
            let count = self
                .bulk(move |connection| forget_step(connection, cutoff))
                .await?;
            pruned.rows += count;
            if count < u64::from(STEP) {
                return Ok(());
            }
        }
    }

    async fn expire_held(
        &self,
        cutoff: i64,
        now: ScheduleTime,
        pruned: &mut Pruned,
    ) -> Result<(), WriteError> {
        loop {
            let (count, released) = self
                .bulk(move |connection| expire_step(connection, cutoff, now))
                .await?;
            pruned.expired += count;
            pruned.released.extend(released);
            if count < u64::from(STEP) {
                return Ok(());
            }
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

fn ids(
    connection: &Connection,
    sql: crate::Sql,
    values: impl rusqlite::Params,
) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(sql.for_sqlite())?
        .query_map(values, |row| row.get(0))?
        .collect()
}

fn prune_step(
    connection: &Connection,
    after: i64,
    cutoff: i64,
) -> rusqlite::Result<(u64, Option<i64>)> {
    let found = ids(connection, sql::PRUNABLE, params![after, cutoff, STEP])?;
    for id in &found {
        connection
            .prepare_cached(sql::PRUNE_BODY.for_sqlite())?
            .execute([id])?;
        connection
            .prepare_cached(sql::PRUNE_ANSWERS.for_sqlite())?
            .execute([id])?;
    }
    Ok((found.len() as u64, found.last().copied()))
}

fn first_kept(connection: &Connection, after: i64, cutoff: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(sql::FIRST_WITH_BODY.for_sqlite())?
        .query_row(params![after, cutoff], |row| row.get(0))
}

fn forget_step(connection: &Connection, cutoff: i64) -> rusqlite::Result<u64> {
    let found = ids(connection, sql::FORGETTABLE, params![cutoff, STEP])?;
    for id in &found {
        for sql in [
            sql::FORGET_ATTEMPTS,
            sql::FORGET_DELIVERIES,
            sql::FORGET_EVENT,
        ] {
            connection.prepare_cached(sql.for_sqlite())?.execute([id])?;
        }
    }
    Ok(found.len() as u64)
}

fn expire_step(
    connection: &Connection,
    cutoff: i64,
    now: ScheduleTime,
) -> rusqlite::Result<(u64, Vec<Released>)> {
    let rows: Vec<(i64, i64, String)> = connection
        .prepare_cached(sql::OVERHELD.for_sqlite())?
        .query_map(params![cutoff, STEP], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut released = Vec::new();
    for (id, endpoint, key) in &rows {
        connection
            .prepare_cached(sql::EXPIRE.for_sqlite())?
            .execute([DeliveryId::from_raw(*id).raw()])?;
        released.extend(release(
            connection,
            EndpointId::from_raw(*endpoint),
            key,
            now,
            0,
        )?);
    }
    Ok((rows.len() as u64, released))
}
