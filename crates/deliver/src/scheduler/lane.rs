//! One endpoint as the scheduler sees it.

use ringback_types::ScheduleTime;

use super::Allowed;
use crate::health::{Health, HealthState};

/// How many outcomes are remembered; as many failures in a row slow an endpoint down.
const REMEMBERED: u32 = 10;

/// One endpoint as the scheduler sees it.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) allowed: Allowed,
    /// Attempts under way and slots reserved for a claim.
    pub(super) in_flight: u32,
    /// Whether a claim is being made; there is one at a time.
    pub(super) claiming: bool,
    /// When the earliest known unclaimed delivery is due.
    pub(super) due: Option<ScheduleTime>,
    /// Whether it stands in the round.
    pub(super) in_round: bool,
    /// Where it stands among the later ones.
    pub(super) waits_until: Option<ScheduleTime>,
    pub(super) outcomes: Outcomes,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            allowed: Allowed {
                concurrency: 0,
                open: false,
            },
            in_flight: 0,
            claiming: false,
            due: None,
            in_round: false,
            waits_until: None,
            outcomes: Outcomes::default(),
        }
    }
}

impl Lane {
    /// How many may be in flight now.
    fn limit(&self) -> u32 {
        if self.outcomes.all_failed() {
            self.allowed.concurrency.min(1)
        } else {
            self.allowed.concurrency
        }
    }

    pub(super) fn has_slot(&self) -> bool {
        self.allowed.open && self.in_flight < self.limit()
    }

    /// Whether a slot that is taken may stay so.
    pub(super) fn keeps_slot(&self) -> bool {
        self.allowed.open && (1..=self.limit()).contains(&self.in_flight)
    }

    pub(super) fn has_due(&self, now: ScheduleTime) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Whether it belongs into the round.
    pub(super) fn is_ready(&self, now: ScheduleTime) -> bool {
        self.has_slot() && !self.claiming && self.has_due(now)
    }

    /// When it is to be looked at again, if its work is due later.
    pub(super) fn later(&self, now: ScheduleTime) -> Option<ScheduleTime> {
        self.due
            .filter(|due| *due > now && self.allowed.open && !self.claiming)
    }

    pub(super) fn queue(&mut self, at: ScheduleTime) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// What was due before `due` has been taken: the oldest goes first.
    pub(super) fn passed(&mut self, due: ScheduleTime) {
        self.due = self.due.map(|known| known.max(due));
    }

    /// Reserves up to `share` slots. What was known to be due is what the claim will find, so from now
    /// on only what is queued meanwhile is known.
    pub(super) fn begin_claim(&mut self, share: u32) -> u32 {
        let limit = share.min(self.limit().saturating_sub(self.in_flight));
        self.in_flight += limit;
        self.claiming = true;
        self.due = None;
        limit
    }

    pub(super) fn health(&self) -> Health {
        let outcomes = &self.outcomes;
        let state = if outcomes.all_failed() {
            HealthState::OneAtATime
        } else if outcomes.consecutive_failures() > 0 {
            HealthState::Failing
        } else {
            HealthState::Healthy
        };
        Health {
            state,
            last_success: outcomes.last_success,
            last_failure: outcomes.last_failure,
            last_ten: outcomes.oldest_first(),
            consecutive_failures: outcomes.consecutive_failures,
            in_flight: self.in_flight,
            limit: self.limit(),
            next_due: self.due,
        }
    }
}

/// The last ten outcomes of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// One bit each, the latest lowest; set where it succeeded.
    succeeded: u16,
    known: u32,
    consecutive_failures: u32,
    last_success: Option<ScheduleTime>,
    last_failure: Option<ScheduleTime>,
}

impl Outcomes {
    pub(super) fn push(&mut self, now: ScheduleTime, succeeded: bool) {
        self.succeeded = self.succeeded << 1 | u16::from(succeeded);
        self.known = (self.known + 1).min(REMEMBERED);
        if succeeded {
            self.consecutive_failures = 0;
            self.last_success = Some(now);
        } else {
            self.consecutive_failures = self.consecutive_failures.saturating_add(1);
            self.last_failure = Some(now);
        }
    }

    /// Whether the last ten all failed.
    fn all_failed(&self) -> bool {
        self.consecutive_failures >= REMEMBERED
    }

    pub(super) fn consecutive_failures(&self) -> u32 {
        self.consecutive_failures
    }

    fn oldest_first(&self) -> Vec<bool> {
        (0..self.known)
            .rev()
            .map(|age| self.succeeded >> age & 1 == 1)
            .collect()
    }
}
