//! What a person does to deliveries: cancel, and what is left of a deleted endpoint.

use std::collections::BTreeSet;

use ringback_types::{DeliveryId, EndpointId, RecordId as _};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::claim::{delivery_row, interrupted};
use super::finish::{Released, release};
use super::model::{Delivery, DeliveryState, Event, EventKind, StoredAttempt};
use super::{Record, sql};
use crate::error::{ReadError, WriteError};
use crate::statement::{Row, Value};
use crate::writer::Lane;

/// How many deliveries of a deleted endpoint are given up in one bulk step.
const ABANDON_STEP: u32 = 200;

impl Record {
    /// Takes a delivery back that is due or held; answers whom it released, or `None` when the delivery
    /// was not waiting any more.
    pub async fn cancel(
        &self,
        delivery: DeliveryId,
    ) -> Result<Option<Option<Released>>, WriteError> {
        let now = self.store.clock().schedule();
        self.store
            .submit(Lane::Urgent, true, move |connection| {
                let rows = connection
                    .prepare_cached(sql::CANCEL.for_sqlite())?
                    .execute([delivery.raw()])?;
                if rows == 0 {
                    return Ok(None);
                }
                let row = connection
                    .prepare_cached(sql::READ_DELIVERY.for_sqlite())?
                    .query_row([delivery.raw()], |row| delivery_row(row, 0))
                    .optional()?;
                let Some((endpoint, key)) =
                    row.and_then(|row| row.order_key.map(|key| (row.endpoint, key)))
                else {
                    return Ok(Some(None));
                };
                Ok(Some(release(connection, endpoint, &key, now, 0)?))
            })
            .await
    }

    /// Gives up what waits for an endpoint that is no more, step by step; answers how many.
    pub async fn abandon(&self, endpoint: EndpointId) -> Result<u64, WriteError> {
        let mut total = 0;
        loop {
            let epoch = self.store.epoch();
            let step = self
                .store
                .submit(Lane::Bulk, true, move |connection| {
                    Ok(abandon_step(connection, endpoint, epoch)?)
                })
                .await?;
            total += step;
            if step == 0 {
                return Ok(total);
            }
        }
    }

    /// Makes due now what was never tried and is due later than now, after a clock that had jumped
    /// ahead came back.
    pub async fn pull_due(&self, endpoint: EndpointId) -> Result<u64, WriteError> {
        let now = self.store.clock().schedule();
        self.store
            .submit(Lane::Bulk, true, move |connection| {
                let pulled = connection
                    .prepare_cached(sql::PULL_DUE.for_sqlite())?
                    .execute(params![endpoint.raw(), now.as_millis()])?;
                Ok(pulled as u64)
            })
            .await
    }

    /// How many deliveries wait for the endpoint (counted up to 100,000).
    pub async fn count_waiting(&self, endpoint: EndpointId) -> Result<u64, ReadError> {
        self.count(sql::COUNT_WAITING, vec![Value::from(endpoint)])
            .await
    }

    async fn count(&self, sql: crate::Sql, values: Vec<Value>) -> Result<u64, ReadError> {
        let rows = self.store.readers().read_patiently(sql, values).await?;
        rows.first()
            .map_or(Ok(0), |row| row.int(0).map(|count| count as u64))
    }

    /// The endpoints that have something due or running, known or not.
    pub async fn waiting_endpoints(&self) -> Result<BTreeSet<EndpointId>, ReadError> {
        let mut found = BTreeSet::new();
        for sql in [sql::NEXT_DUE_ENDPOINT, sql::NEXT_RUNNING_ENDPOINT] {
            let mut after = -1;
            loop {
                let rows = self.store.read(sql, [Value::Int(after)]).await?;
                let next = rows.first().map(|row| row.maybe_int(0)).transpose()?;
                let Some(next) = next.flatten() else { break };
                found.insert(EndpointId::from_raw(next));
                after = next;
            }
        }
        Ok(found)
    }

    /// An event.
    pub async fn event(&self, id: ringback_types::EventId) -> Result<Option<Event>, ReadError> {
        let rows = self.store.read(sql::READ_EVENT, [Value::from(id)]).await?;
        rows.first().map(event_of).transpose()
    }

