//! Accepting: route, take slots, one durable write, and on to the attempts.

use std::sync::Arc;

use ringback_store::record::{
    Accepted, Claimed, Delivery, DeliveryState, Event, EventKind, NewDelivery, Placed,
};
use ringback_store::{Statement, WriteError};
use ringback_types::{EndpointId, ScheduleTime};
use tokio::sync::oneshot;

use super::{Arrival, Inner, Receipt};
use crate::endpoint::Endpoint;
use crate::policy::OrderBy;

impl Inner {
    pub(super) async fn accept(self: Arc<Self>, arrival: Arrival) -> Result<Receipt, WriteError> {
        let mut arrival = arrival;
        let alongside = std::mem::take(&mut arrival.alongside);
        let (event, deliveries) = self.routed(arrival, Slots::Taken);
        if deliveries.iter().any(|delivery| delivery.claimed) {
            return self.accept_and_attempt(event, deliveries, alongside).await;
        }
        // Nobody holds a slot. If the caller goes away while the write is under way, the write goes on,
        // and so does the news that something is due.
        let mut news = News {
            inner: &self,
            due: deliveries.iter().map(|new| new.endpoint).collect(),
        };
        let accepted = self
            .record
            .accept(Arc::clone(&event), deliveries, alongside)
            .await;
        news.due = accepted.as_ref().map(placed_due).unwrap_or_default();
        drop(news);
        accepted.map(|accepted| receipt(&event, &accepted))
    }

    /// Several arrivals and what a room writes besides, in one write. No slot is taken for them: what is
    /// due is claimed like any other, because a room that writes several at once writes them in order.
    pub(super) async fn accept_all(
        self: Arc<Self>,
        arrivals: Vec<Arrival>,
        alongside: Vec<Statement>,
    ) -> Result<Vec<Receipt>, WriteError> {
        let mut statements = alongside;
        let mut written = Vec::with_capacity(arrivals.len());
        for mut arrival in arrivals {
            statements.append(&mut arrival.alongside);
            written.push(self.routed(arrival, Slots::Left));
        }
        let endpoints = written.iter().flat_map(|(_, deliveries)| deliveries.iter());
        let mut news = News {
            inner: &self,
            due: endpoints.map(|new| new.endpoint).collect(),
        };
        let accepted = self.record.accept_all(written.clone(), statements).await;
        news.due = accepted.iter().flatten().flat_map(placed_due).collect();
        drop(news);
        let receipts = |accepted: Vec<Accepted>| {
            let pairs = written.iter().zip(&accepted);
            pairs
                .map(|((event, _), accepted)| receipt(event, accepted))
                .collect()
        };
        accepted.map(receipts)
    }

    /// The event and a delivery per endpoint that takes it, each with a slot where one was free and
    /// may be taken.
    fn routed(&self, arrival: Arrival, slots: Slots) -> (Arc<Event>, Arc<[NewDelivery]>) {
        let store = self.record.store();
        let endpoints = self.endpoints.snapshot();
        let now = self.clock.schedule();
        let id = arrival.id.unwrap_or_else(|| store.next_id());
        let mut keeps_raw = false;
        let mut schedule = self.schedule();
        let deliveries = endpoints
            .matching(arrival.source, &arrival.event_type)
            .map(|endpoint| {
                keeps_raw |= endpoint.policy.raw;
                NewDelivery {
                    id: store.next_id(),
                    endpoint: endpoint.id,
                    due_at: now,
                    claimed: slots == Slots::Taken && schedule.scheduler.admit(now, endpoint.id),
                    order_key: order_key(endpoint, &arrival),
                }
            })
            .collect();
        drop(schedule);
        let event = Event {
            id,
            kind: EventKind::Event,
            source: arrival.source,
            event_type: arrival.event_type,
            app: arrival.app,
            dedupe_key: arrival.dedupe_key,
            headers: arrival.headers,
            body_bytes: arrival.body.len() as i64,
            body: Some(arrival.body),
            raw: arrival.raw.filter(|_| keeps_raw),
        };
        (Arc::new(event), deliveries)
    }

