//! Which endpoint may be tried next: a pure state machine.
//!
//! Inputs are what happened (an arrival, a claim's result, an attempt's end, a changed setting) and the
//! time; outputs are claims to make and the time to look again. It holds each endpoint's next due time
//! and what is in flight, never a delivery (design, section 4, number 3).
//!
//! Invariants, walked by the property test below: no more in flight than an endpoint's limit and the
//! limit over all; an open endpoint with due work and a free slot is always in the round; an endpoint
//! with later work always has a wake-up; the round is fair, because whoever got slots goes to its end,
//! and a slot goes on with the next delivery of its endpoint only while nobody else waits for one.

mod lane;
#[cfg(test)]
mod walk;

use std::collections::{BTreeSet, HashMap, VecDeque};

use ringback_types::{EndpointId, ScheduleTime};

use self::lane::Lane;
use crate::health::Health;

/// Take up to `limit` due deliveries of the endpoint; the slots are reserved until
/// [`Scheduler::claimed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) endpoint: EndpointId,
    pub(crate) limit: u32,
}

/// What an endpoint's settings allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// How many attempts at once.
    pub(crate) concurrency: u32,
    /// Whether attempts may be made at all.
    pub(crate) open: bool,
}

/// The state of the schedule.
#[derive(Debug)]
pub(crate) struct Scheduler {
    lanes: HashMap<EndpointId, Lane>,
    /// Endpoints with due work and a free slot, in the order of their turn.
    round: VecDeque<EndpointId>,
    /// Endpoints whose next work is due later.
    later: BTreeSet<(ScheduleTime, EndpointId)>,
    in_flight: u32,
    limit: u32,
    stopped: bool,
}

