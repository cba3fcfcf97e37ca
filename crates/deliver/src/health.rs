//! How an endpoint is doing.

use ringback_types::ScheduleTime;
use serde::Serialize;

/// One word for how an endpoint is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Its last attempt did not fail.
    Healthy,
    /// Its last attempt failed.
    Failing,
    /// Its last ten attempts failed: it is tried one at a time until one succeeds.
    OneAtATime,
    /// It is paused.
    Paused,
    /// It is disabled.
    Disabled,
}

/// How an endpoint is doing since this process started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// One word.
    pub state: HealthState,
    /// When an attempt last succeeded.
    pub last_success: Option<ScheduleTime>,
    /// When an attempt last failed.
    pub last_failure: Option<ScheduleTime>,
    /// The last ten attempts, oldest first: whether each succeeded.
    pub last_ten: Vec<bool>,
    /// How many attempts in a row have failed.
    pub consecutive_failures: u32,
    /// Attempts under way.
    pub in_flight: u32,
    /// How many may be under way now.
    pub limit: u32,
    /// When its next delivery is due, if one is.
    pub next_due: Option<ScheduleTime>,
}
