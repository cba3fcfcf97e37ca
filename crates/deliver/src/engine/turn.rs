//! Between the scheduler and the record: telling the one what happened, and claiming from the other.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_store::record::Claimed;
use ringback_types::{EndpointId, ScheduleTime};

use super::{Inner, Schedule};
use crate::endpoint::Room;
use crate::registry::{Snapshot, Watch};
use crate::scheduler::{Allowed, Claim, Scheduler};

/// How long an endpoint rests after the store could not be asked about it.
const AFTER_STORE_FAILURE: Duration = Duration::from_millis(100);

impl Inner {
    pub(super) fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the scheduler something, then makes the claims it asks for.
    pub(super) fn tell<T>(
        self: &Arc<Self>,
        something: impl FnOnce(&mut Scheduler, ScheduleTime) -> T,
    ) -> T {
        let now = self.clock.schedule();
        let mut schedule = self.schedule();
        let result = something(&mut schedule.scheduler, now);
        let mut claims = Vec::new();
        while let Some(claim) = schedule.scheduler.next_claim(now) {
            claims.push(claim);
        }
        let earlier = schedule
            .scheduler
            .wake_at()
            .is_some_and(|at| at < schedule.sleeps_until);
        let idle = schedule.scheduler.in_flight() == 0;
        drop(schedule);

        for claim in claims {
            self.runtime.spawn(Arc::clone(self).claim(claim));
        }
        if earlier {
            self.wake.notify_one();
        }
        if idle {
            self.idle.notify_waiters();
        }
        result
    }

    /// Something of the endpoint is due at `at`.
    pub(super) fn queued(self: &Arc<Self>, endpoint: EndpointId, at: ScheduleTime) {
        let known = self.tell(|scheduler, now| scheduler.queued(now, endpoint, at));
        if !known && self.endpoint(endpoint).is_none() {
            self.runtime.spawn(Arc::clone(self).abandon_late(endpoint));
        }
    }

    /// Gives up what was written for an endpoint while it was being deleted.
    pub(super) async fn abandon_late(self: Arc<Self>, endpoint: EndpointId) {
        if let Err(error) = self.record.abandon(endpoint).await {
            tracing::warn!(%endpoint, %error, "deliveries of a deleted endpoint could not be given up");
        }
    }

    async fn claim(self: Arc<Self>, claim: Claim) {
        let endpoint = claim.endpoint;
        let claims = match self.record.claim(endpoint, claim.limit).await {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(%endpoint, %error, "due deliveries could not be claimed");
                let again = self.clock.schedule().plus(AFTER_STORE_FAILURE);
                return self.tell(|scheduler, now| scheduler.claimed(now, claim, 0, Some(again)));
            }
        };
        let got = claims.taken.len() as u32;
        self.launch(claims.taken);
        self.tell(|scheduler, now| scheduler.claimed(now, claim, got, claims.next_due));
    }

    pub(super) fn launch(self: &Arc<Self>, claimed: impl IntoIterator<Item = Claimed>) {
        for delivery in claimed {
            self.runtime.spawn(Arc::clone(self).run(delivery));
        }
    }

    /// Asks the record anew what is due, for every endpoint.
    pub(super) async fn rescan_all(self: &Arc<Self>) {
        for endpoint in self.endpoints.all() {
            self.rescan(endpoint.id).await;
        }
    }

    /// Asks the record when the endpoint next has something due, and tells the scheduler.
    pub(super) async fn rescan(self: &Arc<Self>, endpoint: EndpointId) {
        if let Some(at) = self.next_due(endpoint).await {
            self.tell(|scheduler, now| scheduler.queued(now, endpoint, at));
        }
    }

    async fn next_due(&self, endpoint: EndpointId) -> Option<ScheduleTime> {
        self.record.next_due_of(endpoint).await.unwrap_or_else(|error| {
            tracing::warn!(%endpoint, %error, "the next due time of an endpoint could not be read");
            Some(self.clock.schedule().plus(AFTER_STORE_FAILURE))
        })
    }
}

impl Watch for Inner {
    /// Takes the settings of every endpoint; one whose room has no resolver yet waits for it.
    fn endpoints_changed(self: Arc<Self>, endpoints: &Snapshot) {
        let resolved: Vec<Room> = self.rooms().resolvers.keys().copied().collect();
        let new = self.tell(|scheduler, now| {
            scheduler.retain(|id| endpoints.by_id(id).is_some());
            let mut new = Vec::new();
            for endpoint in endpoints.all() {
                let allowed = Allowed {
                    concurrency: endpoint.policy.concurrency,
                    open: endpoint.is_open() && resolved.contains(&endpoint.room),
                };
                if scheduler.configure(now, endpoint.id, allowed) {
                    new.push(endpoint.id);
                }
            }
            new
        });
        for endpoint in endpoints.all() {
            endpoint.meters().paused(!endpoint.is_open());
        }
        for endpoint in new {
            let inner = Arc::clone(&self);
            self.runtime
                .spawn(async move { inner.rescan(endpoint).await });
        }
    }
}
