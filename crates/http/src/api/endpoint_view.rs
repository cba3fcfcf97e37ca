//! Endpoints as the management API shows and takes them.

use ringback_deliver::guard::check_url;
use ringback_deliver::{
    DisableReason, Endpoint, EndpointChange, EndpointDialect, Health, NewEndpoint, OnDead, OrderBy,
    PauseReason, Policy, PolicyChange, Room, Target,
};
use ringback_types::{Caller, EndpointId, Role, ScheduleTime, Secret, SourceId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::names;
use crate::faces::Inner;

/// Where something is sent, its secrets by name only.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointView {
    /// Its id.
    #[schema(value_type = String, example = "ep_0c2m9qk4vwx3e")]
    id: EndpointId,
    /// Its name.
    name: String,
    /// `own` when a person made it, else the room that manages it.
    #[schema(value_type = String, example = "own")]
    room: Room,
    /// The sources it takes events from; none: every receiving source.
    sources: Vec<String>,
    /// Globs over event types; none: all.
    types: Vec<String>,
    /// Whether events are routed to it; `false` for one that only answers calls.
    routed: bool,
    /// `feishu`, `standard` or `raw`.
    #[schema(value_type = String, example = "standard")]
    dialect: EndpointDialect,
    /// Where it is; query values, which may be credentials, only for the role `operator`.
    url: Option<String>,
    /// Which secrets are set.
    #[schema(value_type = Vec<String>)]
    secrets: Vec<&'static str>,
    /// Until when it is signed with the key before the last rotation besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_until: Option<String>,
    /// Deadlines, ladder, order.
    policy: PolicyView,
    /// Why it is paused.
    #[schema(value_type = Option<String>)]
    paused: Option<PauseReason>,
    /// Why it is disabled.
    #[schema(value_type = Option<String>)]
    disabled: Option<DisableReason>,
    /// When it was made.
    created_at: String,
}

impl EndpointView {
    pub(crate) fn new(faces: &Inner, caller: &Caller, endpoint: &Endpoint) -> Self {
        let now = faces.store().clock().schedule();
        let secrets = &endpoint.secrets;
        let until = secrets.previous.as_ref().map(|(_, until)| *until);
        let set = [
            ("key", secrets.key.is_some()),
            ("token", secrets.token.is_some()),
        ];
        Self {
            id: endpoint.id,
            name: endpoint.name.clone(),
            room: endpoint.room,
            sources: sources(faces, &endpoint.sources),
            types: endpoint.types.patterns().to_vec(),
            routed: endpoint.routed,
            dialect: endpoint.dialect,
            url: endpoint.url.as_deref().map(|url| shown_url(url, caller)),
            secrets: set
                .into_iter()
                .filter(|(_, set)| *set)
                .map(|(name, _)| name)
                .collect(),
            previous_until: until
                .filter(|until| now < *until)
                .map(ScheduleTime::to_rfc3339),
            policy: PolicyView::from(&*endpoint.policy),
            paused: endpoint.paused,
            disabled: endpoint.disabled,
            created_at: endpoint.created_at.to_rfc3339(),
        }
    }
}

fn sources(faces: &Inner, ids: &[SourceId]) -> Vec<String> {
    ids.iter().map(|id| names::of_source(faces, *id)).collect()
}

fn shown_url(url: &str, caller: &Caller) -> String {
    if caller.role >= Role::Operator {
        return url.to_owned();
    }
    check_url(url).map_or_else(|_| String::new(), |url| Target::from(url).for_record())
}

