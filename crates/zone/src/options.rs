//! What may be set for the whole zone ([`Options`]) and for each program ([`Settings`]).

use std::time::Duration;

use ringback_deliver::Policy;
use ringback_dialect::zone::ReplyBinding;
use serde::{Deserialize, Serialize};

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;

/// Settings of the zone, all with a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where programs reach the zone's door; stands in their credentials files.
    pub zone_url: String,
    /// How long an access token lives (app sheet, 1.1: 7,200 s).
    pub token_life: Duration,
    /// With less than this left, `gettoken` makes a new token beside the old one.
    pub token_renewal: Duration,
    /// How long a URL check may take (app sheet, 5.1: 1 s).
    pub url_check: Duration,
    /// How long a notify id lives (app sheet, 4.4: ten minutes).
    pub notify_life: Duration,
    /// How long a debug credential lives (app sheet, section 6: three days).
    pub debug_life: Duration,
    /// How long a media id lives (app sheet, 2.12: three days).
    pub media_life: Duration,
    /// How long a program may take to report an async job; not documented.
    pub job_life: Duration,
    /// How long the result of a job can be fetched; not documented.
    pub result_life: Duration,
    /// Tasks of own programs and models a corp may make a day (SDK sheet, 11.10).
    pub tasks_per_day: u32,
    /// Calls a minute of one corp and one API (app sheet, 1.5); 0: no limit.
    pub calls_per_minute: u32,
    /// Calls an hour of one corp and one API; 0: no limit.
    pub calls_per_hour: u32,
    /// The same for one address, minute and hour; 0: no limit.
    pub calls_per_minute_of_address: u32,
    /// Calls an hour of one address and one API; 0: no limit.
    pub calls_per_hour_of_address: u32,
    /// How many requests of an app or program may be under way; more are answered busy at once.
    pub in_flight: usize,
    /// How many requests of one program instance may be under way at the door.
    pub in_flight_per_key: usize,
    /// Whether `has_more` of `get_auth_user_list` is an integer instead of a boolean (app sheet, 2.9).
    pub has_more_as_integer: bool,
    /// Whether a program is approved as soon as it is submitted (`dev`).
    pub approve_at_once: bool,
    /// Whether programs may run as processes without isolation.
    pub allow_unisolated: bool,
    /// How many events one trigger may make.
    pub trigger_limit: u32,
    /// What encrypts towards a data-callback URL that is saved without anything of its own; made for
    /// each app when left out.
    pub callback: Option<WellKnownCallback>,
}

/// Token and EncodingAESKey of a rehearsal: known to everybody, and so no secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WellKnownCallback {
    /// Letters and digits, at most 32.
    pub token: &'static str,
    /// 43 letters and digits.
    pub encoding_aes_key: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            zone_url: "http://127.0.0.1:7300".to_owned(),
            token_life: Duration::from_hours(2),
            token_renewal: Duration::from_mins(5),
            url_check: Duration::from_secs(1),
            notify_life: Duration::from_mins(10),
            debug_life: Duration::from_hours(72),
            media_life: Duration::from_hours(72),
            job_life: Duration::from_hours(24),
            result_life: Duration::from_hours(24),
            tasks_per_day: 10_000,
            calls_per_minute: 10_000,
            calls_per_hour: 150_000,
            calls_per_minute_of_address: 20_000,
            calls_per_hour_of_address: 600_000,
            in_flight: 4_096,
            in_flight_per_key: 256,
            has_more_as_integer: false,
            approve_at_once: false,
            allow_unisolated: false,
            trigger_limit: 10_000,
            callback: None,
        }
    }
}

/// What each program may have otherwise; the defaults are the platform's, or ours where it documents
/// none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ProgramSettings)]
pub struct Settings {
    /// How long a synchronous call may take in all.
    pub call_deadline_ms: u64,
    /// How long an event or an async call may take to be acknowledged (SDK sheet, 1.4: 5 s for models).
    pub acknowledge_deadline_ms: u64,
    /// How long connecting may take, inside either deadline.
    pub connect_ms: u64,
    /// The gaps between the attempts of an event or async call.
    pub ladder_ms: Vec<u64>,
    /// How many synchronous calls of one app may be under way; more are answered 45033.
    pub concurrent_calls: u32,
    /// Whether replies must name the request they answer. `loose` is for programs whose SDK cannot carry
    /// the id; one call is then in flight per instance.
    #[schema(value_type = String, example = "strict")]
    pub reply_binding: ReplyBinding,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            call_deadline_ms: 30 * SECOND_MS,
            acknowledge_deadline_ms: 5 * SECOND_MS,
            connect_ms: 3 * SECOND_MS,
            ladder_ms: vec![SECOND_MS, 10 * SECOND_MS, MINUTE_MS, 10 * MINUTE_MS],
            concurrent_calls: 256,
            reply_binding: ReplyBinding::Strict,
        }
    }
}

/// What is read of a program's reply: the plaintext's 16 MiB in base64 and its wrapping.
const REPLY_CAP_BYTES: u64 = 23 << 20;
/// The acknowledgement of an event carries nothing.
const ACKNOWLEDGEMENT_CAP_BYTES: u64 = 64 << 10;

impl Settings {
    /// How a synchronous call goes: once.
    pub(crate) fn call_policy(&self) -> Policy {
        Policy {
            deadline_ms: self.call_deadline_ms,
            connect_ms: self.connect_ms.min(self.call_deadline_ms),
            ladder_ms: Vec::new(),
            answer_cap_bytes: REPLY_CAP_BYTES,
            ..Policy::feishu_callback()
        }
    }

    /// How an event or async call goes: until it is acknowledged, or the ladder ends.
    pub(crate) fn event_policy(&self) -> Policy {
        Policy {
            deadline_ms: self.acknowledge_deadline_ms,
            ladder_ms: self.ladder_ms.clone(),
            connect_ms: self.connect_ms.min(self.acknowledge_deadline_ms),
            answer_cap_bytes: ACKNOWLEDGEMENT_CAP_BYTES,
            ..self.call_policy()
        }
    }
}

/// How a callback of an app goes (app sheet, 5.2): 5 s, three more tries; the gaps are ours.
pub(crate) fn notification_policy() -> Policy {
    Policy {
        deadline_ms: 5 * SECOND_MS,
        connect_ms: 2 * SECOND_MS,
        ladder_ms: vec![SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS],
        ..Policy::feishu_callback()
    }
}
