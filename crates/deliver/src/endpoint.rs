//! Where something is sent: an endpoint with its dialect, filter, secrets and policy.

use std::sync::{Arc, OnceLock};

use globset::{Glob, GlobSet, GlobSetBuilder};
use ringback_types::{EndpointId, ScheduleTime, Secret, SourceId};
use serde::Deserialize;

use crate::meters::Meters;
use crate::own::Prepared;
use crate::policy::{Policy, PolicyChange, present};
use crate::registry::EndpointError;

ringback_types::words! {
    /// Who resolves an endpoint: the room that owns it.
    Room {
        /// Made by the Tencent Desk platform half: they stand in its apps and flows.
        Desk = "desk",
        /// Made by a person: URL, secrets and policy stand in the endpoint itself.
        Own = "own",
        /// Made by the Feishu platform half: they stand in its apps.
        Feishu = "feishu",
        /// Made by the WeCom zone: they stand in its apps and programs.
        Zone = "zone",
    }

    /// How an endpoint is spoken to.
    EndpointDialect {
        /// As Tencent Desk calls and tells a business.
        Desk = "desk",
        /// As the Feishu platform pushes.
        Feishu = "feishu",
        /// Standard Webhooks.
        Standard = "standard",
        /// The original bytes, where they are kept; else the body as JSON.
        Raw = "raw",
        /// As WeCom calls an app back; of the zone's endpoints only.
        Wecom = "wecom",
        /// As the zone calls its programs; of the zone's endpoints only.
        Zone = "zone",
    }

    /// Why an endpoint is paused.
    PauseReason {
        /// A person asked for it.
        Asked = "asked",
        /// It failed as often in a row as its policy allows.
        Failing = "failing",
        /// The head of an ordered sequence is dead.
        DeadHead = "dead_head",
    }

    /// Why an endpoint is disabled.
    DisableReason {
        /// It answered 410.
        Gone = "gone",
    }
}

/// Which event types an endpoint takes: globs over the platform's own type names; none: all.
#[derive(Debug, Clone)]
pub struct TypeFilter {
    patterns: Vec<String>,
    globs: Option<GlobSet>,
}

impl TypeFilter {
    /// Takes every type.
    pub fn any() -> Self {
        Self {
            patterns: Vec::new(),
            globs: None,
        }
    }

    /// Takes what one of these globs matches (`im.message.*`); everything when there is none.
    pub fn new(patterns: Vec<String>) -> Result<Self, EndpointError> {
        // Exact names, the usual case, are compared as text and cost no automaton.
        if patterns
            .iter()
            .all(|pattern| !pattern.contains(['*', '?', '[', '{', '\\']))
        {
            return Ok(Self {
                patterns,
                globs: None,
            });
        }
        let mut globs = GlobSetBuilder::new();
        for pattern in &patterns {
            globs.add(Glob::new(pattern).map_err(|error| bad_glob(pattern, &error))?);
        }
        let globs = globs
            .build()
            .map_err(|error| bad_glob(&patterns.join(", "), &error))?;
        Ok(Self {
            patterns,
            globs: Some(globs),
        })
    }

    /// The globs as they were given.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether an event of this type is taken.
    pub fn matches(&self, event_type: &str) -> bool {
        match &self.globs {
            Some(globs) => globs.is_match(event_type),
            None => self.patterns.is_empty() || self.patterns.iter().any(|name| name == event_type),
        }
    }
}

fn bad_glob(pattern: &str, error: &globset::Error) -> EndpointError {
    EndpointError::Filter {
        pattern: pattern.to_owned(),
        detail: error.kind().to_string(),
    }
}

/// The secrets of an endpoint that a person made; sealed in the store.
///
/// `key` is the `whsec_…` signing key of a `standard` endpoint or the Encrypt Key of a `feishu` one;
/// `token` is the Verification Token of a `feishu` one, or what a `desk` one is signed with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The live key.
    pub key: Option<Secret>,
    /// The Verification Token, or the token of Desk's authentication.
    pub token: Option<Secret>,
    /// The key before the last rotation, which a `standard` endpoint is signed with besides until then.
    pub previous: Option<(Secret, ScheduleTime)>,
}

