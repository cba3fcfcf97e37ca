//! What an operator asks about delivery, as metrics.
//!
//! Looking a labelled metric up costs more than counting with it, so each endpoint holds its own
//! handles, made when it is first attempted.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use ringback_store::record::DeadReason;

use crate::endpoint::Endpoint;

/// The handles of one endpoint.
pub(crate) struct Meters {
    name: String,
    succeeded: Counter,
    failed: Counter,
    delivered: Counter,
    dead: Counter,
    seconds: Histogram,
    in_flight: Gauge,
    oldest_due: Gauge,
    paused: Gauge,
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Meters")
            .field("endpoint", &self.name)
            .finish_non_exhaustive()
    }
}

impl Meters {
    pub(crate) fn of(endpoint: &Endpoint) -> Self {
        let name = endpoint.name.clone();
        let attempts = |outcome: &'static str| counter!("ringback_attempts_total", "endpoint" => name.clone(), "outcome" => outcome);
        let deliveries = |outcome: &'static str| counter!("ringback_deliveries_total", "endpoint" => name.clone(), "outcome" => outcome);
        Self {
            succeeded: attempts("delivered"),
            failed: attempts("failed"),
            delivered: deliveries("delivered"),
            dead: deliveries("dead"),
            seconds: histogram!("ringback_attempt_seconds", "endpoint" => name.clone()),
            in_flight: gauge!("ringback_in_flight", "endpoint" => name.clone()),
            oldest_due: gauge!("ringback_oldest_due_age_seconds", "endpoint" => name.clone()),
            paused: gauge!("ringback_endpoint_paused", "endpoint" => name.clone()),
            name,
        }
    }

    pub(crate) fn began(&self) {
        self.in_flight.increment(1.0);
    }

    pub(crate) fn ended(&self, succeeded: bool, duration: Duration) {
        self.in_flight.decrement(1.0);
        self.seconds.record(duration.as_secs_f64());
        if succeeded {
            self.succeeded.increment(1);
        } else {
            self.failed.increment(1);
        }
    }

    pub(crate) fn delivered(&self) {
        self.delivered.increment(1);
    }

    pub(crate) fn dead(&self, reason: DeadReason) {
        self.dead.increment(1);
        let labels = [
            ("endpoint", self.name.clone()),
            ("reason", reason.as_str().to_owned()),
        ];
        counter!("ringback_dead_total", &labels).increment(1);
    }

    pub(crate) fn oldest_due(&self, age: Duration) {
        self.oldest_due.set(age.as_secs_f64());
    }

    pub(crate) fn paused(&self, paused: bool) {
        self.paused.set(f64::from(u8::from(paused)));
    }
}
