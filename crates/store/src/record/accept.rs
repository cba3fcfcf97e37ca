//! Accepting: one durable write of the event and one delivery per matching endpoint.

use std::sync::Arc;

use ringback_types::{DeliveryId, EndpointId, EventId, RecordId as _, ScheduleTime};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::model::{DeliveryState, Event};
use super::{Record, sql};
use crate::error::WriteError;
use crate::statement::Statement;
use crate::store::apply;
use crate::writer::Lane;

/// A delivery that an event begins with.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// Where to.
    pub endpoint: EndpointId,
    /// When it may first be tried.
    pub due_at: ScheduleTime,
    /// Whether the engine holds a slot for it: then it is born running, with no claim to write.
    pub claimed: bool,
    /// The key it is ordered by, where the endpoint orders.
    pub order_key: Option<String>,
}

/// A delivery as it came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its id.
    pub id: DeliveryId,
    /// Where to.
    pub endpoint: EndpointId,
    /// `Running` when it was claimed at birth, `Held` when it stands behind another of its key.
    pub state: DeliveryState,
}

/// What became of an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is on the disk.
    Stored {
        /// How its deliveries stand, in the order given.
        deliveries: Vec<Placed>,
        /// The epoch in which the claimed ones were claimed.
        epoch: i64,
    },
    /// The source has had this key before; nothing was written.
    Duplicate {
        /// The event that came first.
        of: EventId,
    },
}

impl Record {
    /// Writes an event, its deliveries and what a room writes alongside, whole or not at all; answers
    /// once they are on the disk. Of a duplicate nothing is written.
    pub async fn accept(
        &self,
        event: Arc<Event>,
        deliveries: Arc<[NewDelivery]>,
        alongside: Vec<Statement>,
    ) -> Result<Accepted, WriteError> {
        self.store.accepting()?;
        let epochs = self.store.epoch_reader();
        // What only inserts cannot fail half-way and needs no savepoint.
        let may_fail = !alongside.is_empty();
        self.store
            .submit(Lane::Urgent, may_fail, move |connection| {
                let accepted = accept(connection, &event, &deliveries, epochs.now())?;
                if let Accepted::Stored { .. } = accepted {
                    apply(connection, &alongside)?;
                }
                Ok(accepted)
            })
            .await
    }

    /// Writes several events with their deliveries and what a room writes alongside, whole or not at all;
    /// answers once they are on the disk. A duplicate among them is left out and the rest stands.
    pub async fn accept_all(
        &self,
        arrivals: Vec<(Arc<Event>, Arc<[NewDelivery]>)>,
        alongside: Vec<Statement>,
    ) -> Result<Vec<Accepted>, WriteError> {
        self.store.accepting()?;
        let epochs = self.store.epoch_reader();
        self.store
            .submit(Lane::Urgent, true, move |connection| {
                let epoch = epochs.now();
                let accepted = arrivals
                    .iter()
                    .map(|(event, deliveries)| accept(connection, event, deliveries, epoch))
                    .collect::<Result<_, _>>()?;
                apply(connection, &alongside)?;
                Ok(accepted)
            })
            .await
    }
}

fn accept(
    connection: &Connection,
    event: &Event,
    deliveries: &[NewDelivery],
    epoch: i64,
) -> Result<Accepted, WriteError> {
    if !insert_event(connection, event)? {
        let of = find_duplicate(connection, event)?;
        return Ok(Accepted::Duplicate { of });
    }
    let placed = deliveries
        .iter()
        .map(|delivery| place(connection, event.id, delivery, epoch))
        .collect::<Result<_, _>>()?;
    Ok(Accepted::Stored {
        deliveries: placed,
        epoch,
    })
}

/// Whether the event was new.
pub(super) fn insert_event(connection: &Connection, event: &Event) -> rusqlite::Result<bool> {
    let rows = connection
        .prepare_cached(sql::INSERT_EVENT.for_sqlite())?
        .execute(params![
            event.id.raw(),
            event.kind.as_str(),
            event.source.raw(),
            event.event_type,
            event.app,
            event.dedupe_key,
            event.headers,
            event.body_bytes,
            event.body.as_deref(),
            event.raw.as_deref(),
        ])?;
    Ok(rows == 1)
}

fn find_duplicate(connection: &Connection, event: &Event) -> Result<EventId, WriteError> {
    connection
        .prepare_cached(sql::FIND_DUPLICATE.for_sqlite())?
        .query_row(params![event.source.raw(), event.dedupe_key], |row| {
            row.get(0)
        })
        .optional()?
        .map(EventId::from_raw)
        .ok_or_else(|| WriteError::Failed("an event id was used twice".to_owned()))
}

fn place(
    connection: &Connection,
    event: EventId,
    delivery: &NewDelivery,
    epoch: i64,
) -> rusqlite::Result<Placed> {
    let last = match &delivery.order_key {
        Some(key) => last_in_order(connection, delivery.endpoint, key)?,
        None => None,
    };
    let state = match (last, delivery.claimed) {
        (Some(_), _) => DeliveryState::Held,
        (None, true) => DeliveryState::Running,
        (None, false) => DeliveryState::Due,
    };
    let order_number = delivery.order_key.as_ref().map(|_| last.unwrap_or(0) + 1);
    connection
        .prepare_cached(sql::INSERT_DELIVERY.for_sqlite())?
        .execute(params![
            delivery.id.raw(),
            event.raw(),
            delivery.endpoint.raw(),
            state.as_str(),
            delivery.due_at.as_millis(),
            epoch,
            0,
            None::<i64>,
            None::<&str>,
            delivery.order_key,
            order_number,
            None::<i64>,
        ])?;
    Ok(Placed {
        id: delivery.id,
        endpoint: delivery.endpoint,
        state,
    })
}

fn last_in_order(
    connection: &Connection,
    endpoint: EndpointId,
    key: &str,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(sql::LAST_IN_ORDER.for_sqlite())?
        .query_row(params![endpoint.raw(), key], |row| row.get(0))
}