/// Where something is sent.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Its unique name.
    pub name: String,
    /// Who resolves it.
    pub room: Room,
    /// The sources it takes events from; none: every receiving source, but no platform's own.
    pub sources: Vec<SourceId>,
    /// The event types it takes.
    pub types: TypeFilter,
    /// How it is spoken to.
    pub dialect: EndpointDialect,
    /// Its URL, where its room keeps it here.
    pub url: Option<String>,
    /// Deadlines, ladder, order.
    pub policy: Arc<Policy>,
    /// Its secrets, where its room keeps them here.
    pub secrets: Secrets,
    /// Whether events are routed to it by its filter; `false` for one that only answers calls.
    pub routed: bool,
    /// Why it is paused: deliveries wait until it is resumed.
    pub paused: Option<PauseReason>,
    /// Why it is disabled: deliveries wait until it is resumed.
    pub disabled: Option<DisableReason>,
    /// When it was made.
    pub created_at: ScheduleTime,
    /// Parsed URL and senders of an own endpoint, made at its first attempt.
    pub(crate) prepared: OnceLock<Prepared>,
    /// Handles of its metrics, made when they are first used.
    pub(crate) meters: OnceLock<Arc<Meters>>,
}

impl Endpoint {
    /// An endpoint of a room that resolves it itself; write it with
    /// [`Endpoints::statements_for`](crate::Endpoints::statements_for) in the room's own change. A
    /// name with a `:` in it cannot clash with one that a person gave.
    pub fn of_room(
        id: EndpointId,
        name: String,
        room: Room,
        dialect: EndpointDialect,
        policy: Policy,
        now: ScheduleTime,
    ) -> Self {
        Self {
            id,
            name,
            room,
            sources: Vec::new(),
            types: TypeFilter::any(),
            dialect,
            url: None,
            policy: Arc::new(policy),
            secrets: Secrets::default(),
            routed: true,
            paused: None,
            disabled: None,
            created_at: now,
            prepared: OnceLock::new(),
            meters: OnceLock::new(),
        }
    }

    pub(crate) fn meters(&self) -> &Arc<Meters> {
        self.meters.get_or_init(|| Arc::new(Meters::of(self)))
    }

    /// Whether attempts may be made.
    pub fn is_open(&self) -> bool {
        self.paused.is_none() && self.disabled.is_none()
    }
}

/// What a person gives to make an endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEndpoint {
    /// Its unique name: letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// How it is spoken to.
    pub dialect: EndpointDialect,
    /// The sources it takes events from; none: every receiving source, but no platform's own.
    #[serde(default)]
    pub sources: Vec<SourceId>,
    /// Globs over event types; none: all.
    #[serde(default)]
    pub types: Vec<String>,
    /// Whether events are routed to it by its filter.
    #[serde(default = "yes")]
    pub routed: bool,
    /// What differs from the dialect's default policy.
    #[serde(default)]
    pub policy: PolicyChange,
    /// Signing key (`standard`) or Encrypt Key (`feishu`).
    #[serde(default)]
    pub key: Option<Secret>,
    /// Verification Token (`feishu`), or the token that signs (`desk`).
    #[serde(default)]
    pub token: Option<Secret>,
}

fn yes() -> bool {
    true
}

/// What a person wants otherwise about an endpoint; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EndpointChange {
    /// A new name.
    pub name: Option<String>,
    /// A new URL.
    pub url: Option<String>,
    /// Other sources.
    pub sources: Option<Vec<SourceId>>,
    /// Other globs.
    pub types: Option<Vec<String>>,
    /// Whether events are routed to it.
    pub routed: Option<bool>,
    /// Settings of the policy.
    pub policy: PolicyChange,
    /// Another key at once, without overlap; `null` takes it away. See also
    /// [`Endpoints::rotate`](crate::Endpoints::rotate).
    #[serde(deserialize_with = "present")]
    pub key: Option<Option<Secret>>,
    /// Another token; `null` takes it away.
    #[serde(deserialize_with = "present")]
    pub token: Option<Option<Secret>>,
}