    /// A delivery.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, ReadError> {
        let rows = self
            .store
            .read(sql::READ_DELIVERY, [Value::from(id)])
            .await?;
        rows.first().map(delivery_of).transpose()
    }

    /// The deliveries of an event, oldest first, at most 1,000.
    pub async fn deliveries_of(
        &self,
        event: ringback_types::EventId,
    ) -> Result<Vec<Delivery>, ReadError> {
        let rows = self
            .store
            .read(sql::READ_DELIVERIES, [Value::from(event)])
            .await?;
        rows.iter().map(delivery_of).collect()
    }

    /// The attempts of a delivery, oldest first, at most 1,000.
    pub async fn attempts(&self, delivery: DeliveryId) -> Result<Vec<StoredAttempt>, ReadError> {
        let rows = self
            .store
            .read(sql::READ_ATTEMPTS, [Value::from(delivery)])
            .await?;
        rows.iter().map(attempt_of).collect()
    }

    /// How many deliveries are held behind another of their key (counted up to 100,000).
    pub async fn count_held(&self) -> Result<u64, ReadError> {
        self.count(sql::COUNT_HELD, Vec::new()).await
    }

    /// How many held deliveries have no living reason: always 0, watched by a gauge and by tests.
    pub async fn count_orphans(&self) -> Result<u64, ReadError> {
        self.count(sql::COUNT_ORPHANS, Vec::new()).await
    }
}

fn abandon_step(
    connection: &Connection,
    endpoint: EndpointId,
    epoch: i64,
) -> rusqlite::Result<u64> {
    let mut ids = interrupted(connection, endpoint, epoch, ABANDON_STEP)?;
    let due = connection
        .prepare_cached(sql::DUE_OF_ENDPOINT.for_sqlite())?
        .query_map(params![endpoint.raw(), ABANDON_STEP], |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    ids.extend(due);
    let held = connection
        .prepare_cached(sql::HELD_OF_ENDPOINT.for_sqlite())?
        .query_map(params![endpoint.raw(), ABANDON_STEP], |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    ids.extend(held);
    let mut abandon = connection.prepare_cached(sql::ABANDON.for_sqlite())?;
    for id in &ids {
        abandon.execute(params![id, epoch])?;
    }
    Ok(ids.len() as u64)
}

fn event_of(row: &Row) -> Result<Event, ReadError> {
    Ok(Event {
        id: row.id(0)?,
        kind: EventKind::parse(row.text(1)?),
        source: row.id(2)?,
        event_type: row.text(3)?.to_owned(),
        app: row.maybe_text(4)?.map(str::to_owned),
        dedupe_key: row.maybe_text(5)?.map(str::to_owned),
        headers: row.maybe_text(6)?.map(str::to_owned),
        body_bytes: row.int(7)?,
        body: row.maybe_bytes(8)?,
        raw: row.maybe_bytes(9)?,
    })
}

fn delivery_of(row: &Row) -> Result<Delivery, ReadError> {
    Ok(Delivery {
        id: row.id(0)?,
        event: row.id(1)?,
        endpoint: row.id(2)?,
        state: DeliveryState::parse(row.text(3)?).ok_or(ReadError::Shape {
            column: 3,
            wanted: "a state",
        })?,
        due_at: row.time(4)?,
        attempts: row.int(5)? as u32,
        rung: row.int(6)? as u32,
        status: row.maybe_int(7)?.map(|status| status as u16),
        reason: row.maybe_text(8)?.map(str::to_owned),
        order_key: row.maybe_text(9)?.map(str::to_owned),
        replay_of: row.maybe_int(10)?.map(DeliveryId::from_raw),
    })
}

fn attempt_of(row: &Row) -> Result<StoredAttempt, ReadError> {
    use super::model::AttemptOutcome;
    let text = |column| row.maybe_text(column).map(|value| value.map(str::to_owned));
    Ok(StoredAttempt {
        delivery: row.id(0)?,
        number: row.int(1)? as u32,
        started_at: row.time(2)?,
        duration_us: row.int(3)?,
        outcome: if row.text(4)? == "delivered" {
            AttemptOutcome::Delivered
        } else {
            AttemptOutcome::Failed
        },
        status: row.maybe_int(5)?.map(|status| status as u16),
        failure: text(6)?,
        detail: text(7)?,
        target: text(8)?,
        request_headers: text(9)?,
        response_headers: text(10)?,
        response_body: row.maybe_bytes(11)?,
        response_cut: row.flag(12)?,
    })
}
