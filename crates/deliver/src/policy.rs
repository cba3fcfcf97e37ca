//! Deadlines, retry ladder, ordering and success rule of an endpoint (design, section 5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::registry::EndpointError;

/// What orders the deliveries of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderBy {
    /// Nothing: each goes when it is due.
    None,
    /// The key that the dialect gives ordered event types (Feishu sheet, 5.2).
    DialectKey,
}

/// What happens to an ordered sequence when its head is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDead {
    /// The next one goes on.
    Continue,
    /// The endpoint is paused until a person has looked.
    Pause,
}

/// Deadlines, retry ladder, ordering and success rule of an endpoint; every one a setting.
///
/// Which status counts as success is the dialect's own rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How long connect, head and body may take together, in milliseconds.
    pub deadline_ms: u64,
    /// How long connecting may take, in milliseconds.
    pub connect_ms: u64,
    /// The gaps after the first try, each measured from the end of the attempt before, in milliseconds.
    pub ladder_ms: Vec<u64>,
    /// By how much a gap may be longer or shorter, in percent.
    pub jitter_percent: u8,
    /// What orders the deliveries.
    pub order: OrderBy,
    /// What happens when the head of a sequence is dead.
    pub on_dead: OnDead,
    /// Which rung a released delivery starts from: 1 where the platform begins it with its first
    /// retry (Feishu sheet, 5.2).
    pub release_rung: u32,
    /// How many attempts may be under way at once.
    pub concurrency: u32,
    /// After how many failures in a row the endpoint is paused; never when absent.
    pub auto_pause_after: Option<u32>,
    /// Whether the original wire bytes are kept and sent.
    pub raw: bool,
    /// How much of an answer is read, in bytes.
    pub answer_cap_bytes: u64,
}

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
/// What is kept of the answer to an event; it carries no data.
const EVENT_ANSWER_CAP_BYTES: u64 = 16 * 1024;
/// What is read of the answer to a call; a card answer is far smaller (Feishu sheet, 4.4).
const CALL_ANSWER_CAP_BYTES: u64 = 1024 * 1024;
/// What is read of a zone program's answer (design, section 4, number 6).
const ZONE_ANSWER_CAP_BYTES: u64 = 64 * 1024 * 1024;
const CONCURRENCY: u32 = 64;
/// The gaps of a Desk notification where retries are switched on. How many there are and when is not
/// documented (sheet `tencent-desk`, section 4.3): three, with gaps of our own.
pub const DESK_RETRY_LADDER_MS: [u64; 3] = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS];

impl Policy {
    /// Feishu events: 3 s in all, 2 s to connect, 15 s / 5 min / 1 h / 6 h, ordered types in order
    /// (Feishu sheet, 5.1 and 5.2).
    pub fn feishu_event() -> Self {
        Self {
            deadline_ms: 3 * SECOND_MS,
            connect_ms: 2 * SECOND_MS,
            ladder_ms: vec![15 * SECOND_MS, 5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS],
            jitter_percent: 0,
            order: OrderBy::DialectKey,
            on_dead: OnDead::Continue,
            release_rung: 1,
            concurrency: CONCURRENCY,
            auto_pause_after: None,
            raw: false,
            answer_cap_bytes: EVENT_ANSWER_CAP_BYTES,
        }
    }

    /// Feishu callbacks: 3 s, never tried again (Feishu sheet, 5.4).
    pub fn feishu_callback() -> Self {
        Self {
            ladder_ms: Vec::new(),
            order: OrderBy::None,
            release_rung: 0,
            answer_cap_bytes: CALL_ANSWER_CAP_BYTES,
            ..Self::feishu_event()
        }
    }

    /// Standard Webhooks: 15 s and its seven rungs with ±20 % of jitter.
    pub fn standard() -> Self {
        Self {
            deadline_ms: 15 * SECOND_MS,
            connect_ms: 5 * SECOND_MS,
            ladder_ms: vec![
                5 * SECOND_MS,
                5 * MINUTE_MS,
                30 * MINUTE_MS,
                2 * HOUR_MS,
                5 * HOUR_MS,
                10 * HOUR_MS,
                10 * HOUR_MS,
            ],
            jitter_percent: 20,
            order: OrderBy::None,
            release_rung: 0,
            ..Self::feishu_event()
        }
    }

    /// The original bytes, on the schedule of Standard Webhooks.
    pub fn raw() -> Self {
        Self {
            raw: true,
            ..Self::standard()
        }
    }

    /// WeCom callbacks: 5 s, and three more tries (sheet `wecom-zone-app`, 5.2); the gaps are ours.
    pub fn wecom_callback() -> Self {
        Self {
            deadline_ms: 5 * SECOND_MS,
            connect_ms: 5 * SECOND_MS,
            ladder_ms: vec![SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS],
            order: OrderBy::None,
            release_rung: 0,
            ..Self::feishu_event()
        }
    }

