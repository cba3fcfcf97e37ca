//! The deliveries that are under way in this process, each once.
//!
//! After the store has recovered, what runs here is claimed again in the new epoch. It is not tried
//! twice at once: the attempt under way keeps the newer claim and ends by it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_store::record::Claimed;
use ringback_types::DeliveryId;

/// The deliveries under way, each with the newer claim that came meanwhile, if any.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<DeliveryId, Option<Claimed>>>);

impl Flights {
    /// Whether the delivery may be tried. One that is under way already keeps the claim for its end.
    pub(super) fn board(&self, claimed: &Claimed) -> bool {
        let mut flights = self.flights();
        if let Some(newer) = flights.get_mut(&claimed.delivery.id) {
            *newer = Some(claimed.clone());
            return false;
        }
        flights.insert(claimed.delivery.id, None);
        true
    }

    /// The epoch of the newer claim, which the caller uses up.
    pub(super) fn newer_epoch(&self, delivery: DeliveryId) -> Option<i64> {
        let newer = self.flights().get_mut(&delivery)?.take();
        newer.map(|newer| newer.epoch)
    }

    /// The delivery is under way no longer; answers a newer claim that nobody has used.
    pub(super) fn land(&self, delivery: DeliveryId) -> Option<Claimed> {
        self.flights().remove(&delivery).flatten()
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<DeliveryId, Option<Claimed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ringback_store::record::{Delivery, DeliveryState, Event, EventKind};
    use ringback_types::{EndpointId, EventId, RecordId as _, ScheduleTime, SourceId};

    use super::*;

    fn claimed(epoch: i64) -> Claimed {
        let event = Event {
            id: EventId::from_raw(1),
            kind: EventKind::Event,
            source: SourceId::from_raw(1),
            event_type: "t".to_owned(),
            app: None,
            dedupe_key: None,
            headers: None,
            body_bytes: 0,
            body: None,
            raw: None,
        };
        let delivery = Delivery {
            id: DeliveryId::from_raw(2),
            event: event.id,
            endpoint: EndpointId::from_raw(3),
            state: DeliveryState::Running,
            due_at: ScheduleTime::from_millis(0),
            attempts: 0,
            rung: 0,
            status: None,
            reason: None,
            order_key: None,
            replay_of: None,
        };
        Claimed {
            delivery,
            epoch,
            event: Arc::new(event),
        }
    }

    #[test]
    fn what_is_under_way_is_not_tried_again_but_ends_by_the_newer_claim() {
        let flights = Flights::default();
        let id = DeliveryId::from_raw(2);
        assert!(flights.board(&claimed(1)));
        assert_eq!(flights.newer_epoch(id), None);
        assert!(!flights.board(&claimed(2)), "under way");
        assert_eq!(flights.newer_epoch(id), Some(2));
        assert!(flights.land(id).is_none(), "the newer claim is used up");

        assert!(flights.board(&claimed(2)));
        assert!(!flights.board(&claimed(3)));
        let unused = flights.land(id).map(|unused| unused.epoch);
        assert_eq!(unused, Some(3), "to be given back");
        assert!(flights.board(&claimed(3)));
    }
}
