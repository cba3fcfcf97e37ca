//! Claiming: taking due deliveries of one endpoint for this node's epoch.

use std::sync::Arc;

use ringback_types::{EndpointId, RecordId as _, ScheduleTime};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::model::{Delivery, DeliveryState, Event, EventKind};
use super::{Record, sql};
use crate::error::{ReadError, WriteError};
use crate::sqlite;
use crate::writer::Lane;

/// A delivery this node may try now, with what it delivers.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The delivery.
    pub delivery: Delivery,
    /// The epoch in which it was claimed; `finish` holds only while it lasts.
    pub epoch: i64,
    /// What it delivers.
    pub event: Arc<Event>,
}

/// What a claim gave.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// The deliveries taken, oldest due time first.
    pub taken: Vec<Claimed>,
    /// When the endpoint next has something due that was not taken, if ever.
    pub next_due: Option<ScheduleTime>,
}

impl Record {
    /// Takes up to `limit` deliveries of the endpoint that are due now: unowned ones, and ones that
    /// ran in an epoch that is over. Oldest due time first.
    pub async fn claim(&self, endpoint: EndpointId, limit: u32) -> Result<Claims, WriteError> {
        let (epochs, now) = (self.store.epoch_reader(), self.store.clock().schedule());
        self.store
            .submit(Lane::Urgent, false, move |connection| {
                let epoch = epochs.now();
                let taken = claim(connection, endpoint, now, epoch, limit)?;
                let next_due = next_due(connection, endpoint, epoch)?;
                Ok(Claims { taken, next_due })
            })
            .await
    }

    /// When the endpoint next has something due, if ever.
    pub async fn next_due_of(
        &self,
        endpoint: EndpointId,
    ) -> Result<Option<ScheduleTime>, ReadError> {
        let epoch = self.store.epoch();
        self.store
            .readers()
            .with(move |connection| {
                next_due(connection, endpoint, epoch).map_err(|error| sqlite::read_error(&error))
            })
            .await
    }

    /// Gives a claim back untried, to be due at `due_at`.
    pub async fn unclaim(&self, claimed: &Claimed, due_at: ScheduleTime) -> Result<(), WriteError> {
        let (id, epoch) = (claimed.delivery.id, claimed.epoch);
        self.store
            .submit(Lane::Urgent, false, move |connection| {
                connection
                    .prepare_cached(sql::UNCLAIM.for_sqlite())?
                    .execute(params![id.raw(), epoch, due_at.as_millis()])?;
                Ok(())
            })
            .await
    }
}

/// The earliest due time that is not taken; what was interrupted is due since ever.
fn next_due(
    connection: &Connection,
    endpoint: EndpointId,
    epoch: i64,
) -> rusqlite::Result<Option<ScheduleTime>> {
    if !interrupted(connection, endpoint, epoch, 1)?.is_empty() {
        return Ok(Some(ScheduleTime::from_millis(0)));
    }
    let due: Option<i64> = connection
        .prepare_cached(sql::NEXT_DUE.for_sqlite())?
        .query_row([endpoint.raw()], |row| row.get(0))?;
    Ok(due.map(ScheduleTime::from_millis))
}

pub(super) fn interrupted(
    connection: &Connection,
    endpoint: EndpointId,
    epoch: i64,
    limit: u32,
) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(sql::INTERRUPTED.for_sqlite())?
        .query_map(params![endpoint.raw(), epoch, limit], |row| row.get(0))?
        .collect()
}

pub(super) fn claim(
    connection: &Connection,
    endpoint: EndpointId,
    now: ScheduleTime,
    epoch: i64,
    limit: u32,
) -> rusqlite::Result<Vec<Claimed>> {
    let mut ids = interrupted(connection, endpoint, epoch, limit)?;
    let due: Vec<i64> = connection
        .prepare_cached(sql::CLAIMABLE.for_sqlite())?
        .query_map(
            params![endpoint.raw(), now.as_millis(), limit - ids.len() as u32],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    ids.extend(due);
    let mut update = connection.prepare_cached(sql::CLAIM.for_sqlite())?;
    let mut read = connection.prepare_cached(sql::READ_CLAIMED.for_sqlite())?;
    let mut claimed = Vec::with_capacity(ids.len());
    for id in ids {
        update.execute(params![id, epoch])?;
        // A delivery whose event was forgotten cannot be: forgetting spares what is not final.
        let found = read
            .query_row([id], |row| claimed_row(row, epoch))
            .optional()?;
        claimed.extend(found);
    }
    Ok(claimed)
}

fn claimed_row(row: &Row<'_>, epoch: i64) -> rusqlite::Result<Claimed> {
    let delivery = delivery_row(row, 0)?;
    let event = Event {
        id: delivery.event,
        kind: EventKind::parse(row.get_ref(11)?.as_str()?),
        source: ringback_types::SourceId::from_raw(row.get(12)?),
        event_type: row.get(13)?,
        app: row.get(14)?,
        dedupe_key: row.get(15)?,
        headers: row.get(16)?,
        body_bytes: row.get(17)?,
        body: row.get::<_, Option<Vec<u8>>>(18)?.map(Into::into),
        raw: row.get::<_, Option<Vec<u8>>>(19)?.map(Into::into),
    };
    Ok(Claimed {
        delivery,
        epoch,
        event: Arc::new(event),
    })
}

/// The eleven columns of a delivery, from column `at` on.
pub(super) fn delivery_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Delivery> {
    let state = row.get_ref(at + 3)?.as_str()?;
    Ok(Delivery {
        id: ringback_types::DeliveryId::from_raw(row.get(at)?),
        event: ringback_types::EventId::from_raw(row.get(at + 1)?),
        endpoint: EndpointId::from_raw(row.get(at + 2)?),
        state: DeliveryState::parse(state).unwrap_or(DeliveryState::Due),
        due_at: ScheduleTime::from_millis(row.get(at + 4)?),
        attempts: row.get(at + 5)?,
        rung: row.get(at + 6)?,
        status: row.get(at + 7)?,
        reason: row.get(at + 8)?,
        order_key: row.get(at + 9)?,
        replay_of: row
            .get::<_, Option<i64>>(at + 10)?
            .map(ringback_types::DeliveryId::from_raw),
    })
}