macro_rules! policy {
    ($($(#[$doc:meta])* $field:ident: $type:ty, $schema:ty;)*) => {
        /// Deadlines, retry ladder and ordering of an endpoint.
        #[derive(Debug, Serialize, ToSchema)]
        pub(crate) struct PolicyView {
            $($(#[$doc])* #[schema(value_type = $schema)] $field: $type,)*
            /// After how many failures in a row the endpoint is paused; never when `null`.
            auto_pause_after: Option<u32>,
        }

        impl From<&Policy> for PolicyView {
            fn from(policy: &Policy) -> Self {
                Self {
                    $($field: policy.$field.clone(),)*
                    auto_pause_after: policy.auto_pause_after,
                }
            }
        }

        /// What differs from the policy there is; what is absent stays.
        #[derive(Debug, Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct PolicyInput {
            $($(#[$doc])* #[schema(value_type = Option<$schema>)] $field: Option<$type>,)*
            /// After how many failures in a row the endpoint is paused; never when `null`.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Option<u32>)]
            auto_pause_after: Option<Option<u32>>,
        }

        impl From<PolicyInput> for PolicyChange {
            fn from(input: PolicyInput) -> Self {
                Self {
                    $($field: input.$field,)*
                    auto_pause_after: input.auto_pause_after,
                }
            }
        }
    };
}

policy! {
    /// How long connect, head and body may take together, in milliseconds.
    deadline_ms: u64, u64;
    /// How long connecting may take, in milliseconds.
    connect_ms: u64, u64;
    /// The gaps after the first try, each from the end of the attempt before, in milliseconds.
    ladder_ms: Vec<u64>, Vec<u64>;
    /// By how much a gap may be longer or shorter, in percent.
    jitter_percent: u8, u8;
    /// What orders the deliveries: `none` or `dialect_key`.
    order: OrderBy, String;
    /// What happens when the head of a sequence is dead: `continue` or `pause`.
    on_dead: OnDead, String;
    /// Which rung a released delivery starts from.
    release_rung: u32, u32;
    /// How many attempts may be under way at once.
    concurrency: u32, u32;
    /// Whether the original wire bytes are kept and sent.
    raw: bool, bool;
    /// How much of an answer is read, in bytes.
    answer_cap_bytes: u64, u64;
}

/// Tells `null` from absent: what is there at all becomes the outer `Some`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(input).map(Some)
}

/// An endpoint to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointInput {
    /// Its unique name: letters, digits, `-`, `_`, `.`.
    #[schema(example = "billing")]
    name: String,
    /// Where it is.
    #[schema(example = "https://billing.example.com/events")]
    pub(super) url: String,
    /// `feishu`, `standard` or `raw`.
    #[schema(value_type = String, example = "standard")]
    dialect: EndpointDialect,
    /// Names or ids of the sources it takes events from; none: every receiving source, but no platform's own.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    /// Globs over event types; none: all.
    #[serde(default)]
    types: Vec<String>,
    /// Whether events are routed to it by its filter.
    #[serde(default = "yes")]
    routed: bool,
    /// What differs from the dialect's default policy.
    #[serde(default)]
    policy: PolicyInput,
    /// Signing key (`standard`; made when absent) or Encrypt Key (`feishu`).
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    pub(crate) key: Option<Secret>,
    /// Verification Token (`feishu`), or the token that signs (`desk`).
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    token: Option<Secret>,
}

fn yes() -> bool {
    true
}

impl EndpointInput {
    /// Whether a signing key has to be made for it.
    pub(crate) fn wants_key(&self) -> bool {
        self.dialect == EndpointDialect::Standard && self.key.is_none()
    }

    pub(crate) fn into_new(self, sources: Vec<SourceId>) -> NewEndpoint {
        NewEndpoint {
            name: self.name,
            url: self.url,
            dialect: self.dialect,
            sources,
            types: self.types,
            routed: self.routed,
            policy: self.policy.into(),
            key: self.key,
            token: self.token,
        }
    }
}

/// What is to be otherwise about an endpoint; what is absent stays.
#[expect(
    clippy::option_option,
    reason = "`null` takes a secret away, absence keeps it"
)]
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointChangeInput {
    /// A new name.
    name: Option<String>,
    /// A new URL.
    pub(super) url: Option<String>,
    /// Names or ids of other sources.
    pub(crate) sources: Option<Vec<String>>,
    /// Other globs.
    types: Option<Vec<String>>,
    /// Whether events are routed to it.
    routed: Option<bool>,
    /// Settings of the policy.
    #[serde(default)]
    policy: PolicyInput,
    /// Another key at once, without overlap; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, write_only)]
    key: Option<Option<Secret>>,
    /// Another Verification Token; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, write_only)]
    token: Option<Option<Secret>>,
}

impl EndpointChangeInput {
    pub(crate) fn into_change(self, sources: Option<Vec<SourceId>>) -> EndpointChange {
        EndpointChange {
            name: self.name,
            url: self.url,
            sources,
            types: self.types,
            routed: self.routed,
            policy: self.policy.into(),
            key: self.key,
            token: self.token,
        }
    }
}

/// How an endpoint is doing since the process began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthView {
    /// `healthy`, `failing`, `one_at_a_time`, `paused` or `disabled`.
    #[schema(value_type = String, example = "healthy")]
    state: ringback_deliver::HealthState,
    /// When an attempt last succeeded.
    last_success: Option<String>,
    /// When an attempt last failed.
    last_failure: Option<String>,
    /// The last ten attempts, oldest first: whether each succeeded.
    last_ten: Vec<bool>,
    /// How many attempts in a row have failed.
    consecutive_failures: u32,
    /// Attempts under way.
    in_flight: u32,
    /// How many may be under way now.
    limit: u32,
    /// When its next delivery is due.
    next_due: Option<String>,
}

impl From<Health> for HealthView {
    fn from(health: Health) -> Self {
        let text = ScheduleTime::to_rfc3339;
        Self {
            state: health.state,
            last_success: health.last_success.map(text),
            last_failure: health.last_failure.map(text),
            last_ten: health.last_ten,
            consecutive_failures: health.consecutive_failures,
            in_flight: health.in_flight,
            limit: health.limit,
            next_due: health.next_due.map(text),
        }
    }
}
