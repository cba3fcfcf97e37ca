//! What may be set: for the whole platform half ([`Options`]) and for each app ([`Settings`]).

use std::net::IpAddr;
use std::time::Duration;

use ringback_deliver::{OrderBy, Policy};
use serde::{Deserialize, Serialize};

/// Settings of the platform half, all with a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long a tenant or app access token lives (section 8: at most two hours).
    pub token_life: Duration,
    /// With less than this left, a token request makes a new token (section 8: half an hour).
    pub token_renewal: Duration,
    /// What `GET /open-apis/event/v1/outbound_ip` lists.
    pub outbound_ip: Vec<IpAddr>,
    /// How many events one trigger may make.
    pub trigger_limit: u32,
    /// How many requests of the open API may be under way; more get the platform's busy code at once.
    pub in_flight: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token_life: Duration::from_hours(2),
            token_renewal: Duration::from_mins(30),
            outbound_ip: vec![IpAddr::from([127, 0, 0, 1])],
            trigger_limit: 10_000,
            in_flight: 1_024,
        }
    }
}

/// What the platform fixes for everybody and Ringback lets each app change, to rehearse with other
/// timings. The defaults are the platform's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a challenge may take in all (section 1.2: 1 s).
    pub challenge_deadline_ms: u64,
    /// How events are pushed.
    pub event: EventSettings,
    /// How callbacks are sent.
    pub callback: CallbackSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            challenge_deadline_ms: 1_000,
            event: EventSettings::default(),
            callback: CallbackSettings::default(),
        }
    }
}

impl Settings {
    /// How long a challenge may take in all.
    pub(crate) fn challenge_deadline(&self) -> Duration {
        Duration::from_millis(self.challenge_deadline_ms)
    }
}

/// How events are pushed (section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventSettings {
    /// How long a push may take in all.
    pub deadline_ms: u64,
    /// How long it may take to connect, inside `deadline_ms`.
    pub connect_ms: u64,
    /// The gaps between the attempts.
    pub ladder_ms: Vec<u64>,
    /// Whether types that the platform orders are pushed in order per instance (section 5.2).
    pub ordered: bool,
    /// How many pushes of the app may be under way at once.
    pub concurrency: u32,
}

impl Default for EventSettings {
    fn default() -> Self {
        let policy = Policy::feishu_event();
        Self {
            deadline_ms: policy.deadline_ms,
            connect_ms: policy.connect_ms,
            ladder_ms: policy.ladder_ms,
            ordered: policy.order == OrderBy::DialectKey,
            concurrency: policy.concurrency,
        }
    }
}

impl EventSettings {
    /// The policy of the app's event endpoint.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            deadline_ms: self.deadline_ms,
            connect_ms: self.connect_ms.min(self.deadline_ms),
            ladder_ms: self.ladder_ms.clone(),
            order: if self.ordered {
                OrderBy::DialectKey
            } else {
                OrderBy::None
            },
            concurrency: self.concurrency,
            ..Policy::feishu_event()
        }
    }
}

/// How callbacks are sent (section 4.4); they are never tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallbackSettings {
    /// How long a callback may take in all.
    pub deadline_ms: u64,
    /// How long it may take to connect, inside `deadline_ms`.
    pub connect_ms: u64,
}

impl Default for CallbackSettings {
    fn default() -> Self {
        let policy = Policy::feishu_callback();
        Self {
            deadline_ms: policy.deadline_ms,
            connect_ms: policy.connect_ms,
        }
    }
}

impl CallbackSettings {
    /// The policy of the app's callback endpoint.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            deadline_ms: self.deadline_ms,
            connect_ms: self.connect_ms.min(self.deadline_ms),
            ..Policy::feishu_callback()
        }
    }
}
