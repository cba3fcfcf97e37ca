//! The store through its front door: what is promised of the record, engine by engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod record;
mod search;
mod store;

use std::sync::Arc;

use bytes::Bytes;
use ringback_store::record::{
    Accepted, Attempt, AttemptOutcome, Claimed, Event, EventKind, Finish, NewDelivery, Next,
};
use ringback_store::{MasterKey, Options, Record, Store};
use ringback_types::{Clock, EndpointId, RecordId as _, ScheduleTime, SourceId, WireTime};

/// 2026-03-01T00:00:00Z.
const START: i64 = 1_772_323_200_000;
const SOURCE: i64 = 1;

struct Fixture {
    directory: tempfile::TempDir,
    clock: Clock,
    record: Record,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(WireTime::from_millis(START));
        let record = open(&directory, &clock);
        Self {
            directory,
            clock,
            record,
        }
    }

    /// Ends the process's part and begins it anew on the same directory.
    async fn restart(self) -> Self {
        self.record.store().close().await;
        let record = open(&self.directory, &self.clock);
        Self { record, ..self }
    }

    fn advance_to(&self, millis: i64) {
        self.clock.advance_to(at(millis)).unwrap();
    }

    fn event(&self, event_type: &str, key: Option<&str>, body: &str) -> Arc<Event> {
        Arc::new(Event {
            id: self.record.store().next_id(),
            kind: EventKind::Event,
            source: SourceId::from_raw(SOURCE),
            event_type: event_type.to_owned(),
            app: Some("cli_a".to_owned()),
            dedupe_key: key.map(str::to_owned),
            headers: None,
            body_bytes: body.len() as i64,
            body: Some(Bytes::copy_from_slice(body.as_bytes())),
            raw: None,
        })
    }

    fn delivery(&self, endpoint: i64, claimed: bool, order_key: Option<&str>) -> NewDelivery {
        NewDelivery {
            id: self.record.store().next_id(),
            endpoint: EndpointId::from_raw(endpoint),
            due_at: self.clock.schedule(),
            claimed,
            order_key: order_key.map(str::to_owned),
        }
    }

    async fn accept(&self, event: &Arc<Event>, deliveries: Vec<NewDelivery>) -> Accepted {
        self.record
            .accept(Arc::clone(event), deliveries.into(), Vec::new())
            .await
            .unwrap()
    }

    async fn claim(&self, endpoint: i64) -> Vec<Claimed> {
        self.record
            .claim(EndpointId::from_raw(endpoint), 10)
            .await
            .unwrap()
            .taken
    }

    fn finish(&self, claimed: &Claimed, outcome: AttemptOutcome, next: Next) -> Finish {
        Finish {
            delivery: claimed.delivery.id,
            endpoint: claimed.delivery.endpoint,
            epoch: claimed.epoch,
            attempt: Attempt {
                number: claimed.delivery.attempts + 1,
                started_at: self.clock.schedule(),
                duration_us: 1_500,
                outcome,
                status: Some(if outcome == AttemptOutcome::Delivered {
                    200
                } else {
                    500
                }),
                failure: None,
                detail: None,
                target: Some("http://127.0.0.1/hook".to_owned()),
                request_headers: None,
                response_headers: None,
                response_body: Some(Bytes::from_static(b"answer")),
                response_cut: false,
            },
            next,
            rung: claimed.delivery.rung,
            order_key: claimed.delivery.order_key.clone(),
            release_rung: 1,
            take_next: false,
        }
    }
}

/// So many milliseconds after the start.
fn at(millis: i64) -> ScheduleTime {
    ScheduleTime::from_millis(START + millis)
}

fn open(directory: &tempfile::TempDir, clock: &Clock) -> Record {
    let store = Store::open(
        Options::new(directory.path()),
        clock.clone(),
        &MasterKey::Beside,
        &[],
    )
    .unwrap();
    Record::new(store)
}