    /// Events and async calls of a zone program: 5 s to acknowledge; the platform's own schedule is not
    /// documented (sheet `wecom-zone-app`, section 9).
    pub fn zone_event() -> Self {
        Self {
            ladder_ms: vec![SECOND_MS, 10 * SECOND_MS, MINUTE_MS, 10 * MINUTE_MS],
            ..Self::wecom_callback()
        }
    }

    /// Sync calls of a zone program: 30 s, never tried again.
    pub fn zone_call() -> Self {
        Self {
            deadline_ms: 30 * SECOND_MS,
            ladder_ms: Vec::new(),
            answer_cap_bytes: ZONE_ANSWER_CAP_BYTES,
            ..Self::wecom_callback()
        }
    }

    /// Calls of a Desk flow or bot: 2 s, never tried again (sheet `tencent-desk`, sections 2.7 and 4.3).
    pub fn desk_call() -> Self {
        Self {
            answer_cap_bytes: CALL_ANSWER_CAP_BYTES,
            order: OrderBy::None,
            ..Self::desk_notification()
        }
    }

    /// Notifications of Desk: 2 s, not tried again unless somebody switches that on (sheet
    /// `tencent-desk`, section 4.3), those of one flow's run or one session in order.
    pub fn desk_notification() -> Self {
        Self {
            deadline_ms: 2 * SECOND_MS,
            connect_ms: 2 * SECOND_MS,
            ladder_ms: Vec::new(),
            release_rung: 0,
            ..Self::feishu_event()
        }
    }

    /// Desk endpoints that a person made: a notification's, but one may also answer calls, whose answers
    /// are longer.
    pub fn desk_own() -> Self {
        Self {
            answer_cap_bytes: CALL_ANSWER_CAP_BYTES,
            ..Self::desk_notification()
        }
    }

    /// How long an exchange may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// How long connecting may take.
    pub fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// This policy with what `change` names. A shorter deadline alone shortens connecting too.
    #[must_use]
    pub fn with(mut self, change: PolicyChange) -> Self {
        if let (Some(deadline_ms), None) = (change.deadline_ms, change.connect_ms) {
            self.connect_ms = self.connect_ms.min(deadline_ms);
        }
        macro_rules! take {
            ($($field:ident),*) => {$(
                if let Some(value) = change.$field {
                    self.$field = value;
                }
            )*};
        }
        take!(
            deadline_ms,
            connect_ms,
            ladder_ms,
            jitter_percent,
            order,
            on_dead,
            release_rung,
            concurrency,
            auto_pause_after,
            raw,
            answer_cap_bytes
        );
        self
    }

    /// Refuses what cannot work, naming the setting.
    pub fn check(&self) -> Result<(), EndpointError> {
        let rules = [
            (
                (1..=300_000).contains(&self.deadline_ms),
                "deadline_ms",
                "1 to 300000",
            ),
            (
                (1..=self.deadline_ms).contains(&self.connect_ms),
                "connect_ms",
                "1 to deadline_ms",
            ),
            (self.ladder_ms.len() <= 32, "ladder_ms", "at most 32 rungs"),
            (
                self.ladder_ms.iter().all(|gap| *gap <= 7 * 24 * HOUR_MS),
                "ladder_ms",
                "gaps of at most seven days",
            ),
            (self.jitter_percent <= 100, "jitter_percent", "0 to 100"),
            (
                (1..=1024).contains(&self.concurrency),
                "concurrency",
                "1 to 1024",
            ),
            (
                self.auto_pause_after.is_none_or(|count| count > 0),
                "auto_pause_after",
                "1 or more",
            ),
            (
                (1..=64 * 1024 * 1024).contains(&self.answer_cap_bytes),
                "answer_cap_bytes",
                "1 to 67108864",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            None => Ok(()),
            Some((_, setting, allowed)) => Err(EndpointError::Policy { setting, allowed }),
        }
    }
}

/// The settings of a policy that somebody wants otherwise; the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyChange {
    /// See [`Policy::deadline_ms`].
    pub deadline_ms: Option<u64>,
    /// See [`Policy::connect_ms`].
    pub connect_ms: Option<u64>,
    /// See [`Policy::ladder_ms`].
    pub ladder_ms: Option<Vec<u64>>,
    /// See [`Policy::jitter_percent`].
    pub jitter_percent: Option<u8>,
    /// See [`Policy::order`].
    pub order: Option<OrderBy>,
    /// See [`Policy::on_dead`].
    pub on_dead: Option<OnDead>,
    /// See [`Policy::release_rung`].
    pub release_rung: Option<u32>,
    /// See [`Policy::concurrency`].
    pub concurrency: Option<u32>,
    /// See [`Policy::auto_pause_after`]; the inner `null` switches it off.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub auto_pause_after: Option<Option<u32>>,
    /// See [`Policy::raw`].
    pub raw: Option<bool>,
    /// See [`Policy::answer_cap_bytes`].
    pub answer_cap_bytes: Option<u64>,
}

/// Tells `null` from absent: what is there at all becomes the outer `Some`.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