impl Scheduler {
    /// At most `limit` attempts in flight over all endpoints.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            lanes: HashMap::new(),
            round: VecDeque::new(),
            later: BTreeSet::new(),
            in_flight: 0,
            limit: limit.max(1),
            stopped: false,
        }
    }

    /// Takes an endpoint's settings, new or changed; answers whether the endpoint is new.
    pub(crate) fn configure(
        &mut self,
        now: ScheduleTime,
        endpoint: EndpointId,
        allowed: Allowed,
    ) -> bool {
        let known = self.lanes.contains_key(&endpoint);
        self.lanes.entry(endpoint).or_default().allowed = allowed;
        self.settle(now, endpoint);
        !known
    }

    /// Forgets every endpoint but these; what they have in flight still ends by [`Scheduler::finished`].
    pub(crate) fn retain(&mut self, keep: impl Fn(EndpointId) -> bool) {
        let gone: Vec<EndpointId> = self.lanes.keys().copied().filter(|id| !keep(*id)).collect();
        for endpoint in gone {
            if let Some(lane) = self.lanes.remove(&endpoint) {
                self.later
                    .extract_if(.., |(_, id)| *id == endpoint)
                    .for_each(drop);
                self.in_flight -= lane.in_flight;
            }
        }
    }

    /// Whether a new arrival may be attempted at once; takes a slot when it may. Where older work is
    /// due, or being looked for, a new arrival waits its turn.
    pub(crate) fn admit(&mut self, now: ScheduleTime, endpoint: EndpointId) -> bool {
        let free = !self.stopped && self.in_flight < self.limit;
        let Some(lane) = self.lanes.get_mut(&endpoint) else {
            return false;
        };
        let admitted = free && lane.has_slot() && !lane.claiming && !lane.has_due(now);
        if admitted {
            lane.in_flight += 1;
            self.in_flight += 1;
        }
        admitted
    }

    /// Something of the endpoint is due at `at`; answers whether the endpoint is known.
    pub(crate) fn queued(
        &mut self,
        now: ScheduleTime,
        endpoint: EndpointId,
        at: ScheduleTime,
    ) -> bool {
        let Some(lane) = self.lanes.get_mut(&endpoint) else {
            return false;
        };
        lane.queue(at);
        self.settle(now, endpoint);
        true
    }

    /// The next claim to make, if any; reserves its slots.
    pub(crate) fn next_claim(&mut self, now: ScheduleTime) -> Option<Claim> {
        self.promote(now);
        if self.stopped || self.in_flight >= self.limit {
            return None;
        }
        while let Some(endpoint) = self.round.pop_front() {
            // What is free is shared among those whose turn it is, so that the first of them cannot
            // take it all.
            let share = (self.limit - self.in_flight) / (self.round.len() as u32 + 1);
            let Some(lane) = self.lanes.get_mut(&endpoint) else {
                continue;
            };
            lane.in_round = false;
            if !lane.is_ready(now) {
                continue;
            }
            let limit = lane.begin_claim(share.max(1));
            self.in_flight += limit;
            return Some(Claim { endpoint, limit });
        }
        None
    }

    /// A claim gave `got` deliveries, which are in flight now; `next` says when the record has more.
    pub(crate) fn claimed(
        &mut self,
        now: ScheduleTime,
        claim: Claim,
        got: u32,
        next: Option<ScheduleTime>,
    ) {
        let Some(lane) = self
            .lanes
            .get_mut(&claim.endpoint)
            .filter(|lane| lane.claiming)
        else {
            return;
        };
        let unused = claim.limit - got.min(claim.limit);
        lane.claiming = false;
        lane.in_flight -= unused;
        self.in_flight -= unused;
        if let Some(next) = next {
            lane.queue(next);
        }
        self.settle(now, claim.endpoint);
    }

    /// Whether a slot whose attempt has succeeded may take the endpoint's next due delivery in the write
    /// that ends this one: more is due, and nobody else waits for the slot.
    pub(crate) fn may_go_on(&mut self, now: ScheduleTime, endpoint: EndpointId) -> bool {
        self.promote(now);
        let contested = self.in_flight >= self.limit && !self.round.is_empty();
        let Some(lane) = self.lanes.get(&endpoint) else {
            return false;
        };
        !self.stopped && !contested && lane.keeps_slot() && lane.has_due(now)
    }

    /// An attempt succeeded and its slot has taken the next delivery, due at `due`; answers whether it
    /// may keep the slot for it. What was allowed before the write may be forbidden by now.
    pub(crate) fn goes_on(
        &mut self,
        now: ScheduleTime,
        endpoint: EndpointId,
        due: ScheduleTime,
    ) -> bool {
        let Some(lane) = self.lanes.get_mut(&endpoint) else {
            return false;
        };
        lane.outcomes.push(now, true);
        lane.passed(due.min(now));
        let keeps = !self.stopped && lane.keeps_slot();
        self.settle(now, endpoint);
        keeps
    }

    /// An attempt ended and its slot is free: it succeeded, failed, or was never made.
    pub(crate) fn finished(
        &mut self,
        now: ScheduleTime,
        endpoint: EndpointId,
        succeeded: Option<bool>,
    ) {
        let Some(lane) = self.lanes.get_mut(&endpoint) else {
            return;
        };
        if lane.in_flight > 0 {
            lane.in_flight -= 1;
            self.in_flight -= 1;
        }
        if let Some(succeeded) = succeeded {
            lane.outcomes.push(now, succeeded);
        }
        self.settle(now, endpoint);
    }

    /// The outcome of something that took no slot, such as a call.
    pub(crate) fn observed(&mut self, now: ScheduleTime, endpoint: EndpointId, succeeded: bool) {
        if let Some(lane) = self.lanes.get_mut(&endpoint) {
            lane.outcomes.push(now, succeeded);
            self.settle(now, endpoint);
        }
    }

    /// When to look again, if nothing happens before.
    pub(crate) fn wake_at(&self) -> Option<ScheduleTime> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Whether nothing is in flight and nothing that may be tried is due.
    pub(crate) fn is_quiet(&self, now: ScheduleTime) -> bool {
        self.in_flight == 0
            && (self.stopped
                || self
                    .lanes
                    .values()
                    .all(|lane| !(lane.allowed.open && lane.has_due(now))))
    }

    /// How many attempts and claimed slots are in flight.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Admits and claims nothing any more.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// How often the endpoint has failed in a row.
    pub(crate) fn consecutive_failures(&self, endpoint: EndpointId) -> u32 {
        self.lanes
            .get(&endpoint)
            .map_or(0, |lane| lane.outcomes.consecutive_failures())
    }

    /// How the endpoint is doing.
    pub(crate) fn health(&self, endpoint: EndpointId) -> Option<Health> {
        self.lanes.get(&endpoint).map(Lane::health)
    }

    /// Since when something of each endpoint has been due and not been claimed.
    pub(crate) fn oldest_due(&self) -> impl Iterator<Item = (EndpointId, Option<ScheduleTime>)> {
        self.lanes
            .iter()
            .map(|(endpoint, lane)| (*endpoint, lane.due))
    }

    /// Endpoints whose time has come join the round.
    fn promote(&mut self, now: ScheduleTime) {
        while let Some((at, endpoint)) = self.later.first().copied() {
            if at > now {
                return;
            }
            self.settle(now, endpoint);
        }
    }

    /// Puts an endpoint where it belongs: in the round, among the later ones, or nowhere.
    fn settle(&mut self, now: ScheduleTime, endpoint: EndpointId) {
        let Some(lane) = self.lanes.get_mut(&endpoint) else {
            return;
        };
        let later = lane.later(now);
        if lane.waits_until != later {
            if let Some(before) = lane.waits_until.take() {
                self.later.remove(&(before, endpoint));
            }
            if let Some(at) = later {
                self.later.insert((at, endpoint));
            }
            lane.waits_until = later;
        }
        if lane.is_ready(now) && !lane.in_round {
            lane.in_round = true;
            self.round.push_back(endpoint);
        }
    }
}