    /// Writes in a task of its own, which then makes the first attempt: when the caller goes away, the
    /// slots that are held still find their way back.
    async fn accept_and_attempt(
        self: Arc<Self>,
        event: Arc<Event>,
        deliveries: Arc<[NewDelivery]>,
        alongside: Vec<Statement>,
    ) -> Result<Receipt, WriteError> {
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            let accepted = self
                .record
                .accept(Arc::clone(&event), Arc::clone(&deliveries), alongside)
                .await;
            let receipt = accepted.as_ref().map(|accepted| receipt(&event, accepted));
            // A caller who has gone away does not ask any more.
            let _ = answer.send(receipt.map_err(Clone::clone));
            self.after_write(&event, &deliveries, accepted.ok()).await;
        });
        answered.await.unwrap_or(Err(WriteError::Closed))
    }

    async fn after_write(
        self: &Arc<Self>,
        event: &Arc<Event>,
        deliveries: &[NewDelivery],
        accepted: Option<Accepted>,
    ) {
        let Some(Accepted::Stored {
            deliveries: placed,
            epoch,
        }) = accepted
        else {
            for unused in deliveries.iter().filter(|new| new.claimed) {
                self.tell(|scheduler, now| scheduler.finished(now, unused.endpoint, None));
            }
            return;
        };
        let mut mine = None;
        for (new, placed) in deliveries.iter().zip(&placed) {
            if placed.state == DeliveryState::Running {
                let claimed = born_running(event, new, epoch);
                if let Some(another) = mine.replace(claimed) {
                    self.launch([another]);
                }
            } else if new.claimed {
                self.tell(|scheduler, now| scheduler.finished(now, new.endpoint, None));
            }
        }
        for endpoint in due(&placed) {
            self.queued(endpoint, self.clock.schedule());
        }
        if let Some(claimed) = mine {
            Arc::clone(self).run(claimed).await;
        }
    }
}

/// News that something is due, told when it is dropped.
struct News<'a> {
    inner: &'a Arc<Inner>,
    due: Vec<EndpointId>,
}

impl Drop for News<'_> {
    fn drop(&mut self) {
        for endpoint in &self.due {
            self.inner.queued(*endpoint, self.inner.clock.schedule());
        }
    }
}

/// Whether deliveries are born with a slot, where one is free.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slots {
    Taken,
    Left,
}

fn placed_due(accepted: &Accepted) -> Vec<EndpointId> {
    match accepted {
        Accepted::Stored { deliveries, .. } => due(deliveries),
        Accepted::Duplicate { .. } => Vec::new(),
    }
}

fn due(placed: &[Placed]) -> Vec<EndpointId> {
    let is_due = |placed: &&Placed| placed.state == DeliveryState::Due;
    placed
        .iter()
        .filter(is_due)
        .map(|placed| placed.endpoint)
        .collect()
}

fn receipt(event: &Event, accepted: &Accepted) -> Receipt {
    match accepted {
        Accepted::Stored { deliveries, .. } => Receipt {
            event: event.id,
            duplicate: false,
            deliveries: deliveries
                .iter()
                .map(|placed| (placed.id, placed.endpoint))
                .collect(),
        },
        Accepted::Duplicate { of } => Receipt {
            event: *of,
            duplicate: true,
            deliveries: Vec::new(),
        },
    }
}

fn order_key(endpoint: &Endpoint, arrival: &Arrival) -> Option<String> {
    match endpoint.policy.order {
        OrderBy::DialectKey => arrival.order_key.clone(),
        OrderBy::None => None,
    }
}

/// The delivery as the write has just made it; nothing is read back.
fn born_running(event: &Arc<Event>, new: &NewDelivery, epoch: i64) -> Claimed {
    Claimed {
        delivery: fresh(event, new, new.due_at),
        epoch,
        event: Arc::clone(event),
    }
}

fn fresh(event: &Event, new: &NewDelivery, due_at: ScheduleTime) -> Delivery {
    Delivery {
        id: new.id,
        event: event.id,
        endpoint: new.endpoint,
        state: DeliveryState::Running,
        due_at,
        attempts: 0,
        rung: 0,
        status: None,
        reason: None,
        order_key: new.order_key.clone(),
        replay_of: None,
    }
}
