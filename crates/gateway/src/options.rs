//! What the process sets for all sources.

use std::time::Duration;

/// Settings of the gateway, all with a default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Limits that may be changed while it runs ([`Gateway::set_limits`](crate::Gateway::set_limits)).
    pub limits: Limits,
}

/// Limits of the receiving face (design, section 10, "limits before work").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest body that is read.
    pub body_bytes: usize,
    /// How many bytes the bodies of all requests under way may take together; more get 503 at once.
    pub body_budget_bytes: usize,
    /// How long a body may take to arrive.
    pub body_deadline: Duration,
    /// How many requests may be under way over all sources; more get 503 at once.
    pub in_flight: usize,
    /// How many may be under way at one source, where the source sets nothing else.
    pub in_flight_per_source: usize,
    /// How many refusals a second each source may write to the log; the rest is only counted.
    pub logged_refusals_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            body_budget_bytes: 64 * 1024 * 1024,
            body_deadline: Duration::from_secs(5),
            in_flight: 4096,
            in_flight_per_source: 1024,
            logged_refusals_per_second: 5,
        }
    }
}
